"""What a post that reports from its grid (网格上报岗) does on the telephone, service side."""

import io
import re
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


def test_the_form_of_a_reporter_offers_at_most_twelve_categories_that_the_site_chooses(
    site, engine
):
    made = account(engine, "gridpost", "reporter", G1)
    chief = site.become(account(engine, "chief", "supervisor"))
    words = "/api/vocabularies/categories"

    def rank(code, number):
        seen = chief.get(f"{words}/{code}").headers["etag"]
        fields = {"report_rank": number, "gbt30428_class": "事件 市容环境 暴露垃圾"}
        return chief.patch(f"{words}/{code}", json=fields, headers={"If-Match": seen})

    form = chief.get("/api/report-form").json()
    names = [row["name"] for row in form["categories"]]
    assert names == ["井盖缺失", "暴露垃圾", "路面塌陷", "燃气异味", "人员受困", "噪声扰民"]
    assert form["picture_kind"] == "before"
    assert rank("0201", 2).status_code == 200
    assert rank("03", 1).status_code == 200
    for taken, said in ((2, "暴露垃圾"), (13, "1 … 12"), (0, "count")):
        refused = rank("0101", taken)
        assert (refused.status_code, said in refused.text) == (400, True), refused.text
    offered = site.become(made).get("/api/report-form").json()["categories"]
    assert [row["name"] for row in offered][:2] == ["噪声扰民", "暴露垃圾"]
    assert offered[1]["gbt30428_class"] == "事件 市容环境 暴露垃圾"
    desk = site.become(account(engine, "plan", "planner"))
    assert desk.get("/api/report-form").status_code == 403


def test_a_reporter_reports_by_the_form_with_a_picture(site, engine):
    phone = site.become(account(engine, "gridpost", "reporter", G1))
    lon, lat = place(*X)
    opened = phone.get("/forms/report", params={"place": f"{lon:.6f},{lat:.6f}"})
    assert "geolocation=(self)" in opened.headers["permissions-policy"]
    page = opened.text
    assert 'capture="environment"' in page
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    chosen = re.search(r'name="place" value="([^"]+)"', page)[1]
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 30)).save(out, "PNG")
    typed = {**hidden, "place": chosen, "category": "03", "text": "很吵"}
    file = {"picture": ("a.png", out.getvalue(), "image/png")}
    asked = phone.post("/forms/report", data=typed, files=file, follow_redirects=False)
    assert (asked.status_code, 'name="persons"' in asked.text) == (400, True)
    broken = {"picture": ("a.png", b"no picture", "image/png")}
    bad = phone.post("/forms/report", data={**typed, "persons": "no"}, files=broken)
    assert bad.status_code == 400
    assert phone.get("/api/incidents", params={"mine": "true"}).json()["incidents"] == []
    typed["persons"] = "no"
    for _ in range(2):
        sent = phone.post("/forms/report", data=typed, files=file, follow_redirects=False)
        assert sent.status_code == 303, sent.text
    (own,) = phone.get("/api/incidents", params={"mine": "true"}).json()["incidents"]
    assert (own["title"], own["source"]) == ("很吵", "app")
    files = phone.get(f"/api/incidents/{own['id']}/attachments").json()["attachments"]
    assert [each["kind"] for each in files] == ["before"]
    assert own["code"] in phone.get(sent.headers["location"]).text
    wrong = phone.post("/forms/report", data={**typed, "category": "no such"}, files=file)
    assert wrong.status_code == 400
    far = {**typed, "place": "117.30,30.9;map;", "client_id": ""}
    assert phone.post("/forms/report", data=far).status_code in (400, 403)
