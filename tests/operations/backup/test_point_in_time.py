"""A home brought back to a moment: its log is archived on a real server and replayed on another."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from geo.base.errors import ClusterError, InputError, StateError
from geo.base.settings import Settings
from geo.incidents import file_store
from geo.operations import database
from geo.operations.backup import moment, point_in_time
from geo.operations.backup.encryption import is_encrypted
from geo.store import db, installation
from geo.store.cluster import archiving, cluster, databases
from tests import scratch
from tests.command_line import alone, commands

pytestmark = pytest.mark.postgis

PHOTO = text(
    "INSERT INTO govgrid.attachment (incident, kind, name, media_type, sha256, bytes, has_persons,"
    " added_by) VALUES (gen_random_uuid(), 'before', 'a.png', 'image/png', :sha256, 1, false, 'x')"
)


@pytest.fixture
def folder():
    """A folder that the server's account may enter, with a name that no shell should see."""
    path = Path(tempfile.mkdtemp(prefix="govgrid 100%f $HOME it's ", dir=scratch()))
    path.chmod(0o711)
    yield path
    for home in (path / "home", path / "back"):
        databases.remove_cluster(home)
    shutil.rmtree(path)


def put(engine, value):
    """Store a value and return the moment after it, as the server's clock says."""
    with db.open_transaction(engine) as connection:
        installation.store_value(connection, "drill", value)
    with db.open_transaction(engine) as connection:
        return connection.execute(text("SELECT clock_timestamp()")).scalar_one()


def add_photo(engine, home, content):
    sha256 = file_store.keep_file(home, content)
    with db.open_transaction(engine) as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(PHOTO, {"sha256": sha256})
    return sha256


def test_a_moment_between_two_writes_comes_back(server, folder, monkeypatch, capfd):
    home, archive, back = folder / "home", folder / "kept", Settings(home=folder / "back")
    config = Settings(home=home, lang="en")
    with pytest.raises(StateError, match="Nothing is archived"):
        point_in_time.take_base(config)
    with database.open_database(config) as engine:
        early = put(engine, "before the archive")
    base = point_in_time.begin_archive(config, archive)
    running = database.private_cluster(config)
    with database.reach_database(config) as engine:
        owner = db.connect(running.admin_url())
        add_photo(owner, home, b"first")
        between = put(engine, "wanted")
        lost = add_photo(owner, home, b"second")
        put(engine, "by mistake")
        owner.dispose()
    file_store.file_of(home, lost).unlink()
    archiving.finish_segment(running)
    point_in_time.keep_archive(config, datetime.now(UTC))
    state = point_in_time.read_archive_state(config)
    assert (state.folder, state.bases, state.server.on, state.server.failed) == (
        archive,
        1,
        True,
        0,
    )

    with pytest.raises(InputError, match="before the archive"):
        moment.restore_moment(back, archive, early)
    with pytest.raises(ClusterError, match="does not reach"):
        moment.restore_moment(back, archive, between + timedelta(days=1))
    assert not (back.home / "cluster").exists()

    found = moment.restore_moment(back, archive, between)
    assert (found.base, found.files, found.missing) == (base.name, 1, ())
    with database.open_database(back) as engine, db.open_transaction(engine) as connection:
        assert installation.read_value(connection, "drill") == "wanted"
    assert not archiving.read_state(database.private_cluster(back)).on
    with pytest.raises(StateError, match="holds data already"):
        moment.restore_moment(back, archive, between)

    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_HOME", str(home))
    monkeypatch.setenv("GOVGRID_LANG", "en")
    run = commands(monkeypatch, capfd)
    assert "1 base backups" in run("db", "archive", "status").err
    older = {path.name for path in (archive / "wal").iterdir()}
    for _ in range(2):  # the first one goes, and the log that only it needs
        run("db", "archive", "base")
    assert not base.exists()
    assert not older <= {path.name for path in (archive / "wal").iterdir()}
    run("db", "archive", "off")
    assert "Nothing is archived" in run("db", "archive", "status").err
    assert "no moment" in run("db", "restore", archive, "--to", "noon", code=2).err
    named = ("--database", "postgresql://x/y", "db")
    assert "for the private one" in run(*named, "archive", "on", folder, code=2).err
    assert (
        "for the private one" in run(*named, "restore", archive, "--to", "2026-01-01", code=2).err
    )
    cluster.stop_cluster(home)


def test_an_encrypted_archive_brings_a_moment_back_to_who_knows_the_passphrase(
    server, folder, monkeypatch, capfd
):
    home, archive, back = folder / "home", folder / "kept", Settings(home=folder / "back")
    words, others = folder / "words", folder / "others"
    for path, phrase in ((words, "correct horse battery"), (others, "another horse battery")):
        path.write_text(phrase + "\n", encoding="utf-8")
        path.chmod(0o600)
    with database.open_database(Settings(home=home)):
        pass
    with pytest.raises(InputError, match="GOVGRID_BACKUP_PASSPHRASE_FILE"):
        point_in_time.begin_archive(Settings(home=home), archive, encrypt=True)
    assert not archive.exists()
    config = Settings(home=home, backup_passphrase_file=words)
    base = point_in_time.begin_archive(config, archive, encrypt=True)
    running = database.private_cluster(config)
    owner = db.connect(running.admin_url())
    photo = add_photo(owner, home, b"a photo of a manhole")
    between = put(owner, "wanted")
    put(owner, "by mistake")
    owner.dispose()
    archiving.finish_segment(running)
    state = point_in_time.read_archive_state(config)
    assert state.encrypted
    assert state.waiting > 0
    assert list((archive / "wal").glob("*")) == []
    changed = config.model_copy(update={"backup_passphrase_file": others})
    with pytest.raises(InputError, match="another one"):
        point_in_time.keep_archive(changed, datetime.now(UTC))
    point_in_time.keep_archive(config, datetime.now(UTC))
    assert point_in_time.read_archive_state(config).waiting == 0

    kept = [path for path in archive.rglob("*") if path.is_file() and path.name != "base.json"]
    names = {path.name for path in kept}
    assert {"base.tar.gz", photo.hex()} <= names
    assert any(name.startswith("0000") for name in names)
    assert [path for path in kept if not is_encrypted(path)] == []

    with pytest.raises(InputError, match="needs its passphrase"):
        moment.restore_moment(back, archive, between)
    with pytest.raises(InputError, match="another one"):
        moment.restore_moment(back, archive, between, passphrase="another horse battery")
    assert not back.home.exists()

    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_LANG", "en")
    run = commands(monkeypatch, capfd)
    at = ("--to", between.isoformat(), "--passphrase-file", words)
    run("--home", back.home, "db", "restore", archive, *at)
    with database.open_database(back) as engine, db.open_transaction(engine) as connection:
        assert installation.read_value(connection, "drill") == "wanted"
    assert file_store.file_of(back.home, photo).read_bytes() == b"a photo of a manhole"
    assert list(database.private_cluster(back).data.parent.glob("wal-*")) == []
    assert base.name in names | {path.name for path in archive.iterdir()}
    assert "is encrypted" in run("--home", home, "db", "archive", "status").err
    cluster.stop_cluster(home)
