"""Connections: one small pool per process, transactions, migrations."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from threading import Event
from typing import Final

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geo.base import clock
from geo.base.errors import DiskFullError, InputError, StateError, UnavailableError
from geo.store import disk
from geo.store.driver_errors import translate_error

SCHEMA = "govgrid"
QUEUE_SCHEMA = "govgrid_queue"
MIGRATIONS = Path(str(resources.files("geo.store"))) / "migrations"
GUARD = "govgrid_guard"
_log = logging.getLogger(__name__)
# What the driver says of a text with a character that PostgreSQL has no place for.
NUL_SIGN = "NUL (0x00)"
# Numbers of advisory locks: those who do the same kind of work wait for each other.
MIGRATING, IMPORTING, COMPUTING, SEALING, GRANTING, ENGINE = 1, 2, 3, 4, 5, 6
BACKUP, SUMMING = 7, 8
LOCKS = 340802
PAUSE_S: Final = 0.02
"""Between two questions whether a lock is free."""
# the server's own processes have no user
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND usesysid IS NOT NULL"
)


def connect(
    url: str,
    *,
    pool_size: int = 2,
    statement_timeout_s: float = 60.0,
    timezone: str = "Asia/Shanghai",
    role: str | None = None,
    guard: disk.Guard | None = None,
) -> Engine:
    """Return an engine; no connection is opened yet.

    The session's time zone is UTC whatever the host says: times are stored with their zone.

    Parameters
    ----------
    url
        SQLAlchemy URL of a PostgreSQL database.
    pool_size
        Most connections.
    statement_timeout_s
        Longest time of a statement, seconds.
    timezone
        IANA name: zone of the district, in which ``govgrid.today()`` says the day.
    role
        Role of the server that the session works as; None: the one that logs in.
    guard
        While its disk is nearly full, transactions can only read; None: no guard.
    """
    options = (
        f"-c timezone=UTC -c govgrid.timezone={timezone}"
        f" -c statement_timeout={int(statement_timeout_s * 1000)}"
        " -c client_encoding=UTF8 -c jit=off"
        # whoever was killed must not go on working in the server, holding everybody up
        " -c client_connection_check_interval=5000"
    ) + (f" -c role={role}" if role else "")
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        execution_options={GUARD: guard},
        connect_args={"options": options, "connect_timeout": 5, "application_name": "govgrid"},
    )


@contextmanager
def open_transaction(engine: Engine, *, keep: bool = True) -> Iterator[Connection]:
    """Open one transaction; everything in it happens or nothing does.

    Parameters
    ----------
    keep
        Whether the transaction is committed at the end; False rolls it back in any case.

    Raises
    ------
    UnavailableError
        If the database cannot be reached or has no connection left; UncertainError if that
        happened while it was to COMMIT.
    DiskFullError
        If something was to be written and the disk is full, or nearly.
    StoreError
        If it refuses what was asked; the driver's exception stays inside the store.
    InputError
        If a text holds the character NUL, which no database keeps.
    """
    guarded = _guarded(engine)
    committing = False
    try:
        with engine.connect() as connection, connection.begin() as running:
            if guarded:
                connection.execute(text("SET TRANSACTION READ ONLY"))
            _set_clock(connection)
            yield connection
            if not keep and running.is_active:
                running.rollback()
            committing = running.is_active
    except PoolTimeout as error:
        raise UnavailableError("store.busy") from error
    except (DBAPIError, psycopg2.Error) as error:
        raise translate_error(error, committing=committing, guarded=guarded) from error
    except ValueError as error:
        if NUL_SIGN not in str(error):
            raise
        raise InputError("store.nul") from error


def _set_clock(connection: Connection) -> None:
    """Set what ``govgrid.now()`` returns to the clock of this process, for this transaction."""
    at = clock.set_time()
    if at is not None:
        connection.execute(
            text("SELECT set_config('govgrid.clock', :at, true)"), {"at": at.isoformat()}
        )


@contextmanager
def skip_if_disk_full(what: str) -> Iterator[None]:
    """Go on without what is written inside where the disk is full: a counter, a last use."""
    try:
        yield
    except DiskFullError as error:
        _log.warning("%s: %s", what, error)


def guard_of(engine: Engine) -> disk.Guard | None:
    """Return what watches over the disk of a database of our own."""
    found: disk.Guard | None = engine.get_execution_options().get(GUARD)
    return found


def _guarded(engine: Engine) -> bool:
    guard = guard_of(engine)
    return guard is not None and guard.low


def roll_back(connection: Connection) -> None:
    """Undo all that the running transaction did; nothing more may be asked in it."""
    running = connection.get_transaction()
    if running is not None:
        running.rollback()


def take_turn(
    connection: Connection, work: int, *, waiting: Callable[[], None] = lambda: None
) -> None:
    """Take an advisory lock until the end of the transaction, waiting for whoever holds it.

    Such work may take longer than a question may, so the time limit of statements is off for it.

    Parameters
    ----------
    connection
        Open transaction.
    work
        Kind of work: a constant of this module, as `IMPORTING`.
    waiting
        Called once where somebody else holds the lock.
    """
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    if not try_lock_work(connection, work):
        waiting()
        lock_work(connection, work)


def lock_work(connection: Connection, work: int) -> None:
    """Take an advisory lock until the end of the transaction, waiting for whoever holds it.

    Parameters
    ----------
    connection
        Open transaction.
    work
        Kind of work: a constant of this module, as `IMPORTING`.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:locks, :work)"), _turn(work))


def try_lock_work(connection: Connection, work: int) -> bool:
    """Take an advisory lock until the end of the transaction if it is free; return whether it was.

    Parameters
    ----------
    connection
        Open transaction.
    work
        Kind of work: a constant of this module, as `IMPORTING`.
    """
    free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:locks, :work)"), _turn(work))
    return bool(free.scalar_one())


def take_turn_within(connection: Connection, work: int, patience_s: float) -> None:
    """Take an advisory lock until the end of the transaction, waiting some seconds for it.

    It is asked for again and again: waiting inside the database would end in a driver's error.

    Parameters
    ----------
    connection
        Open transaction.
    work
        Kind of work: a constant of this module, as `IMPORTING`.
    patience_s
        Seconds to wait.

    Raises
    ------
    UnavailableError
        If somebody else holds it longer.
    """
    ends, pause = time.monotonic() + patience_s, Event()
    while not try_lock_work(connection, work):
        if time.monotonic() > ends:
            raise UnavailableError("push.importing")
        # sleep() fails where a library sets the clock
        pause.wait(PAUSE_S)


def _turn(work: int) -> dict[str, int]:
    return {"locks": LOCKS, "work": work}


def count_others(connection: Connection) -> int:
    """Return how many others are connected to the database."""
    return int(connection.execute(_OTHERS).scalar_one())


def drop_tables(engine: Engine) -> None:
    """Drop all tables with what is in them."""
    with open_transaction(engine) as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"DROP SCHEMA {SCHEMA} CASCADE"))
        connection.execute(text(f"DROP SCHEMA IF EXISTS {QUEUE_SCHEMA} CASCADE"))


def migrate(engine: Engine, *, revision: str = "head") -> str:
    """Migrate the tables and return the revision they then have.

    Parameters
    ----------
    engine
        As the owner of the schema.
    revision
        Revision to upgrade to, "head" for the newest.
    """
    # Alembic takes a good part of a second to load, and only this function needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            take_turn(connection, MIGRATING)
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            for extension in ("postgis", "ltree", "btree_gist"):
                connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except (DBAPIError, psycopg2.Error) as error:
        raise translate_error(error) from error
    return current_revision(engine) or ""


def prepare_database(engine: Engine) -> None:
    """Make the extensions and roles that the tables need, as migrations do, but no tables."""
    migrate(engine)
    drop_tables(engine)


def current_revision(engine: Engine) -> str | None:
    """Return the revision the tables have; None where there are none."""
    with open_transaction(engine) as connection:
        there = connection.execute(text(f"SELECT to_regclass('{SCHEMA}.revision')")).scalar()
        if there is None:
            return None
        return connection.execute(text(f"SELECT version_num FROM {SCHEMA}.revision")).scalar()  # noqa: S608


def newest_revision() -> str:
    """Return the newest revision this program knows."""
    return max(file.name[:4] for file in (MIGRATIONS / "sql").iterdir())


def require_current(engine: Engine) -> None:
    """Refuse to work on tables that are older or newer than this program.

    Raises
    ------
    StateError
        With the two revisions and what to do.
    """
    found, expected = current_revision(engine), newest_revision()
    if found is None:
        raise StateError("store.no_tables")
    if found != expected:
        key = "store.tables_old" if found < expected else "store.tables_new"
        raise StateError(key, found=found, expected=expected)
