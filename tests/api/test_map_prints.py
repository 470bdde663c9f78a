"""The map on paper over HTTP: who gets it, what is registered, when a job makes it."""

import io
from threading import Event

import pikepdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.operations.jobs.run import run_job
from geo.store import db
from tests.incident_town import B
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
REASON = "乡街例会"
ASKED = {
    "box": [*place(-20, -20), *place(20, 20)],
    "title": "街道B 网格图",
    "reason": REASON,
    "layers": ["grids", "cameras", "incidents"],
}
BOOKED = text("SELECT account_name, what, form, rows, reason FROM govgrid.export_register")


@pytest.fixture
def site(incident_town, settings):
    with TestClient(create_app(settings)) as client:
        client.headers["accept-language"] = "zh"
        yield Visitors(client, incident_town)


def ask(client, status=200, **more):
    answer = client.post("/api/map-prints", json={**ASKED, **more})
    assert answer.status_code == status, answer.text
    return answer


def booked(engine):
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(BOOKED)]


def test_a_map_is_registered_with_its_reason_and_goes_out_as_one_page(site, engine):
    client = site.become(account(engine, "plan", "planner", B, classes=["social"]))
    answer = ask(client, size="A3", orientation="portrait")
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    with pikepdf.open(io.BytesIO(answer.content)) as book:
        assert [round(float(side)) for side in book.pages[0].mediabox] == [0, 0, 842, 1191]
    # two cameras of the society lie in the view, and none of the Skynet is granted
    assert booked(engine) == [("plan", "map", "pdf", 2, REASON)]


@pytest.mark.parametrize("role", ["operator", "responder", "reporter", "display"])
def test_posts_that_export_nothing_print_nothing(site, engine, role):
    kind = "display" if role == "display" else "person"
    ask(site.become(account(engine, "post", role, B, kind=kind)), 403)
    assert booked(engine) == []


def test_without_a_reason_or_with_a_bad_view_nothing_is_registered(site, engine):
    client = site.become(account(engine, "plan", "planner", B))
    assert "事由" in ask(client, 400, reason="  ").json()["detail"]
    assert "图名" in ask(client, 400, title=" ").json()["detail"]
    assert "秘密" in ask(client, 400, title="秘密★ 图").json()["detail"]
    assert "放大" in ask(client, 400, box=[100, 20, 120, 31]).json()["detail"]
    assert "restricted-zones" in ask(client, 400, layers=["restricted-zones"]).json()["detail"]
    for wrong in ({"size": "A0"}, {"box": [1, 2]}, {"box": ["nan", 1, 2, 3]}, {"camera": "K1"}):
        ask(client, 422, **wrong)
    assert booked(engine) == []


def test_of_a_large_view_a_job_makes_the_map_for_its_account_alone(site, engine, settings):
    site.client.app.state.settings = settings.model_copy(update={"export_job_rows": 3})
    client = site.become(account(engine, "plan", "planner", B))
    answer = ask(client, 202)
    where = answer.headers["location"]
    assert (answer.json()["kind"], answer.json()["layer"]) == ("report", "map")
    assert booked(engine) == []
    pool = db.connect(settings.database_url, pool_size=3)
    run_job(pool, settings, where.rsplit("/", 1)[-1], stop=Event())
    pool.dispose()
    assert client.get(where).json()["state"] == "done", client.get(where).text
    with pikepdf.open(io.BytesIO(client.get(f"{where}/result").content)) as book:
        assert len(book.pages) == 1
    assert booked(engine) == [("plan", "map", "pdf", 7, REASON)]
    other = site.become(account(engine, "other", "planner", B))
    assert other.get(f"{where}/result").status_code == 404
