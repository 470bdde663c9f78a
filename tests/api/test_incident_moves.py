"""Incidents over HTTP: lists, ETag and If-Match, legal moves in problem documents."""

from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from tests.incidents.moving_town import EAST, START, add, furnish, value
from tests.signed_in import account, sign_in

pytestmark = pytest.mark.postgis


@pytest.fixture
def client(town, settings):
    furnish(town)
    with TestClient(create_app(settings), base_url="https://testserver") as found:
        made = account(town, "desk", "dispatcher", EAST, unit="D0")
        yield sign_in(found, town, made)


def test_an_incident_is_read_and_moved_at_the_version_that_was_seen(town, client):
    one = add(town, "H1", at=START)
    path = f"/api/incidents/{one}"
    seen = client.get(path)
    assert (seen.status_code, seen.headers["etag"]) == (200, '"1"')
    assert seen.json()["legal"][0] == "assign"
    sent = client.post(f"{path}/moves", json={"move": "assign", "unit": "U2"})
    assert sent.status_code == 428
    held = {"If-Match": seen.headers["etag"]}
    done = client.post(f"{path}/moves", json={"move": "assign", "unit": "U2"}, headers=held)
    assert (done.status_code, done.json()["state"], done.headers["etag"]) == (
        201,
        "assigned",
        '"2"',
    )
    late = client.post(f"{path}/moves", json={"move": "recall"}, headers=held)
    problem = late.json()
    assert (late.status_code, problem["other"]["target_unit"], problem["version"]) == (412, "U2", 2)
    assert late.headers["content-type"] == "application/problem+json"
    sheet = client.get(f"{path}/dispatches").json()["dispatches"]
    assert [(d["unit_code"], d["state"]) for d in sheet] == [("U2", "sent")]
    history = client.get(f"{path}/moves").json()["moves"]
    assert [(m["move"], m["target_unit"], m["target_name"]) for m in history] == [
        ("assign", "U2", "市政所")
    ]


def test_an_illegal_move_is_a_problem_that_names_the_legal_ones(town, client):
    one = add(town, "H2", state="reported")
    asked = {"json": {"move": "check"}, "headers": {"If-Match": '"1"', "Accept-Language": "en"}}
    found = client.post(f"/api/incidents/{one}/moves", **asked)
    problem = found.json()
    assert (found.status_code, problem["type"]) == (409, "govgrid:lifecycle.illegal")
    assert (problem["state"], problem["reason"]) == ("reported", "state")
    assert problem["legal"][:3] == ["accept", "reject", "self_handle"]
    assert "Accept, Reject" in problem["detail"]
    assert value(town, "version", one) == 1


def test_the_same_client_id_is_answered_as_replayed(town, client):
    one, number = add(town, "H3"), str(uuid4())
    asked = {
        "json": {"move": "assign", "unit": "U2", "client_id": number},
        "headers": {"If-Match": '"1"'},
    }
    first = client.post(f"/api/incidents/{one}/moves", **asked)
    again = client.post(f"/api/incidents/{one}/moves", **asked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json() == again.json()


def test_the_list_goes_on_page_by_page(town, client):
    for n in range(3):
        add(town, f"P{n}", state="reported")
    asked = {"category": "井盖", "limit": 2}
    page = client.get("/api/incidents", params=asked).json()
    rest = client.get("/api/incidents", params={**asked, "next": page["next"]}).json()
    codes = [i["code"] for i in page["incidents"] + rest["incidents"]]
    assert (sorted(codes), rest["next"]) == (["P0", "P1", "P2"], None)
    assert client.get("/api/incidents", params={"state": "gone"}).status_code == 400
    assert client.get("/api/incidents", params={"colour": "x"}).status_code == 400


def test_the_table_of_moves_is_answered_in_the_language_of_the_request(client):
    told = client.get("/api/lifecycle", headers={"Accept-Language": "zh-CN"}).json()
    assign = next(m for m in told["moves"] if m["move"] == "assign")
    assert (assign["label"], assign["needs"], assign["to"]) == ("派遣", ["unit"], "assigned")
    assert told["choices"]["outcome"]["planned"] == "列入计划"


def test_numbers_of_persons_are_refused_in_the_texts_of_moves_as_well(town, client):
    one = add(town, "H5")
    held = {"If-Match": '"1"'}
    asked = {"move": "assign", "unit": "U2", "note": "找 13812345678"}
    found = client.post(f"/api/incidents/{one}/moves", json=asked, headers=held)
    assert (found.status_code, found.json()["spans"][0]["field"]) == (422, "note")
    assert value(town, "version", one) == 1
    left = {**asked, "redact": True}
    assert client.post(f"/api/incidents/{one}/moves", json=left, headers=held).status_code == 201
    note = client.get(f"/api/incidents/{one}/moves").json()["moves"][0]["note"]
    assert note == "找 〔号码已略〕"
