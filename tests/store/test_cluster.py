"""The private cluster: real servers on throw-away homes, as root and as an ordinary user."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from geo.base.errors import ClusterError
from geo.base.words import LANGUAGES, load_catalogue
from geo.store.cluster import cluster as cluster_module
from geo.store.cluster.binaries import find_binaries
from geo.store.cluster.cluster import cluster_status, start_cluster, stop_cluster
from geo.store.cluster.location import POINTER, SHARED_BASE, require_space
from geo.store.cluster.process import processes_in
from tests import PATIENCE_S, scratch

CHECKOUT = Path(cluster_module.__file__).resolve().parents[3]
AS_ROOT = os.geteuid() == 0
ODD_NAME = '迎江 $(touch no) it\'s, "q"&+%41;'


def _server_is_here():
    try:
        return bool(find_binaries())
    except ClusterError:
        return False


needs_server = [
    pytest.mark.postgis,
    pytest.mark.skipif(not _server_is_here(), reason="PostgreSQL with PostGIS is not installed"),
]
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become another account")


def as_server(cls):
    for mark in needs_server:
        cls = mark(cls)
    return cls


def remove(home):
    """Stop what a test started and leave nothing of it behind."""
    with suppress(ClusterError):
        stop_cluster(home)
    pointer = home / POINTER
    if pointer.is_file():
        base = Path(pointer.read_text().strip())
        assert base.parent == SHARED_BASE
        shutil.rmtree(base)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def folder():
    """A folder that every account may enter and write to, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="govgrid-test-", dir=scratch()))
    path.chmod(0o1777)
    yield path
    for home in path.iterdir():
        remove(home)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def mortal():
    """One cluster for the tests that stop, kill and revive it, each from whatever state."""
    path = Path(tempfile.mkdtemp(prefix="govgrid-test-", dir=scratch()))
    path.chmod(0o755)
    made = start_cluster(path / "home")
    yield made
    remove(made.home)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def running():
    """One cluster for the tests that only look at it."""
    path = Path(tempfile.mkdtemp(prefix="govgrid-test-", dir=scratch()))
    path.chmod(0o755)
    home = path / ODD_NAME
    yield start_cluster(home)
    assert [each.name for each in path.iterdir()] == [ODD_NAME], "no shell saw the name"
    remove(home)
    shutil.rmtree(path)


def ask(url, sql):
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            answer = connection.execute(text(sql))
            return answer.scalar() if answer.returns_rows else None
    finally:
        engine.dispose()


def postmaster(cluster):
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def await_that(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


PROGRAM = """
import json, sys
from pathlib import Path
from geo.base.errors import ClusterError
from geo.store.cluster import cluster
try:
    made = getattr(cluster, sys.argv[1] + "_cluster")(Path(sys.argv[2]))
    print(json.dumps({"url": getattr(made, "url", None), "data": str(getattr(made, "data", ""))}))
except ClusterError as error:
    print(json.dumps({"key": error.key, "zh": error.text("zh"), "en": error.text("en")}))
"""


def command(verb, home, python=sys.executable):
    return [str(python), "-c", PROGRAM, verb, str(home)]


def environment():
    paths = [str(CHECKOUT), sysconfig.get_path("purelib")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


def run_as(uid, verb, home):
    """Run start, stop or status as the account `uid` in a process of its own."""
    who = {"user": uid, "group": uid, "extra_groups": [], "cwd": "/", "env": environment()}
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            tried = subprocess.run([python, "-c", "import geo.store.cluster.cluster"], **who)
        except PermissionError:
            continue
        if tried.returncode == 0:
            said = subprocess.run(command(verb, home, python), **who, stdout=subprocess.PIPE)
            return json.loads(said.stdout)
    pytest.skip("the checkout or its Python is closed to other accounts")


@as_server
class TestARunningCluster:
    def test_a_second_start_finds_it_running(self, running):
        pid = postmaster(running)
        assert start_cluster(running.home) == running
        assert postmaster(running) == pid

    def test_the_ordinary_role_owns_the_database_and_is_no_superuser(self, running):
        assert ask(running.url, "SELECT current_user") == "govgrid"
        assert ask(running.url, "SELECT NOT rolsuper AND NOT rolbypassrls FROM pg_roles"
                                " WHERE rolname = current_user")  # fmt: skip
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert ask(running.url, owner) == "govgrid"

    def test_the_superuser_reaches_every_database(self, running):
        assert ask(running.admin_url(), "SELECT rolsuper FROM pg_roles"
                                        " WHERE rolname = current_user")  # fmt: skip
        assert ask(running.admin_url("template1"), "SELECT current_database()") == "template1"

    def test_the_four_extensions_are_there_and_tiles_can_be_made(self, running):
        names = ask(running.url, "SELECT string_agg(extname, ' ' ORDER BY extname)"
                                 " FROM pg_extension WHERE extname <> 'plpgsql'")  # fmt: skip
        assert names == "btree_gist ltree pg_trgm postgis"
        assert ask(running.url, "SELECT postgis_libprotobuf_version()")

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("server_encoding", "UTF8"),
            ("lc_collate", "C.UTF-8"),
            ("data_checksums", "on"),
            ("listen_addresses", ""),
            ("unix_socket_permissions", "0700"),
            ("logging_collector", "on"),
            ("jit", "off"),
            ("TimeZone", "UTC"),
        ],
    )
    def test_a_setting_has_its_value(self, running, setting, value):
        assert ask(running.admin_url(), f"SELECT current_setting('{setting}')") == value

    def test_data_and_socket_are_closed_to_others(self, running):
        for closed in (running.data, running.socket, running.data.parent):
            assert closed.stat().st_mode & 0o077 == 0
            assert closed.owner() == running.server_user
        assert running.server_user == ("postgres" if AS_ROOT else running.home.owner())

    def test_status_names_versions_size_and_places(self, running):
        found = cluster_status(running.home)
        assert (found.exists, found.running) == (True, True)
        assert (found.data, found.socket) == (running.data, running.socket)
        assert found.server_version.startswith(str(int((found.data / "PG_VERSION").read_text())))
        assert found.postgis_version[0] in "3456789"
        assert 20e6 < found.size_bytes < 500e6

    def test_a_base_backup_can_be_taken(self, running, folder):
        program = find_binaries() / "pg_basebackup"
        socket = ["-h", str(running.socket), "-U", "postgres", "-D", str(folder / "copy")]
        done = subprocess.run([program, *socket, "--checkpoint=fast"], capture_output=True)
        assert done.returncode == 0, done.stderr
        assert (folder / "copy" / "PG_VERSION").is_file()

    @needs_root
    def test_another_account_is_told_whose_it_is(self, running):
        told = run_as(65534, "start", running.home)
        assert told["key"] in ("cluster.not_allowed", "cluster.foreign")
        assert "--home" in told["zh"]
        assert "--home" in told["en"]


@as_server
class TestLifeAndDeath:
    def test_status_and_stop_of_nothing_make_nothing(self, folder):
        found = cluster_status(folder / "home")
        assert (found.exists, found.running, found.size_bytes) == (False, False, None)
        assert stop_cluster(folder / "home") is False
        assert list(folder.iterdir()) == []

    def test_data_outlive_a_stop_and_a_killed_server(self, mortal):
        made = start_cluster(mortal.home)
        ask(made.url, "CREATE TABLE kept AS SELECT 42 AS n")
        assert stop_cluster(made.home) is True
        assert stop_cluster(made.home) is False
        assert cluster_status(made.home).running is False
        again = start_cluster(made.home)
        assert again.url == made.url
        os.kill(postmaster(again), signal.SIGKILL)
        revived = start_cluster(made.home)
        assert ask(revived.url, "SELECT n FROM kept") == 42

    def test_two_at_once_end_with_one_cluster(self, folder):
        pair = [
            subprocess.Popen(
                command("start", folder / "home"), stdout=subprocess.PIPE, env=environment()
            )
            for _ in range(2)
        ]
        answers = [json.loads(each.communicate(timeout=PATIENCE_S)[0]) for each in pair]
        assert answers[0] == answers[1]
        assert ask(answers[0]["url"], "SELECT 1") == 1
        assert len(processes_in(Path(answers[0]["data"]))) > 1

    def test_a_killed_initdb_leaves_nothing_half_made(self, folder):
        home = folder / "home"
        with subprocess.Popen(
            command("start", home), stdout=subprocess.PIPE, env=environment()
        ) as starter:
            await_that((home / "cluster" / "pgdata.init" / "global").is_dir)
            os.kill(child_of(starter.pid), signal.SIGKILL)
            told = json.loads(starter.communicate(timeout=PATIENCE_S)[0])
        assert told["key"] == "cluster.init_failed"
        assert not (home / "cluster" / "pgdata").exists()
        assert ask(start_cluster(home).url, "SELECT 1") == 1
        assert not (home / "cluster" / "pgdata.init").exists()

    def test_a_killed_starter_is_waited_for_and_made_good(self, folder):
        home = folder / "home"
        with subprocess.Popen(
            command("start", home), stdout=subprocess.DEVNULL, env=environment()
        ) as starter:
            await_that((home / "cluster" / "pgdata.init" / "global").is_dir)
            starter.kill()
        assert ask(start_cluster(home).url, "SELECT 1") == 1

    def test_a_stale_mark_whose_number_another_process_got_is_dropped(self, mortal):
        made = start_cluster(mortal.home)
        mark = made.data / "postmaster.pid"
        lines = mark.read_text().splitlines()
        stop_cluster(made.home)
        owner = pwd.getpwnam(made.server_user).pw_uid
        with subprocess.Popen(["/bin/sleep", "60"], user=owner if AS_ROOT else None) as other:
            mark.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
            shutil.chown(mark, made.server_user)
            assert cluster_status(made.home).running is False
            assert ask(start_cluster(made.home).url, "SELECT 1") == 1
            other.kill()


def child_of(pid):
    """Return initdb, the child of the process that starts a cluster."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (found,) = [c for c in children if Path(f"/proc/{c}/comm").read_text().strip() == "initdb"]
    return int(found)


@as_server
class TestPlaces:
    def test_a_home_may_have_a_long_name_with_commas(self, folder):
        home = folder / ("街道,社区" * 8)
        made = start_cluster(home)
        assert made.data.is_relative_to(home)
        assert made.socket.parent in (Path("/run"), Path("/tmp"))
        assert ask(made.url, "SELECT current_database()") == "govgrid"
        assert stop_cluster(home)
        assert not made.socket.exists()

    @needs_root
    def test_a_home_closed_to_the_server_keeps_its_data_elsewhere(self, folder):
        home = folder / "home"
        home.mkdir(mode=0o700)
        made = start_cluster(home)
        assert made.data.is_relative_to(SHARED_BASE)
        assert cluster_status(home).data == made.data
        assert (made.data.parent / "home").read_text().strip() == str(home)
        assert stop_cluster(home)
        assert start_cluster(home) == made
        stop_cluster(home)
        shutil.rmtree(made.data.parent)
        with pytest.raises(ClusterError, match="which is gone"):
            start_cluster(home)
        (home / POINTER).unlink()

    @needs_root
    def test_a_home_that_was_closed_later_is_named(self, folder):
        (folder / "home" / "cluster" / "pgdata").mkdir(parents=True)
        (folder / "home").chmod(0o700)
        with pytest.raises(ClusterError, match=r"chmod o\+x"):
            start_cluster(folder / "home")

    @needs_root
    def test_an_ordinary_user_keeps_everything_in_the_home(self, folder):
        home = folder / "home"
        told = run_as(65534, "start", home)
        owner = pwd.getpwuid(65534).pw_name
        assert Path(told["data"]).is_relative_to(home)
        assert all(each.owner() == owner for each in home.rglob("*"))
        assert cluster_status(home).running, "the server outlives the process that started it"
        assert cluster_status(home).server_user == owner
        assert start_cluster(home).url == told["url"], "root uses it as it is"
        assert stop_cluster(home)

    @needs_root
    def test_an_account_without_a_name_gets_one_sentence(self, folder):
        told = run_as(54321, "start", folder / "home")
        assert told["key"] == "cluster.no_account"
        assert "54321" in told["en"]

    def test_a_home_that_is_a_file_is_named(self, folder):
        (folder / "home").write_text("")
        with pytest.raises(ClusterError, match="home"):
            start_cluster(folder / "home")
        (folder / "home").unlink()


class TestRefusals:
    def test_data_of_another_server_version_are_named(self, folder):
        data = folder / "home" / "cluster" / "pgdata"
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text("13\n")
        if not _server_is_here():
            pytest.skip("PostgreSQL with PostGIS is not installed")
        with pytest.raises(ClusterError, match="made by PostgreSQL 13"):
            start_cluster(folder / "home")

    def test_a_data_folder_without_version_is_damaged(self, folder):
        (folder / "home" / "cluster" / "pgdata").mkdir(parents=True)
        with pytest.raises(ClusterError, match="PG_VERSION"):
            start_cluster(folder / "home")

    def test_a_nearly_full_disk_is_refused_before_anything_is_made(self, folder):
        with pytest.raises(ClusterError, match="Nothing was done"):
            require_space(folder / "not" / "yet", 10**12)
        require_space(folder / "not" / "yet", 1)
        assert list(folder.iterdir()) == []

    def test_every_sentence_stands_in_the_catalogue_and_none_is_idle(self):
        code = "".join(path.read_text() for path in (CHECKOUT / "geo" / "store").rglob("*.py"))
        used = set(re.findall(r'ClusterError\(\s*"(cluster\.\w+)"', code))
        known = {key for key in load_catalogue() if key.startswith("cluster.")}
        assert used == known
        assert all(load_catalogue()[key][lang] for key in known for lang in LANGUAGES)


def server_folder(root, major, postgis):
    """Lay out programs that answer as PostgreSQL's do, in Debian's way."""
    programs = root / str(major) / "bin"
    programs.mkdir(parents=True)
    share = root / str(major) / "share"
    (share / "extension").mkdir(parents=True)
    answers = {
        "postgres": f"postgres (PostgreSQL) {major}.4 (Debian)",
        "pg_config": str(share),
        "initdb": "",
    }
    for name, answer in answers.items():
        (programs / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (programs / name).chmod(0o755)
    if postgis:
        (share / "extension" / "postgis.control").touch()
    return programs


class TestBinaries:
    def test_the_newest_with_postgis_is_taken(self, tmp_path):
        server_folder(tmp_path, 9, postgis=True)
        fifteen = server_folder(tmp_path, 15, postgis=True)
        seventeen = server_folder(tmp_path, 17, postgis=True)
        server_folder(tmp_path, 18, postgis=False)
        assert find_binaries(root=tmp_path) == seventeen
        assert find_binaries(root=tmp_path, major=15) == fifteen

    def test_without_postgis_its_package_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        server_folder(tmp_path, 16, postgis=False)
        with pytest.raises(ClusterError, match="postgresql-16-postgis-3"):
            find_binaries(root=tmp_path)

    def test_without_a_server_its_package_is_named(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", "")
        server_folder(tmp_path, 14, postgis=True)
        with pytest.raises(ClusterError, match="apt install postgresql-15-postgis-3"):
            find_binaries(root=tmp_path)
