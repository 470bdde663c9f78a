"""Papers of an incident: what stands on them, and for whom."""

import io
from uuid import UUID

import openpyxl
import pikepdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.base import clock
from geo.documents import incident_paper
from tests.incident_town import B, X, make_desk
from tests.signed_in import SYSTEM, Visitors, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis
CHINESE = {"accept-language": "zh"}


@pytest.fixture
def site(incident_town, settings, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-09-30T21:42:00+08:00", encoding="utf-8")
    with TestClient(create_app(settings.model_copy(update={"clock": file}))) as client:
        client.headers.update(CHINESE)
        yield Visitors(client, incident_town)
    clock.follow(None)


@pytest.fixture
def incident(site, engine):
    site.become(account(engine, "wang", "operator", B))
    lon, lat = place(*X)
    asked = {"category": "燃气异味", "text": "楼道有异味", "lon": lon, "lat": lat}
    return site.client.post("/api/incidents", json=asked).json()


def test_the_evidence_sheet_has_the_cameras_with_the_day_to_ask_by(site, incident):
    path = f"/api/incidents/{incident['id']}/evidence"
    book = openpyxl.load_workbook(io.BytesIO(site.client.get(path, params={"f": "xlsx"}).content))
    cells = [[c.value for c in row] for row in book["摄像机与申请期限"].iter_rows()]
    first = next(row for row in cells if row[1] == "K1")
    assert (str(first[0]), first[4]) == ("1", "位于事发点西侧 20 米")
    assert "请于 10-30 21:42 前申请" in first[6]
    pdf = site.client.get(path)
    assert pdf.headers["content-type"] == "application/pdf"
    with pikepdf.open(io.BytesIO(pdf.content)) as pages:
        assert len(pages.pages) >= 2  # the sheet, and a form for the managing unit


def test_the_map_shows_the_place_the_house_and_the_cameras_where_they_stand(site, incident, engine):
    desk = make_desk(engine, site.client.app.state.settings.home)
    paper = incident_paper.evidence_sheet(desk, SYSTEM, UUID(incident["id"]), "zh")
    at, *cameras = paper.plan.marks
    metres = paper.plan.scale_m / paper.plan.scale_length
    table = {row[0]: row[1] for row in paper.tables[0].rows}
    drawn = {table[str(m.number)]: ((m.x - at.x) * metres, (at.y - m.y) * metres) for m in cameras}
    assert drawn["K1"] == pytest.approx((-20, 0), abs=1)  # due west of the place
    assert drawn["K5"] == pytest.approx((15, 0), abs=1)
    assert paper.plan.buildings
    assert set(drawn) == {f"K{n}" for n in range(1, 8)}


def test_each_evidence_sheet_is_in_the_register_of_exports(site, incident, engine):
    path = f"/api/incidents/{incident['id']}/evidence"
    assert site.client.get(path, params={"f": "xlsx"}).status_code == 200
    asked = text("SELECT account_name, what, form, reason FROM govgrid.export_register")
    with engine.begin() as connection:
        rows = [tuple(row) for row in connection.execute(asked)]
    assert rows == [("wang", "evidence", "xlsx", f"事项 {incident['code']} 视频线索单")]


def test_the_duty_report_is_one_page_and_names_no_camera(site, incident):
    path = f"/api/incidents/{incident['id']}/report"
    found = site.client.get(path)
    assert found.json()["text"] == (
        "2026-09-30 21:42，街道B 村居C1 网格G1发生燃气异味：楼道有异味。"
        "已采取措施：正在处置。报告岗位：测试单位。"
    )
    assert not any(f"K{n}" in found.text for n in range(1, 8))
    with pikepdf.open(io.BytesIO(site.client.get(path, params={"f": "pdf"}).content)) as pages:
        assert len(pages.pages) == 1


def test_papers_are_for_who_handles_incidents(site, incident, engine):
    site.become(account(engine, "plan", "planner", B))
    for paper in ("evidence", "report"):
        path = f"/api/incidents/{incident['id']}/{paper}"
        assert site.client.get(path).status_code == 403
