"""Compliance of the toy town as each reader may see it: page, file, GeoJSON, command."""

import io
import json
import os
import sys

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api.app import create_app
from geo.access.accounts.local_cli import acting_principal
from geo.base.errors import InputError, NotFoundError
from geo.cameras.law import compliance
from geo.cameras.law.compliance import FindingFilter
from geo.cli import main
from geo.operations import database
from tests.signed_in import SYSTEM, account, grant, signed_in
from tests.toy_town import rectangle

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
ZONE = "Asia/Shanghai"


@pytest.fixture
def judged_town(seen_town, town):
    """The toy town with a privacy zone around K4 that K1 looks into, and a restricted unit."""
    with town.begin() as connection:
        for table, code, shape in (
            ("privacy_zone", "Z1", rectangle(3, -1, 5, 1)),
            ("privacy_zone", "Z2", rectangle(8.5, -0.5, 9.5, 0.5)),
            ("restricted_zone", "R1", rectangle(-20, -20, -15, -15)),
        ):
            connection.execute(
                text(
                    f"INSERT INTO govgrid.{table} (code, geom) VALUES"
                    " (:code, ST_Multi(ST_GeomFromGeoJSON(:shape)))"
                ),
                {"code": code, "shape": json.dumps(shape)},
            )
        connection.execute(
            text(
                "UPDATE govgrid.camera SET legal_basis = 'art7_gov', retention_days = 30,"
                " filing_no = 'B1', sign_present = true, management_unit = '大桥派出所'"
                " WHERE code IN ('K1', 'K3')"
            )
        )
        connection.execute(
            text("UPDATE govgrid.camera SET installed_on = '2024-01-01' WHERE code = 'K2'")
        )
    return town


@pytest.fixture
def service(judged_town, settings):
    found = database.service_pool(settings, pool_size=2)
    yield found
    found.dispose()


def found_by(engine, reader, **wanted):
    report = compliance.compliance_findings(engine, reader, FindingFilter(**wanted), timezone=ZONE)
    return {(row.camera_code, row.kind) for row in compliance.describe_findings(report.rows, "zh")}


def test_findings_of_the_town_are_those_planted(service):
    found = found_by(service, SYSTEM, severity="error")
    assert {("K1", "PRIVACY_VIEW"), ("K4", "PRIVACY_INSIDE")} <= found
    assert ("K1", "FILING_MISSING") not in found
    assert {("K2", "FILING_MISSING"), ("K2", "BASIS_MISSING")} <= found
    assert ("K4", "FILING_UNKNOWN") in found_by(service, SYSTEM, severity="warning")
    assert not {code for code, kind in found if kind == "RESTRICTED_NEAR"}


def test_who_is_limited_to_the_west_hears_nothing_of_eastern_cameras(service, judged_town):
    account(judged_town, "li", "planner", WEST)
    report = compliance.compliance_findings(
        service, acting_principal(judged_town, "li"), timezone=ZONE
    )
    assert (report.cameras, len(report.rows), report.figures) == (0, 0, [])


def test_a_class_that_is_not_granted_is_neither_shown_nor_counted(service, judged_town):
    account(judged_town, "li", "planner", EAST, classes=["social"])
    report = compliance.compliance_findings(
        service, acting_principal(judged_town, "li"), timezone=ZONE
    )
    assert report.cameras == 2
    assert set(report.rows["camera_code"]) == {"K2", "K4"}


def test_a_removed_camera_is_told_by_the_grant_of_its_class_and_place_only(service, judged_town):
    """Two grants, social here and 天网 there, are not the sum of both everywhere."""
    li = account(judged_town, "li", "planner", EAST, classes=["social"])
    with judged_town.begin() as connection:
        grant(connection, li, "planner", WEST, classes=["skynet"])
        connection.execute(text("DELETE FROM govgrid.camera WHERE code IN ('K1', 'K2')"))
    whole = {code for code, kind in found_by(service, SYSTEM) if kind == "REMOVED"}
    assert "K1" in whole
    found = {code for code, _ in found_by(service, acting_principal(judged_town, "li"))}
    assert "K1" not in found
    assert "K4" in found


def test_who_sees_counts_only_gets_figures_and_no_camera(service, judged_town):
    account(judged_town, "li", "auditor")
    report = compliance.compliance_findings(
        service, acting_principal(judged_town, "li"), timezone=ZONE
    )
    assert report.cameras == 4
    assert len(report.rows) == 0
    assert report.hidden > 4
    assert sum(row.findings for row in report.figures) == report.hidden


def test_viewsheds_need_their_depth(service, judged_town):
    account(judged_town, "li", "planner", depth="position")
    found = found_by(service, acting_principal(judged_town, "li"))
    assert not {kind for _, kind in found} & {"PRIVACY_VIEW"}
    assert ("K4", "PRIVACY_INSIDE") in found


def test_a_move_without_permission_is_found_and_with_one_it_is_not(service, judged_town):
    with judged_town.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.camera SET geom = ST_Translate(geom, 0.0003, 0) WHERE code = 'K1'")
        )
    assert ("K1", "MOVED") in found_by(service, SYSTEM)
    with judged_town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.permit (code, camera_code, kind, document, permitted_on)"
                " VALUES ('P1', 'K1', 'moved', '批文', govgrid.today())"
            )
        )
    assert ("K1", "MOVED") not in found_by(service, SYSTEM)


def test_a_restricted_unit_is_near_until_it_consents(service, judged_town):
    with judged_town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.restricted_zone (code, geom) VALUES"
                " ('R2', ST_Multi(ST_GeomFromGeoJSON(:shape)))"
            ),
            {"shape": json.dumps(rectangle(2, 2, 3, 3))},
        )
    assert ("K1", "RESTRICTED_NEAR") in found_by(service, SYSTEM)
    with judged_town.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.consent (code, camera_code, zone_code, document)"
                " VALUES ('C1', 'K1', 'R2', '复函')"
            )
        )
    assert ("K1", "RESTRICTED_NEAR") not in found_by(service, SYSTEM)


def test_findings_are_chosen_by_area_kind_and_unit(service):
    assert {kind for _, kind in found_by(service, SYSTEM, kinds=("PRIVACY_VIEW",))} == {
        "PRIVACY_VIEW"
    }
    assert {code for code, _ in found_by(service, SYSTEM, unit="大桥派出所")} <= {"K1", "K3"}
    assert found_by(service, SYSTEM, area=WEST) == set()


def test_what_is_not_known_is_refused_with_what_is(service):
    with pytest.raises(InputError, match="FILING_MISSING"):
        found_by(service, SYSTEM, kinds=("X",))
    with pytest.raises(NotFoundError):
        found_by(service, SYSTEM, area="999")


@pytest.fixture
def client(judged_town, settings):
    app = create_app(settings)
    with TestClient(app, follow_redirects=False, headers={"accept": "text/html"}) as found:
        yield found


def test_the_page_shows_article_finding_and_advice(client, judged_town):
    signed_in(client, judged_town, "planner")
    page = client.get("/compliance?lang=zh").text
    for word in ("第八条", "隐私区", "Z1", "调整角度", "大桥派出所", 'action="/compliance/export"'):
        assert word in page
    assert client.get("/compliance?kind=X").status_code == 400


def test_the_file_needs_a_reason_and_leaves_a_row(client, judged_town):
    signed_in(client, judged_town, "planner")
    assert client.post("/compliance/export", data={"reason": ""}).status_code == 400
    answer = client.post("/compliance/export", data={"reason": "自查"})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.worksheets[1].max_row > 4
    with judged_town.begin() as connection:
        row = connection.execute(text("SELECT what, reason FROM govgrid.export_register")).one()
    assert tuple(row) == ("compliance", "自查")


def test_the_part_of_a_view_in_a_zone_comes_as_geojson(client, judged_town):
    signed_in(client, judged_town, "planner")
    body = client.get("/api/compliance?kind=PRIVACY_VIEW").json()
    found = {row["properties"]["camera_code"]: row["geometry"] for row in body["features"]}
    assert found["K1"]["type"] in {"Polygon", "MultiPolygon"}
    every = client.get("/api/compliance").json()["features"]
    assert any(row["geometry"] is None for row in every)


def test_reading_very_many_findings_is_an_export(judged_town, settings):
    app = create_app(settings.model_copy(update={"bulk_rows": 3}))
    with TestClient(app, follow_redirects=False) as client:
        signed_in(client, judged_town, "planner")
        assert client.get("/api/compliance").status_code == 403
        assert client.get("/api/compliance?reason=自查").status_code == 200
    with judged_town.begin() as connection:
        row = connection.execute(text("SELECT what, form FROM govgrid.export_register")).one()
    assert tuple(row) == ("compliance", "read")


def test_links_keep_what_was_chosen(client, judged_town):
    signed_in(client, judged_town, "planner")
    page = client.get("/compliance?severity=error").text
    assert "?kind=FILING_MISSING&amp;severity=error&amp;page=1" in page


def test_the_command_reports_and_writes(judged_town, database_url, tmp_path, monkeypatch, capfd):
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["govgrid", *args])
        capfd.readouterr()
        try:
            main()
        except SystemExit as ended:
            return ended.code or 0, capfd.readouterr()
        return 0, capfd.readouterr()

    code, printed = run("compliance", "report", "--json")
    assert code == 0, printed.err
    assert json.loads(printed.out)["cameras"] == 4
    code, printed = run("--lang", "en", "compliance", "report")
    assert code == 0
    assert "looks into a privacy zone" in printed.out + printed.err
    out = tmp_path / "report.xlsx"
    assert run("compliance", "report", "--out", str(out))[0] == 0
    assert out.is_file()
    assert run("compliance", "report", "--kind", "X")[0] == 2


def test_the_workbook_begins_with_the_units_and_says_all_in_words(judged_town):
    made = compliance.make_workbook(
        judged_town, SYSTEM, FindingFilter(), reason="自查", timezone=ZONE, lang="zh"
    )
    book = openpyxl.load_workbook(io.BytesIO(made.content))
    assert book.sheetnames == ["各单位汇总", "各项汇总", "问题清单"]
    units = [row[0] for row in book["各单位汇总"].values]
    assert units[0] == "管理单位"
    assert "大桥派出所" in units
    rows = list(book["问题清单"].values)
    at = rows[0].index("问题")
    assert "未备案" in {row[at] for row in rows[1:]}
    assert not {row[at] for row in rows[1:] if row[at].isascii()}
    named = [row[rows[0].index("管理单位")] or "\uffff" for row in rows[1:]]
    assert named == sorted(named)
