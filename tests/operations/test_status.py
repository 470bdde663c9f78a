"""Status on one page, and a report of a problem that tells nothing of the district."""

import json
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.access.audit import record as audit
from geo.base.settings import Settings
from geo.operations import server_complaints, status
from geo.operations.backup import journal
from geo.store.cluster import cluster
from tests.command_line import alone, commands
from tests.signed_in import SYSTEM, account

pytestmark = pytest.mark.postgis

LOG = """\
2026-11-30 10:00:00.000 UTC [17] ERROR:  null value in column "title" of relation "incident" 张三
2026-11-30 10:00:00.000 UTC [17] DETAIL:  Failing row contains (M1, 垃圾堆放, 340802001001002).
2026-11-30 10:00:00.000 UTC [17] STATEMENT:  INSERT INTO govgrid.account VALUES ('li.si')
2026-11-30 10:00:01.000 UTC [17] ERROR:  invalid input syntax for type bigint: "li.si"
2026-11-30 10:00:02.000 UTC [17] ERROR:  role "li.si" of 340802001001002 is unknown
2026-11-30 10:00:03.000 UTC [18] FATAL:  the database system is in recovery mode
2026-11-30 10:00:04.000 UTC [18] FATAL:  the database system is in recovery mode
"""


@pytest.fixture
def govgrid(seen_town, settings, monkeypatch, capfd):
    alone(monkeypatch)
    for name, value in (("HOME", settings.home), ("LANG", "en"), ("NOTICE", "西格的通知")):
        monkeypatch.setenv(f"GOVGRID_{name}", str(value))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", settings.database_url)
    return commands(monkeypatch, capfd)


def test_status_says_what_an_administrator_looks_at(seen_town, settings, govgrid):
    journal.note_backup(settings.home, settings.home / "a.backup", 5, 7)
    made = account(seen_town, "li.si", "planner")
    with transaction.open_as(seen_town, SYSTEM) as connection:
        audit.record(connection, SYSTEM, "login")
        connection.execute(
            text(
                "INSERT INTO govgrid.job (kind, account, account_name, asked, state)"
                " VALUES ('coverage', :account, 'li.si', '{}', 'waiting')"
            ),
            {"account": made},
        )
    found = json.loads(govgrid("status", "--json").out)
    assert (found["revision"], found["running"]) == (found["newest_revision"], True)
    assert (found["jobs_waiting"], found["jobs_failed"]) == (1, 0)
    assert found["database_mb"] > 5
    assert found["unsealed_s"] >= 0
    assert (found["worker_alive"], found["worker_heartbeat_s"]) == (False, None)
    assert (found["engine"], found["engine_epoch"]) == ("down", None)
    assert datetime.fromisoformat(found["computed_at"]) < datetime.now(UTC)
    assert found["backup_at"] == journal.read_journal(settings.home).at
    journal.note_failure(settings.home, "no disk")
    said = govgrid("status").err
    assert "last computation: 20" in said
    assert "engine: does not run" in said
    assert "No good backup" in said


def test_status_of_nothing_makes_and_starts_nothing(tmp_path, monkeypatch, capfd):
    found = status.read_status(Settings(home=tmp_path / "none"))
    assert (found.running, found.revision, found.errors) == (False, None, None)
    assert not (tmp_path / "none").exists()
    gone = Settings(home=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/x", lang="en")
    found = status.read_status(gone)
    assert (found.running, "does not answer" in found.problem) == (False, True)


def test_the_report_tells_nothing_of_the_district(seen_town, settings, govgrid, tmp_path):
    account(seen_town, "li.si", "operator")
    out = tmp_path / "problem.zip"
    govgrid("report", "problem", out)
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(parts) >= {"status.json", "settings.json", "tables.json", "doctor.json"}
    assert json.loads(parts["tables.json"])["govgrid.camera"] == 4
    assert json.loads(parts["settings.json"])["notice"] is True
    with seen_town.connect() as connection:
        secret = set(
            connection.execute(
                text(
                    "SELECT unnest(ARRAY[code, name]) FROM govgrid.area UNION SELECT name"
                    " FROM govgrid.camera UNION SELECT title FROM govgrid.incident"
                    " UNION SELECT name FROM govgrid.unit UNION SELECT name FROM govgrid.account"
                )
            ).scalars()
        )
    secret |= {"西格的通知", str(settings.home), settings.database_url, "li.si"}
    assert len(secret) > 12
    held = {(word, name) for word in secret for name in parts if word and word in parts[name]}
    assert held == set()
    assert "is there already" in govgrid("report", "problem", out, code=2).err


def test_complaints_of_the_server_are_told_without_values(tmp_path, monkeypatch):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "postgresql-Mon.log").write_text(LOG, encoding="utf-8")
    monkeypatch.setattr(cluster, "cluster_folder", lambda home: tmp_path)
    config = Settings(home=tmp_path)
    assert server_complaints.count_complaints(config) == {"ERROR": 3, "FATAL": 2}
    told = server_complaints.list_complaints(config, {"title", "incident"})
    assert told == [
        ("FATAL: the database system is in recovery mode", 2),
        ('ERROR: null value in column "title" of relation "incident" ……', 1),
        ("ERROR: invalid input syntax for type bigint", 1),
        ("ERROR: role … of # is unknown", 1),
    ]
