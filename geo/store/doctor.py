"""Requirements of govgrid on a database, and what a given one lacks."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from geo.base.words import say

MIN_SERVER = (15,)
MIN_POSTGIS = (3, 3)
MIN_FREE_MB = 1000
CONNECT_TIMEOUT_S = 5
EXTENSIONS = ("ltree", "btree_gist", "pg_trgm")
NOTHING = "—"


@dataclass(frozen=True)
class Check:
    """One need: what was found (a version, a name, "—"), what is expected, what to do.

    `advice` is a key of the catalogue. A check that is ok may carry one too: a hint, no fault.
    """

    name: str
    ok: bool
    found: str
    expected: str
    advice: str | None = None

    def label(self, lang: str) -> str:
        """Return what is checked, in the words of the reader."""
        return say(f"doctor.label.{self.name}", lang, name=self.name)

    def text(self, lang: str) -> str:
        """Return the advice, empty where there is none."""
        if self.advice is None:
            return ""
        facts = {"name": self.name, "found": self.found, "expected": self.expected}
        return say(self.advice, lang, **facts)


def examine(url: str, *, timezone: str = "Asia/Shanghai") -> list[Check]:
    """Return what the database at `url` has and lacks; it is only read, never changed.

    Works on any PostgreSQL that psycopg2 reaches. A database that does not answer is a finding
    too: then the connection is the only check.

    Parameters
    ----------
    url
        Address as SQLAlchemy writes it, ``postgresql+psycopg2://user@host/database``.
    timezone
        Zone of the district, which the server must know.

    Returns
    -------
    list[Check]
        In the order in which they should be mended. Free disk is looked at where the server's
        data folder can be seen from here: on its own machine, through its socket.
    """
    expected = "postgresql+psycopg2"
    address = _parsed(url)
    if address is None or not address.drivername.startswith("postgres"):
        found = address.drivername if address else NOTHING
        return [Check("address", False, found, expected, "doctor.address")]
    try:
        # The bare "postgresql" means another driver from SQLAlchemy 2.1 on.
        with _connected(address.set(drivername=expected)) as connection:
            return list(_checks(Server(connection), timezone))
    except SQLAlchemyError as error:
        reason = _first_line(str(getattr(error, "orig", None) or error))
        return [Check("connection", False, reason, expected, "doctor.connection")]


class Server:
    """Questions to one connection, each asked once."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def ask(self, sql: str, **values: object) -> sa.Row[Any]:
        """Return the only row of a query."""
        return self.connection.execute(sa.text(sql), values).one()

    def answers(self, sql: str, **values: object) -> bool:
        """Return whether the server can run a query at all."""
        try:
            self.ask(sql, **values)
        except SQLAlchemyError:
            return False
        return True

    @cached_property
    def role(self) -> sa.Row[Any]:
        """The role we act as and what it may do in this database."""
        return self.ask(
            "SELECT rolname AS name, rolsuper AS super, rolsuper OR rolbypassrls AS unfenced,"
            " has_database_privilege(current_database(), 'CREATE') AS may_create"
            " FROM pg_roles WHERE rolname = current_user"
        )

    def extension(self, name: str) -> sa.Row[Any]:
        """Return the installed and the available version and whether we may install it."""
        return self.ask(
            "SELECT (SELECT extversion FROM pg_extension WHERE extname = :name) AS installed,"
            " (SELECT default_version FROM pg_available_extensions WHERE name = :name)"
            "   AS available,"
            " coalesce((SELECT bool_or(trusted) FROM pg_available_extension_versions"
            "   WHERE name = :name), false) AS trusted",
            name=name,
        )


def _checks(server: Server, timezone: str) -> Iterator[Check]:
    yield _server_version(server)
    yield _encoding(server)
    yield _postgis(server)
    for name in EXTENSIONS:
        yield _extension(server, name)
    if server.extension("postgis").installed:
        yield _tiles(server)
    yield _rights(server)
    yield _fence(server)
    known = server.answers("SELECT now() AT TIME ZONE CAST(:zone AS text)", zone=timezone)
    yield _check("timezone", known, timezone if known else NOTHING, timezone)
    yield from _disk(server)


def _check(name: str, ok: bool, found: str | None, expected: str) -> Check:
    return Check(name, ok, found or NOTHING, expected, None if ok else f"doctor.{name}")


def _server_version(server: Server) -> Check:
    found = server.ask("SELECT current_setting('server_version')")[0]
    return _check("server", _numbers(found) >= MIN_SERVER, found.split()[0], "≥ 15")


def _encoding(server: Server) -> Check:
    found = server.ask("SELECT current_setting('server_encoding')")[0]
    return _check("encoding", found == "UTF8", found, "UTF8")


def _postgis(server: Server) -> Check:
    check = _extension(server, "postgis", expected="≥ 3.3")
    if not check.ok:
        return check
    if _numbers(check.found) < MIN_POSTGIS:
        return replace(check, ok=False, advice="doctor.postgis_old")
    installed = server.extension("postgis").installed
    if installed and server.ask("SELECT to_regtype('geometry') IS NULL")[0]:
        return replace(check, ok=False, advice="doctor.postgis_hidden")
    return check


def _extension(server: Server, name: str, expected: str = "") -> Check:
    state = server.extension(name)
    expected = expected or name
    if state.installed:
        return Check(name, True, state.installed, expected)
    if not state.available:
        return Check(name, False, NOTHING, expected, "doctor.extension_absent")
    may = server.role.super or (state.trusted and server.role.may_create)
    advice = "doctor.extension_ready" if may else "doctor.extension_forbidden"
    return Check(name, may, state.available, expected, advice)


def _tiles(server: Server) -> Check:
    # Named with its schema: PostGIS may stand in one that is not on the search path.
    schema = server.ask(
        "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
        " WHERE extname = 'postgis'"
    )[0]
    question = f"SELECT {schema}.postgis_libprotobuf_version()"
    found = server.ask(question)[0] if server.answers(question) else None
    return _check("tiles", bool(found), found, "protobuf-c")


def _rights(server: Server) -> Check:
    row = server.ask(
        "SELECT coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace"
        " WHERE nspname = 'govgrid'), has_database_privilege(current_database(), 'CREATE'))"
    )
    return _check("rights", row[0], server.role.name, "CREATE")


def _fence(server: Server) -> Check:
    # A hint only: everything works as superuser, but row-level security does not bind it.
    advice = "doctor.fence" if server.role.unfenced else None
    return Check("fence", True, server.role.name, "NOSUPERUSER NOBYPASSRLS", advice)


def _disk(server: Server) -> Iterator[Check]:
    data = _data_folder(server.connection)
    if data is None:
        return
    free_mb = shutil.disk_usage(data).free // 1_000_000
    yield _check("disk", free_mb >= MIN_FREE_MB, f"{free_mb} MB", f"≥ {MIN_FREE_MB} MB")


def _data_folder(connection: sa.Connection) -> Path | None:
    """Return the data folder as the socket's lock file names it; the role may not ask for it."""
    info = connection.connection.driver_connection.info  # type: ignore[union-attr]
    if not str(info.host).startswith("/"):
        return None
    lock = Path(info.host, f".s.PGSQL.{info.port}.lock")
    try:
        folder = Path(lock.read_text(encoding="utf-8").splitlines()[1])
        return folder if folder.is_dir() else None
    except (OSError, IndexError):
        return None


@contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _parsed(url: str) -> sa.URL | None:
    try:
        return sa.make_url(url)
    except (ArgumentError, ValueError):
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), NOTHING)
