"""Files in, through reading, checking, comparing and writing, on the toy town."""

import json
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from sqlalchemy import text

from geo.access import principal
from geo.areas.store import versions as area_versions
from geo.base.errors import CRSError, InputError, LayerError, SourceError, StoreError
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions
from geo.store import db, frames, installation
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis


def rows_of(engine, statement):
    with db.open_transaction(engine) as connection:
        return frames.read_frame(connection, statement)


def test_every_layer_of_the_town_goes_in_and_a_second_time_changes_nothing(engine, town_files):
    for layer, path in town_files.items():
        first = bring_in(engine, layer, path)
        assert first.exit_code == 0, first.findings
        assert first.change.inserted == first.read
    for layer, path in town_files.items():
        again = bring_in(engine, layer, path)
        assert (again.change.inserted, again.change.updated) == (0, 0), layer
        assert again.change.unchanged == again.read


def test_the_first_areas_decide_the_metric_srid_once(town):
    with db.open_transaction(town) as connection:
        assert installation.metric_srid(connection) == 4548


def test_a_camera_comes_with_its_view(town):
    views = rows_of(town, "SELECT * FROM govgrid.camera_view ORDER BY camera_code")
    assert views["heading_source"].tolist() == ["surveyed", "unknown", "surveyed", "surveyed"]
    assert views["heading_deg"].tolist()[0] == 90
    assert pd.isna(views["heading_deg"].tolist()[1])


VIEWS = (
    "SELECT camera_code, no, heading_deg, heading_source, hfov_deg, range_m"
    " FROM govgrid.camera_view ORDER BY camera_code, no"
)


def register(path, *rows):
    """A register of cameras: code, heading, angle of view, range."""
    lon, lat = place(3, 3)
    lines = [f"{row},{lon},{lat}" for row in rows]
    header = "编码,监视方位,水平视场角,有效距离,名称,经度,纬度"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def change(report):
    return (report.change.inserted, report.change.updated, report.change.unchanged)


def test_a_list_of_headings_makes_several_views_that_share_the_rest(engine, tmp_path):
    path = register(tmp_path / "c.csv", "A,NE;10-30,,60,甲", "B,270-90,,40,乙", "C,45,80,30,丙")
    assert change(bring_in(engine, "cameras", path)) == (3, 0, 0)
    rows = rows_of(engine, VIEWS).astype(object)
    assert rows.where(rows.notna(), None).to_numpy().tolist() == [
        ["A", 1, 45.0, "rounded8", None, 60.0],
        ["A", 2, 20.0, "surveyed", 20.0, 60.0],
        ["B", 1, 0.0, "surveyed", 180.0, 40.0],
        ["C", 1, 45.0, "surveyed", 80.0, 30.0],
    ]
    assert change(bring_in(engine, "cameras", path)) == (0, 0, 3)


def test_a_further_or_a_lost_view_is_a_change_of_its_camera(engine, tmp_path):
    one = register(tmp_path / "one.csv", "A,45,,60,甲", "B,90,,60,乙")
    two = register(tmp_path / "two.csv", "A,45;225,,60,甲", "B,90,,60,乙")
    assert change(bring_in(engine, "cameras", one)) == (2, 0, 0)
    assert change(bring_in(engine, "cameras", two)) == (0, 1, 1)
    assert rows_of(engine, VIEWS)["heading_deg"].tolist() == [45, 225, 90]
    alone = register(tmp_path / "alone.csv", "B,90,,60,乙")
    assert change(bring_in(engine, "cameras", alone)) == (0, 0, 1)
    assert len(rows_of(engine, VIEWS)) == 3
    assert change(bring_in(engine, "cameras", one)) == (0, 1, 1)
    assert rows_of(engine, VIEWS)["heading_deg"].tolist() == [45, 90]


def test_the_heading_scheme_is_declared_and_stands_in_the_run(engine, tmp_path):
    path = register(tmp_path / "c.csv", "A,5,,60,甲", "B,6,,60,乙")
    read = {}
    for scheme in ("degrees", "gbt28181", "gat1400"):
        bring_in(engine, "cameras", path, heading_scheme=scheme)
        read[scheme] = rows_of(engine, VIEWS)["heading_deg"].tolist()
    assert read == {"degrees": [5, 6], "gbt28181": [135, 45], "gat1400": [45, 225]}
    runs = rows_of(engine, "SELECT options FROM govgrid.import_run ORDER BY id")["options"]
    assert runs.tolist() == [
        {"crs": "wgs84", "heading_scheme": "degrees"},
        {"crs": "wgs84", "heading_scheme": "gbt28181"},
        {"crs": "wgs84", "heading_scheme": "gat1400"},
    ]


def test_times_without_a_zone_are_the_districts(engine, tmp_path):
    lon, lat = place(0, 0)
    path = tmp_path / "incidents.csv"
    path.write_text(f"编号,标题,上报时间,经度,纬度\nM1,井盖缺失,2026-09-30 21:40,{lon},{lat}\n")
    bring_in(engine, "incidents", path)
    stored = rows_of(engine, "SELECT reported_at FROM govgrid.incident")["reported_at"].iloc[0]
    assert stored.isoformat() == "2026-09-30T13:40:00+00:00"


def test_a_dry_run_tells_what_it_would_do_and_writes_nothing(engine, town_files):
    report = bring_in(engine, "areas", town_files["areas"], dry_run=True)
    assert (report.change.inserted, report.dry_run) == (2, True)
    assert len(rows_of(engine, "SELECT FROM govgrid.area")) == 0
    assert len(rows_of(engine, "SELECT FROM govgrid.import_run")) == 0


def test_bad_rows_are_quarantined_and_the_good_ones_taken(town, tmp_path):
    lon, lat = place(3, 3)
    path = tmp_path / "more.csv"
    path.write_text(f"编码,名称,经度,纬度\nK8,好,{lon},{lat}\nK9,零,0,0\n", encoding="utf-8")
    report = bring_in(town, "cameras", path)
    assert (report.exit_code, report.change.inserted, report.quarantined) == (3, 1, 1)
    finding = next(f for f in report.findings if f.severity == "error")
    assert (finding.row, finding.code) == (3, "ZERO_COORDINATES")
    kept = rows_of(town, "SELECT * FROM govgrid.import_finding WHERE severity = 'error'")
    assert (kept["row"].tolist(), kept["code"].tolist()) == ([3], ["ZERO_COORDINATES"])


def test_strict_takes_all_or_nothing(town, tmp_path):
    lon, lat = place(3, 3)
    path = tmp_path / "more.csv"
    path.write_text(f"编码,名称,经度,纬度\nK8,好,{lon},{lat}\nK9,零,0,0\n", encoding="utf-8")
    report = bring_in(town, "cameras", path, strict=True)
    assert (report.exit_code, report.refused) == (2, True)
    assert "K8" not in rows_of(town, "SELECT code FROM govgrid.camera")["code"].tolist()


def test_a_changed_boundary_without_a_date_is_a_finding(town, tmp_path):
    moved = write_geojson(
        tmp_path / "moved.geojson",
        [({"code": "340802001001001", "name": "西格"}, rectangle(-20, -20, -1, 20))],
    )
    report = bring_in(town, "areas", moved)
    assert [f.code for f in report.findings if f.severity == "error"] == ["AREA_CHANGED"]
    assert report.exit_code == 3
    assert "--valid-from" in report.findings[-1].advice("en")


def test_a_run_says_what_came_from_where(town, town_files):
    run = rows_of(town, "SELECT * FROM govgrid.import_run WHERE layer = 'cameras'").iloc[0]
    assert (run["source"], run["by_whom"], run["read"], run["inserted"]) == (
        "cameras.csv",
        "test",
        4,
        4,
    )
    assert len(run["file_sha256"]) == 64
    assert run["options"] == {"crs": "wgs84"}


def test_without_any_crs_the_import_is_refused(engine, town_files):
    with pytest.raises(CRSError):
        bring_in(engine, "areas", town_files["areas"], crs=None)
    assert len(rows_of(engine, "SELECT FROM govgrid.area")) == 0


@pytest.mark.parametrize(
    ("layer", "name", "error"),
    [
        ("areas", "nowhere.geojson", SourceError),
        ("beton", "grids.geojson", LayerError),
    ],
)
def test_what_is_not_there_is_said(engine, town_files, layer, name, error):
    path = town_files["areas"].with_name(name)
    with pytest.raises(error):
        bring_in(engine, layer, path)


def test_a_required_field_without_a_column_refuses_the_file(engine, tmp_path):
    path = write_geojson(tmp_path / "bare.geojson", [({"code": "1"}, rectangle(0, 0, 1, 1))])
    with pytest.raises(LayerError, match=r"name（名称.*the file has: code"):
        bring_in(engine, "areas", path)


def test_a_table_without_places_is_refused_for_a_layer_of_places(engine, tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("编码,名称\nA,甲\n", encoding="utf-8")
    with pytest.raises(InputError):
        bring_in(engine, "areas", path)


def test_a_disk_nearly_full_is_said_before_anything_is_written(
    engine, town_files, tmp_path, monkeypatch
):
    monkeypatch.setattr(imports, "DISK_RESERVE_MB", 10**9)
    with pytest.raises(StoreError, match="MB of disk are free"):
        imports.import_file(
            engine,
            "areas",
            town_files["areas"],
            ImportOptions(crs="wgs84", level="grid"),
            who=principal.system_principal("test"),
            timezone="Asia/Shanghai",
            disk=tmp_path,
        )
    assert len(rows_of(engine, "SELECT FROM govgrid.area")) == 0


def test_gcj02_is_converted_as_declared(engine, shared_data):
    folder = shared_data / "yingjiang"
    options = {"level": "district", "mapping": {"code": "adcode", "name": "name"}}
    bring_in(engine, "areas", folder / "district_gcj02.geojson", crs="gcj02", **options)
    with db.open_transaction(engine) as connection:
        stored = area_versions.valid_areas(connection)
        srid = installation.metric_srid(connection)
    truth = json.loads((folder / "district_wgs84.geojson").read_text())["features"][0]
    ring = truth["geometry"]["coordinates"][0][0]
    assert stored.to_crs(srid).area.sum() / 1e6 == pytest.approx(206.93, abs=0.1)
    found = stored.geometry.iloc[0].geoms[0].exterior.coords
    assert len(found) == len(ring)
    worst = max(
        abs(a - b) for p, q in zip(found, ring, strict=True) for a, b in zip(p, q, strict=True)
    )
    assert worst < 1e-6  # about 0.1 m


def test_hostile_text_is_only_text(town):
    titles = rows_of(town, "SELECT title FROM govgrid.incident ORDER BY code")["title"].tolist()
    assert "</script><img src=x onerror=alert(1)>" in titles
    with db.open_transaction(town) as connection:
        assert connection.execute(text("SELECT count(*) FROM govgrid.incident")).scalar_one() == 3


def test_two_imports_of_one_file_at_once_take_it_once(database_url, town_files):
    def one(_):
        engine = db.connect(database_url)
        try:
            return bring_in(engine, "areas", town_files["areas"]).change
        finally:
            engine.dispose()

    with ThreadPoolExecutor(2) as pool:
        changes = list(pool.map(one, range(2)))
    assert sorted((c.inserted, c.unchanged) for c in changes) == [(0, 2), (2, 0)]


def camera(engine, code="K1"):
    found = rows_of(
        engine,
        "SELECT c.code, c.name, owner_kind, form, mount_height_m, heading_deg, heading_source,"
        " hfov_deg, range_m FROM govgrid.camera c"
        " JOIN govgrid.camera_view v ON v.camera_code = c.code",
    )
    return found.set_index("code").loc[code]


def test_columns_that_a_file_lacks_stay_as_they_are(town, tmp_path):
    before = camera(town)
    lon, lat = place(2, 2)
    few = tmp_path / "few.csv"
    few.write_text(f"编码,名称,经度,纬度\nK1,新名称,{lon},{lat}\n", encoding="utf-8")
    report = bring_in(town, "cameras", few)
    after = camera(town)
    assert report.change.updated == 1
    assert after["name"] == "新名称"
    assert after.drop("name").to_dict() == before.drop("name").to_dict()


def test_a_blank_heading_leaves_a_known_one_alone(town, tmp_path):
    before = camera(town)
    lon, lat = place(2, 2)
    blank = tmp_path / "blank.csv"
    blank.write_text(f"编码,名称,经度,纬度,监视方位\nK1,甲,{lon},{lat},\n", encoding="utf-8")
    bring_in(town, "cameras", blank)
    after = camera(town)
    known = ["heading_deg", "heading_source"]
    assert before["heading_source"] != "unknown"
    assert after[known].to_dict() == before[known].to_dict()
