"""Demonstration in its own home: its state, cleared, built, finished."""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from geo.access import principal
from geo.access.accounts import demo_accounts
from geo.access.accounts.demo_accounts import MadeAccount
from geo.access.audit import checkpoints
from geo.base.errors import StateError
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import Settings
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions
from geo.incidents import demo_scopes
from geo.operations import database
from geo.store import db, holding
from geo.store.cluster.location import require_space
from geo.store.cluster.lock import ignore_waiting
from geo.store.holding import DatabaseContents

if TYPE_CHECKING:
    from geo.demo import DemoFile

FILES, OUT, ACCOUNTS = "files", "out", "accounts.txt"
"""In the home: what is brought in, what is written, the passwords."""
RESULTS: Final = ("map.html", "coverage.xlsx", "gaps.gpkg")
NEEDED_MB: Final = 1000
SHOWN_NAMES: Final = 5


@contextmanager
def lock_home(home: Path, *, waiting: Callable[[], None] = ignore_waiting) -> Iterator[None]:
    """Hold the lock for building a demonstration; a second process waits for the first.

    Parameters
    ----------
    home
        Folder of the demonstration.
    waiting
        Called once where another process holds the lock.
    """
    with (home / "demo.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_home(config: Settings) -> Path:
    """Return the home, made if need be.

    Raises
    ------
    ClusterError
        If its disk has no room for the demonstration.
    """
    if not config.home.exists():
        require_space(config.home, NEEDED_MB)
        config.home.mkdir(parents=True)
    return config.home


def read_holding(engine: Engine) -> DatabaseContents:
    """Return what the database holds."""
    with db.open_transaction(engine) as connection:
        return holding.read_holding(connection)


def require_own(found: DatabaseContents, config: Settings) -> None:
    """Raise if a home holds anything but the demonstration.

    Parameters
    ----------
    found
        What the database holds.
    config
        Says the home that the message names.

    Raises
    ------
    StateError
        With what was found, and how to go on.
    """
    if not found.foreign:
        return
    names = "、".join(found.accounts[:SHOWN_NAMES]) or "—"
    if len(found.accounts) > SHOWN_NAMES:
        names += " …"
    facts = {"runs": found.runs, "accounts": len(found.accounts), "names": names}
    raise StateError(f"demo.foreign_{found.kind}", home=database.describe_place(config), **facts)


def clear_home(engine: Engine, config: Settings) -> None:
    """Delete the demonstration with its files, so that it can be built again.

    Parameters
    ----------
    engine
        Of the demonstration's database, which must hold nothing else.
    config
        Says the home.

    Raises
    ------
    StateError
        If somebody is connected.
    """
    count = database.count_others(engine)
    if count:
        raise StateError("home.in_use", home=database.describe_place(config), count=count)
    db.drop_tables(engine)
    # heads of a chain that is no more would call the new one broken
    checkpoints.file_of(config.home).unlink(missing_ok=True)
    for name in (ACCOUNTS, *(f"{OUT}/{each}" for each in RESULTS)):
        (config.home / name).unlink(missing_ok=True)


def begin_building(engine: Engine) -> None:
    """Make the tables, and note that the demonstration is being built."""
    db.migrate(engine)
    with db.open_transaction(engine) as connection:
        holding.begin_building(connection)


def bring_in(
    engine: Engine,
    config: Settings,
    files: "Sequence[DemoFile]",
    *,
    on_import: Callable[[imports.ImportReport], None],
    progress: Progress = ignore_progress,
) -> None:
    """Import the demo's files through the ordinary import, each marked as the demonstration's.

    Parameters
    ----------
    files
        Files with their layers and options, in order.
    on_import
        Called with the report of each import.
    progress
        Called before each file and at the end.
    """
    who = principal.system_principal(principal.local_user())
    for number, file in enumerate(files):
        progress("demo.import", number, len(files))
        options = ImportOptions(
            crs=file.options.get("crs"), level=file.options.get("level"), demo=True
        )
        report = imports.import_file(
            engine,
            file.layer,
            file.path,
            options,
            who=who,
            timezone=config.timezone,
            disk=config.home if config.database_url is None else None,
        )
        on_import(report)
    progress("demo.import", len(files), len(files))


def finish_building(engine: Engine, keep: Callable[[list[MadeAccount]], None]) -> None:
    """Create the accounts and mark the demonstration as complete, in one transaction.

    Parameters
    ----------
    keep
        Stores the accounts with their passwords; if it fails, nothing is created.
    """
    with db.open_transaction(engine) as connection:
        demo_scopes.write_demo_scopes(connection, principal.local_user())
        made = demo_accounts.make_accounts(connection)
        holding.finish_building(connection, [each.id for each in made])
        keep(made)
