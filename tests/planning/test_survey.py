"""Headings to survey on the toy town: listed, typed back as a batch, and computed with."""

import json

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import text

from geo.base.errors import LayerError, NotFoundError, StateError
from geo.coverage import compute
from geo.coverage import report as coverage_report
from geo.planning import survey
from geo.store import db, frames
from tests.command_line import commands
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place

pytestmark = pytest.mark.postgis

EAST, WEST = "340802001001002", "340802001001001"
VIEWS = (
    "SELECT camera_code, no, heading_deg, heading_source, hfov_deg, range_m"
    " FROM govgrid.camera_view ORDER BY camera_code, no"
)


@pytest.fixture
def computed(seen_town):
    return seen_town


def figure(engine, certainty, code="340802"):
    (row,) = [
        row
        for row in coverage_report.read_report(engine, SYSTEM, by="district", device_set="all")[
            "areas"
        ]
        if row["certainty"] == certainty
    ]
    return row["covered_demand_m2"]


def batch(path, *rows, header="设备编码,监视方位,水平视场角,核实日期"):
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def typed_back(engine, path, **options):
    return bring_in(engine, "headings", path, crs=None, **options)


def counts(report):
    return (report.change.updated, report.change.unchanged, report.quarantined, report.exit_code)


def views(engine):
    with db.open_transaction(engine) as connection:
        rows = frames.read_frame(connection, VIEWS).astype(object)
    return rows.where(rows.notna(), None).to_numpy().tolist()


def codes(found):
    return [(finding.row, finding.column, finding.code, finding.severity) for finding in found]


def test_without_a_computation_nothing_can_be_ordered(town):
    with pytest.raises(StateError, match="coverage compute"):
        survey.survey_list(town)


def test_the_camera_of_unknown_heading_is_listed_with_its_place(computed):
    listed = survey.survey_list(computed)
    (row,) = survey.describe_survey(listed).cameras
    lon, lat = place(1, 1)
    depends_m2 = row.pop("depends_m2")
    assert row == {
        "rank": 1,
        "code": "K2",
        "name": "朝向不详",
        "site": None,
        "form": "fixed",
        "heading_source": "unknown",
        "heading_deg": None,
        "grid_code": EAST,
        "number": 1,
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "entrances": 0,
    }
    # no more than what it may see of the street at all
    assert 100 < depends_m2 <= figure(computed, "possible")
    assert survey.describe_survey(listed).grids == [
        {
            "rank": 1,
            "grid_code": EAST,
            "name": "东格",
            "cameras": 1,
            "depends_m2": depends_m2,
            "entrances": 0,
        }
    ]


def test_of_a_lone_camera_all_depends_that_it_may_see(engine, town_files, tmp_path):
    for layer in ("areas", "roads", "buildings"):
        bring_in(engine, layer, town_files[layer])
    lon, lat = place(1, 1)
    camera = tmp_path / "one.csv"
    camera.write_text(f"编码,名称,有效距离,经度,纬度\nK1,甲,60,{lon},{lat}\n", encoding="utf-8")
    bring_in(engine, "cameras", camera)
    compute.compute(engine)
    listed = survey.survey_list(engine)
    assert figure(engine, "certain") == 0
    assert listed.cameras["depends_m2"].tolist() == [round(figure(engine, "possible"), 1)]


def test_compass_points_are_listed_where_they_are_asked_for(computed, tmp_path):
    typed_back(computed, batch(tmp_path / "b.csv", "K3,西,,"))
    compute.compute(computed)
    assert survey.survey_list(computed).cameras["code"].tolist() == ["K2"]
    both = survey.survey_list(computed, eight_way=True).cameras.set_index("code")
    assert set(both.index) == {"K2", "K3"}
    assert both.loc["K3", ["heading_source", "heading_deg"]].tolist() == ["rounded8", 270.0]
    # of a compass point only the doubtful margins are open, of an unknown heading the circle
    assert 0 < both.loc["K3", "depends_m2"] < both.loc["K2", "depends_m2"]


def test_on_the_compass_point_of_a_turning_camera_only_its_picture_depends(computed, tmp_path):
    typed_back(computed, batch(tmp_path / "b.csv", "K3,西,,"))
    compute.compute(computed)
    fixed = survey.survey_list(computed, eight_way=True).cameras.set_index("code")
    with db.open_transaction(computed) as connection:
        connection.execute(text("UPDATE govgrid.camera SET form = 'ptz' WHERE code = 'K3'"))
    compute.compute(computed)
    turning = survey.survey_list(computed, eight_way=True).cameras.set_index("code")
    assert turning.loc["K3", "depends_m2"] == fixed.loc["K3", "depends_m2"]


def test_an_area_and_a_limit_cut_the_list(computed, tmp_path):
    unknown = batch(
        tmp_path / "more.csv",
        f"K5,甲,{place(-5, 0)[0]},{place(-5, 0)[1]}",
        f"K6,乙,{place(-9, 0)[0]},{place(-9, 0)[1]}",
        header="编码,名称,经度,纬度",
    )
    bring_in(computed, "cameras", unknown)
    compute.compute(computed)
    assert survey.survey_list(computed, area=EAST).cameras["code"].tolist() == ["K2"]
    west = survey.survey_list(computed, area=WEST).cameras
    assert sorted(west["code"]) == ["K5", "K6"]
    assert west["number"].tolist() == west["rank"].tolist() == [1, 2]
    everything = survey.survey_list(computed)
    assert sorted(everything.cameras["code"]) == ["K2", "K5", "K6"]
    first = survey.survey_list(computed, limit=1).cameras
    assert first["code"].tolist() == everything.cameras["code"].tolist()[:1]
    heaviest = everything.grids["depends_m2"].tolist()
    assert heaviest == sorted(heaviest, reverse=True)
    with pytest.raises(NotFoundError, match="340899"):
        survey.survey_list(computed, area="340899")


def test_indoor_and_removed_cameras_are_not_listed(computed, tmp_path):
    lon, lat = place(3, 3)
    path = batch(
        tmp_path / "more.csv",
        f"K5,室内机,是,在用,{lon},{lat}",
        f"K6,旧机,否,拆除,{lon},{lat}",
        header="编码,名称,室内,设备状态,经度,纬度",
    )
    bring_in(computed, "cameras", path)
    compute.compute(computed)
    assert survey.survey_list(computed).cameras["code"].tolist() == ["K2"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_form_comes_back_without_a_finding_and_untouched(computed, tmp_path, lang, ending):
    out = tmp_path / f"form.{ending}"
    listed = survey.survey_list(computed)
    assert survey.write_form(computed, listed, out, mark="内部资料", lang=lang) == 1
    before = views(computed)
    report = typed_back(computed, out)
    assert report.findings == ()
    assert counts(report) == (0, 1, 0, 0)
    assert views(computed) == before


def test_a_batch_typed_into_the_form_settles_the_figures(computed, tmp_path):
    out = tmp_path / "form.xlsx"
    survey.write_form(computed, survey.survey_list(computed), out, mark="内部资料", lang="zh")
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[1]}
    assert [*heads] == [
        "网格编码", "图上编号", "设备编码", "设备名称", "监视方位", "水平视场角", "核实日期",
    ]  # fmt: skip
    assert [row.value for row in book.worksheets[1]["A"]][:2] == ["说明", "内部资料"]
    sheet.cell(2, heads["监视方位"], 180)
    sheet.cell(2, heads["核实日期"], "2023-05-01")
    book.save(out)
    before = {c: figure(computed, c) for c in ("certain", "possible")}
    depends_m2 = survey.survey_list(computed).cameras["depends_m2"].iloc[0]

    assert counts(typed_back(computed, out)) == (1, 0, 0, 0)
    assert not compute.compute(computed).unchanged
    after = {c: figure(computed, c) for c in ("certain", "possible")}
    assert before["certain"] < after["certain"] <= before["certain"] + depends_m2 + 0.1
    assert after["possible"] < before["possible"]
    assert survey.survey_list(computed).cameras.empty
    assert counts(typed_back(computed, out)) == (0, 1, 0, 0)
    assert compute.compute(computed).unchanged


def test_headings_are_surveyed_unless_only_a_compass_point_is_told(town, tmp_path):
    path = batch(tmp_path / "b.csv", "K1,北偏东30°,,", "K2,东北,,", "K3,400°,,", "K4,12.5,80,")
    assert counts(typed_back(town, path)) == (3, 0, 1, 3)
    assert views(town) == [
        ["K1", 1, 30.0, "surveyed", None, 60.0],
        ["K2", 1, 45.0, "rounded8", None, 60.0],
        ["K3", 1, 270.0, "surveyed", None, 60.0],
        ["K4", 1, 12.5, "surveyed", 80.0, 100.0],
    ]


def test_a_heading_without_an_angle_keeps_the_angle_that_is_known(town, tmp_path):
    typed_back(town, batch(tmp_path / "a.csv", "K1,10,70,"))
    again = batch(tmp_path / "b.csv", "K1,20,,", header="设备编码,监视方位,水平视场角,核实日期")
    assert counts(typed_back(town, again)) == (1, 0, 0, 0)
    assert views(town)[0] == ["K1", 1, 20.0, "surveyed", 70.0, 60.0]


def test_a_blank_row_is_untouched_whatever_else_it_says(town, tmp_path):
    before = views(town)
    report = typed_back(town, batch(tmp_path / "b.csv", "K1,,80,2023-05-01", "K2,不详,,"))
    assert (counts(report), report.findings) == ((0, 2, 0, 0), ())
    assert views(town) == before


def test_unknown_codes_and_unreadable_headings_are_quarantined(town, tmp_path):
    path = batch(tmp_path / "b.csv", "K1,10,,", "K99,20,,", "K3,那边,,", "K98,,,")
    report = typed_back(town, path)
    assert counts(report) == (1, 0, 3, 3)
    assert codes(report.findings) == [
        (3, "设备编码", "CODE_UNKNOWN", "error"),
        (4, "监视方位", "AZIMUTH_UNREADABLE", "error"),
        (5, "设备编码", "CODE_UNKNOWN", "error"),
    ]
    assert "K99" in report.findings[0].advice("en")
    assert [row[2] for row in views(town)] == [10.0, None, 270.0, 270.0]
    with db.open_transaction(town) as connection:
        kept = frames.read_frame(connection, "SELECT code FROM govgrid.import_finding ORDER BY row")
    assert kept["code"].tolist()[-3:] == ["CODE_UNKNOWN", "AZIMUTH_UNREADABLE", "CODE_UNKNOWN"]


def test_strict_and_dry_runs_write_nothing(town, tmp_path):
    before, path = views(town), batch(tmp_path / "b.csv", "K1,10,,", "K99,20,,")
    strict = typed_back(town, path, strict=True)
    assert (strict.refused, strict.exit_code) == (True, 2)
    assert counts(typed_back(town, path, dry_run=True)) == (1, 0, 1, 3)
    assert views(town) == before


def test_a_file_without_headings_is_refused(town, tmp_path):
    path = batch(tmp_path / "b.csv", "K1,10", header="设备编码,方向")
    with pytest.raises(LayerError, match="监视方位"):
        typed_back(town, path)


def test_the_circle_in_which_a_camera_turns_is_no_heading_of_it(town, tmp_path):
    with db.open_transaction(town) as connection:
        connection.execute(text("UPDATE govgrid.camera SET form = 'ptz' WHERE code = 'K1'"))
    report = typed_back(town, batch(tmp_path / "b.csv", "K1,0-360,,", "K2,0-200,,"))
    assert (2, "监视方位", "AZIMUTH_TURNING", "error") in codes(report.findings)
    assert counts(report) == (1, 0, 1, 3)
    assert views(town)[:2] == [
        ["K1", 1, 90.0, "surveyed", None, 60.0],
        ["K2", 1, 100.0, "surveyed", 200.0, 60.0],
    ]


def test_several_lenses_become_views_with_the_optics_of_the_first(town, tmp_path):
    path = batch(tmp_path / "b.csv", "K2,45;135;东,,")
    assert counts(typed_back(town, path)) == (1, 0, 0, 0)
    assert [row for row in views(town) if row[0] == "K2"] == [
        ["K2", 1, 45.0, "surveyed", None, 60.0],
        ["K2", 2, 135.0, "surveyed", None, 60.0],
        ["K2", 3, 90.0, "rounded8", None, 60.0],
    ]
    assert counts(typed_back(town, path)) == (0, 1, 0, 0)


def test_the_day_of_the_survey_and_the_batch_are_kept_with_the_camera(town, tmp_path):
    path = batch(tmp_path / "b.csv", "K1,90,,2023-05-01", "K2,10,,")
    assert counts(typed_back(town, path)) == (2, 0, 0, 0)
    with db.open_transaction(town) as connection:
        kept = frames.read_frame(
            connection,
            "SELECT c.code, CAST(v.verified_on AS text) AS day, r.layer"
            " FROM govgrid.camera c JOIN govgrid.import_run r ON r.id = c.import_run"
            " JOIN govgrid.camera_view v ON v.camera_code = c.code"
            " ORDER BY c.code",
        )
    assert kept["layer"].tolist() == ["headings", "headings", "cameras", "cameras"]
    assert kept["day"].tolist()[0] == "2023-05-01"
    assert kept["day"].isna().tolist() == [False, False, True, True]  # K2 on the day of the batch
    assert counts(typed_back(town, path)) == (0, 2, 0, 0)


@pytest.fixture
def govgrid(computed, monkeypatch, capfd):
    """Run the command line in this process, on the computed town."""
    address = computed.url.render_as_string(hide_password=False)
    monkeypatch.setenv("GOVGRID_DATABASE_URL", address)
    monkeypatch.setenv("GOVGRID_LANG", "en")

    return commands(monkeypatch, capfd)


def test_the_command_lists_writes_the_form_and_takes_it_back(govgrid, tmp_path):
    form, sheets = tmp_path / "form.xlsx", tmp_path / "sheets.html"
    listed = json.loads(govgrid("survey", "list", "--json").out)
    assert [camera["code"] for camera in listed["cameras"]] == ["K2"]
    assert listed["grids"][0]["grid_code"] == EAST
    assert "K2" in govgrid("survey", "list").out
    assert "东格" in govgrid("survey", "list", "--by-grid").out
    govgrid("survey", "list", "--area", EAST, "--out", form, "--sheets", sheets)
    assert "K2" in sheets.read_text(encoding="utf-8")
    table = pd.read_excel(form, dtype=str, engine="openpyxl")
    table.assign(heading_deg="NNE").to_excel(form, index=False)
    report = json.loads(govgrid("import", "headings", form, "--json").out)
    assert (report["updated"], report["quarantined"]) == (1, 0)
    govgrid("coverage", "compute")
    assert json.loads(govgrid("survey", "list", "--json").out)["cameras"] == []
    assert "No camera" in govgrid("survey", "list").err
    assert len(json.loads(govgrid("survey", "list", "--eight-way", "--json").out)["cameras"]) == 1


def test_files_that_cannot_be_written_are_refused_first(govgrid, tmp_path):
    assert ".xlsx .csv" in govgrid("survey", "list", "--out", tmp_path / "f.gpkg", code=2).err
    assert ".html" in govgrid("survey", "list", "--sheets", tmp_path / "f.pdf", code=2).err
    missing = tmp_path / "none" / "f.csv"
    assert "does not exist" in govgrid("survey", "list", "--out", missing, code=2).err
