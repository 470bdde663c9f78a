"""What a post that reports from its grid (网格上报岗) does on the telephone, service side."""

import io
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create_app
from tests.incident_town import G1, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def site(incident_town, settings):
    with TestClient(create_app(settings)) as client:
        client.headers["accept-language"] = "zh"
        yield Visitors(client, incident_town)


def form(x, words, **more):
    lon, lat = place(*x)
    return {"category": "井盖缺失", "text": words, "lon": lon, "lat": lat, "accuracy_m": 8, **more}


def test_a_reporter_takes_sends_a_picture_and_sees_its_own_list_without_cameras(site, engine):
    made = account(engine, "gridpost", "reporter", G1)
    site.become(account(engine, "desk", "operator"))
    site.client.post("/api/incidents", json=form((-6, 4), "受理台登记的"))
    phone = site.become(made)
    key = str(uuid4())
    first, again = (
        phone.post("/api/incidents", json=form(X, "井盖没了", client_id=key)) for _ in range(2)
    )
    taken = first.json()
    assert (first.status_code, again.status_code, again.json()["code"]) == (201, 200, taken["code"])
    assert (taken["grid_code"], taken["unit_code"], taken["cameras"]) == (G1, "U2", [])
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "JPEG")
    asked = {"kind": "before", "has_persons": "false", "name": "井口.jpg"}
    path = f"/api/incidents/{taken['id']}"
    sent = phone.post(f"{path}/attachments", params=asked, content=out.getvalue())
    assert sent.status_code == 201
    own = phone.get("/api/incidents", params={"mine": "true"}).json()["incidents"]
    assert [(row["code"], row["source"]) for row in own] == [(taken["code"], "app")]
    shown = phone.get(path).json()
    assert "supplement" in shown["legal"]
    assert not {"accept", "assign", "whistle"} & set(shown["legal"])
    lon, lat = place(*X)
    seen = phone.get("/api/cameras/seeing", params={"lon": lon, "lat": lat})
    assert seen.status_code == 403


def test_a_reporter_takes_nothing_outside_of_its_grid(site, engine):
    phone = site.become(account(engine, "gridpost", "reporter", G1))
    far = phone.post("/api/incidents", json=form((30, 0), "别处的井盖"))
    assert (far.status_code, phone.get("/api/incidents").json()["incidents"]) == (403, [])
