"""A full disk: what is to be written is refused with a sentence, what is read is read."""

import json
import re
from pathlib import Path

import pytest
from fastapi import Depends
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.identity import OPEN
from geo.access import exact_answers, principal
from geo.access.accounts import api_keys, sessions
from geo.access.audit import export_log
from geo.base.errors import DiskFullError
from geo.operations.backup import journal
from geo.store import db, disk
from geo.store.cluster import cluster
from tests.signed_in import account, sign_in, signed_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0"}
ENGLISH = {"accept-language": "en"}
PUSH = {"states": [{"code": "K1", "status": "offline", "since": "2026-01-01T08:00:00+08:00"}]}


@pytest.fixture
def full(seen_town, database_url, tmp_path):
    """Return the pool of a service on whose disk less is free than is kept back."""
    guard = disk.Guard(tmp_path, reserve_mb=10**9)
    found = db.connect(database_url, role=cluster.SERVICE_ROLE, guard=guard)
    yield found
    found.dispose()


@pytest.fixture
def client(seen_town, settings, full):
    with TestClient(create_app(settings), headers=ENGLISH) as found:
        signed_in(found, seen_town, "administrator")
        found.app.state.engine.dispose()
        found.app.state.engine = full
        found.app.state.map_pages._database = full
        yield found


def test_what_is_to_be_written_is_refused_with_a_sentence(client):
    answer = client.post("/api/camera-status", json=PUSH)
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not written, reading goes on" in answer.json()["detail"]


def test_ready_says_that_only_reading_works(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    found = answer.json()
    assert found["status"] == "read_only"
    assert found["disk"]["free_mb"] < found["disk"]["reserve_mb"]
    assert "nothing is written" in found["detail"]


def test_pages_and_readiness_warn_from_ninety_percent_on(client, settings, monkeypatch):
    def used(share):
        total = 1_000_000 * disk.MB
        left = type(
            "Usage", (), {"total": total, "used": total * share, "free": total * (1 - share)}
        )
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: left)
        return client.get("/readyz").json()["warnings"], client.get("/account").text

    client.app.state.engine = client.app.state.engine.execution_options(
        govgrid_guard=disk.Guard(settings.home, reserve_mb=100)
    )
    warnings, page = used(0.89)
    assert (warnings, "90 % full" in page) == ([], False)
    warnings, page = used(0.91)
    assert (warnings, "90 % full" in page) == (["disk"], True)
    for lang, words in (("en", "90 % full"), ("zh", "磁盘已用 90 % 以上")):
        page = client.get("/", params={"lang": lang}, headers=BROWSER).text
        shell = json.loads(re.search(r'id="shell">(.*?)</script>', page)[1])
        assert shell["warnings"] == ["disk"]
        assert words in shell["warningTexts"]["disk"]
    assert "90 % full" not in TestClient(client.app).get("/login", headers=ENGLISH).text


def test_a_missed_backup_is_told_where_one_was_expected(client, settings):
    assert client.get("/readyz").json()["backup"] == {"last": None, "late": True, "failed": False}
    journal.note_backup(settings.home, settings.home / "a.backup", 1, 1)
    assert "backup" not in client.get("/readyz").json()["warnings"]
    journal.note_failure(settings.home, "the disk is not mounted")
    assert "backup" in client.get("/readyz").json()["warnings"]
    page = client.get("/account").text
    assert "No good backup" in page
    assert "not mounted" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/map",
        "/account",
        "/api/collections/cameras/items",
        "/api/cameras/seeing?lon={}&lat={}".format(*place(4, 0)),
        "/api/locate?lon={}&lat={}".format(*place(4, 0)),
        "/compliance",
    ],
)
def test_reading_goes_on_though_nothing_can_be_counted(client, seen_town, path):
    with seen_town.begin() as connection:
        connection.execute(text("UPDATE govgrid.session SET seen_at = now() - interval '2 min'"))
    assert client.get(path).status_code == 200


def test_a_refusal_stays_one_though_it_cannot_be_written_down(client, seen_town):
    other = sign_in(TestClient(client.app), seen_town, account(seen_town, "on.wall", "display"))
    assert other.post("/api/camera-status", json=PUSH).status_code == 403


def test_bulk_reading_is_counted_in_mind_and_ends_at_the_limit(full, seen_town):
    token = begun(seen_town, "reads.much")
    reader = sessions.find_session(full, token).reader
    for _ in range(3):
        export_log.count_bulk_read(full, reader, "cameras", 40, most=120, reason="test")
    with pytest.raises(DiskFullError):
        export_log.count_bulk_read(full, reader, "cameras", 40, most=120, reason="test")
    export_log.count_bulk_read(seen_town, reader, "cameras", 40, most=120, reason=None)
    export_log.count_bulk_read(full, reader, "cameras", 40, most=120, reason=None)


def test_a_layer_that_is_shown_again_counts_once_and_larger_ones_wait(full, seen_town):
    reader = sessions.find_session(full, begun(seen_town, "looks.on")).reader

    def shown(area, rows):
        layer = export_log.Layer("map/cameras", area, rows)
        return export_log.count_shown_layer(full, reader, layer, most=100, reason="test")

    assert [shown("A", 60), shown("A", 60), shown("B", 40), shown("C", 1)] == [True] * 3 + [False]


def test_what_cannot_be_counted_is_told_by_coarse_places_only(full, seen_town):
    who = principal.Principal("u", unit_code="U7", grants=(principal.Grant("responder"),))
    assert exact_answers.allowed_pairs(full, who, [("M1", "K1")]) == set()
    assert exact_answers.allowed_pairs(seen_town, who, [("M1", "K1")]) == {("M1", "K1")}


def test_a_session_in_use_does_not_end_as_idle(full, seen_town):
    token = begun(seen_town, "goes.on")
    aged(seen_town, "29 min")
    assert sessions.find_session(full, token) is not None
    aged(seen_town, "31 min")
    assert sessions.find_session(full, token) is not None
    other = begun(seen_town, "idle.one")
    aged(seen_town, "31 min")
    assert sessions.find_session(full, other) is None


def test_a_key_of_a_program_holds(full, seen_town):
    token = begun(seen_town, "has.key")
    reader = sessions.find_session(seen_town, token).reader
    key = api_keys.make_key(seen_town, reader, "test", scopes=["map"], days=1)
    assert api_keys.find_owner(full, key).account == "has.key"


def test_a_file_of_the_service_that_finds_no_room_is_said_as_such(client):
    @client.app.get("/full", dependencies=[Depends(OPEN)])
    def full_disk() -> None:
        Path("/dev/full").write_text("x", encoding="utf-8")

    answer = client.get("/full")
    assert answer.status_code == 507
    assert "disk is full" in answer.json()["detail"]


def begun(engine, name):
    with engine.begin() as connection:
        return sessions.begin_session(connection, account(engine, name, "administrator"))


def aged(engine, by):
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.session SET seen_at = now() - CAST(:by AS interval)"), {"by": by}
        )
