"""Correcting incidents over HTTP: anew what follows, the old answer kept, nothing overwritten."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.base import clock
from tests.incident_town import B2, G1, G2, B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def site(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-09-30T21:40:00+08:00", encoding="utf-8")
    with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
        yield Visitors(client, incident_town)
    clock.follow(None)


def create(client, category="暴露垃圾", x=X):
    lon, lat = place(*x)
    asked = {"category": category, "text": "一堆垃圾", "lon": lon, "lat": lat}
    answer = client.post("/api/incidents", json=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def operator(site, engine):
    return site.become(account(engine, "wang", "operator", B))


def patch(client, incident, version=None, **changes):
    headers = {"If-Match": f'"{incident["version"] if version is None else version}"'}
    return client.patch(f"/api/incidents/{incident['id']}", json=changes, headers=headers)


def history(engine, incident):
    asked = text(
        "SELECT move, version, facts FROM govgrid.incident_move WHERE incident = :id ORDER BY id"
    )
    with engine.begin() as connection:
        return connection.execute(asked, {"id": incident["id"]}).all()


def test_a_pin_that_is_moved_is_answered_anew_and_the_old_answer_stays(operator, engine):
    before = create(operator)
    lon, lat = place(X[0] + 2.15, 0)  # half a metre over the border
    answer = patch(operator, before, lon=lon, lat=lat)
    found = answer.json()
    assert (answer.status_code, answer.headers["etag"], found["version"]) == (200, '"2"', 2)
    assert (before["grid_code"], found["grid_code"]) == (G1, G2)
    assert (found["status"], found["candidates"]) == ("border", [G2, G1])
    kept = history(engine, before)[-1]
    assert (kept.move, kept.facts["before"]["grid_code"]) == ("corrected", G1)
    assert kept.facts["after"]["grid_code"] == G2
    with engine.begin() as connection:
        answers = connection.execute(text("SELECT no, revision FROM govgrid.camera_answer")).all()
    assert [row.no for row in answers] == [1, 2]
    shown = operator.get(f"/api/incidents/{before['id']}/cameras").json()["cameras"]
    assert shown[0]["distance_m"] != before["cameras"][0]["distance_m"]


def test_another_category_has_another_unit_and_limit(operator, engine):
    before = create(operator)
    found = patch(operator, before, category="井盖缺失").json()
    assert (before["unit_code"], found["unit_code"]) == ("U1", "U2")
    assert (before["due_at"] != found["due_at"], found["due_at"]) == (
        True,
        "2026-09-30T23:40:00+08:00",
    )
    assert history(engine, before)[-1].facts["before"]["category"] == "暴露垃圾"
    assert found["emergency"] is False


def test_a_text_is_corrected_and_its_numbers_are_refused(operator):
    before = create(operator)
    assert patch(operator, before, text="两堆垃圾").json()["text"] == "两堆垃圾"
    refused = patch(operator, before, 2, text="找 13812345678")
    assert (refused.status_code, refused.json()["type"]) == (422, "govgrid:personal-data")


def test_two_at_once_lose_nothing(operator):
    before = create(operator)
    assert patch(operator, before, text="两堆垃圾").status_code == 200
    late = patch(operator, before, text="三堆垃圾")
    assert (late.status_code, late.json()["version"]) == (412, 2)
    bare = operator.patch(f"/api/incidents/{before['id']}", json={"text": "x"})
    assert bare.status_code == 428


def test_who_is_at_work_stays_until_another_is_sent(operator, engine):
    before = create(operator)
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.incident SET state = 'assigned'"))
    found = patch(operator, before, category="井盖缺失").json()
    assert (found["unit_code"], found["proposed_unit_code"]) == ("U1", "U2")


def test_only_who_takes_incidents_there_corrects_them(site, operator, engine):
    before = create(operator)
    lon, lat = place(70, 0)
    assert patch(operator, before, lon=lon, lat=lat).status_code == 403  # into another township
    assert patch(operator, before).status_code == 400
    site.become(account(engine, "zhao", "operator", B2))
    assert patch(site.client, before, text="x").status_code == 404
    site.become(account(engine, "plan", "planner", B))
    assert patch(site.client, before, text="x").status_code == 403


def test_a_place_that_nobody_sees_is_ticked(operator, engine):
    before = create(operator, x=(15, 15))
    assert patch(operator, before, unseen_demand=True).status_code == 200
    with engine.begin() as connection:
        assert connection.execute(text("SELECT unseen_demand FROM govgrid.incident")).scalar_one()


def test_cameras_of_a_dispute_are_told_to_who_handles_it_only(site, operator, engine):
    number = create(operator, "邻里纠纷")["id"]
    path = f"/api/incidents/{number}/cameras"
    assert operator.get(path).status_code == 200
    for role in ("planner", "responder"):
        site.become(account(engine, role, role, B))
        assert site.client.get(path).status_code in (403, 404), role
    other = site.become(account(engine, "plan2", "planner", B))
    assert other.get(f"/api/incidents/{number}").json()["lon"] is None


def test_cameras_are_not_told_to_whom_the_place_is_coarse(site, operator, engine):
    number = create(operator)["id"]
    site.become(account(engine, "unit", "responder", B))
    assert site.client.get(f"/api/incidents/{number}/cameras").status_code == 403
