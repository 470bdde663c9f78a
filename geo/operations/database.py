"""Which database a process works on: the private cluster of its home, or one that is named."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine as Engine
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from geo.access.principal import whoami
from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.store import db
from geo.store.cluster import cluster


def url(settings: Settings) -> str:
    """Return the database address; the private cluster is made and started where it is needed."""
    if settings.database_url is None:
        return cluster.start(settings.home).url
    try:
        address = make_url(settings.database_url)
    except (ArgumentError, ValueError) as error:
        raise InputError("store.bad_url") from error
    if not address.drivername.startswith("postgres"):
        raise InputError("store.bad_url")
    return address.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def service(settings: Settings, *, pool_size: int) -> Engine:
    """Return the service's pool: of a role that owns nothing and is fenced in by the database."""
    private = settings.database_url is None
    address = cluster.start(settings.home).service_url if private else url(settings)
    return db.connect(
        address,
        pool_size=pool_size,
        statement_timeout_s=settings.statement_timeout_s,
        timezone=settings.timezone,
        role=None if private else cluster.SERVICE_ROLE,
    )


@contextmanager
def opened(settings: Settings, *, pool_size: int = 2) -> Iterator[Engine]:
    """Open the database with tables that fit this program, and close it at the end.

    An empty private database gets its tables by itself; older tables wait for ``db migrate``, so
    that nobody's data change shape unasked.
    """
    engine = db.connect(
        url(settings),
        pool_size=pool_size,
        statement_timeout_s=settings.statement_timeout_s,
        timezone=settings.timezone,
    )
    try:
        if settings.database_url is None and db.current_revision(engine) is None:
            db.migrate(engine)
        db.require_current(engine)
        yield engine
    finally:
        engine.dispose()


def fitting_revision(engine: Engine) -> str | None:
    """Return the revision of the tables.

    Raises
    ------
    StateError
        If they do not fit this program.
    """
    db.require_current(engine)
    return db.current_revision(engine)


def migrated(settings: Settings) -> str:
    """Bring the tables to the revision of this program and return it; the audit says from which."""
    # they load pandas, and nothing else here needs it
    from geo.access import principal
    from geo.access.audit import record as audit

    engine = db.connect(url(settings))
    try:
        before, now = db.current_revision(engine), db.migrate(engine)
        if before != now:
            who, facts = principal.system(whoami()), {"from": before}
            audit.note_apart(engine, who, "db.migrate", now, outcome="done", facts=facts)
        return now
    finally:
        engine.dispose()
