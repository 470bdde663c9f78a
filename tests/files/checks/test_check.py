"""CheckedRows: usable rows, findings cell by cell, and what refuses a whole import."""

import csv
import datetime as dt
import json
import re
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.base.chinese_shifts import wgs84_to_gcj02
from geo.base.crs import parse_crs
from geo.base.errors import CRSError, InputError, LayerError
from geo.files.checks import SEVERITY, Calendar
from geo.files.checks.cells.column_mapping import is_personal, map_columns
from geo.files.checks.cells.finding import Defect
from geo.files.checks.cells.personal_data import personal_number, redact_numbers
from geo.files.checks.check import check_rows
from geo.files.readers import SourceNote, Table, read_file
from geo.files.schema.layers import find_layer
from tests import ROOT, SHARED_DATA

DATA = SHARED_DATA
needs_data = pytest.mark.skipif(not DATA.exists(), reason="shared test data are not here")
WGS84 = parse_crs("wgs84")
TODAY = dt.date(2026, 11, 23)
BOX = shapely.box(117.0, 30.4, 117.3, 30.7)  # a toy district
CODE = "34080200001320000001"


def table(rows, geometry=None, crs=None):
    """A table as a source would give it: rows from file line 2 on."""
    frame = pd.DataFrame(rows, dtype=object)
    frame.index = pd.RangeIndex(2, 2 + len(frame), name="row")
    frame = frame.astype(object).where(frame.notna(), None)
    shapes = None if geometry is None else pd.Series(geometry, index=frame.index, dtype=object)
    return Table(tuple(frame.columns), frame, shapes, crs, header_row=1)


def camera(**cells):
    usual = {"设备编码": CODE, "设备名称": "桥北01", "经度": "117.1", "纬度": "30.5"}
    return {**usual, **cells}


def cameras(*rows, crs=WGS84, **options):
    return check_rows(
        table(list(rows)), find_layer("cameras"), crs=crs, calendar=Calendar(TODAY), **options
    )


def found(intake):
    return [(f.row, f.column, f.code) for f in intake.findings if f.code != "COLUMN_UNMAPPED"]


def the(intake, code):
    (finding,) = [f for f in intake.findings if f.code == code]
    return finding


def district():
    text = (DATA / "yingjiang" / "district_wgs84.geojson").read_text(encoding="utf-8")
    return shapely.geometry.shape(json.loads(text)["features"][0]["geometry"])


# whole files ---------------------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize(
    ("name", "expected", "rows"),
    [
        ("cameras_register.xlsx", "cameras_register_expected.csv", 60),
        ("cameras_gbk.csv", "cameras_gbk_expected.csv", 40),
    ],
)
def test_every_planted_defect_of_the_registers_is_found_and_clean_rows_stay_silent(
    name, expected, rows
):
    with (DATA / "register" / expected).open(encoding="utf-8", newline="") as source:
        planted = list(csv.DictReader(source))
    taken = check_rows(
        read_file(DATA / "register" / name),
        find_layer("cameras"),
        bounds=district(),
        calendar=Calendar(TODAY),
    )
    cells = {(f.row, f.column, f.code): f for f in taken.findings}
    for defect in planted:
        column, code = defect["column"], defect["defect"]
        if code == "CRS_SUSPECT":  # two rows are no evidence: that they lie outside is said
            column, code = "经度", "OUT_OF_DISTRICT"
        finding = cells.get((int(defect["row"]), column, code))
        assert finding is not None, defect
        if code != defect["defect"]:
            continue
        told = defect["expected"] and not defect["defect"].startswith("CODE_")
        if told and defect["defect"] != "OUT_OF_DISTRICT":
            assert finding.suggested == defect["expected"], defect
        if defect["defect"] == "OUT_OF_DISTRICT":
            assert finding.facts["distance_m"] == pytest.approx(
                int(defect["expected"].split()[0]), abs=2
            )
    loud = {f.row for f in taken.findings if f.severity != "note"}
    assert loud <= {int(defect["row"]) for defect in planted}
    assert taken.read == rows == taken.quarantined + len(taken.rows)
    assert not any(f.code == "CODE_DUPLICATE" for f in taken.findings if f.row in (9, 10))


@needs_data
def test_boston_in_feet_is_refused_as_degrees_and_taken_as_what_it_is():
    source = read_file(DATA / "boston" / "police_districts_as_found.geojson")
    options = {"mapping": {"code": "DISTRICT", "name": "DISTRICT"}, "level": "grid"}
    with pytest.raises(CRSError, match=r"nowhere on the globe.*EPSG"):
        check_rows(source, find_layer("areas"), crs=WGS84, **options)
    taken = check_rows(source, find_layer("areas"), crs=parse_crs("EPSG:2249"), **options)
    assert len(taken.rows) == 12
    assert set(taken.rows.geom_type) == {"MultiPolygon"}
    lon, lat = taken.rows.geometry.union_all().centroid.coords[0]
    assert (round(lon, 1), round(lat, 1)) == (-71.1, 42.3)
    assert set(taken.rows["level"]) == {"grid"}


@needs_data
def test_a_file_without_a_word_about_its_system_is_refused():
    source = read_file(DATA / "washington" / "cameras.geojson")
    with pytest.raises(CRSError, match="--crs"):
        check_rows(source, find_layer("cameras"), mapping={"name": "id"})
    taken = check_rows(source, find_layer("cameras"), mapping={"name": "id"}, crs=WGS84)
    assert len(taken.rows) == 596
    assert taken.rows["code"].str.fullmatch("~[0-9a-f]{12}").all()
    assert taken.rows["code"].is_unique


@needs_data
def test_zagreb_has_137_positions_once_its_columns_are_named():
    source = read_file(DATA / "dirty" / "zagreb_cameras.csv", encoding="cp1250")
    mapping = {"name": "Lokacija", "lat": "#4", "lon": "#5"}
    taken = check_rows(source, find_layer("cameras"), crs=WGS84, mapping=mapping)
    assert (taken.read, taken.quarantined) == (137, 0)
    assert taken.rows.total_bounds.round(1).tolist() == [15.9, 45.8, 16.1, 45.8]
    assert taken.rows["attributes"].iloc[0] == {"Broj mikrolokacija": "1", "Godina": "2011"}


@needs_data
def test_shanghai_loses_its_380_filling_positions_and_notes_the_repeated_one():
    source = read_file(DATA / "dirty" / "shanghai_points.geojson")
    taken = check_rows(source, find_layer("cameras"), crs=WGS84, mapping={"name": "position"})
    filling = [f for f in taken.findings if f.code == "COORDINATES_RANGE"]
    assert len(filling) == taken.quarantined == 380
    assert filling[0].value == "-999 -999"
    repeated = [f for f in taken.findings if f.code == "POSITION_REPEATED"]
    assert [f.facts["times"] for f in repeated] == [120, 76]
    collapsed = [f for f in taken.findings if f.code == "DUPLICATE_ROW"]
    assert len(taken.rows) == 4120 - len(collapsed)


@needs_data
def test_the_district_file_in_gcj02_is_an_area_of_the_right_size():
    source = read_file(DATA / "yingjiang" / "district_gcj02.geojson")
    taken = check_rows(
        source,
        find_layer("areas"),
        crs=parse_crs("gcj02"),
        mapping={"code": "adcode", "name": "name"},
    )
    assert taken.rows.to_crs(4548).area.sum() / 1e6 == pytest.approx(206.93, abs=0.1)
    assert taken.rows[["code", "level"]].to_numpy().tolist() == [["340802000000", "district"]]
    attributes = taken.rows["attributes"].iloc[0]
    assert json.loads(json.dumps(attributes)) == attributes
    assert attributes["acroutes"] == [100000, 340000, 340800]


# positions -----------------------------------------------------------------------------------


def test_a_clean_row_is_taken_in_silence():
    taken = cameras(camera(监视方位="45", 坐标系="WGS-84"), crs=None, bounds=BOX)
    assert found(taken) == []
    (row,) = taken.rows.to_dict("records")
    assert (row["code"], row["name"]) == (CODE, "桥北01")
    assert (row["heading_deg"], row["heading_source"]) == (45.0, "surveyed")
    assert (row["geometry"].x, row["geometry"].y) == (117.1, 30.5)
    assert taken.rows.crs.to_epsg() == 4326
    assert taken.rows.index.tolist() == [2]
    assert row["indoor"] is None
    assert np.isnan(row["hfov_deg"])


@pytest.mark.parametrize(
    ("lon", "lat", "code", "suggested"),
    [
        ("30.5", "117.1", "LONLAT_SWAPPED", "117.100000 30.500000"),
        ("0", "0.000", "ZERO_COORDINATES", ""),
        ("-999", "-999", "COORDINATES_RANGE", ""),
        ("=117+0.1", "30.5", "FORMULA_CELL", "117.1"),
        ("abc", "30.5", "VALUE_NUMBER", ""),
        ("117,1", "30.5", "VALUE_NUMBER", "117.1"),
        (None, "30.5", "COORDINATES_MISSING", ""),
        ("不详", "不详", "COORDINATES_MISSING", ""),
        ("118.0", "30.5", "OUT_OF_DISTRICT", ""),
    ],
)
def test_an_unusable_position_quarantines_the_row(lon, lat, code, suggested):
    good = [camera(设备编码=f"C{n}") for n in range(3)]
    taken = cameras(camera(经度=lon, 纬度=lat), *good, bounds=BOX)
    finding = next(f for f in taken.findings if f.code == code)
    assert (finding.row, finding.column, finding.severity) == (2, "经度", "error")
    assert finding.suggested == suggested
    assert (taken.read, taken.quarantined, len(taken.rows)) == (4, 1, 3)


def test_exchanged_axes_are_told_by_the_district_where_both_orders_are_on_the_globe():
    box = shapely.box(15.8, 45.7, 16.2, 45.9)
    row = camera(经度="45.81", 纬度="15.99")
    assert the(cameras(row, bounds=box), "LONLAT_SWAPPED").suggested == "15.990000 45.810000"
    assert found(cameras(row)) == []


def test_a_whole_column_of_exchanged_axes_is_reported_row_by_row():
    rows = [camera(设备编码=f"C{n}", 经度="30.5", 纬度="117.1") for n in range(4)]
    assert [code for _, _, code in found(cameras(*rows))] == ["LONLAT_SWAPPED"] * 4


def test_northing_before_easting_is_exchanged_axes_as_well():
    row = camera(经度="3375000", 纬度="500000")
    taken = cameras(row, crs=parse_crs("EPSG:4548"), bounds=shapely.box(116.9, 30.4, 117.1, 30.6))
    assert the(taken, "LONLAT_SWAPPED").suggested.startswith("117.000000 30.4")


def test_outside_is_a_warning_near_the_district_and_an_error_far_from_it():
    near = the(cameras(camera(经度="117.31"), bounds=BOX), "OUT_OF_DISTRICT")
    assert (near.severity, near.facts["distance_m"]) == ("warning", 960)
    far = the(cameras(camera(经度="-71.06", 纬度="42.36"), bounds=BOX), "OUT_OF_DISTRICT")
    assert far.severity == "error"
    assert far.facts["distance_m"] > 5_000_000


SMALL = shapely.box(117.04, 30.5, 117.06, 30.516)


def test_a_few_rows_beyond_the_border_are_outside_and_no_doubt_about_the_system():
    around = [
        *((117.0600104, 30.505), (117.06052, 30.505), (117.0642, 30.505), (117.0399896, 30.505)),
        *((117.05, 30.516009), (117.05, 30.5169), (117.05, 30.499991)),
    ]
    rows = [
        camera(设备编码=str(n), 经度=str(lon), 纬度=str(lat)) for n, (lon, lat) in enumerate(around)
    ]
    taken = cameras(*rows, bounds=SMALL)
    told = {f.row: f.facts["distance_m"] for f in taken.findings}
    assert {f.code for f in taken.findings} == {"OUT_OF_DISTRICT"}
    assert told == {2: 1, 3: 50, 4: 403, 5: 1, 6: 1, 7: 100, 8: 1}
    assert len(taken.rows) == 7


@pytest.mark.parametrize(("count", "doubted"), [(6, False), (7, True)])
def test_many_rows_that_only_another_system_brings_in_are_doubted_with_its_column(count, doubted):
    lon, lat = wgs84_to_gcj02(np.full(count, 117.0595), np.linspace(30.505, 30.51, count))
    rows = [
        camera(设备编码=str(n), 经度=f"{x:.7f}", 纬度=f"{y:.7f}", 坐标系="WGS-84")
        for n, (x, y) in enumerate(zip(lon, lat, strict=True))
    ]
    taken = cameras(*rows, bounds=SMALL)
    outside = [f for f in taken.findings if f.code == "OUT_OF_DISTRICT"]
    suspect = [f for f in taken.findings if f.code == "CRS_SUSPECT"]
    assert (len(outside), len(suspect)) == (count, count if doubted else 0)
    if doubted:
        assert (suspect[0].column, suspect[0].value) == ("坐标系", "WGS-84")
        assert suspect[0].suggested == "117.059500 30.505000"


def test_on_the_border_is_not_outside():
    assert found(cameras(camera(经度="117.3", 纬度="30.5"), bounds=BOX)) == []


def test_each_row_is_read_in_its_own_system():
    lon, lat = (f"{float(side):.7f}" for side in wgs84_to_gcj02(117.1, 30.5))
    rows = [
        camera(坐标系="WGS-84"),
        camera(设备编码="B", 设备名称="桥北02", 经度=lon, 纬度=lat, 坐标系="高德坐标"),
        camera(设备编码="C", 坐标系=None),
        camera(设备编码="D", 坐标系="北京54"),
        camera(设备编码="E", 坐标系="本地坐标"),
    ]
    taken = cameras(*rows, crs=None, bounds=BOX)
    assert found(taken) == [
        (3, "坐标系", "CRS_GCJ02"),
        (4, "坐标系", "CRS_MISSING"),
        (5, "坐标系", "CRS_UNSHIFTED"),
        (6, "坐标系", "CRS_UNKNOWN"),
    ]
    assert taken.rows.index.tolist() == [2, 3]
    assert taken.rows.geometry.loc[3].distance(taken.rows.geometry.loc[2]) < 1e-6
    kept = taken.rows["attributes"].loc[3]["reported"]
    assert kept == {"x": float(lon), "y": float(lat), "crs": "gcj02"}
    assert the(taken, "CRS_GCJ02").suggested == "117.100000 30.500000"


def test_the_declaration_fills_what_the_column_leaves_open():
    taken = cameras(camera(坐标系="WGS-84"), camera(设备编码="B", 坐标系=None))
    assert the(taken, "CRS_MISSING").severity == "note"
    assert len(taken.rows) == 2


def test_a_declaration_beats_the_file_and_is_noted():
    shapes = [shapely.Point(117.1, 30.5)]
    source = table([{"名称": "甲"}], shapes, parse_crs("wgs84"))
    taken = check_rows(source, find_layer("cameras"), crs=parse_crs("gcj02"))
    assert the(taken, "CRS_OVERRIDDEN").severity == "note"
    assert taken.rows.geometry.iloc[0].x == pytest.approx(117.0945, abs=1e-4)
    alike = check_rows(source, find_layer("cameras"), crs=parse_crs("cgcs2000"))
    assert found(alike) == []


def test_a_table_without_coordinates_is_refused():
    with pytest.raises(InputError, match="--map lon=HEADER"):
        check_rows(table([{"名称": "甲"}]), find_layer("cameras"), crs=WGS84)


def test_coordinates_may_stand_in_one_cell_or_as_wkt():
    one = check_rows(
        table([{"名称": "甲", "坐标": "117.1，30.5"}]), find_layer("cameras"), crs=WGS84
    )
    assert one.rows.geometry.iloc[0] == shapely.Point(117.1, 30.5)
    line = {"等级": "主干道", "wkt": "LINESTRING (117 30, 117.1 30)"}
    road = check_rows(table([line, {**line, "wkt": "LINE"}]), find_layer("roads"), crs=WGS84)
    assert road.rows.geom_type.tolist() == ["LineString"]
    assert found(road) == [(3, "wkt", "GEOMETRY_TEXT")]


def test_an_incident_may_have_no_position_but_not_a_wrong_one():
    rows = [
        {"编号": "1", "标题": "井盖缺失", "经度": None, "纬度": None},
        {"编号": "2", "标题": "井盖缺失", "经度": "0", "纬度": "0"},
        {"编号": "3", "标题": "井盖缺失", "经度": "30.5", "纬度": "117.1"},
    ]
    taken = check_rows(table(rows), find_layer("incidents"), crs=WGS84, calendar=Calendar(TODAY))
    assert taken.rows.index.tolist() == [2, 3]
    assert taken.rows.geometry.isna().all()
    bare = check_rows(
        table([{"编号": "1", "标题": "井盖缺失"}]),
        find_layer("incidents"),
        calendar=Calendar(TODAY),
    )
    assert len(bare.rows) == 1


# shapes --------------------------------------------------------------------------------------


def shapes_of(name, *shapes, rows=None, **options):
    rows = rows or [{"名称": f"n{n}"} for n, _ in enumerate(shapes)]
    return check_rows(table(rows, list(shapes)), find_layer(name), crs=WGS84, **options)


def test_polygons_become_multipolygons_and_bow_ties_are_mended():
    square = shapely.box(117, 30, 117.001, 30.001)
    bow_tie = shapely.Polygon([(117, 30), (117.001, 30.001), (117.001, 30), (117, 30.001)])
    flat = shapely.Polygon([(117, 30), (117.001, 30), (117, 30)])
    taken = shapes_of("buildings", square, bow_tie, flat, None, shapely.Point(117, 30))
    assert found(taken) == [
        (3, "geometry", "GEOMETRY_REPAIRED"),
        (4, "geometry", "GEOMETRY_EMPTY"),
        (5, "geometry", "GEOMETRY_MISSING"),
        (6, "geometry", "GEOMETRY_TYPE"),
    ]
    assert taken.rows.geom_type.tolist() == ["MultiPolygon"] * 2
    assert taken.rows.is_valid.all()
    assert shapely.area(taken.rows.geometry.to_numpy()).tolist() == pytest.approx([1e-6, 0.5e-6])


def test_mending_a_polygon_gives_back_no_ground_that_a_hole_takes_out():
    holes = [shapely.box(2, 2, 5, 5), shapely.box(4, 4, 8, 8), shapely.box(9, 0, 12, 1)]
    broken = shapely.Polygon(shapely.box(0, 0, 10, 10).exterior, [hole.exterior for hole in holes])
    placed = shapely.transform(broken, lambda xy: xy * 1e-4 + [117, 30])
    taken = shapes_of("water", placed)
    assert found(taken) == [(2, "geometry", "GEOMETRY_REPAIRED")]
    left = 100 - (9 + 16 - 1) - 1  # of the third only what lies inside
    assert shapely.area(taken.rows.geometry.to_numpy()).tolist() == pytest.approx([left * 1e-8])


def test_cameras_are_points_and_roads_are_lines():
    polygon = shapely.box(117, 30, 117.001, 30.001)
    single, double = shapely.MultiPoint([(117, 30)]), shapely.MultiPoint([(117, 30), (117, 31)])
    taken = shapes_of("cameras", polygon, single, double, shapely.Point(117, 30, 5))
    assert found(taken) == [
        (2, "geometry", "GEOMETRY_TYPE"),
        (4, "geometry", "GEOMETRY_TYPE"),
    ]
    assert taken.rows.geom_type.tolist() == ["Point", "Point"]
    assert not taken.rows.has_z.any()
    finding = taken.findings[0]
    assert (finding.facts["found"], finding.facts["expected"]) == ("POLYGON", "point")


def test_a_place_given_as_area_becomes_a_point_with_its_radius():
    square = shapely.box(117, 30, 117.001, 30.001)  # about 96.5 m by 110.9 m
    rows = [
        {"名称": "一中", "类型": "学校", "半径": None},
        {"名称": "二中", "类型": "学校", "半径": "80"},
    ]
    taken = shapes_of("places", square, square, rows=rows)
    assert [code for _, _, code in found(taken)] == ["PLACE_FROM_AREA"] * 2
    assert taken.rows["radius_m"].tolist() == pytest.approx([58.35, 80.0], abs=0.1)
    assert taken.rows.geometry.iloc[0].within(square)


def test_an_area_far_from_the_known_district_is_another_district_not_an_error():
    rows = [{"code": "440305", "name": "南山区"}]
    taken = shapes_of("areas", shapely.box(113.9, 22.5, 114, 22.6), rows=rows, bounds=BOX)
    assert found(taken) == []
    assert taken.rows["level"].tolist() == ["district"]


def test_roads_may_cross_the_border_but_not_lie_in_another_country():
    rows = [{"等级": "支路"}] * 2
    across = shapely.LineString([(117.31, 30.5), (117.4, 30.5)])
    abroad = shapely.LineString([(-71.0, 42.0), (-71.1, 42.0)])
    taken = shapes_of("roads", across, abroad, rows=rows, bounds=BOX)
    assert found(taken) == [(3, "geometry", "OUT_OF_DISTRICT")]


# values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cell", "code", "severity", "suggested"),
    [
        ("设备编码", 3.408020000132e19, "CODE_AS_NUMBER", "error", ""),
        ("设备编码", "3.40802E+19", "CODE_SCIENTIFIC", "error", ""),
        ("设备编码", "3408020000132000005", "CODE_LENGTH", "error", ""),
        ("设备编码", "34080200001340000051", "CODE_TYPE", "error", ""),
        ("设备编码", "３４０８０２００００１３２００００００１", "FULLWIDTH_DIGITS", "note", CODE),
        ("设备编码", f"\u3000{CODE}\xa0", "WHITESPACE", "note", CODE),
        ("设备名称", None, "VALUE_REQUIRED", "error", ""),
        ("监视方位", None, "AZIMUTH_MISSING", "warning", ""),
        ("监视方位", "不详", "AZIMUTH_MISSING", "warning", ""),
        ("监视方位", "北偏东30°", "AZIMUTH_TEXT", "note", "30"),
        ("监视方位", 400, "AZIMUTH_RANGE", "warning", ""),
        ("监视方位", "看大门", "AZIMUTH_UNREADABLE", "warning", ""),
        ("水平视场角", 400, "FOV_RANGE", "warning", ""),
        ("安装高度", "４．５", "FULLWIDTH_DIGITS", "note", "4.5"),
        ("安装高度", "4.5米", "VALUE_UNIT", "note", "4.5"),
        ("安装高度", "500", "VALUE_RANGE", "warning", ""),
        ("安装高度", "很高", "VALUE_NUMBER", "warning", ""),
        ("安装高度", True, "VALUE_NUMBER", "warning", ""),
        ("有效距离", "=50*2", "FORMULA_CELL", "warning", "100"),
        ("录像保存天数", "15", "RETENTION_BELOW_30", "warning", ""),
        ("录像保存天数", 30.5, "VALUE_NUMBER", "warning", "30"),
        ("安装时间", "2021.5", "DATE_TEXT", "warning", "2021-05"),
        ("安装时间", 44562, "DATE_TEXT", "warning", "2022-01-01"),
        ("安装时间", "2099-01-01", "DATE_FUTURE", "warning", ""),
        ("安装时间", "2021-02-30", "DATE_TEXT", "warning", ""),
        ("摄像机类型", "机枪", "VALUE_CHOICE", "warning", ""),
        ("室内外", "2", "VALUE_CHOICE", "warning", ""),
        ("设备名称", "桥北，联系13812345678", "VALUE_PERSONAL", "warning", ""),
    ],
)
def test_each_defect_of_a_cell_is_found(header, cell, code, severity, suggested):
    taken = cameras(camera(**{header: cell}))
    finding = the(taken, code)
    assert (finding.row, finding.column) == (2, header)
    assert (finding.severity, finding.suggested) == (severity, suggested)
    assert len(taken.rows) == (severity != "error")
    assert finding.severity == SEVERITY[code]


@pytest.mark.parametrize(
    ("header", "cell", "field", "value"),
    [
        ("摄像机类型", "球机(云台)", "form", "ptz"),
        ("摄像机类型", "球机（云台）", "form", "ptz"),
        ("建设类别", "一类点", "owner_kind", "skynet"),
        ("状态", "不详", "connection", "unknown"),
        ("联网属性", "未联网", "networked", False),
        ("室内外", "室内", "indoor", True),
        ("标识牌", 1, "sign_present", True),
        ("安装时间", dt.date(2023, 5, 1), "installed_on", "2023-05-01"),
        ("安装时间", "2023年5月1日", "installed_on", "2023-05-01"),
        ("安装时间", "2023/5/1", "installed_on", "2023-05-01"),
        ("安装时间", "20230501", "installed_on", "2023-05-01"),
        ("安装高度（米）", " 6 ", "mount_height_m", 6.0),
        ("*安装高度", 6, "mount_height_m", 6.0),
        ("有效距离", "不详", "range_m", None),
        ("监控 点", "A-7", "site", "A-7"),
        ("补光", 2, "supply_light", "infrared"),
    ],
)
def test_values_are_read_as_people_write_them(header, cell, field, value):
    taken = cameras(camera(**{header: cell}))
    assert found(taken) == []
    read_value = taken.rows[field].iloc[0]
    assert (pd.isna(read_value) and value is None) or read_value == value


def test_times_keep_their_clock_and_their_offset():
    rows = [
        {"编号": str(n), "标题": "x", "发生时间": cell}
        for n, cell in enumerate(
            [
                "2026-09-30 21:38",
                "2026/9/30 21:38:05",
                "2026年9月30日 21时38分",
                "2026-09-30T21:38:00+08:00",
                "2014-01-02T03:04:05.000",
                dt.datetime(2026, 9, 30, 21, 38),
                "晚上九点",
            ]
        )
    ]
    taken = check_rows(table(rows), find_layer("incidents"), calendar=Calendar(TODAY))
    assert taken.rows["occurred_at"].tolist() == [
        "2026-09-30T21:38:00",
        "2026-09-30T21:38:05",
        "2026-09-30T21:38:00",
        "2026-09-30T21:38:00+08:00",
        "2014-01-02T03:04:05",
        "2026-09-30T21:38:00",
        None,
    ]
    assert found(taken) == [(8, "发生时间", "DATE_TEXT")]


def test_a_broken_code_beside_the_key_costs_the_value_not_the_row():
    rows = [{"编码": "U-1", "名称": "甲", "辖区编码": "3.40802E+08"}]
    taken = check_rows(table(rows), find_layer("units"))
    assert the(taken, "CODE_SCIENTIFIC").severity == "warning"
    assert taken.rows["area_code"].tolist() == [None]


# headings ------------------------------------------------------------------------------------


def test_a_range_fills_the_angle_of_view_only_where_that_is_blank():
    rows = [
        camera(监视方位="239-284"),
        camera(设备编码="B", 监视方位="270-90", 水平视场角="80"),
        camera(设备编码="C", 监视方位="45"),
    ]
    taken = cameras(*rows, mapping={"hfov_deg": "水平视场角"})
    assert taken.rows["heading_deg"].tolist() == [261.5, 0.0, 45.0]
    assert taken.rows["heading_source"].tolist() == ["surveyed"] * 3
    assert taken.rows["hfov_deg"].fillna(-1).tolist() == [45.0, 80.0, -1]
    assert taken.rows["views"].tolist() == [None] * 3
    assert found(taken) == [(2, "监视方位", "AZIMUTH_VIEWS"), (3, "监视方位", "AZIMUTH_VIEWS")]
    assert [f.suggested for f in taken.findings] == ["261.5", "0"]


def test_an_unusable_angle_of_view_is_filled_from_the_range_too():
    taken = cameras(camera(监视方位="239-284", 水平视场角="400"))
    assert taken.rows["hfov_deg"].tolist() == [45.0]
    assert {f.code for f in taken.findings} == {"AZIMUTH_VIEWS", "FOV_RANGE"}


def test_a_list_of_headings_is_several_views_and_the_columns_hold_the_first():
    taken = cameras(camera(监视方位="NE；10-30、南偏西15度", 水平视场角="80", 有效距离="60"))
    (row,) = taken.rows.to_dict("records")
    assert (row["heading_deg"], row["heading_source"], row["hfov_deg"]) == (45.0, "rounded8", 80.0)
    assert row["views"] == [
        {"heading_deg": 45.0, "heading_source": "rounded8", "hfov_deg": 80.0},
        {"heading_deg": 20.0, "heading_source": "surveyed", "hfov_deg": 80.0},
        {"heading_deg": 195.0, "heading_source": "parsed", "hfov_deg": 80.0},
    ]
    finding = the(taken, "AZIMUTH_VIEWS")
    assert (finding.severity, finding.suggested) == ("note", "45;20;195")


def test_each_range_of_a_list_has_its_own_angle():
    taken = cameras(camera(监视方位="0-90;200"))
    assert [view["hfov_deg"] for view in taken.rows["views"].iloc[0]] == [90.0, None]


@pytest.mark.parametrize(
    ("scheme", "cell", "deg", "source"),
    [
        ("degrees", "5", 5.0, "surveyed"),
        ("gbt28181", "5", 135.0, "rounded8"),
        ("gbt28181", 5, 135.0, "rounded8"),
        ("gbt28181", 5.0, 135.0, "rounded8"),
        ("gat1400", "5", 45.0, "rounded8"),
        ("gat1400", "西北", 315.0, "rounded8"),
    ],
)
def test_a_bare_digit_is_what_the_declared_scheme_says(scheme, cell, deg, source):
    taken = cameras(camera(监视方位=cell), heading_scheme=scheme)
    assert taken.rows["heading_deg"].tolist() == [deg]
    assert taken.rows["heading_source"].tolist() == [source]
    assert len(taken.findings) == (source != "surveyed")


@pytest.mark.parametrize(
    ("scheme", "cell", "code"),
    [
        ("gbt28181", "9", "AZIMUTH_CODE"),
        ("gbt28181", "45", "AZIMUTH_CODE"),
        ("gbt28181", "0", "AZIMUTH_MISSING"),
        ("gat1400", "9", "AZIMUTH_MISSING"),
        ("gat1400", "1-3", "AZIMUTH_UNREADABLE"),
    ],
)
def test_a_code_without_a_direction_leaves_the_heading_unknown(scheme, cell, code):
    taken = cameras(camera(监视方位=cell), heading_scheme=scheme)
    finding = the(taken, code)
    assert (finding.column, finding.severity) == ("监视方位", "warning")
    assert taken.rows["heading_source"].tolist() == ["unknown"]
    if code == "AZIMUTH_CODE":
        assert "GB/T 28181" in finding.advice("zh")
        assert "0, 1, 2, 3, 4, 5, 6, 7, 8" in finding.advice("en")


def test_an_unknown_scheme_refuses_the_import():
    with pytest.raises(InputError, match="gbt28181"):
        cameras(camera(), heading_scheme="onvif")


@pytest.mark.parametrize("cell", ["0-360", "5-355", "45;0-360"])
def test_a_range_in_which_a_camera_turns_is_no_picture(cell):
    taken = cameras(camera(监视方位=cell, 摄像机类型="球机"))
    (row,) = taken.rows.to_dict("records")
    assert row["heading_source"] == "unknown"
    assert np.isnan(row["heading_deg"])
    assert np.isnan(row["hfov_deg"])
    assert row["views"] is None
    assert the(taken, "AZIMUTH_TURNING").severity == "warning"


def test_a_full_circle_of_a_camera_that_does_not_turn_is_its_picture():
    for form in ("全景", "枪机", None):
        taken = cameras(camera(监视方位="0-360", 摄像机类型=form))
        assert taken.rows["hfov_deg"].tolist() == [360.0]
    narrow = cameras(camera(监视方位="239-284", 摄像机类型="球机"))
    assert narrow.rows["hfov_deg"].tolist() == [45.0]


# identity ------------------------------------------------------------------------------------


def test_of_two_equal_codes_the_later_row_is_quarantined():
    taken = cameras(camera(), camera(经度="117.2"), camera(设备编码=f" {CODE} "))
    assert found(taken) == [(3, "设备编码", "CODE_DUPLICATE"), (4, "设备编码", "CODE_DUPLICATE")]
    assert [f.facts["first"] for f in taken.findings] == [2, 2]
    assert taken.rows.index.tolist() == [2]


def test_two_cameras_on_one_pole_are_two_cameras():
    taken = cameras(camera(监视方位="90"), camera(设备编码="B", 监视方位="270"))
    assert found(taken) == []
    assert len(taken.rows) == 2


def test_rows_without_a_code_get_a_stable_one_and_identical_ones_become_one():
    rows = [camera(设备编码=None), camera(设备编码=None, 经度="117.2"), camera(设备编码=None)]
    first, again = cameras(*rows), cameras(*reversed(rows))
    assert found(first) == [
        (3, "设备名称", "ROW_REPEATED"),
        (4, "设备名称", "DUPLICATE_ROW"),
    ]
    assert (first.read, first.quarantined, len(first.rows)) == (3, 0, 2)
    assert set(first.rows["code"]) == set(again.rows["code"])
    assert first.rows["code"].str.fullmatch("~[0-9a-f]{12}").all()


def test_rows_that_all_say_the_same_are_no_repetitions_worth_a_word():
    # houses of a map have a kind and no name; a repeated one among named ones is another matter
    houses = [shapely.box(x, 30.5, x + 0.0001, 30.5001) for x in np.arange(117.0, 117.01, 0.001)]
    same = [{"类型": "yes"} for _ in houses]
    assert found(shapes_of("buildings", *houses, rows=same)) == []
    named = [{"类型": "yes", "名称": f"{n // 2 if n < 2 else n}号楼"} for n, _ in enumerate(houses)]
    taken = shapes_of("buildings", *houses, rows=named)
    assert found(taken) == [(3, "名称", "ROW_REPEATED")]
    assert len(taken.rows) == len(houses)


def test_a_number_is_the_code_of_a_camera_unless_a_better_column_has_it():
    alone = table([{"编号": "A-017", "名称": "桥北", "经度": "117.1", "纬度": "30.5"}])
    assert check_rows(alone, find_layer("cameras"), crs=WGS84).rows["code"].tolist() == ["A-017"]
    beside = cameras(camera(编号="1"))
    assert beside.rows["code"].tolist() == [CODE]
    assert beside.rows["attributes"].tolist() == [{"编号": "1"}]


def test_cameras_of_openstreetmap_come_with_their_keys():
    tags = {
        "@id": "node/1",
        "name": "Bridge",
        "camera:type": "panning",
        "camera:direction": "NE",
        "direction": "10",
        "camera:angle": "15",
        "surveillance": "outdoor",
        "height": "6 m",
        "operator": "城管局",
        "ref": "B-7",
        "start_date": "2019-05-01",
    }
    inside = {**tags, "@id": "node/2", "camera:type": "fixed", "surveillance": "indoor"}
    given = table([tags, inside], [shapely.Point(117.1, 30.5), shapely.Point(117.2, 30.5)])
    taken = check_rows(given, find_layer("cameras"), crs=WGS84, calendar=Calendar(TODAY))
    row = taken.rows.iloc[0]
    numbers = ["heading_deg", "tilt_deg", "mount_height_m", "indoor"]
    assert row[numbers].tolist() == [45.0, 15.0, 6.0, False]
    texts = ["code", "form", "management_unit", "local_code", "installed_on"]
    assert row[texts].tolist() == ["node/1", "ptz", "城管局", "B-7", "2019-05-01"]
    assert taken.rows[["form", "indoor"]].iloc[1].tolist() == ["fixed", True]


@pytest.mark.parametrize(
    ("highway", "stored"),
    [("cycleway", "path"), ("steps", "path"), ("bridleway", "path"), ("busway", "service")],
)
def test_ways_of_openstreetmap_have_a_class(highway, stored):
    way = shapely.LineString([(117.1, 30.5), (117.2, 30.5)])
    taken = shapes_of("roads", way, rows=[{"highway": highway}])
    assert (found(taken), taken.rows["class"].tolist()) == ([], [stored])


def test_same_name_and_place_but_another_heading_stays_another_camera():
    taken = cameras(camera(设备编码=None, 监视方位="90"), camera(设备编码=None, 监视方位="270"))
    assert found(taken) == []
    assert taken.rows["code"].is_unique


def test_codes_made_from_content_are_those_of_earlier_versions():
    looks = [{"监视方位": "90"}, {"监视方位": "东北", "水平视场角": "80"}, {}]
    taken = cameras(*(camera(设备编码=None, **look) for look in looks))
    assert taken.rows["code"].tolist() == ["~6d3194a90f0b", "~4bb77369d41c", "~72e57f126702"]


def test_cameras_that_differ_in_a_further_view_stay_two_cameras():
    rows = [camera(设备编码=None, 监视方位=cell) for cell in ("90", "90;180", "90;270", "90;180")]
    taken = cameras(*rows)
    assert len(taken.rows) == taken.rows["code"].nunique() == 3


@given(st.lists(st.tuples(st.sampled_from("甲乙"), st.integers(0, 2)), min_size=1, max_size=8))
def test_every_row_is_taken_quarantined_or_collapsed(rows):
    taken = cameras(*(camera(设备编码=None, 设备名称=n, 经度=f"117.{x}") for n, x in rows))
    collapsed = [f for f in taken.findings if f.code == "DUPLICATE_ROW"]
    assert len(taken.rows) == len(set(rows))
    assert taken.read == len(taken.rows) + taken.quarantined + len(collapsed)


# columns -------------------------------------------------------------------------------------


def test_unknown_columns_are_kept_as_attributes_and_noted_once():
    taken = cameras(camera(备注="近桥", 层=3, 空=None), camera(设备编码="B", 备注=None))
    assert taken.rows["attributes"].tolist() == [{"备注": "近桥", "层": 3}, {}]
    noted = [f for f in taken.findings if f.code == "COLUMN_UNMAPPED"]
    assert [(f.row, f.column, f.severity) for f in noted] == [
        (1, "备注", "note"),
        (1, "层", "note"),
        (1, "空", "note"),
    ]


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("责任人姓名", "某某"),
        ("网格员", "某某"),
        ("联系人", "某某"),
        ("设备密码", "abc"),
        ("contact_person", "Somebody"),
        ("值班电话", "13812345678"),
        ("联系方式", "+86 138-1234-5678"),
        ("备用", "11010519491231002X"),
    ],
)
def test_columns_with_persons_are_refused_by_column_and_never_repeated(header, cell):
    taken = cameras(camera(**{header: cell}))
    finding = the(taken, "COLUMN_PERSONAL")
    assert (finding.row, finding.column, finding.severity) == (1, header, "warning")
    assert cell not in taken.rows.to_json() + str(taken.findings)


@pytest.mark.parametrize(
    "header", ["值班员岗位", "责任单位", "网格员人数", "联系电话", "name", "负责人岗位", "设备名称"]
)
def test_posts_units_and_counts_are_no_persons(header):
    assert not is_personal(header)


def test_numbers_of_persons_are_told_from_codes():
    assert personal_number("电话13812345678。")
    assert personal_number("11010519491231002X")
    assert not personal_number("110105194912310021")
    assert not personal_number(CODE)
    assert not personal_number("0556-5512345")
    assert redact_numbers("找138 1234 5678说") == "找***说"


def test_an_office_number_is_taken():
    taken = cameras(camera(值班电话="0556-5512345"))
    assert taken.rows["duty_phone"].tolist() == ["0556-5512345"]


def test_the_most_telling_header_wins():
    found_ = map_columns(("类型", "摄像机类型", "名称", "Lng", "纬度"), find_layer("cameras"))
    assert found_ == {"form": "摄像机类型", "name": "名称", "lon": "Lng", "lat": "纬度"}


def test_what_the_user_maps_comes_first_and_must_exist():
    headers = ("名称", "桥", "lon", "lat")
    found_ = map_columns(headers, find_layer("cameras"), given={"name": "桥"})
    assert found_["name"] == "桥"
    with pytest.raises(LayerError, match="名称, 桥"):
        map_columns(headers, find_layer("cameras"), given={"name": "路"})
    with pytest.raises(LayerError, match="no field"):
        map_columns(headers, find_layer("cameras"), given={"nom": "桥"})
    with pytest.raises(LayerError, match="persons"):
        map_columns((*headers, "姓名"), find_layer("cameras"), given={"name": "姓名"})


# areas ---------------------------------------------------------------------------------------


def areas(*rows, **options):
    square = shapely.box(117, 30, 117.01, 30.01)
    return shapes_of("areas", *[square] * len(rows), rows=list(rows), **options)


def test_the_level_comes_from_the_row_else_the_user_else_the_code():
    taken = areas(
        {"编码": "A", "名称": "甲", "层级": "街道"},
        {"编码": "B", "名称": "乙", "层级": None},
        level="网格",
    )
    assert taken.rows["level"].tolist() == ["township", "grid"]
    by_code = areas({"编码": "340802001001", "名称": "甲"}, {"编码": "X", "名称": "乙"})
    assert by_code.rows["level"].tolist() == ["community"]
    assert found(by_code) == [(3, "编码", "LEVEL_UNKNOWN")]
    with pytest.raises(LayerError, match="district, township"):
        areas({"编码": "A", "名称": "甲"}, level="省")


def test_official_codes_are_filled_up_but_a_grids_own_number_is_not():
    taken = areas({"编码": 340802001, "名称": "甲", "上级编码": 340802})
    assert taken.rows[["code", "parent_code"]].to_numpy().tolist() == [
        ["340802001000", "340802000000"]
    ]
    assert areas({"编码": "340802", "名称": "甲"}, level="grid").rows["code"].tolist() == ["340802"]


# sentences -----------------------------------------------------------------------------------


def test_every_finding_has_advice_in_both_languages():
    facts = {
        "digits": 19,
        "first": 2,
        "times": 12,
        "distance_m": 3,
        "distance_km": 4,
        "file": "a",
        "declared": "b",
        "low": 0,
        "high": 1,
        "known": "x",
        "today": "2026-11-23",
        "found": "POINT",
        "expected": "line",
        "reason": "x",
        "radius_m": 5,
        "degrees": 359.8,
        "county": "340803",
        "industry": "99",
        "named": "甲街道",
        "standing": "乙街道",
        "percent": 12,
        "code": "340802001000",
        "date": "2026-01-01",
        "fields": "安装时间",
        "of": 9,
        "reported": 45,
        "verified": 90,
        "timezone": "Asia/Shanghai",
        "earlier": "发生时间",
        "moment": "2026-09-01T08:00:00",
        "number": 3,
        "count": 2,
        "run": 7,
        "rows": "1、2",
    }
    for code in SEVERITY:
        finding = Defect(code, "s", facts).at(2, "列", "v")
        for lang in ("zh", "en"):
            assert re.search(r"[。.]$", finding.advice(lang)), code


def test_every_finding_stands_in_the_documentation_with_its_severity():
    text = (ROOT / "docs" / "findings.md").read_text("utf-8")
    stated = dict(re.findall(r"^\| `([A-Z_0-9]+)` \| (\w+)", text, re.MULTILINE))
    assert stated == dict(SEVERITY)


@pytest.mark.parametrize("number", ["1e999", "nan", "inf", "-inf"])
def test_a_coordinate_that_is_no_finite_number_quarantines_its_row_alone(tmp_path, number):
    path = tmp_path / "cameras.csv"
    path.write_text(f"code,name,lon,lat\nA,a,{number},30.5\nB,b,117.1,30.5\n")
    done = check_rows(read_file(path), find_layer("cameras"), crs=parse_crs("wgs84"))
    assert done.rows["code"].tolist() == ["B"]
    assert done.quarantined == 1


def test_an_area_wider_than_any_district_is_pointed_at():
    # Drawn across the 180th meridian without a cut, it goes the long way round the globe.
    around = shapely.box(-179.9, 30, 179.9, 31)
    taken = shapes_of("buildings", around)
    assert (the(taken, "GEOMETRY_HUGE").severity, len(taken.rows)) == ("warning", 1)


def test_columns_without_a_header_and_blanks_around_coordinates_are_named():
    taken = check_rows(
        table([{"名称": "甲", "#2": " 30.5", "#3": "117.1 "}]),
        find_layer("cameras"),
        crs=WGS84,
        mapping={"name": "名称", "lat": "#2", "lon": "#3"},
        calendar=Calendar(TODAY),
    )
    assert found(taken) == [
        (1, "#2", "COLUMN_UNNAMED"),
        (1, "#3", "COLUMN_UNNAMED"),
        (2, "#2", "WHITESPACE"),
        (2, "#3", "WHITESPACE"),
    ]
    assert (taken.rows.geometry.iloc[0].x, taken.rows.geometry.iloc[0].y) == (117.1, 30.5)


def test_places_far_off_all_others_are_named_where_no_district_is_known():
    rows = [camera(设备编码=f"C{k}", 经度=f"{117 + k / 1000:.3f}") for k in range(40)]
    rows.append(camera(设备编码="FAR", 经度="127.5"))
    assert found(cameras(*rows)) == [(42, "经度", "POSITION_FAR")]
    assert the(cameras(*rows), "POSITION_FAR").facts == {"distance_km": 1004}
    assert "POSITION_FAR" not in {code for _, _, code in found(cameras(*rows, bounds=BOX))}
    assert found(cameras(*rows[-15:])) == []


def test_a_formula_names_its_result_or_says_that_there_is_none():
    known = the(cameras(camera(有效距离="=50*2")), "FORMULA_CELL")
    none = the(cameras(camera(有效距离="=SUM(B2:B9)")), "FORMULA_CELL")
    assert "（结果：100）" in known.advice("zh")
    assert "没有存它的结果" in none.advice("zh")
    assert "result:" not in none.advice("en")


def test_every_state_of_the_form_has_a_word_on_the_map():
    field = find_layer("incidents").field("state")
    words = tomllib.loads((ROOT / "geo/base/words/map.toml").read_text(encoding="utf-8"))
    shown = words["map"]["state"]
    assert set(field.choices) <= set(shown)
    assert shown["referred_up"]["zh"] == "提级办理"
    assert "提级办理" in field.choices["referred_up"]


def test_a_broken_text_is_an_error_where_it_is_the_code_of_a_row():
    def noted(row, column):
        read = table([camera(), camera(设备编码="34080200001320000002")])
        note = SourceNote("TEXT_BROKEN", row, column, "x\ufffd")
        read = replace(read, notes=(note,))
        found = check_rows(read, find_layer("cameras"), crs=WGS84).findings
        return [each.severity for each in found if each.code == "TEXT_BROKEN"]

    assert noted(2, "设备编码") == ["error"]
    assert noted(3, "设备编码") == ["error"]
    assert noted(1, "设备编码") == ["warning"]
    assert noted(2, "设备名称") == ["warning"]
