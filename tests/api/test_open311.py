"""Open311 GeoReport v2: off by default, JSON and XML, never a sensitive matter or a person."""

from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from geo.base import clock
from tests.incident_town import B2, C1, B, X
from tests.signed_in import Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
HERE = "/open311/v2"


@pytest.fixture
def clients(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-09-30T09:00:00+08:00", encoding="utf-8")
    config = settings.model_copy(update={"clock": file, "open311": True})
    with TestClient(create_app(config)) as client:
        client.headers["accept-language"] = "en"
        visitors = Visitors(client, incident_town)
        made = {
            "desk": account(incident_town, "desk", "operator", B, unit="D0"),
            "far": account(incident_town, "far", "operator", B2),
            "wall": account(incident_town, "wall", "display", C1, kind="display"),
        }
        yield lambda who: visitors.become(made[who])
    clock.follow(None)


def sent(client, form="json", **fields):
    lon, lat = place(*X)
    given = {"service_code": "0101", "description": "井盖没了", "lat": lat, "long": lon}
    return client.post(f"{HERE}/requests.{form}", data={**given, **fields})


def test_nothing_is_there_unless_the_site_has_switched_it_on(incident_town, settings):
    with TestClient(create_app(settings)) as client:
        who = Visitors(client, incident_town).become(account(incident_town, "anna", "operator"))
        assert who.get(f"{HERE}/services.json").status_code == 404
        assert sent(who).status_code == 404


def test_services_are_the_categories_that_are_not_sensitive(clients):
    desk = clients("desk")
    services = {row["service_name"]: row for row in desk.get(f"{HERE}/services.json").json()}
    assert services["井盖缺失"]["service_code"] == "0101"
    assert (services["井盖缺失"]["group"], services["井盖缺失"]["metadata"]) == ("道路设施", False)
    assert not {"邻里纠纷", "道路设施"} & set(services)
    root = ET.fromstring(desk.get(f"{HERE}/services.xml").content)
    assert (root.tag, {each.tag for each in root}) == ("services", {"service"})
    assert {each.findtext("service_name") for each in root} == set(services)
    told = desk.get(f"{HERE}/services/0101.json").json()
    assert told == {"service_code": "0101", "attributes": []}
    assert ET.fromstring(desk.get(f"{HERE}/services/0101.xml").content).tag == "service_definition"
    assert desk.get(f"{HERE}/services/05.json").status_code == 404
    assert desk.get(f"{HERE}/services.csv").status_code == 400


def test_a_request_is_posted_read_and_closed_as_the_standard_has_it(clients):
    desk = clients("desk")
    made = sent(desk, address_string="一路口")
    assert made.status_code == 201, made.text
    number = made.json()[0]["service_request_id"]
    (row,) = desk.get(f"{HERE}/requests/{number}.json").json()
    assert (row["status"], row["service_code"], row["description"]) == ("open", "0101", "井盖没了")
    assert row["requested_datetime"].startswith("2026-09-30T")
    assert row["address"] == "一路口"
    assert [row["long"], row["lat"]] == pytest.approx(list(place(*X)))
    shown = desk.get(f"/api/incidents/{number}")
    body = {"move": "reject", "reason": "情况不属实"}
    moved = desk.post(
        f"/api/incidents/{number}/moves", json=body, headers={"If-Match": shown.headers["etag"]}
    )
    assert moved.status_code == 201, moved.text
    for query, count in (
        ({}, 1),
        ({"status": "closed"}, 1),
        ({"status": "open"}, 0),
        ({"status": "open,closed", "service_code": "0101,0201"}, 1),
        ({"service_code": "0201"}, 0),
        ({"service_request_id": f"{number},nonsense"}, 1),
        ({"end_date": "2026-09-29T00:00:00Z"}, 0),
        ({"start_date": "2026-09-30T00:00:00+08:00"}, 1),
    ):
        assert len(desk.get(f"{HERE}/requests.json", params=query).json()) == count, query
    root = ET.fromstring(desk.get(f"{HERE}/requests.xml").content)
    assert root.findtext("request/status") == "closed"
    assert root.findtext("request/service_request_id") == number
    xml = ET.fromstring(sent(desk, "xml", description="<![CDATA[ & 又一件").content)
    assert xml.find("request/service_request_id") is not None
    for query in ({"status": "gone"}, {"start_date": "gestern"}):
        assert desk.get(f"{HERE}/requests.json", params=query).status_code == 400
    assert desk.get(f"{HERE}/requests.json", params={"plate": "x"}).status_code == 400


def test_what_must_not_be_taken_or_told_is_not(clients):
    desk = clients("desk")
    for status, words, fields in (
        (400, "email", {"email": "a@b.example"}),
        (400, "phone", {"phone": "0556-1"}),
        (400, "media_url", {"media_url": "http://127.0.0.1/secret"}),
        (400, "plate", {"plate": "x"}),
        (422, "", {"description": "找 13812345678"}),
        (404, "05", {"service_code": "05"}),
        (400, "lat", {"lat": ""}),
        (400, "lat", {"lat": "nan"}),
    ):
        refused = sent(desk, **fields)
        assert (refused.status_code, words in refused.text) == (status, True), refused.text
    assert desk.get(f"{HERE}/requests.json").json() == []
    lon, lat = place(*X)
    hidden = {"category": "邻里纠纷", "text": "楼上漏水", "lon": lon, "lat": lat}
    quarrel = desk.post("/api/incidents", json=hidden).json()["id"]
    number = sent(desk).json()[0]["service_request_id"]
    found = desk.get(f"{HERE}/requests.json").text
    assert "漏水" not in found
    assert quarrel not in found
    assert desk.get(f"{HERE}/requests/{quarrel}.json").status_code == 404
    named = {"service_request_id": f"{quarrel},{number}"}
    assert [r["service_request_id"] for r in
            desk.get(f"{HERE}/requests.json", params=named).json()] == [number]  # fmt: skip
    # a wall screen knows no exact place and no text
    (row,) = clients("wall").get(f"{HERE}/requests.json").json()
    assert (row["description"], [row["long"], row["lat"]] != [lon, lat]) == (None, True)
    assert sent(clients("wall")).status_code == 403
    far = clients("far")
    assert far.get(f"{HERE}/requests.json").json() == []
    assert far.get(f"{HERE}/requests/{number}.json").status_code == 404
    assert sent(far).status_code == 403
