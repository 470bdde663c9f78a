"""Drills: a district with files, figures and audit, kept and brought back on another server."""

import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from geo.access import transaction
from geo.access.accounts import sessions
from geo.access.audit import checkpoints, seal
from geo.access.audit import record as audit
from geo.access.audit import verify as audit_verification
from geo.access.login import second_factor
from geo.base import secrets
from geo.base.errors import InputError, StateError
from geo.base.settings import Settings
from geo.coverage import report
from geo.incidents import attachments, file_store
from geo.incidents.attachments import NewFile
from geo.operations import database
from geo.operations.backup import create, journal, restore, verify
from geo.operations.store import backup as stored
from geo.store import db, session_lock
from geo.store.cluster import cluster, databases
from tests import scratch
from tests.command_line import alone, commands
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

WORDS = "correct horse battery"
ENDED = {
    *("govgrid.session", "govgrid.outbox", "govgrid.audit"),
    *("govgrid.layer_revision", "govgrid.layer_change"),
}
"""What a restore itself ends or writes to."""


@pytest.fixture
def folder():
    """A folder that the server's account may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="govgrid-test-", dir=scratch()))
    path.chmod(0o711)
    yield path
    for home in (each for each in path.iterdir() if each.is_dir()):
        databases.remove_cluster(home)
    shutil.rmtree(path)


@pytest.fixture
def picture(seen_town, settings):
    """Give the town a photo, an audit with a head on paper, a session and an authenticator."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    with seen_town.connect() as connection:
        number = connection.execute(text("SELECT id FROM govgrid.incident LIMIT 1")).scalar_one()
    kept, _ = attachments.add_attachment(
        seen_town, SYSTEM, number, NewFile(out.getvalue(), "before", False), settings
    )
    made = account(seen_town, "li", "operator")
    with transaction.open_as(seen_town, SYSTEM) as connection:
        sessions.begin_session(connection, made)
        token = secrets.encrypt(settings, "A" * 32, purpose=second_factor.PURPOSE)
        connection.execute(
            text("UPDATE govgrid.account SET totp_secret = :token"), {"token": token}
        )
        connection.execute(
            text(
                "INSERT INTO govgrid.account (name, created_by, card_at, disabled_at)"
                " VALUES ('card', 'x', now(), now())"
            )
        )
        audit.record(connection, SYSTEM, "import", note="第一批")
    seal.seal_rows(seen_town)
    with db.open_transaction(seen_town) as connection:
        head = seal.newest_seal(connection)
    checkpoints.write_checkpoint(checkpoints.file_of(settings.home), head, "2026-11-30")
    return kept


def content(engine):
    """Return a digest of the rows of each table."""
    asked = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
    with db.open_transaction(engine) as connection:
        names = [n for n in stored.list_tables(connection) if n not in ENDED]
        return {n: connection.execute(text(asked.format(n))).scalar() for n in names}


def figures(engine):
    return json.dumps(report.read_report(engine, SYSTEM), default=str, sort_keys=True)


def test_everything_comes_back_on_another_server(seen_town, picture, settings, folder):
    file, keys, home = folder / "a.backup", folder / "a.keys", folder / "home"
    before, known = content(seen_town), figures(seen_town)
    made = create.create_backup(settings, file, passphrase=WORDS, secrets_file=keys)
    assert (made.manifest.files, made.manifest.missing, made.encrypted) == (1, [], True)
    assert made.manifest.tables["govgrid.incident"] == 3
    assert {path.stat().st_mode & 0o777 for path in (file, keys)} == {0o600}
    assert b"attachments/" not in file.read_bytes()

    found = verify.verify_backup(settings, file, passphrase=WORDS, scratch=folder)
    assert (found.whole, found.files, found.rows) == (True, 1, made.manifest.rows)
    assert found.chain.rows > 0
    assert list(found.chain.stands.values()) == [True]
    assert journal.read_journal(settings.home).verified_file == str(file)
    assert [each.name for each in folder.iterdir() if each.is_dir()] == []

    fresh = Settings(home=home, lang="en")
    back = restore.restore_backup(fresh, file, passphrase=WORDS, secrets_file=keys)
    assert (back.files, back.lost_factors, back.secrets) == (1, (), ())
    with database.open_database(fresh) as engine:
        assert content(engine) == before
        assert figures(engine) == known
        with db.open_transaction(engine) as connection:
            counts = stored.count_rows(connection, ["govgrid.session", "govgrid.outbox"])
            token = connection.execute(
                text("SELECT totp_secret FROM govgrid.account WHERE name = 'li'")
            ).scalar()
        assert set(counts.values()) == {0}
        assert secrets.decrypt(fresh, token, purpose=second_factor.PURPOSE) == "A" * 32
        seal.seal_rows(engine)
        heads = checkpoints.read_checkpoints(checkpoints.file_of(home))
        proof = audit_verification.verify_chain(engine, SYSTEM, expected=heads)
        assert (proof.walk.whole, list(proof.walk.stands.values())) == (True, [True])
        number = picture.incident
        _, given = attachments.open_attachment(engine, SYSTEM, number, picture.id, fresh)
        assert given == file_store.file_of(settings.home, picture.sha256).read_bytes()
        with pytest.raises(StateError, match="holds data already"):
            restore.restore_backup(fresh, file, passphrase=WORDS)
        assert content(engine) == before
        owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname LIKE 'govgrid%'"
        with db.open_transaction(engine) as connection:
            assert list(connection.execute(text(owners)).scalars()) == [cluster.ROLE]
    with database.service_pool(fresh, pool_size=1).connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM govgrid.incident")).scalar()
        assert count == 0, "row-level security holds: nobody is named"


def test_without_secrets_it_says_what_must_be_set_anew(
    seen_town, picture, settings, folder, empty_url
):
    config = settings.model_copy(update={"attachment_days": 90})
    config.model_fields_set.update({"attachment_days", "metrics_token"})
    file, fresh = folder / "a.backup", folder / "files"
    create.create_backup(config, file)
    with zipfile.ZipFile(file) as archive:
        assert [name for name in archive.namelist() if name.startswith("secrets")] == []
    there = Settings(home=fresh, database_url=empty_url, lang="en")
    found = restore.restore_backup(there, file)
    assert found.settings == {
        "GOVGRID_ATTACHMENT_DAYS": 90,
        "GOVGRID_VIEWING_BASIS": config.viewing_basis,
    }
    assert found.lost_factors == ("card", "li")
    assert 'GOVGRID_ATTACHMENT_DAYS="90"' in (fresh / restore.ENVIRONMENT).read_text()
    with database.open_database(there) as engine:
        assert content(engine) == content(seen_town)


def rewritten(file, target, change):
    """Write a backup again with its members changed: (name, content) -> (name, content)."""
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(target, "w") as out:
        for name in archive.namelist():
            out.writestr(*change(name, archive.read(name)))
    return target


def one_row_more(name, content):
    if name != "manifest.json":
        return name, content
    told = json.loads(content)
    told["tables"]["govgrid.camera"] += 1
    return name, json.dumps(told)


def other_photo(name, content):
    return (name, b"other") if name.startswith("attachments/") else (name, content)


def other_name(name, content):
    other = f"attachments/aa/{'a' * 64}"
    return (other, content) if name.startswith("attachments/") else (name, content)


def other_dump(name, content):
    return (name, content[:-1]) if name == "database.dump" else (name, content)


def test_what_is_not_whole_is_found_and_restores_nothing(
    seen_town, picture, settings, folder, empty_url
):
    file, home = folder / "a.backup", folder / "files"
    create.create_backup(settings, file)
    wrong = {
        "cut": lambda target: target.write_bytes(file.read_bytes()[:-2000]),
        "none": lambda target: target.write_bytes(b"code,name\n"),
        "photo": lambda target: rewritten(file, target, other_photo),
        "dump": lambda target: rewritten(file, target, other_dump),
        "rows": lambda target: rewritten(file, target, one_row_more),
    }
    there = Settings(home=home, database_url=empty_url)
    for kind, make in wrong.items():
        broken = folder / f"{kind}.backup"
        make(broken)
        with pytest.raises((InputError, StateError)) as refused:
            restore.restore_backup(there, broken)
        assert ("govgrid.camera should have 5" in str(refused.value)) == (kind == "rows")
        assert not home.exists(), kind
    with pytest.raises(StateError, match="no govgrid tables"), database.reach_database(there) as e:
        db.require_current(e)
    gone = rewritten(file, folder / "gone.backup", other_name)
    found = verify.verify_backup(settings, gone, scratch=folder)
    assert (found.whole, found.absent) == (False, (picture.sha256.hex(),))
    assert found.damaged == ("a" * 64,)
    assert journal.read_journal(settings.home).verified_at == ""


def test_a_restore_that_fails_leaves_no_cluster(seen_town, settings, folder):
    file, home = folder / "a.backup", folder / "home"
    create.create_backup(settings, file)
    broken = rewritten(file, folder / "b.backup", one_row_more)
    with pytest.raises(StateError, match="nothing of it was kept"):
        restore.restore_backup(Settings(home=home), broken)
    assert not home.exists()


def test_a_backup_that_fails_leaves_no_file_and_the_older_one_whole(
    seen_town, settings, folder, monkeypatch
):
    file = folder / "a.backup"
    create.create_backup(settings, file)
    older = file.read_bytes()
    monkeypatch.setattr(create, "_write_attachments", lambda *_: {}["gone"])
    with pytest.raises(KeyError):
        create.create_backup(settings, file)
    monkeypatch.undo()
    assert (file.read_bytes(), [each.name for each in folder.iterdir()]) == (older, ["a.backup"])
    full = settings.model_copy(update={"disk_reserve_mb": 10**9})
    with pytest.raises(Exception, match="below the reserve"):
        create.create_backup(full, file)
    assert (file.read_bytes(), [each.name for each in folder.iterdir()]) == (older, ["a.backup"])


def test_only_one_backup_is_made_at_a_time_and_no_file_goes_meanwhile(seen_town, settings, folder):
    orphan = file_store.file_of(settings.home, file_store.keep_file(settings.home, b"x"))
    os.utime(orphan, (0, 0))
    with session_lock.open_session(seen_town) as holding:
        assert session_lock.try_session_lock(holding, db.BACKUP)
        with pytest.raises(StateError, match="Another backup"):
            create.create_backup(settings, folder / "a.backup")
        attachments.sweep_files(seen_town, settings)
        assert orphan.exists()
    attachments.sweep_files(seen_town, settings)
    assert not orphan.exists()


def test_the_command_line_keeps_restores_and_verifies(
    seen_town, database_url, folder, monkeypatch, capfd
):
    alone(monkeypatch)
    monkeypatch.setenv("GOVGRID_LANG", "en")
    monkeypatch.setenv("GOVGRID_HOME", str(folder / "home"))
    (folder / "home").mkdir()
    words, file = folder / "words", folder / "b.backup"
    words.write_text(WORDS)
    words.chmod(0o600)
    run = commands(monkeypatch, capfd)
    run("--database", database_url, "db", "backup", folder / "a.backup")
    assert "disk mounted" in run("db", "backup", folder / "no/a", code=2).err
    assert "Restored from" in run("db", "restore", folder / "a.backup").err
    # the own cluster, as its superuser
    said = json.loads(run("db", "backup", file, "--passphrase-file", words, "--json").out)
    assert (said["encrypted"], said["tables"]["govgrid.camera"]) == (True, 4)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "no terminal" in run("db", "verify", file, code=2).err
    assert "another one" in run("db", "verify", file, "--passphrase-file", wrong(words), code=2).err
    told = run("db", "verify", file, "--passphrase-file", words, "--scratch", folder, "--json")
    assert json.loads(told.out)["whole"] is True
    assert "is there already" in run("db", "backup", file, code=2).err
    last = journal.read_journal(folder / "home")
    assert (last.file, last.verified_file) == (str(file), str(file))
    assert json.loads(run("db", "status", "--json").out)["backup"]["at"] == last.at


def wrong(words):
    other = words.with_name("other")
    other.write_text(WORDS[::-1])
    other.chmod(0o600)
    return other
