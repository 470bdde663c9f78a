"""Layers out and in again: the same rows, whichever format and coordinate system they went in."""

import json

import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import text

from geo.access.principal import RESTRICTED_LAYERS, Grant, Principal
from geo.base.crs import WGS84
from geo.base.errors import CRSError, InputError, LayerError, StateError
from geo.coverage import compute
from geo.exchange.publish import collections
from geo.exchange.publish import export as layer_export
from geo.files import readers, writers
from geo.files.schema.layers import DERIVED, LAYERS
from geo.files.writers.flat_table import flatten_table
from geo.store import db, frames
from tests.signed_in import SYSTEM
from tests.toy_town import bring_in, place, rectangle, write_geojson

pytestmark = pytest.mark.postgis

# file, coordinate system of the export, what the import has to be told
WAYS = [
    (".csv", "wgs84"),
    (".xlsx", "wgs84"),
    (".parquet", "wgs84"),
    (".geojson", "wgs84"),
    (".gpkg", "wgs84"),
    (".gpkg", "cgcs2000"),
    (".gpkg", "zone"),
    (".shp", "cgcs2000"),
    (".shp", "zone"),
    (".parquet", "zone"),
    (".csv", "zone"),
]
BARE_WAYS = ((".csv", "wgs84"), (".xlsx", "wgs84"), (".parquet", "wgs84"))


def camera(code, name, heading, at, **more):
    lon, lat = place(*at)
    return {"编码": code, "名称": name, "监视方位": heading, "经度": lon, "纬度": lat, **more}


def table(path, rows):
    pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8")
    return path


def ring(*corners):
    return [place(*corner) for corner in (*corners, corners[0])]


@pytest.fixture
def full(town, tmp_path):
    """The toy town with rows in every layer, and some that are hard to write."""
    folder = tmp_path / "more"
    folder.mkdir()
    cameras = [
        camera("V1", "+86 号杆", "东北;10-30", (3, 3), 摄像机类型="固定枪机", 水平视场角=""),
        camera("V2", "-5", "北偏西30°", (3.0000123, 4), 室内="是", 录像保存天数=90, 备注="=1+1"),
        camera("V3", "丙", "239-284", (3, 5), 安装时间="2023-05-01", 备注="第一行\n第二行"),
        camera("V4", "丁", "", (3, 6), 水平视场角="70", 层="2024-05-01", X="旧坐标"),
        camera("V5", "戊", "90;270", (4, 6), 水平视场角="80", 所属网格="东格", 层="12"),
    ]
    bring_in(town, "cameras", table(folder / "cameras.csv", cameras))
    hole = {"type": "Polygon", "coordinates": [ring((8, 8), (8, 14), (14, 14), (14, 8))]}
    hole["coordinates"].append(ring((10, 10), (12, 10), (12, 12)))
    both = {
        "type": "MultiPolygon",
        "coordinates": [
            rectangle(15, 0, 16, 1)["coordinates"],
            rectangle(11, 1, 12, 2)["coordinates"],
        ],
    }
    towers = [
        ({"height": 18.5, "levels": 6, "lon": 1, "flat": True, "备注": "=x"}, hole),
        ({"height": None, "levels": None, "name": "二号楼", "fid": "7", "flat": False}, both),
    ]
    bring_in(town, "buildings", write_geojson(folder / "buildings.geojson", towers))
    for name in ("water", "farmland", "privacy-zones", "restricted-zones"):
        shape = rectangle(1, 10, 2, 11)
        bring_in(town, name, write_geojson(folder / f"{name}.geojson", [({"name": "池"}, shape)]))
    lon, lat = place(5, 5)
    point = {"经度": lon, "纬度": lat}
    rows = {
        "poles": [{"杆号": "P1", "杆型": "路灯杆", "有电": "是", "有网": "否", "高度": 8, **point}],
        "places": [{"编码": "S1", "名称": "一小", "类型": "学校", "范围半径": 60, **point}],
        "entrances": [{"编码": "E1", "名称": "正门", "所属场所": "S1", **point}],
        "addresses": [{"编码": "A1", "名称": "一路口", "类型": "路口", **point}],
        "centres": [{"编码": "C1", "名称": "中心", "层级": "区", "值班电话": "0556-0", **point}],
        "incidents": [
            {"编号": "M9", "标题": "无位置", "上报时间": "2026-09-30 21:40:05"},
        ],
        "pairings": [{"村居编码": "340802001001", "单位编码": "U1", "开始日期": "2026-01-01"}],
        "filings": [{"备案号": "BA-1", "备案单位": "分局", "备案日期": "2025-06-20"}],
        "consents": [{"设备编码": "K1", "限制区编码": "X1", "同意文件": "函1"}],
        "permits": [{"设备编码": "K1", "事由": "移动", "批准文件": "批2", "日期": "2025-06-20"}],
        "categories": [{"类别编码": "0101", "名称": "井盖", "时限": 4, "时限单位": "工作小时"}],
        "calendar": [{"日期": "2026-10-01", "类型": "休息", "名称": "国庆节"}],
        "area-counts": [
            {
                "村居编码": "340802001001",
                "截至日期": "2026-06-30",
                "户数": 900,
                "数据来源": "街道台账",
            },
            {
                "村居编码": "340802001001",
                "截至日期": "2026-09-30",
                "户数": 910,
                "数据来源": "街道台账",
            },
        ],
        "camera-status": [
            {"编码": "K1", "状态": "离线", "时间": "2026-09-30 21:40:05.250"},
            {"编码": "K1", "状态": "在线", "时间": "2026-09-30 22:40"},
            {"编码": "K2", "状态": "在线", "时间": "2026-09-30 22:40"},
        ],
    }
    for name, cells in rows.items():
        done = bring_in(town, name, table(folder / f"{name}.csv", cells))
        assert done.quarantined == 0, (name, done.findings)
    return town


NAMES = (
    "areas",
    "units",
    "duties",
    "pairings",
    "filings",
    "consents",
    "permits",
    "categories",
    "calendar",
    "area-counts",
    "buildings",
    "roads",
    "water",
    "farmland",
    "privacy-zones",
    "restricted-zones",
    "poles",
    "places",
    "entrances",
    "addresses",
    "centres",
    "cameras",
    "camera-status-history",
    "incidents",
)


GUARDIAN = Principal("guardian", grants=(Grant("security_administrator"),))


def whole(engine, name, srid=WGS84):
    """Return a layer as who may read it: zones and consents are not even the system's."""
    who = GUARDIAN if name in RESTRICTED_LAYERS else SYSTEM
    return layer_export.read_layer(engine, who, name, srid=srid)


def out(engine, name, path, crs="wgs84"):
    srid = layer_export.target_srid(engine, crs)
    writers.write_file(whole(engine, name, srid), path, layer=name)
    return path


def back(engine, name, path, crs="wgs84"):
    layer = name.removesuffix("-history")
    declared = "EPSG:4548" if crs == "zone" else crs
    return bring_in(engine, layer, path, crs=declared, level=None)


def change(report):
    return (report.change.inserted, report.change.updated, report.change.unchanged)


def as_rows(frame):
    """A frame as comparable cells, geometry as WKT."""
    cells = flatten_table(frame).astype(object)
    return cells.where(cells.notna(), None).to_dict("records")


def test_an_export_brought_in_again_changes_nothing(full, tmp_path, thorough):
    """Cameras and areas go all ways; the others share them, and go all where it is thorough."""
    for n, name in enumerate(NAMES):
        count = len(whole(full, name))
        assert count, name
        bare = LAYERS[name.removesuffix("-history")].shape == "none"
        ways = BARE_WAYS if bare else WAYS
        every = thorough or name in {"areas", "cameras"}
        for ending, crs in ways if every else ways[n % 3 :: 3]:
            path = out(full, name, tmp_path / f"{name}{ending}", crs)
            report = back(full, name, path, crs)
            assert change(report) == (0, 0, count), (name, ending, crs, report.findings)
            assert report.quarantined == 0


@pytest.mark.parametrize(("ending", "crs"), [(".csv", "wgs84"), (".gpkg", "zone")])
def test_an_empty_database_filled_from_exports_gives_equal_exports(
    full, empty_url, tmp_path, ending, crs
):
    other = db.connect(empty_url)
    db.migrate(other)
    try:
        for name in NAMES:
            bare = LAYERS[name.removesuffix("-history")].shape == "none"
            path = tmp_path / f"{name}{'.csv' if bare else ending}"
            back(other, name, out(full, name, path, crs), crs)
        for name in NAMES:
            assert as_rows(whole(other, name)) == as_rows(whole(full, name))
    finally:
        other.dispose()


def test_every_layer_that_can_be_brought_in_can_go_out():
    apart = {"catalog", "headings", "positions"}  # these are cameras
    assert set(LAYERS) - apart <= set(collections.layer_names())


def test_headings_go_out_as_they_are_read(full):
    cameras = layer_export.read_layer(full, SYSTEM, "cameras").set_index("code")
    assert cameras["heading_deg"].loc[["V1", "V2", "V3", "V4", "V5", "K1"]].tolist() == [
        "东北;10-30",
        "北偏西30°",
        "261.5",
        None,
        "90;270",
        "90",
    ]
    assert cameras["hfov_deg"].loc[["V3", "V4", "V5"]].tolist() == [45, 70, 80]


def test_derived_columns_stand_in_the_list_that_imports_leave_out(full):
    with db.open_transaction(full) as connection:
        connection.execute(
            text(
                "UPDATE govgrid.camera SET position_source = 'verified',"
                " geom = ST_SetSRID(ST_MakePoint(117.06, 30.51), 4326) WHERE code = 'K1'"
            )
        )
    cameras = layer_export.read_layer(full, SYSTEM, "cameras").set_index("code")
    known = {field.name for field in LAYERS["cameras"].fields}
    free = {name for name in cameras.columns if name not in known | {"geometry"}}
    of_incidents = {"on_time", "community_code", "township_code", "unit_code"}
    assert DERIVED - {"code", *of_incidents} <= free
    assert free - DERIVED == {"备注", "层", "attributes.X"}
    assert cameras.loc["K1", ["reported_lon", "reported_lat"]].tolist() == place(1, 0)
    assert cameras.loc["K1", "geometry"].x == 117.06
    assert pd.isna(cameras.loc["K2", "reported_lon"])
    assert cameras.loc["K2", "position_source"] == "reported"
    assert cameras.loc["K2", "grid_code"] == "340802001001002"


def test_what_was_verified_goes_out_and_in_again_as_no_news_of_the_register(town, tmp_path):
    lon, lat = place(2, 2)
    bring_in(
        town, "positions", table(tmp_path / "p.csv", [{"编码": "K1", "经度": lon, "纬度": lat}])
    )
    bring_in(town, "headings", table(tmp_path / "h.csv", [{"编码": "K1", "监视方位": 135}]))
    before = as_rows(layer_export.read_layer(town, SYSTEM, "cameras"))
    for ending, crs in ((".csv", "wgs84"), (".gpkg", "zone")):
        path = out(town, "cameras", tmp_path / f"cameras{ending}", crs)
        assert change(back(town, "cameras", path, crs)) == (0, 0, 4)
    assert as_rows(layer_export.read_layer(town, SYSTEM, "cameras")) == before
    first = before[0]
    assert [first["lon"], first["lat"], first["heading_deg"]] == [lon, lat, "135"]
    assert [first["reported_lon"], first["reported_lat"]] == place(1, 0)


def test_free_columns_that_would_be_taken_for_others_are_marked(full):
    buildings = layer_export.read_layer(full, SYSTEM, "buildings")
    assert set(buildings.columns[4:-1]) == {
        "attributes.levels",
        "attributes.lon",
        "attributes.flat",
        "备注",
        "attributes.fid",
    }


def test_times_are_the_districts(full):
    row = layer_export.read_layer(full, SYSTEM, "incidents").set_index("code").loc["M9"]
    assert row["reported_at"] == "2026-09-30 21:40:05+08:00"
    elsewhere = (
        layer_export.read_layer(full, SYSTEM, "incidents", timezone="UTC")
        .set_index("code")
        .loc["M9"]
    )
    assert elsewhere["reported_at"] == "2026-09-30 13:40:05+00:00"


def test_states_go_out_as_the_newest_and_as_their_history(full):
    newest = layer_export.read_layer(full, SYSTEM, "camera-status")
    assert newest[["code", "status"]].to_numpy().tolist() == [["K1", "online"], ["K2", "online"]]
    history = layer_export.read_layer(full, SYSTEM, "camera-status-history")
    assert history["status"].tolist() == ["offline", "online", "online"]
    assert history["since"].iloc[0] == "2026-09-30 21:40:05.250000+08:00"


def test_tables_without_places_are_refused_as_maps(town, tmp_path):
    for ending in (".geojson", ".gpkg", ".shp"):
        with pytest.raises(InputError, match=r"without geometry.*\.csv"):
            out(town, "units", tmp_path / f"units{ending}")
    assert not list(tmp_path.glob("units*"))


def test_areas_are_drawn_in_the_zone_of_the_district(town, tmp_path):
    path = out(town, "areas", tmp_path / "areas.dxf", "zone")
    again = readers.read_file(path, sheet="grid")
    stored = layer_export.read_layer(town, SYSTEM, "grids", srid=4548)
    assert len(again.rows) == 2
    assert sorted(shape.area for shape in again.geometry) == pytest.approx(
        sorted(stored.geometry.area), rel=1e-6
    )
    with pytest.raises(InputError, match="--crs"):
        out(town, "areas", tmp_path / "areas2.dxf")
    with pytest.raises(InputError, match="boundaries"):
        out(town, "cameras", tmp_path / "cameras.dxf", "zone")


def test_a_coordinate_system_is_named_or_is_the_districts_own(town, engine):
    assert layer_export.target_srid(town, "zone") == 4548
    assert layer_export.target_srid(town, "CGCS2000") == 4490
    assert layer_export.target_srid(town, "EPSG:3857") == 3857
    with pytest.raises(InputError, match="gcj02"):
        layer_export.target_srid(town, "gcj02")
    with pytest.raises(CRSError):
        layer_export.target_srid(town, "nowhere")


def test_without_any_place_there_is_no_zone(engine):
    with pytest.raises(StateError):
        layer_export.target_srid(engine, "zone")


def test_degrees_of_cgcs2000_are_those_of_wgs84(town):
    plain, labelled = (
        layer_export.read_layer(town, SYSTEM, "cameras", srid=srid) for srid in (4326, 4490)
    )
    assert labelled.crs.to_epsg() == 4490
    assert (labelled.geometry.x == plain.geometry.x).all()


def test_an_unknown_layer_is_named_with_those_that_there_are(engine):
    with pytest.raises(LayerError, match="camera-status-history"):
        layer_export.read_layer(engine, SYSTEM, "beton")


POLYGONS = (
    *("areas", "grids", "districts", "buildings", "water", "farmland", "privacy-zones"),
    *("restricted-zones", "viewsheds", "gaps"),
)
SPIKE = (
    "POLYGON ((506105.79821313283 3379226.402763792, 506104.0633005241 3379226.317533001,"
    " 506105.290362204 3379230.1012941455, 506104.7091431061 3379234.334143499,"
    " 506105.79821313283 3379226.402763792))"
)


@pytest.fixture
def spiked(full):
    """The toy town, computed, and a gap that crosses itself when its corners are moved."""
    compute.compute(full)
    with db.open_transaction(full) as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.gap (coverage_run, device_set, detail, certainty, grid_code,"
                " area_m2, weight, road_m, entrances, incidents, geom)"
                " SELECT coverage_run, device_set, detail, certainty, grid_code, 3.2, 3.2, 0, 0, 0,"
                " ST_GeomFromText(:spike, 4548) FROM govgrid.gap"
                " WHERE device_set = 'all' AND certainty = 'certain' LIMIT 1"
            ),
            {"spike": SPIKE},
        )
    return full


STORED = {
    "viewsheds": "SELECT camera_code || '/' || view_no || '/' || certainty AS code, geom"
    " FROM govgrid.viewshed",
    "gaps": "SELECT row_number() OVER (ORDER BY weight DESC, grid_code, ST_XMin(geom),"
    " ST_YMin(geom)) AS rank, geom FROM govgrid.gap"
    " WHERE device_set = 'all' AND certainty = 'certain'",
}


def stored(engine, name):
    """What was computed, in metres, as the tables hold it."""
    with db.open_transaction(engine) as connection:
        rows = frames.read_layer(connection, STORED[name], srid=4548)
    return rows.set_index(rows.columns[0]).geometry


@pytest.mark.parametrize("crs", ["wgs84", "cgcs2000", "zone", "EPSG:4547", "EPSG:3857"])
def test_every_polygon_of_every_export_is_valid(spiked, tmp_path, crs):
    for name in POLYGONS:
        path = out(spiked, name, tmp_path / f"{name}.gpkg", crs)
        shapes = gpd.read_file(path).geometry
        assert len(shapes), name
        assert shapes.is_valid.all(), (name, crs)


@pytest.mark.parametrize("name", STORED)
def test_what_was_computed_goes_out_with_its_area(spiked, name):
    kept = stored(spiked, name)
    for srid in (4326, 4490, 4547):
        frame = layer_export.read_layer(spiked, SYSTEM, name, srid=srid)
        back = frame.set_crs(4326 if srid == 4490 else srid, allow_override=True).to_crs(4548)
        areas = back.set_index(frame.columns[0]).geometry.area
        assert areas.sort_index().tolist() == pytest.approx(
            kept.area.sort_index().tolist(), rel=1e-6
        )


@pytest.mark.parametrize("name", STORED)
def test_in_the_zone_of_the_district_goes_out_what_is_stored_to_the_digit(spiked, name):
    frame = layer_export.read_layer(spiked, SYSTEM, name, srid=4548)
    same = frame.set_index(frame.columns[0]).geometry.sort_index()
    assert same.geom_equals_exact(stored(spiked, name).sort_index(), 0).all()


def test_every_layer_of_an_empty_database_is_an_empty_table(engine, tmp_path):
    for name in collections.layer_names():
        if name not in ("gaps", "viewsheds"):  # these need a district
            frame = whole(engine, name)
            assert len(frame) == 0, name
            writers.write_file(frame, tmp_path / f"{name}.csv", layer=name)
            assert (tmp_path / f"{name}.csv").read_text("utf-8-sig").count("\n") == 1


def test_an_area_made_to_hold_the_others_stays_at_home(town):
    frame = layer_export.read_layer(town, SYSTEM, "areas")
    assert frame["level"].tolist() == ["grid", "grid"]
    assert frame["parent_code"].tolist() == [None, None]


def test_the_original_position_of_a_shifted_point_comes_back(engine, tmp_path):
    lon, lat = place(0, 0)
    path = tmp_path / "poles.csv"
    path.write_text(f"编码,名称,经度,纬度\nP1,甲,{lon},{lat}\n", "utf-8")
    bring_in(engine, "poles", path, crs="gcj02")
    for ending, crs in ((".csv", "wgs84"), (".gpkg", "zone")):
        report = back(engine, "poles", out(engine, "poles", tmp_path / f"p{ending}", crs), crs)
        assert change(report) == (0, 0, 1)
    with db.open_transaction(engine) as connection:
        kept = frames.read_frame(connection, "SELECT attributes FROM govgrid.pole")[
            "attributes"
        ].iloc[0]
    assert kept == {"reported": {"x": lon, "y": lat, "crs": "gcj02"}}


def test_a_geojson_of_an_export_is_plain_geojson(town, tmp_path):
    body = json.loads(out(town, "grids", tmp_path / "grids.geojson").read_text("utf-8"))
    assert {feature["properties"]["code"] for feature in body["features"]} == {
        "340802001001001",
        "340802001001002",
    }
    assert isinstance(gpd.read_file(tmp_path / "grids.geojson"), gpd.GeoDataFrame)
