"""Life of the engine: one at a time, from one epoch to the next."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Final

from sqlalchemy import Connection, Engine

from geo.base.errors import GovgridError
from geo.coverage.engine.follow import Follower
from geo.coverage.engine.server import serve_questions
from geo.coverage.engine.state import HeldCoverage
from geo.coverage.store import engine as epochs
from geo.store import db, outbox, session_lock

LOOKED_AT_EVERY_S: Final = 5.0
STOPS_WITHIN_S: Final = 0.2
WAITS_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0


def run_engine(
    engine: Engine,
    home: Path,
    *,
    stop: Event,
    leads: Callable[[], None],
    failed: Callable[[Exception, float], None],
) -> None:
    """Keep the state of coverage, follow what is written and answer, until `stop` is set.

    While another engine of the same database lives, this one waits. Where the database goes away
    the state is kept, and taken up again if nothing has changed.

    Parameters
    ----------
    engine
        A pool of the owner of the tables, of two connections or more.
    home
        Where the socket is.
    leads
        Called each time that this engine has become the one.
    failed
        Called with an error and the pause after it, seconds.
    """
    held, failures = HeldCoverage(engine), 0
    while not stop.is_set():
        try:
            _lead(engine, home, held, stop, leads)
            failures = 0
        except Exception as error:  # whatever it was, nobody else would come again
            failures += 1
            pause_s = min(0.5 * 2.0**failures, LONGEST_PAUSE_S)
            if not isinstance(error, GovgridError):
                held = HeldCoverage(engine)  # who knows in what state it is
            failed(error, pause_s)
            stop.wait(pause_s)


def _lead(
    engine: Engine, home: Path, held: HeldCoverage, stop: Event, leads: Callable[[], None]
) -> None:
    with session_lock.open_session(engine) as session:
        while not session_lock.try_session_lock(session, db.ENGINE):
            if stop.wait(WAITS_S):
                return
        held.epoch = epochs.begin_epoch(session)
        with serve_questions(home, held):
            leads()
            session_lock.listen_to(session, outbox.CHANNEL)
            _follow(session, Follower(held), stop)


def _follow(session: Connection, follower: Follower, stop: Event) -> None:
    """Look what was written when a message says so, and every few seconds whether or not."""
    due = 0.0
    while not stop.is_set():
        woken = session_lock.wait_message(session, STOPS_WITHIN_S)
        if woken or time.monotonic() >= due or follower.waits:
            follower.follow(session)
            due = time.monotonic() + LOOKED_AT_EVERY_S
