"""Which database a process works on: the private cluster of its home, or one that is named."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, make_url
from sqlalchemy import Engine as Engine
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from geo.access.principal import local_user
from geo.base import clock, homes
from geo.base.errors import InputError, StateError
from geo.base.settings import Settings
from geo.store import db, disk, holding, installation
from geo.store.cluster import cluster
from geo.store.cluster.lock import ignore_waiting
from geo.store.revisions import RevisionReader

PAUSE_S = 0.2


def private_cluster(
    settings: Settings, *, waiting: Callable[[], None] = ignore_waiting
) -> cluster.Cluster:
    """Return the running private cluster of the home; created and started where needed.

    Parameters
    ----------
    settings
        Say the home, and whether another database is named.
    waiting
        Called once where another process holds the lock of the home.

    Raises
    ------
    InputError
        If another database is named instead.
    StateError
        If a second, empty cluster would be made beside that of an older version.
    """
    if settings.database_url is not None:
        raise InputError("db.not_private")
    older = homes.older_home()
    new = older is not None and settings.home == homes.data_home()
    if new and not homes.holds_cluster(settings.home):
        raise StateError("home.older", older=older, real=settings.home)
    return cluster.start_cluster(settings.home, waiting=waiting)


def database_url(settings: Settings, *, waiting: Callable[[], None] = ignore_waiting) -> str:
    """Return the database URL; a private cluster is created and started where needed.

    Parameters
    ----------
    settings
        A named database wins over the private cluster of the home.
    waiting
        Called once where another process holds the lock of the home.

    Raises
    ------
    InputError
        If the named database is no PostgreSQL URL.
    """
    if settings.database_url is None:
        return private_cluster(settings, waiting=waiting).url
    try:
        address = make_url(settings.database_url)
    except (ArgumentError, ValueError) as error:
        raise InputError("store.bad_url") from error
    if not address.drivername.startswith("postgres"):
        raise InputError("store.bad_url")
    return address.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def describe_place(settings: Settings) -> str:
    """Return where the data are, for people: the home, or the address without password."""
    if settings.database_url is None:
        return str(settings.home)
    return make_url(database_url(settings)).set(drivername="postgresql").render_as_string()


def service_pool(settings: Settings, *, pool_size: int) -> Engine:
    """Return the engine of the service: its role owns nothing and is under row-level security.

    Parameters
    ----------
    pool_size
        Most connections.
    """
    own = settings.database_url is None
    return db.connect(
        private_cluster(settings).service_url if own else database_url(settings),
        pool_size=pool_size,
        statement_timeout_s=settings.statement_timeout_s,
        timezone=settings.timezone,
        role=None if own else cluster.SERVICE_ROLE,
        guard=disk_guard(settings),
    )


def revision_reader(engine: Engine) -> RevisionReader:
    """Return what reads the revisions of all layers, on a connection of `engine` of its own."""
    return RevisionReader(engine)


def guard_of(engine: Engine) -> disk.Guard | None:
    """Return what watches over the disk of an open database; None where that is not known."""
    return db.guard_of(engine)


def disk_guard(settings: Settings) -> disk.Guard | None:
    """Return what watches over the disk of the private cluster; None for another database."""
    if settings.database_url is not None:
        return None
    return disk.Guard(cluster.cluster_folder(settings.home), settings.disk_reserve_mb)


def connections_used(engine: Engine) -> int:
    """Return how many connections of a pool are in use."""
    pool = engine.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


@contextmanager
def reach_database(
    settings: Settings, *, pool_size: int = 2, waiting: Callable[[], None] = ignore_waiting
) -> Iterator[Engine]:
    """Open the database whatever its tables are, and close it at the end.

    Parameters
    ----------
    pool_size
        Most connections.
    waiting
        Called once where another process holds the lock of the home.
    """
    engine = db.connect(
        database_url(settings, waiting=waiting),
        pool_size=pool_size,
        statement_timeout_s=settings.statement_timeout_s,
        timezone=settings.timezone,
        guard=disk_guard(settings),
    )
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_database(settings: Settings, *, pool_size: int = 2) -> Iterator[Engine]:
    """Open the database if its tables fit this program, and close it at the end.

    An empty private database gets its tables at once; older tables need ``db migrate``, so that
    nobody's data change shape unasked.

    Parameters
    ----------
    pool_size
        Most connections.

    Raises
    ------
    StateError
        If its tables do not fit, or it holds a demonstration that was not finished.
    """
    with reach_database(settings, pool_size=pool_size) as engine:
        if settings.database_url is None and db.current_revision(engine) is None:
            db.migrate(engine)
        db.require_current(engine)
        with db.open_transaction(engine) as connection:
            holding.require_whole(connection, describe_place(settings))
            _follow_clock(connection, settings)
        yield engine


def _follow_clock(connection: Connection, settings: Settings) -> None:
    """Follow the clock of a file where one is named; only a test home has one."""
    if settings.clock is not None and installation.read_value(connection, holding.TEST) is None:
        raise StateError("clock.not_test", home=describe_place(settings))
    clock.follow(settings.clock)


def count_others(engine: Engine, *, patience_s: float = 10.0) -> int:
    """Return the number of other connections to the database, 0 as soon as the last one ends.

    A server needs some seconds to notice that a client was killed.

    Parameters
    ----------
    patience_s
        How long to wait for the others to end, seconds.
    """
    until = time.monotonic() + patience_s
    while True:
        with db.open_transaction(engine) as connection:
            found = db.count_others(connection)
        if not found or time.monotonic() > until:
            return found
        time.sleep(PAUSE_S)


def fitting_revision(engine: Engine) -> str | None:
    """Return the revision of the tables.

    Raises
    ------
    StateError
        If they do not fit this program.
    """
    db.require_current(engine)
    return db.current_revision(engine)


def migrate_tables(settings: Settings) -> str:
    """Bring the tables to the revision of this program and return it; the audit says from which."""
    # they load pandas, and nothing else here needs it
    from geo.access import principal
    from geo.access.audit import record as audit

    engine = db.connect(database_url(settings))
    try:
        before, now = db.current_revision(engine), db.migrate(engine)
        if before != now:
            who, facts = principal.system_principal(local_user()), {"from": before}
            audit.note_apart(engine, who, "db.migrate", now, outcome="done", facts=facts)
        return now
    finally:
        engine.dispose()
