"""Exports: what is written is what was there, in every format, and no spreadsheet runs it."""

import datetime as dt
import os
import stat
import string

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.base.crs import parse_crs
from geo.base.errors import InputError
from geo.files import readers, writers
from geo.files.formulas import escape_formula, unescape_formula
from geo.files.schema import extra_columns
from geo.files.schema.heading import parse_views
from geo.files.schema.view_format import cells_of_views, spelt
from geo.files.writers.flat_table import flatten_table
from geo.files.writers.vector import short_names

SIGNS = "=+-@\t\r\n＝＋－＠"


def points(**columns):
    count = len(next(iter(columns.values())))
    shapes = [shapely.Point(117.05 + place / 1e7, 30.5064) for place in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4326)


def areas(crs=4548):
    """A grid with a hole, beside the community that holds it."""
    hole = shapely.box(20, 20, 40, 40).exterior.coords
    grid = shapely.MultiPolygon([shapely.Polygon(shapely.box(0, 0, 100, 100).exterior, [hole])])
    whole = shapely.MultiPolygon([shapely.box(0, 0, 200, 100), shapely.box(300, 0, 400, 100)])
    shapes = shapely.transform([grid, whole], lambda xy: np.add(xy, (500_000, 3_376_000)))
    rows = {"code": ["G1", "C1"], "level": ["grid", "community"], "name": ["一网格", "社区"]}
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)


def written(frame, path, **options):
    writers.write_file(frame, path, layer="things", **options)
    return path


@pytest.mark.parametrize("sign", SIGNS)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(sign):
    assert escape_formula(f"{sign}cmd|'/c calc'!A1") == f"'{sign}cmd|'/c calc'!A1"


@pytest.mark.parametrize(
    "plain", ["-5", "-5.25", "-1e3", "-.5", "0556-1", "甲=乙", "'tis", "", -5, 2.5]
)
def test_numbers_and_ordinary_texts_stay(plain):
    assert escape_formula(plain) == plain
    assert unescape_formula(plain) == plain


@pytest.mark.parametrize(
    "text", ["+86 13800000000", "+8655612345", "-5-1", "-inf", "－5", "'=1", "''+1"]
)
def test_telephones_and_what_only_looks_like_a_number_is_guarded(text):
    assert escape_formula(text) == "'" + text
    assert unescape_formula(escape_formula(text)) == text


@given(st.text(alphabet=SIGNS + "'" + string.digits + "a. "))
def test_every_text_comes_back_from_being_disarmed(text):
    assert unescape_formula(escape_formula(text)) == text
    assert str(escape_formula(text))[:1] not in set(SIGNS) or float(text) <= 0


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_headers_are_disarmed_as_well(tmp_path, ending):
    path = written(pd.DataFrame({"=1+1": ["x"], "-5": ["y"]}), tmp_path / f"t{ending}")
    if ending == ".csv":
        assert path.read_text("utf-8-sig").startswith("'=1+1,-5")
    else:
        sheet = openpyxl.load_workbook(path).active
        assert (sheet["A1"].value, sheet["A1"].data_type) == ("'=1+1", "s")


@pytest.mark.parametrize("ending", writers.ENDINGS)
def test_every_digit_of_a_stored_coordinate_is_written(tmp_path, ending):
    frame = points(code=["A", "B", "C"])
    exact = frame.geometry.translate(0.123456789 / 7, -0.1 / 3)
    exact = exact.transform(lambda xy: xy.round(9))
    path = written(frame.set_geometry(exact), tmp_path / f"p{ending}")
    table = readers.read_file(path)
    if table.geometry is None:
        found = [(float(row["lon"]), float(row["lat"])) for _, row in table.rows.iterrows()]
    else:
        found = [(point.x, point.y) for point in table.geometry]
    assert found == [(point.x, point.y) for point in exact]


@pytest.mark.parametrize("ending", writers.ENDINGS)
def test_words_numbers_days_and_blanks_are_read_again(tmp_path, ending):
    frame = points(
        code=["34080200001320000001", "007", "~a"],
        indoor=[True, None, False],
        days=pd.array([30, None, 90], dtype="Int64"),
        share=[0.1, None, 0.333333333],
        day=pd.Series([dt.date(2023, 5, 1), None, dt.date(2024, 2, 29)], dtype=object),
        text=["2023-05-01", None, "1.00"],
    )
    rows = readers.read_file(written(frame, tmp_path / f"t{ending}")).rows
    as_text = rows.map(lambda cell: "" if cell is None else str(cell))
    assert as_text["code"].tolist() == ["34080200001320000001", "007", "~a"]
    assert [cell.lower() for cell in as_text["indoor"]] == ["true", "", "false"]
    assert [cell.removesuffix(".0") for cell in as_text["days"]] == ["30", "", "90"]
    assert [float(cell) if cell else None for cell in as_text["share"]] == [0.1, None, 0.333333333]
    assert [cell[:10] for cell in as_text["day"]] == ["2023-05-01", "", "2024-02-29"]
    assert as_text["text"].iloc[2] == "1.00"


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp"])
def test_a_table_without_geometry_is_refused_where_geometry_is_needed(tmp_path, ending):
    with pytest.raises(InputError, match=r"\.csv \.xlsx \.parquet"):
        written(pd.DataFrame({"a": [1]}), tmp_path / f"t{ending}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_a_table_without_geometry_goes_into_the_others(tmp_path, ending):
    path = written(pd.DataFrame({"code": ["U1"], "name": ["=队"]}), tmp_path / f"t{ending}")
    assert readers.read_file(path).rows["code"].tolist() == ["U1"]


def test_an_unknown_ending_is_refused_with_those_that_there_are(tmp_path):
    for name in ("x.pdf", "x", "x.dwg"):
        with pytest.raises(InputError, match=r"\.gpkg.*\.dxf"):
            written(points(code=["A"]), tmp_path / name)
    with pytest.raises(InputError, match=r"\.csv"):
        writers.require_ending(tmp_path / "figures.dxf")
    assert writers.require_ending(tmp_path / "A.DXF", known=writers.LAYER_ENDINGS) == ".dxf"


@pytest.mark.parametrize(
    ("srid", "name"), [(4490, "cgcs2000"), (4548, "EPSG:4548"), (4326, "wgs84")]
)
@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".parquet"])
def test_a_file_says_its_coordinate_system(tmp_path, srid, name, ending):
    frame = points(code=["A"]).to_crs(srid)
    path = written(frame, tmp_path / f"p{ending}")
    assert readers.read_file(path).crs == parse_crs(name)
    if ending == ".shp":
        assert (tmp_path / "p.cpg").read_text() == "UTF-8"
        assert "2000" in (tmp_path / "p.prj").read_text() or srid == 4326


def test_names_of_a_shapefile_are_short_and_each_stands_once(tmp_path):
    names = [
        "position_sigma_m",
        "position_source",
        "Position_sum",
        "建设单位名称",
        "建设单位地址",
        "ok",
    ]
    short = short_names(names)
    assert all(len(each.encode()) <= 10 for each in short.values())
    assert len({each.casefold() for each in short.values()}) == len(names)
    assert (short["position_sigma_m"], short["建设单位名称"], short["ok"]) == (
        "position_s",
        "建设单",
        "ok",
    )
    path = written(points(**{name: ["x"] for name in names}), tmp_path / "p.shp")
    beside = (tmp_path / "p.fields.csv").read_text("utf-8-sig")
    assert "建设单,建设单位名称" in beside
    assert path.exists()
    assert {each.name for each in tmp_path.iterdir()} == {
        f"p.{ending}" for ending in ("shp", "shx", "dbf", "prj", "cpg", "fields.csv")
    }


def test_what_a_shapefile_or_a_cell_would_cut_off_is_refused(tmp_path):
    with pytest.raises(InputError, match="254"):
        written(points(text=["汉" * 85]), tmp_path / "p.shp")
    with pytest.raises(InputError, match="32767"):
        written(points(text=["x" * 32767]), tmp_path / "p.xlsx")
    assert list(tmp_path.iterdir()) == []
    written(points(text=["汉" * 84]), tmp_path / "p.shp")


def test_values_that_no_cell_holds_are_json(tmp_path):
    frame = points(code=["A"], more=[{"crs": "gcj02", "层": [1, 2]}])
    rows = readers.read_file(written(frame, tmp_path / "p.csv")).rows
    assert rows["more"].tolist() == ['{"crs": "gcj02", "层": [1, 2]}']


def test_areas_are_drawn_as_closed_lines_with_names_inside(tmp_path):
    drawing = ezdxf.readfile(written(areas(), tmp_path / "a.dxf"))
    space = drawing.modelspace()
    lines = {
        layer: list(space.query(f'LWPOLYLINE[layer=="{layer}"]')) for layer in ("grid", "community")
    }
    assert [len(found) for found in lines.values()] == [2, 2]
    assert all(line.closed and len(line) == 4 for found in lines.values() for line in found)
    assert lines["grid"][0].get_xdata("GOVGRID")[0].value == "G1"
    corners = {(x - 500_000, y - 3_376_000) for x, y in lines["grid"][1].get_points("xy")}
    assert corners == {(20, 20), (40, 20), (40, 40), (20, 40)}
    text = space.query('TEXT[layer=="grid-name"]').first
    place = shapely.Point(text.dxf.align_point.x, text.dxf.align_point.y)
    assert text.dxf.text == "一网格"
    assert areas().geometry.iloc[0].contains(place)
    assert text.get_xdata("GOVGRID")[0].value == "G1"
    assert drawing.units == ezdxf.units.M
    assert (text.dxf.height, text.dxf.style) == (pytest.approx(np.sqrt(9_600) / 24), "HANZI")
    colours = {layer.dxf.name: layer.color for layer in drawing.layers}
    assert [colours[name] for name in ("grid", "community", "grid-name", "community-name")] == [
        *(1, 6, 7, 7)
    ]


def test_names_in_a_drawing_are_two_metres_high_at_least_and_400_at_most(tmp_path):
    sides = (10, 100_000)
    shapes = [shapely.box(500_000, 3_376_000, 500_000 + a, 3_376_000 + a) for a in sides]
    frame = gpd.GeoDataFrame({"code": ["A", "B"], "name": ["小", "大"]}, geometry=shapes, crs=4548)
    space = ezdxf.readfile(written(frame, tmp_path / "a.dxf")).modelspace()
    assert [text.dxf.height for text in space.query("TEXT")] == [2.0, 400.0]


def test_a_drawing_of_one_level_has_the_layer_of_that_name(tmp_path):
    grids = areas().query("level == 'grid'").drop(columns="level")
    drawing = ezdxf.readfile(written(grids, tmp_path / "a.dxf"))
    assert {"things", "things-name"} <= {layer.dxf.name for layer in drawing.layers}


def test_a_drawing_in_degrees_or_of_no_areas_is_refused(tmp_path):
    with pytest.raises(InputError, match="--crs EPSG:4548"):
        written(areas(crs=4326), tmp_path / "a.dxf")
    for frame in (points(code=["A"], name=["甲"]).to_crs(4548), pd.DataFrame({"code": ["A"]})):
        with pytest.raises(InputError, match="boundaries of areas"):
            written(frame, tmp_path / "a.dxf")
    assert list(tmp_path.iterdir()) == []


@given(
    st.sampled_from(["北偏东", "南偏东", "东偏南", "南偏西", "西偏北", "北偏西"]),
    st.decimals(0, 90, places=2),
    st.decimals(0, 359, places=1),
    st.decimals(1, 359, places=1),
)
def test_a_heading_is_spelt_so_that_it_reads_the_same(words, turn, start, width):
    end = (start + width) % 360
    for text in (f"{words}{turn}°", f"{start}-{end}", str(start), "东北", "SSW", "0-360"):
        (view,) = parse_views(text)
        source = "surveyed" if view.source == "number" else view.source
        assert parse_views(spelt(view.deg, source, view.hfov_deg)) == (view,)


def test_views_of_a_camera_stand_in_one_cell():
    rows = [
        ("A", 1, 45.0, "rounded8", None),
        ("A", 2, 20.0, "surveyed", 20.0),
        ("B", 1, 90.0, "surveyed", 60.0),
        ("C", 2, 270.0, "surveyed", 80.0),
        ("C", 1, 90.0, "surveyed", 80.0),
        ("D", 1, None, "unknown", 70.0),
        ("E", 1, 10.0, "surveyed", None),
        ("E", 2, None, "unknown", None),
    ]
    names = ["camera_code", "no", "heading_deg", "heading_source", "hfov_deg"]
    cells = cells_of_views(pd.DataFrame(rows, columns=names)).astype(object)
    assert cells.where(cells.notna(), None).to_dict("index") == {
        "A": {"heading_deg": "东北;10-30", "hfov_deg": None},
        "B": {"heading_deg": "90", "hfov_deg": 60.0},
        "C": {"heading_deg": "90;270", "hfov_deg": 80.0},
        "D": {"heading_deg": None, "hfov_deg": 70.0},
        "E": {"heading_deg": None, "hfov_deg": None},
    }
    empty = cells_of_views(pd.DataFrame([], columns=names))
    assert list(empty.columns) == ["heading_deg", "hfov_deg"]


JSON = st.recursive(
    st.text(string.ascii_letters + "汉 0", min_size=1)
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", min_size=1), inner, max_size=2)
    ),
    max_leaves=3,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.sampled_from(["甲", "name", "attributes.x"]), JSON), min_size=1))
def test_free_columns_come_back_as_they_were(cells):
    columns = extra_columns.spread_columns(
        cells, lambda headers: frozenset({"name"} & set(headers))
    )
    assert "name" not in columns
    back = [{} for _ in cells]
    for header, column in columns.items():
        for row, cell in zip(back, column.astype(object), strict=True):
            if cell is not None and cell is not pd.NA and cell == cell:
                name, value = extra_columns.restore_column(header, cell)
                row[name] = value
    assert back == cells


def test_a_column_of_texts_keeps_its_header_and_one_of_numbers_stays_numbers():
    columns = extra_columns.spread_columns(
        [{"备注": "近桥", "层": 3}, {"层": 18}], lambda _: frozenset()
    )
    assert columns["备注"].tolist() == ["近桥", None]
    assert columns["attributes.层"].tolist() == [3, 18]
    assert extra_columns.restore_column("attributes.层", "3") == ("层", 3)
    assert extra_columns.restore_column("attributes.层", "三层") == ("层", "三层")
    assert extra_columns.restore_column("层", "3") == ("层", "3")


@pytest.mark.parametrize("ending", writers.ENDINGS)
def test_what_is_written_is_its_owners_alone_whatever_the_umask(tmp_path, ending):
    before = os.umask(0)
    try:
        written(points(code=["A"]), tmp_path / f"t{ending}")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_a_draft_is_closed_to_others_while_it_is_written(tmp_path):
    with writers.draft_of(tmp_path / "t.csv") as draft:
        assert stat.S_IMODE(draft.parent.stat().st_mode) == 0o700
        draft.write_text("x", encoding="utf-8")
        assert not (tmp_path / "t.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_shapes_beside_points_are_texts_with_every_digit():
    ring = shapely.Polygon([(117.05123456789012, 30.5), (117.06, 30.5), (117.06, 30.51)])
    table = flatten_table(gpd.GeoDataFrame({"code": ["A"]}, geometry=[ring], crs=4326))
    assert table.columns.tolist() == ["code", "wkt"]
    assert shapely.from_wkt(table["wkt"][0]).equals_exact(ring, 0)
    metric = gpd.GeoDataFrame({"x": [7]}, geometry=[shapely.Point(1, 2)], crs=4548)
    assert flatten_table(metric).to_dict("records") == [{"x": 7, "y": 2.0}]
