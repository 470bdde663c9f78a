"""Incidents over HTTP: one request, one answer; twice sent is once taken; who may what."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from api.app import create_app
from geo.base import clock
from geo.store import idempotency
from geo.store.idempotency import KeyedRequest
from tests.incident_town import B2, G1, G2, G3, B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis

LON, LAT = place(*X)
WANTED = {
    *("id", "state", "version", "status", "grid_code", "community_code", "township_code"),
    *("candidates", "unit_code", "reason", "alternatives", "due_at", "light", "cameras"),
    "duplicates",
}


@pytest.fixture
def site(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-09-30T21:40:00+08:00", encoding="utf-8")
    app = create_app(settings.model_copy(update={"clock": file, "lang": "zh"}))
    with TestClient(app) as client:
        yield Visitors(client, incident_town)
    clock.follow(None)


@pytest.fixture
def operator(site, engine):
    return site.become(account(engine, "wang", "operator", B))


def typed(**more):
    return {"category": "井盖缺失", "text": "路口井盖没了", "lon": LON, "lat": LAT, **more}


def post(client, headers=None, **more):
    return client.post("/api/incidents", json=typed(**more), headers=headers)


def test_one_request_answers_everything(operator):
    answer = post(operator)
    found = answer.json()
    assert (answer.status_code, set(found) >= WANTED) == (201, True)
    assert (found["grid_code"], found["unit_code"]) == (G1, "U2")
    assert found["cameras"][0]["code"] == "K1"
    assert answer.headers["location"] == f"/api/incidents/{found['id']}"
    shown = operator.get(f"/api/incidents/{found['id']}/cameras").json()
    assert [line["code"] for line in shown["cameras"]] == [
        line["code"] for line in found["cameras"]
    ]
    assert (shown["stale"], shown["withheld"]) == (0, 0)


def test_the_same_key_brings_the_same_answer(operator):
    first = post(operator, {"Idempotency-Key": "k1"})
    again = post(operator, {"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 200), (first.text, again.text)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    other = post(operator, {"Idempotency-Key": "k1"}, text="另一件事")
    assert (other.status_code, other.json()["type"]) == (422, "govgrid:idempotency.reused")


def test_sixteen_at_once_with_one_key_make_one_row(operator, engine):
    post(operator)  # what is kept in memory is read once
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: post(operator, {"Idempotency-Key": "k"}), range(16)))
    busy = [answer for answer in found if answer.status_code == 409]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in busy)
    done = [answer for answer in found if answer not in busy]
    assert [answer.status_code for answer in done].count(201) == 1
    assert {answer.status_code for answer in done} <= {200, 201}
    assert len({answer.json()["id"] for answer in done}) == 1
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.incident")).scalar() == 2


def test_a_key_holds_for_a_day(operator, engine):
    first = post(operator, {"Idempotency-Key": "k"}).json()["id"]
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.idempotency_key SET at = at - interval '25 hours'"))
    again = post(operator, {"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["id"] != first) == (201, True)


def test_who_comes_with_a_key_while_its_request_is_done_is_told_to_come_again(operator, engine):
    with engine.begin() as connection:
        asked = text("SELECT id::text FROM govgrid.account WHERE name = 'wang'")
        who = connection.execute(asked).scalar_one()
        # as the transaction of a request that goes on
        idempotency.find_answer(connection, KeyedRequest(who, "POST", "/api/incidents", "k"))
        answer = post(operator, {"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["type"]) == (409, "govgrid:idempotency.busy")
    assert int(answer.headers["retry-after"]) > 0
    assert post(operator, {"Idempotency-Key": "k"}).status_code == 201


def test_a_refused_text_leaves_no_trace_of_its_key(operator, engine):
    head = {"Idempotency-Key": "k"}
    assert post(operator, head, text="联系 13812345678").status_code == 422
    with engine.begin() as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM govgrid.idempotency_key")).scalar() == 0
        )
    assert post(operator, head).status_code == 201


def test_eight_statements_take_an_incident(operator, engine):
    post(operator)  # what is kept in memory is read once
    pool, seen = operator.app.state.engine, []

    def count(*told):
        if "AnyIO" in threading.current_thread().name:  # of the request itself
            seen.append(told[2])

    event.listen(pool, "before_cursor_execute", count)
    post(operator)
    event.remove(pool, "before_cursor_execute", count)
    assert len(seen) <= 8, seen


def test_a_number_of_a_person_is_a_problem_with_its_place(operator):
    answer = post(operator, text="联系 13812345678")
    assert answer.status_code == 422
    assert answer.json()["type"] == "govgrid:personal-data"
    assert answer.json()["spans"] == [{"field": "text", "start": 3, "end": 14, "kind": "mobile"}]
    assert "13812345678" not in answer.text
    assert (
        post(operator, text="联系 13812345678", redact=True).json()["text"] == "联系 〔号码已略〕"
    )


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"category": "外星人"}, 400),
        ({"lon": 100.0}, 400),
        ({"occurred_from": "2027-01-01T00:00:00+08:00"}, 400),
        ({"colour": "red"}, 422),
        ({"lon": None}, 400),
        ({"crs": "mars"}, 400),
    ],
)
def test_bad_input_is_a_problem_and_leaves_nothing(operator, engine, wrong, status):
    answer = post(operator, **wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.incident")).scalar() == 0


def test_an_incident_of_another_township_is_not_there(site, engine):
    site.become(account(engine, "wang", "operator", B))
    number = post(site.client).json()["id"]
    site.become(account(engine, "zhao", "operator", B2))
    assert site.client.get(f"/api/incidents/{number}/cameras").status_code == 404
    assert post(site.client).status_code == 403
    assert site.client.get(f"/api/incidents/{uuid4()}/cameras").status_code == 404


def test_a_key_of_one_account_is_none_of_anothers(site, engine):
    site.become(account(engine, "wang", "operator", B))
    first = post(site.client, {"Idempotency-Key": "k"}).json()["id"]
    site.become(account(engine, "li", "operator", B))
    second = post(site.client, {"Idempotency-Key": "k"})
    assert (second.status_code, second.json()["id"] != first) == (201, True)
    number = str(uuid4())
    assert post(site.client, client_id=number).status_code == 201
    site.become(account(engine, "qian", "operator", B))
    assert post(site.client, client_id=number).status_code == 409


def test_the_routing_table_is_tried_and_nothing_is_written(site, engine):
    chief = site.become(account(engine, "chief", "supervisor", B))
    asked = {"category": "井盖缺失", "lon": LON, "lat": LAT}
    found = chief.post("/api/routing/try", json=asked).json()
    assert (found["grid_code"], found["unit_code"], found["reason"]) == (
        *(G1, "U2", "街道B × 道路设施"),
    )
    row = {"unit_code": "U3", "area_code": G1, "category": "井盖缺失"}
    tried = chief.post("/api/routing/try", json={**asked, "duties": [row]}).json()
    assert tried["unit_code"] == "U3"
    assert [each["unit_code"] for each in tried["alternatives"]] == ["U2", "D0"]
    assert chief.post("/api/routing/try", json=asked).json()["unit_code"] == "U2"


def test_a_trial_tells_what_intake_would_answer_now(site, engine, operator):
    earlier = post(operator).json()
    chief = site.become(account(engine, "chief", "supervisor", B))
    asked = {"category": "井盖缺失", "lon": LON, "lat": LAT}
    found = chief.post("/api/routing/try", json=asked).json()
    assert found["due_at"] == "2026-09-30T23:40:00+08:00"
    assert [each["code"] for each in found["duplicates"]] == [earlier["code"]]
    assert (found["unit_name"], found["candidates_m"]) == ("市政所", [])
    gas = chief.post("/api/routing/try", json={**asked, "category": "燃气异味"}).json()
    assert (next(iter(gas)), gas["duplicates"]) == ("notice", [])


def test_of_the_grids_at_a_border_another_one_may_be_chosen(operator):
    lon, lat = place(0.05, 0)  # half a metre east of the border
    found = post(operator, lon=lon, lat=lat).json()
    assert (found["status"], found["candidates"]) == ("border", [G2, G1])
    assert found["candidates_m"] == [0.0, pytest.approx(0.5, abs=0.05)]
    chosen = post(operator, lon=lon, lat=lat, grid_code=G1).json()
    assert (chosen["grid_code"], chosen["candidates"]) == (G1, [G1, G2])
    told = operator.get(f"/api/incidents/{chosen['id']}").json()
    assert told["candidates_m"] == found["candidates_m"][::-1]
    assert [each["code"] for each in told["duplicates"]] == [found["code"]]
    headers = {"If-Match": '"1"'}
    body = {"lon": lon, "lat": lat, "grid_code": G2}
    path = f"/api/incidents/{chosen['id']}"
    assert operator.patch(path, json=body, headers=headers).json()["grid_code"] == G2
    refused = post(operator, lon=lon, lat=lat, grid_code=G3)
    assert (refused.status_code, G1 in refused.json()["detail"]) == (400, True)


def test_a_form_offers_categories_that_hold_no_others_with_their_pinyin(operator):
    found = operator.get("/api/routing/choices").json()
    by_name = {each["name"]: each for each in found["categories"]}
    assert by_name["井盖缺失"]["group"] == "道路设施"
    assert "jgqs" in by_name["井盖缺失"]["spelled"].split()
    assert (by_name["燃气异味"]["emergency"], "道路设施" in by_name) == (True, False)
    assert {"code": "hotline", "name": "12345"} in found["sources"]
    assert ("U2", "szs") in [(each["code"], each["spelled"][:3]) for each in found["units"]]
