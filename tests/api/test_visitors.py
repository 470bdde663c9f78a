"""Visitors look on (参观模式): all screens of the account tell areas and counts, nothing else."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from api.session.csrf import HEADER
from tests.signed_in import account, sign_in
from tests.toy_town import place

pytestmark = pytest.mark.postgis
HIDE, OWN = "/api/console/visitors", "/api/incidents?code=M7"
TITLE, ADDRESS = "人民路十二号院井盖缺失", "人民路十二号院"
REFUSED = (
    *("/basic", "/map", "/register/mine", "/account", "/api/gaps", "/api/search?q=x"),
    *("/api/collections/incidents/items", "/api/collections/cameras/items/K1"),
    *("/api/cameras/K1/viewshed", "/forms"),
)
ADD = (
    "INSERT INTO govgrid.incident (code, title, category, state, reported_at, address,"
    " created_account, geom) VALUES ('M7', :title, '井盖缺失', 'reported', '2026-09-30T21:40+08',"
    " :address, :account, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
)


@pytest.fixture
def screens(seen_town, settings):
    """Return two clients of one operator, and one of another, beside an incident of the first."""
    app = create_app(settings)
    made = account(seen_town, "li", "operator")
    lon, lat = place(4, 0)
    told = {"title": TITLE, "address": ADDRESS, "account": made, "lon": lon, "lat": lat}
    with seen_town.begin() as connection:
        connection.execute(text(ADD), told)
    with TestClient(app, follow_redirects=False) as first:
        second, other = (TestClient(app, follow_redirects=False) for _ in range(2))
        sign_in(first, seen_town, made)
        sign_in(second, seen_town, made)
        sign_in(other, seen_town, account(seen_town, "wang", "operator"))
        yield first, second, other


def test_all_screens_of_the_account_are_told_areas_and_counts_until_it_logs_in_again(
    screens, seen_town
):
    first, second, other = screens
    whole = second.get(OWN).json()
    assert [(each["title"], each["address"]) for each in whole["incidents"]] == [(TITLE, ADDRESS)]
    assert "visitors" not in whole
    assert second.get("/api/cameras/seeing", params=seeing()).status_code == 200
    assert first.post(HIDE).json() == {"sessions": 2}
    for screen in (first, second):
        found = screen.get(OWN).json()
        assert found["visitors"] is True
        row = found["incidents"][0]
        assert (row["title"], row["address"], row["exact"]) == ("井盖缺失", None, False)
        assert (row["lon"], row["lat"]) != place(4, 0)
        assert screen.get("/api/console/areas").json()["areas"] != []
        page = screen.get("/").text
        assert '"visitors": true' in page
        assert '"actions": ["figures", "map"]' in page
        assert ADDRESS not in page
    assert other.get(OWN).json()["incidents"][0]["address"] == ADDRESS
    sign_in(first, seen_town, id_of(seen_town, "li"))
    assert first.get(OWN).json()["incidents"][0]["address"] == ADDRESS
    assert second.get(OWN).json()["visitors"] is True


@pytest.mark.parametrize("path", REFUSED)
def test_whatever_is_not_for_visitors_is_refused_and_says_how_it_ends(screens, path):
    first, *_ = screens
    first.get(path)  # what is answered from memory is not then either
    first.post(HIDE)
    answer = first.get(path, headers={"accept-language": "zh"})
    assert answer.status_code == 403, answer.text[:200]
    assert answer.json()["type"] == "govgrid:access.visitors"
    assert "重新登录后恢复" in answer.json()["detail"]


def test_a_question_that_is_answered_from_memory_is_refused_as_well(screens):
    first, *_ = screens
    for _ in range(2):
        assert first.get("/api/cameras/seeing", params=seeing()).status_code == 200
    first.post(HIDE)
    assert first.get("/api/cameras/seeing", params=seeing()).status_code == 403


def test_it_needs_the_token_is_audited_and_may_be_asked_twice(screens, seen_town):
    first, *_ = screens
    assert first.post(HIDE, headers={HEADER: ""}).status_code == 403
    assert first.post(HIDE).status_code == first.post(HIDE).status_code == 200
    with seen_town.begin() as connection:
        rows = connection.execute(
            text("SELECT account, outcome FROM govgrid.audit WHERE action = 'session.visitors'")
        ).all()
    assert [tuple(row) for row in rows] == [("li", "done")] * 2
    assert first.post("/logout").status_code == 303


def seeing():
    lon, lat = place(4, 0)
    return {"lon": lon, "lat": lat}


def id_of(engine, name):
    with engine.begin() as connection:
        found = text("SELECT id FROM govgrid.account WHERE name = :name")
        return str(connection.execute(found, {"name": name}).scalar_one())
