"""Homes as their user meets them: real clusters in a scratch checkout, signals to processes."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from geo import demo
from geo.base import homes
from geo.base.errors import ClusterError
from geo.demo import DemoFile
from geo.operations import database
from geo.store import db, holding
from geo.store.cluster import cluster
from tests import PATIENCE_S, ROOT, scratch
from tests.command_line import alone, commands
from tests.signed_in import account

pytestmark = pytest.mark.postgis

CAMERAS = "编码,名称,经度,纬度\nK1,东门,117.0501,30.5001\nK2,西门,117.0502,30.5002\n"


@pytest.fixture
def checkout(monkeypatch):
    """Return a scratch checkout whose ``var/`` is empty; its clusters are stopped at the end."""
    try:
        cluster.find_binaries()
    except ClusterError as error:
        pytest.skip(f"no PostGIS here: {error}")
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_LANG", "en")
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        top = Path(folder)
        top.chmod(0o711)
        (top / "pyproject.toml").touch()
        monkeypatch.setattr(homes, "CHECKOUT", top)
        try:
            yield top
        finally:
            for home in (top / "var", top / "var" / "home", top / "var" / "demo", top / "x"):
                cluster.stop_cluster(home)


@pytest.fixture
def govgrid(checkout, monkeypatch, capfd):
    return commands(monkeypatch, capfd)


@pytest.fixture
def small(monkeypatch, thorough, town_files):
    """Make the demonstration of the toy town, unless the run is thorough.

    Continuous integration builds the whole one by the README's first line.
    """

    def toy_town(out, **_):
        files = [DemoFile(layer, path, {"crs": "wgs84"}) for layer, path in town_files.items()]
        areas, *others = files
        return [replace(areas, options={"crs": "wgs84", "level": "grid"}), *others]

    if not thorough:
        monkeypatch.setattr(demo, "build_files", toy_town)


@pytest.fixture
def cameras(tmp_path):
    path = tmp_path / "cameras.csv"
    path.write_text(CAMERAS, encoding="utf-8")
    return path


def status(govgrid, *root):
    return json.loads(govgrid(*root, "db", "status", "--json").out)


def at(home):
    """Return a pool on the database of a home."""
    return db.connect(cluster.start_cluster(home).url)


def mark_as_demo(home, *, whole=True):
    engine = at(home)
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.import_run SET options = '{\"demo\": true}'"))
        holding.begin_building(connection)
        if whole:
            holding.finish_building(connection, [])
    engine.dispose()


def test_real_data_live_in_a_home_that_init_makes_once(govgrid, checkout):
    said = govgrid("init").err
    assert str(checkout / "var" / "home") in said
    assert "govgrid setup status" in said
    found = status(govgrid)
    assert (found["home"], found["holds"]) == (str(checkout / "var" / "home"), "own")
    assert found["move_with"] is None
    assert "nothing was changed" in govgrid("init").err
    # the demonstration does not go there, though no data came yet
    said = govgrid("--home", checkout / "var" / "home", "demo", "--once", code=2).err
    assert "holds other data or accounts" in said
    assert not (checkout / "var" / "demo").exists()


def test_a_home_of_an_older_version_is_used_as_before_and_moved_by_the_named_command(
    govgrid, checkout, cameras
):
    older, real = checkout / "var", checkout / "var" / "home"
    govgrid("--home", older, "import", "cameras", cameras, "--crs", "wgs84")
    govgrid("--home", older, "worker", "--once")
    key = older / "secrets" / "installation.key"
    key.parent.mkdir()
    key.write_text("k", encoding="utf-8")
    found = status(govgrid)
    assert (found["home"], found["holds"]) == (str(older), "own")
    assert found["move_with"] == "govgrid db move"
    assert "govgrid db move" in govgrid("db", "status").err
    # never a second, empty one beside it
    for command in (("init",), ("db", "start"), ("setup", "status")):
        assert "govgrid db move" in govgrid("--home", real, *command, code=2).err
    assert not real.exists()
    assert "2 unchanged" in govgrid("import", "cameras", cameras, "--crs", "wgs84").err
    assert str(real) in govgrid("db", "move").err
    assert (status(govgrid)["home"], homes.older_home()) == (str(real), None)
    assert "2 unchanged" in govgrid("import", "cameras", cameras, "--crs", "wgs84").err
    assert (real / "secrets" / "installation.key").read_text(encoding="utf-8") == "k"
    assert (real / "audit" / "heads.csv").is_file()
    assert "nothing of an older version" in govgrid("db", "move", code=2).err


def test_a_demonstration_of_an_older_version_is_moved_to_the_home_of_demonstrations(
    govgrid, checkout, cameras
):
    govgrid("--home", checkout / "var", "import", "cameras", cameras, "--crs", "wgs84")
    mark_as_demo(checkout / "var")
    assert status(govgrid)["holds"] == "demo"
    assert str(checkout / "var" / "demo") in govgrid("db", "move").err
    assert homes.holds_cluster(checkout / "var" / "demo")
    assert status(govgrid)["exists"] is False


def test_a_home_is_not_moved_under_who_works_with_it_nor_onto_another(
    govgrid, checkout, cameras, monkeypatch
):
    older = checkout / "var"
    govgrid("--home", older, "import", "cameras", cameras, "--crs", "wgs84")
    monkeypatch.setitem(database.count_others.__kwdefaults__, "patience_s", 0.0)
    engine = at(older)
    with engine.connect():
        assert "connections use" in govgrid("db", "move", code=2).err
    engine.dispose()
    (checkout / "var" / "home" / "cluster").mkdir(parents=True)
    said = govgrid("db", "move", code=2).err
    assert "is there already; nothing was moved" in said
    assert homes.older_home() == older


def test_no_file_goes_into_a_demonstration_and_no_command_into_half_of_one(
    govgrid, checkout, cameras
):
    demo = checkout / "var" / "demo"
    there = ("--home", demo)
    govgrid(*there, "import", "cameras", cameras, "--crs", "wgs84")
    mark_as_demo(demo)
    for more in ((), ("--dry-run",), ("--preview",)):
        said = govgrid(*there, "import", "cameras", cameras, "--crs", "wgs84", *more, code=2)
        assert f"govgrid --home {checkout / 'var' / 'home'} init" in said.err
    assert "invented" in govgrid(*there, "init", code=2).err
    govgrid(*there, "import", "runs")
    mark_as_demo(demo, whole=False)
    assert status(govgrid, *there)["holds"] == "partial"
    for command in (("locate", "117", "30"), ("serve", "--port", "0"), ("setup", "status")):
        assert "not built to its end" in govgrid(*there, *command, code=2).err


def test_a_home_with_real_data_and_accounts_is_the_same_after_a_demonstration_was_tried(
    govgrid, checkout, cameras, monkeypatch
):
    real = checkout / "x"
    monkeypatch.setenv("GOVGRID_HOME", str(real))
    govgrid("import", "cameras", cameras, "--crs", "wgs84")
    engine = at(real)
    account(engine, "security", "security_administrator")
    before = everything(engine)
    for more in ((), ("--rebuild",)):
        said = govgrid("demo", "--once", *more, code=2).err
        assert "1 imports of other files; 1 accounts: security" in said
    assert everything(engine) == before
    engine.dispose()
    assert not (real / "out").exists()
    assert not (real / "files").exists()


def test_an_empty_setting_of_the_home_is_none_and_a_tilde_is_the_users_home(
    govgrid, checkout, monkeypatch
):
    monkeypatch.setenv("GOVGRID_HOME", "")
    assert status(govgrid)["home"] == str(checkout / "var" / "home")
    monkeypatch.setenv("HOME", str(checkout))
    monkeypatch.setenv("GOVGRID_HOME", "~/x")
    assert status(govgrid)["home"] == str(checkout / "x")


def everything(engine):
    """Return all rows of all tables."""
    with engine.begin() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'govgrid' ORDER BY 1")
        ).scalars()
        return {
            name: connection.execute(
                text(
                    f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                    f" FROM govgrid.{name} t"
                )
            ).scalar_one()
            for name in names.all()
        }


# whoever runs the tests without a terminal may ignore the signals of Ctrl+C and of its end
TYPED = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " signal.signal(signal.SIGHUP, signal.SIG_DFL); from geo.cli import main; main()"
)


def start(home, *words):
    """Start the command line as a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GOVGRID_")}
    return subprocess.Popen(
        [sys.executable, "-c", TYPED, "--home", str(home), *words],
        env={**environment, "GOVGRID_LANG": "en"},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(process, sign):
    """Read what a process says until a line with `sign` comes; return what was read."""
    read = []
    for line in process.stderr:
        read.append(line)
        if sign in line:
            return "".join(read)
    raise AssertionError("".join(read))


def test_who_interrupts_the_building_is_told_and_the_database_is_stopped(checkout):
    home = checkout / "x"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = start(home, "demo", "--once")
        said = until(process, "grids.geojson")
        assert str(home) in said.splitlines()[0]
        process.send_signal(number)
        said = process.communicate(timeout=PATIENCE_S)[1]
        assert process.returncode == 130, number
        assert f"govgrid --home {home} demo takes the half away" in said
        assert "stopping the database that it started" in said
        assert "Traceback" not in said
        assert not cluster.is_running(home)


def test_a_database_that_ran_before_or_is_used_by_others_goes_on(checkout):
    home = checkout / "x"
    cluster.start_cluster(home)
    process = start(home, "demo", "--once")
    until(process, "grids.geojson")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE_S)[1]
    assert "stopping the database" not in said
    assert cluster.is_running(home)


@pytest.mark.slow
def test_the_demonstration_killed_built_opened_again_and_kept_apart(
    govgrid, checkout, cameras, small
):
    home = checkout / "var" / "demo"
    process = start(home, "demo", "--once")
    until(process, "areas grids.geojson")
    process.kill()
    process.wait()
    process.stderr.close()
    assert "not built to its end" in govgrid("--home", home, "locate", "117", "30", code=2).err
    said = govgrid("demo", "--once").err
    assert "taken away and built anew" in said
    assert "incidents incidents.csv" in said
    passwords = re.search(r"^operator +(\S+)", said, re.MULTILINE)[1]
    files = [home / "accounts.txt", *(home / "out").iterdir()]
    assert {path.name for path in files[1:]} == {"map.html", "coverage.xlsx", "gaps.gpkg"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((home / "out").stat().st_mode) == 0o700
    before = {path: path.stat().st_mtime_ns for path in files}

    said = govgrid("demo", "--once").err
    assert "opened as it stands" in said
    assert "importing" not in said
    assert passwords in said
    assert {path: path.stat().st_mtime_ns for path in files} == before

    assert "invented" in govgrid("--home", home, "import", "cameras", cameras, code=2).err
    govgrid("--home", home, "user", "add", "li")
    assert "1 accounts: li" in govgrid("demo", "--once", "--rebuild", code=2).err
    assert "opened as it stands" in govgrid("demo", "--once").err
    assert not (checkout / "var" / "home").exists()
