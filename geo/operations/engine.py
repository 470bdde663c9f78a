"""The engine of an installation: its connections, and what it says of failures."""

import sys
from collections.abc import Callable
from threading import Event

from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.base.words import say
from geo.coverage.engine import process
from geo.operations import database
from geo.store import db


def run_engine(config: Settings, *, stop: Event, leads: Callable[[], None]) -> None:
    """Run the engine of the home until `stop` is set.

    Parameters
    ----------
    config
        Say the home and the database.
    leads
        Called when it has begun to answer.
    """

    def failed(error: Exception, pause_s: float) -> None:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, GovgridError):
            reason = error.text(config.lang)
        sentence = say("engine.failed_again", config.lang, reason=reason, pause_s=f"{pause_s:g}")
        sys.stderr.write(" ".join(f"govgrid engine: {sentence}".split()) + "\n")
        sys.stderr.flush()

    pool = db.connect(
        database.database_url(config),
        pool_size=3,
        statement_timeout_s=config.statement_timeout_s,
        timezone=config.timezone,
        guard=database.disk_guard(config),
    )
    try:
        process.run_engine(pool, config.home, stop=stop, leads=leads, failed=failed)
    finally:
        pool.dispose()
