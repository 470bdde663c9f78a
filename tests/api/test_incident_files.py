"""Files of incidents over HTTP: who may, what is kept, how they are given out."""

import io
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import text

from api.app import create_app
from geo.incidents import attachments, file_store
from tests.incident_town import B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis


def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def site(incident_town, settings):
    with TestClient(create_app(settings)) as client:
        yield Visitors(client, incident_town)


@pytest.fixture
def incident(site, engine):
    site.become(account(engine, "wang", "operator", B))
    lon, lat = place(*X)
    asked = {"category": "井盖缺失", "text": "井盖没了", "lon": lon, "lat": lat}
    return site.client.post("/api/incidents", json=asked).json()


def send(client, incident, content=None, **query):
    asked = {"kind": "before", "has_persons": "false", "name": "井口.jpg", **query}
    path = f"/api/incidents/{incident['id']}/attachments"
    return client.post(path, params=asked, content=picture() if content is None else content)


def test_a_picture_is_kept_and_given_out_as_a_download(site, incident):
    kept = send(site.client, incident)
    assert (kept.status_code, kept.json()["name"]) == (201, "井口.jpg")
    path = f"/api/incidents/{incident['id']}/attachments"
    assert [each["id"] for each in site.client.get(path).json()["attachments"]] == [
        kept.json()["id"]
    ]
    given = site.client.get(f"{path}/{kept.json()['id']}")
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["content-disposition"].startswith("attachment;")
    assert given.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(given.content)).size == (40, 30)


def test_twice_sent_is_once_kept(site, incident):
    number = str(uuid4())
    first, again = (send(site.client, incident, client_id=number) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = send(site.client, incident, client_id=number, content=b"%PDF-")
    assert other.status_code == 400


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"has_persons": None}, 400),
        ({"kind": "selfie"}, 400),
        ({"content": b"<svg>"}, 400),
        ({"content": b""}, 400),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(site, incident, settings, wrong, status):
    assert send(site.client, incident, **wrong).status_code == status
    assert not (settings.home / file_store.FOLDER).exists()


def sent_to(engine, incident, unit, state="sent"):
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.dispatch (incident_code, unit_code, state, ended_at)"
                " VALUES (:code, :unit, :state, CASE WHEN :state = 'returned'"
                " THEN govgrid.now() END)"
            ),
            {"code": incident["code"], "unit": unit, "state": state},
        )


def test_only_who_handles_it_reads_its_files(site, incident, engine):
    number = send(site.client, incident).json()["id"]
    path = f"/api/incidents/{incident['id']}/attachments/{number}"
    site.become(account(engine, "u2", "responder", B, unit="U2"))
    assert site.client.get(path).status_code == 403
    sent_to(engine, incident, "U2")
    assert site.client.get(path).status_code == 200
    site.become(account(engine, "u1", "responder", B, unit="U1"))
    sent_to(engine, incident, "U1", "returned")
    assert site.client.get(path).status_code == 403
    site.become(account(engine, "plan", "planner", B))
    assert site.client.get(path).status_code == 403
    site.become(account(engine, "far", "operator", "340802002000"))
    assert site.client.get(path).status_code == 404


def test_files_go_after_their_time_unless_a_reason_is_given(site, incident, engine, settings):
    send(site.client, incident)
    send(site.client, incident, kind="after", keep_reason="诉讼")
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.incident SET closed_at = now() - interval '181 days'")
        )
    assert attachments.sweep_files(engine, settings)[0] == 1
    path = f"/api/incidents/{incident['id']}/attachments"
    assert [each["kind"] for each in site.client.get(path).json()["attachments"]] == ["after"]
