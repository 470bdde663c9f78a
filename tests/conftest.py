"""A real PostGIS for the tests: a private cluster of their own, one database a test."""

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine

from geo.access import passwords
from geo.base.errors import ClusterError
from geo.base.settings import Settings
from geo.coverage import compute
from geo.store import db
from tests import SHARED_DATA, databases, scratch
from tests.databases import Standing
from tests.incident_town import build_town
from tests.toy_town import bring_in, place, rectangle, write_geojson

# to describe all commands anew takes longer than most of them; a process of a user has one call
typer.main.get_command = cache(typer.main.get_command)
# what guessing shall cost is paid where passwords are tested, not at each log-in of other tests
PASSWORD_HASHER = passwords.HASHER
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
# no test is timed: machines differ, and several run at once
PROFILES = {
    "quick": {"deadline": None, "max_examples": 15, "derandomize": True, "database": None},
    "thorough": {"deadline": None, "max_examples": 100, "print_blob": True},
}
SHARED = SHARED_DATA
# tests that run side by side on one server have databases of their own
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
HOLDING = {
    "incident_town": "incident_template",
    "seen_town": "seen_template",
    "town": "town_template",
}
"""Fixtures that say what a database holds, and what it is a copy of; the first one counts."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of development data; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no development data at {SHARED}")
    return SHARED


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be thorough."""
    told = "try 100 examples of each property, not 15, and run the tests marked thorough"
    parser.addoption("--thorough", action="store_true", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Choose how much is tried; let all workers share a folder of the server and its templates."""
    for name, chosen in PROFILES.items():
        hypothesis_settings.register_profile(name, **chosen)
    hypothesis_settings.load_profile("thorough" if config.option.thorough else "quick")
    if not WORKER:
        folder = Path(tempfile.mkdtemp(prefix="govgrid-test-", dir=scratch()))
        folder.chmod(0o711)
        os.environ["GOVGRID_TEST_RUN"] = str(folder)
        config.add_cleanup(lambda: databases.clear(folder, _given()))
        # whoever is ended (timeout, a stopped job) leaves no server behind, as with Ctrl+C
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is left to thorough runs, and begin with what takes longest.

    What takes longest and comes last leaves the other workers without work.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if not config.option.thorough:
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="left to scripts/test --thorough"))


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what was loaded: it stays, and is large."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Return whether this run tries far more."""
    return request.config.option.thorough


def _given() -> str | None:
    return os.environ.get("GOVGRID_TEST_DATABASE_URL")


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """Return the folder that all workers of this run share."""
    return Path(os.environ["GOVGRID_TEST_RUN"])


@pytest.fixture(scope="session")
def server(run_folder: Path) -> str:
    """Return the address of a superuser on a throw-away server."""
    try:
        return _given() or databases.serve(run_folder)
    except ClusterError as error:
        pytest.skip(f"no PostGIS here: {error}")


@pytest.fixture(scope="session")
def template(server: str, run_folder: Path) -> str:
    """Return the name of a database with current tables, to be copied."""
    return databases.made(server, run_folder, "empty", None, db.migrate)


@pytest.fixture(scope="session")
def town_template(
    server: str, template: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return the name of a database that holds the toy town, to be copied."""

    def fill(engine: Engine) -> None:
        for layer, path in _write_town(tmp_path_factory.mktemp("town")).items():
            bring_in(engine, layer, path)

    return databases.made(server, run_folder, "town", template, fill)


@pytest.fixture(scope="session")
def seen_template(server: str, town_template: str, run_folder: Path) -> str:
    """Return the name of a database that holds the toy town with its coverage, to be copied."""
    return databases.made(server, run_folder, "seen", town_template, compute.compute)


@pytest.fixture(scope="session")
def incident_template(
    server: str, template: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return the name of a database that holds the town of the scenarios, to be copied."""

    def fill(engine: Engine) -> None:
        build_town(engine, tmp_path_factory.mktemp("incident_town"))

    return databases.made(server, run_folder, "incidents", template, fill)


@pytest.fixture(scope="session")
def standing(server: str) -> Iterator[dict[str, Standing]]:
    """Return the databases that tests are given one after the other, by what they hold."""
    found: dict[str, Standing] = {}
    yield found
    for each in found.values():
        each.drop()


@pytest.fixture
def database(
    request: pytest.FixtureRequest, server: str, template: str, standing: dict[str, Standing]
) -> Iterator[Standing]:
    """Return a database of the test's own, put back after it.

    Its tables are empty, or hold the toy town where the test asks for that as well, with what its
    cameras see where it asks for that, or the town of the scenarios.
    """
    kind = next((name for name in HOLDING if name in request.fixturenames), "empty")
    if kind not in standing:
        like = request.getfixturevalue(HOLDING[kind]) if kind in HOLDING else template
        standing[kind] = Standing(server, f"govgrid_test_{kind}{WORKER}", like)
    standing[kind].ready()
    yield standing[kind]
    standing[kind].put_back()


@pytest.fixture
def database_url(database: Standing) -> str:
    """Return the address of a database with empty tables."""
    return database.address


@pytest.fixture
def engine(database: Standing) -> Engine:
    """Return a pool on a database with empty tables; the tests of a worker share it."""
    return database.engine


@pytest.fixture
def empty_url(server: str) -> Iterator[str]:
    """Return the address of a database without any table or extension."""
    name = f"govgrid_empty{WORKER}"
    databases.recreate(server, name)
    yield databases.address(server, name)
    databases.drop(server, name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Return settings on a database with empty tables."""
    basis = "《公共安全视频图像信息系统管理条例》第十六条"  # for reasons in other words
    return Settings(home=tmp_path, database_url=database_url, lang="en", viewing_basis=basis)


@pytest.fixture
def town_files(tmp_path: Path) -> dict[str, Path]:
    """Return the files of the toy town by layer, in the order of their import."""
    folder = tmp_path / "town"
    folder.mkdir()
    return _write_town(folder)


@pytest.fixture
def town(engine: Engine) -> Engine:
    """Return a database that holds the toy town, brought in through the ordinary import."""
    return engine


@pytest.fixture
def seen_town(engine: Engine) -> Engine:
    """Return a database that holds the toy town and what its cameras see."""
    return engine


@pytest.fixture
def incident_town(engine: Engine) -> Engine:
    """Return a database that holds the town of the scenarios (:mod:`tests.incident_town`)."""
    return engine


def _write_town(folder: Path) -> dict[str, Path]:
    grids = write_geojson(
        folder / "grids.geojson",
        [
            ({"code": "340802001001001", "name": "西格"}, rectangle(-20, -20, 0, 20)),
            ({"code": "340802001001002", "name": "东格"}, rectangle(0, -20, 20, 20)),
        ],
    )
    slab = write_geojson(folder / "buildings.geojson", [({"height": 18}, rectangle(6, -4, 7, 4))])
    street = {"type": "LineString", "coordinates": [place(-20, 0), place(20, 0)]}
    roads = write_geojson(folder / "roads.geojson", [({"name": "一路", "class": "主干道"}, street)])
    cameras = folder / "cameras.csv"
    rows = [
        ("K1", "朝东枪机", "天网", "固定枪机", "90", "60", "在线", *place(1, 0)),
        ("K2", "朝向不详", "社会面", "固定枪机", "", "60", "离线", *place(1, 1)),
        ("K3", "背向枪机", "天网", "固定枪机", "270", "60", "在线", *place(2, 0)),
        ("K4", "楼后枪机", "社会面", "固定枪机", "270", "100", "在线", *place(9, 0)),
    ]
    header = "编码,名称,建设类别,摄像机类型,监视方位,有效距离,状态,经度,纬度"
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    cameras.write_text("\n".join(lines), encoding="gb18030")
    units = folder / "units.csv"
    units.write_text(
        "编码,名称,类型,辖区,值班电话\nU1,城管中队,城管中队,,0556-1\n", encoding="utf-8"
    )
    duties = folder / "duties.csv"
    duties.write_text("单位编码,辖区编码,类别\nU1,340802001001002,市容环境\n", encoding="utf-8")
    incidents = folder / "incidents.csv"
    reported = [
        ("M1", "垃圾堆放", "市容环境", *place(4, 0)),
        ("M2", "</script><img src=x onerror=alert(1)>", "市容环境", *place(4, 1)),
        ("M3", "井盖缺失", "道路设施", *place(-15, -15)),
    ]
    lines = ["编号,标题,类别,经度,纬度", *(",".join(map(str, row)) for row in reported)]
    incidents.write_text("\n".join(lines), encoding="utf-8")
    return {
        "areas": grids,
        "buildings": slab,
        "roads": roads,
        "units": units,
        "duties": duties,
        "cameras": cameras,
        "incidents": incidents,
    }
