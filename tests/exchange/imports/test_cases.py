"""Small files that failed once: each is read, named or refused as its row in the README says."""

from datetime import date

import pytest

from geo.base.errors import InputError
from geo.store import db, frames
from tests import SHARED_DATA
from tests.toy_town import bring_in, rectangle, write_geojson

CASES = SHARED_DATA / "cases"
pytestmark = [
    pytest.mark.postgis,
    pytest.mark.skipif(not CASES.exists(), reason="shared test data are not here"),
]

SILENT = {"COLUMN_UNMAPPED", "AZIMUTH_MISSING", "AZIMUTH_TEXT", "VALUE_UNIT"}
TWICE = {"mapping": {"heading_deg": "ANGLE_OF_T"}}
HALVES = {"level": "community", "valid_from": date(2026, 1, 1)}
NONE = {"crs": None}


def stored(engine, columns, table="camera", order="code"):
    with db.open_transaction(engine) as connection:
        found = frames.read_frame(
            connection, f"SELECT {columns} FROM govgrid.{table} ORDER BY {order}"
        )
    return found.to_numpy().tolist()


NOTICED = [
    ("incidents", "dst-shanghai.csv", {}, [(2, "DATE_AMBIGUOUS"), (3, "DATE_AMBIGUOUS")]),
    ("incidents", "pg-times.csv", {}, []),
    ("catalog", "says-gb2312-is-utf8-even.xml", NONE, [(0, "ENCODING_STATED")]),
    ("cameras", "utf8-cut-char.csv", {}, [(2, "TEXT_BROKEN")]),
    ("cameras", "asc-cpg-ansi936.shp", {}, []),
    ("cameras", "asc-cpg-gbk-utf8.shp", {}, [(0, "ENCODING_STATED")]),
    ("cameras", "cut-utf8-ascii-head.shp", {}, [(1, "TEXT_BROKEN")]),
    ("cameras", "dup-heading.shp", TWICE, [(0, "COLUMN_REPEATED")]),
    ("areas", "two-rows-one-code.geojson", HALVES, [(1, "AREA_PARTS")]),
    ("catalog", "org-with-coordinates.xml", NONE, [(0, "CATALOG_NODES")]),
    ("catalog", "mixed-ptz.xml", NONE, []),
    ("catalog", "amp.xml", NONE, [(1, "ITEM_REPAIRED")]),
    ("cameras", "hidden-first.xlsx", {}, [(1, "SHEET_HIDDEN")]),
    ("cameras", "sheet-per-township.xlsx", {}, [(1, "SHEETS_UNREAD")]),
    ("cameras", "sheet-per-township.xlsx", {"all_sheets": True}, [(1001, "SHEET_ROWS")]),
    ("cameras", "zero-format.xlsx", {}, [(1, "NUMBER_SHOWN"), (2, "VALUE_CHOICE")]),
    ("cameras", "errors.xlsx", {}, [(2, "ERROR_CELL"), (3, "ERROR_CELL")]),
    ("cameras", "title-unmerged.xlsx", {}, [(3, "HEADER_ROW"), (5, "ROW_TOTAL")]),
    ("cameras", "date1904-general.xlsx", {}, [(2, "DATE_TEXT")]),
    ("cameras", "esri.json", NONE, []),
    ("cameras", "gbk.geojson", {"encoding": "gbk"}, []),
    ("cameras", "gbk.geojson", {}, [(0, "ENCODING_STATED")]),
    ("cameras", "metres-zone.csv", {"crs": "EPSG:4527"}, []),
]

REFUSED = [
    ("cameras", "dbf-fewer.shp", {}, "source.shape_rows"),
    ("cameras", "xian80.shp", NONE, "crs.unshifted"),
    ("catalog", "notify-DEL.xml", NONE, "source.catalog_events"),
    ("catalog", "notify-del-short.xml", NONE, "source.catalog_events"),
    ("cameras", "html.xls", {}, "source.is_html"),
    ("cameras", "xlsx-named.csv", {}, "source.is_workbook"),
    ("cameras", "pointer.geojson", {}, "source.is_xml"),
    ("cameras", "pipeline.json", {}, "source.json_other"),
    ("cameras", "overpass.json", {}, "source.json_overpass"),
    ("cameras", "metres-zone.csv", {"crs": "EPSG:4548"}, "crs.zone_x"),
]


def test_what_is_noticed_of_each_file(engine):
    noticed = {}
    for layer, name, options, found in NOTICED:
        report = bring_in(engine, layer, CASES / name, dry_run=True, **options)
        told = [(f.row, f.code) for f in report.findings if f.code not in SILENT]
        taken = report.change.inserted + report.quarantined + report.repeated
        if (told, taken) != (found, report.read):
            noticed[name] = (told, taken)
    assert noticed == {}


def test_what_is_refused_is_refused_for_what_it_is(engine):
    for layer, name, options, key in REFUSED:
        with pytest.raises(InputError) as caught:
            bring_in(engine, layer, CASES / name, **options)
        assert (name, caught.value.key) == (name, key)
        assert "damaged" not in caught.value.text("en")
    assert stored(engine, "code") == []


@pytest.mark.parametrize(
    ("name", "moments"),
    [
        ("dst-shanghai.csv", ["1990-04-14T18:30:00", "1990-09-15T16:30:00"]),
        ("pg-times.csv", ["2026-09-01T00:00:00", "2026-09-01T00:00:00.123456"]),
    ],
)
def test_times_of_every_writing_are_the_moments_they_say(engine, name, moments):
    bring_in(engine, "incidents", CASES / name)
    found = stored(engine, "DISTINCT occurred_at", "incident", "1")
    assert [moment.isoformat() for (moment,) in found] == [f"{each}+00:00" for each in moments]


@pytest.mark.parametrize(
    ("layer", "name", "options", "columns", "rows"),
    [
        ("catalog", "says-gb2312-is-utf8-even.xml", NONE, "name", [["大桥路口枪机"]]),
        ("cameras", "utf8-cut-char.csv", {}, "name", [["大桥路口"], ["龙山路口"]]),
        ("cameras", "asc-cpg-ansi936.shp", {}, "name", [["大桥路口"]]),
        ("cameras", "asc-cpg-gbk-utf8.shp", {}, "name", [["大桥路口"]]),
        ("cameras", "cut-utf8-ascii-head.shp", {}, "name", [["大桥路"], ["龙山"]]),
        ("catalog", "org-with-coordinates.xml", NONE, "name", []),
        ("catalog", "amp.xml", NONE, "name", [["A&B路口"]]),
        ("cameras", "hidden-first.xlsx", {}, "name", [["NEW"]]),
        ("cameras", "sheet-per-township.xlsx", {"all_sheets": True}, "name", [["A"], ["B"]]),
        ("cameras", "zero-format.xlsx", {}, "code, name", [["0007", "A"]]),
        ("cameras", "errors.xlsx", {}, "name", [["A"]]),
        ("cameras", "title-unmerged.xlsx", {}, "name", [["A"]]),
        ("cameras", "gbk.geojson", {"encoding": "gbk"}, "name", [["大桥路口"]]),
        ("catalog", "mixed-ptz.xml", NONE, "form", [["fixed"], ["ptz"]]),
    ],
)
def test_what_is_stored_of_each_file(engine, layer, name, options, columns, rows):
    bring_in(engine, layer, CASES / name, **options)
    assert stored(engine, columns, order="name") == rows


def test_headings_come_from_their_own_column_and_edition(engine):
    bring_in(engine, "cameras", CASES / "dup-heading.shp", **TWICE)
    bring_in(engine, "catalog", CASES / "mixed-ptz.xml", crs=None)
    headings = stored(engine, "heading_deg", "camera_view", "heading_deg")
    assert headings == [[45.0], [90.0], [135.0], [135.0]]


def test_the_spellings_of_coordinates_are_one_place_each(engine):
    bring_in(engine, "cameras", CASES / "pairs.csv")
    places = stored(engine, "name, round(ST_X(geom)::numeric, 4), round(ST_Y(geom)::numeric, 4)")
    assert len(places) == 11
    told = {(float(lon), float(lat)) for _, lon, lat in places}
    assert told == {(117.0451, 30.5031), (117.0533, 30.51)}


def test_the_texts_of_geometry_are_one_place(engine):
    report = bring_in(engine, "cameras", CASES / "wkt.csv")
    errors = {(f.row, f.code) for f in report.findings if f.severity == "error"}
    assert errors == {(10, "LONLAT_SWAPPED"), (11, "GEOMETRY_MISSING")}
    assert stored(engine, "DISTINCT ST_AsText(geom)", order="1") == [["POINT(117.0451 30.5031)"]]


def test_metres_of_arcgis_and_of_a_zone_are_where_they_belong(engine):
    bring_in(engine, "cameras", CASES / "esri.json", crs=None)
    bring_in(engine, "cameras", CASES / "metres-zone.csv", crs="EPSG:4527")
    places = stored(engine, "DISTINCT round(ST_X(geom)::numeric, 4)", order="1")
    assert [float(lon) for (lon,) in places] == [117.0451]


def test_a_register_that_comes_again_asks_about_the_camera_that_moved(engine):
    bring_in(engine, "cameras", CASES / "moved-run1.csv")
    again = bring_in(engine, "cameras", CASES / "moved-run2.csv")
    assert [(f.row, f.code, f.facts["distance_m"]) for f in again.findings] == [
        (2, "CAMERA_MOVED", 96)
    ]
    assert stored(engine, "name", order="name") == [["东门"], ["西门"]]


def test_what_lies_just_outside_a_small_district_is_said_to_lie_outside(engine, tmp_path):
    ring = [[117.04, 30.5], [117.06, 30.5], [117.06, 30.516], [117.04, 30.516], [117.04, 30.5]]
    shape = {**rectangle(0, 0, 1, 1), "coordinates": [ring]}
    features = [({"code": "340802", "name": "某区"}, shape)]
    path = write_geojson(tmp_path / "district.geojson", features)
    bring_in(engine, "areas", path, level="district")
    report = bring_in(engine, "cameras", CASES / "outside.csv")
    assert [(f.row, f.code) for f in report.findings] == [
        (row, "OUT_OF_DISTRICT") for row in range(2, 9)
    ]
    assert report.change.inserted == 7
