"""Papers of an incident: what stands on them, and for whom."""

import io

import openpyxl
import pikepdf
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from geo.base import clock
from tests.incident_town import B, X
from tests.signed_in import Visitors, account
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
    first = next(row for row in cells if row[0] == "K1")
    assert first[3] == "位于事发点西侧 20 米"
    assert "请于 10-30 21:42 前申请" in first[5]
    pdf = site.client.get(path)
    assert pdf.headers["content-type"] == "application/pdf"
    with pikepdf.open(io.BytesIO(pdf.content)) as pages:
        assert len(pages.pages) >= 2  # the sheet, and a form for the managing unit


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
