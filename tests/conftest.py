"""A real PostGIS for the tests: a private cluster of their own, one database a test."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from geo.errors import ClusterError
from geo.settings import Settings
from geo.store import cluster, db

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of development data; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no development data at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the address of a superuser on a throw-away server."""
    given = os.environ.get("GOVGRID_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        try:
            running = cluster.start(home)
        except ClusterError as error:
            pytest.skip(f"no PostGIS here: {error}")
        address = running.admin_url("postgres")
        # Nobody minds if these data are lost.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            _do(address, f"ALTER SYSTEM SET {setting} = off")
        _do(address, "SELECT pg_reload_conf()")
        try:
            yield address
        finally:
            cluster.stop(home)


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """Return the name of a database with current tables, to be copied."""
    name = "govgrid_template"
    _recreate(server, name)
    engine = db.connect(_address(server, name))
    db.migrate(engine)
    engine.dispose()
    yield name
    _drop(server, name)


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """Return the address of a database with empty tables, gone after the test."""
    name = "govgrid_test"
    _recreate(server, name, template)
    yield _address(server, name)
    _drop(server, name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Return a pool on a database with empty tables."""
    found = db.connect(database_url)
    yield found
    found.dispose()


@pytest.fixture
def empty_url(server: str) -> Iterator[str]:
    """Return the address of a database without any table or extension."""
    name = "govgrid_empty"
    _recreate(server, name)
    yield _address(server, name)
    _drop(server, name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Return settings on a database with empty tables."""
    return Settings(home=tmp_path, database_url=database_url, lang="en")


def _address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _recreate(server: str, name: str, template: str | None = None) -> None:
    _drop(server, name)
    _do(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))


def _drop(server: str, name: str) -> None:
    _do(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _do(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
