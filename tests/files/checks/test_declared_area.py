"""Standing: what rows say about their areas against where they stand."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.files.checks.position.declared_area import (
    UNCLEAR,
    UNKNOWN,
    areas_said,
    find_misplaced,
    known_areas,
    named_polygons,
)
from geo.files.readers import Table
from geo.files.schema.layers import find_layer

# two townships of 0.1° side by side, a community in each, the district around both
TOWN = "340802001000"
AREAS = gpd.GeoDataFrame(
    [
        ("340802000000", "district", "迎江区", shapely.box(117.0, 30.4, 117.2, 30.5)),
        (TOWN, "township", "西岸街道", shapely.box(117.0, 30.4, 117.1, 30.5)),
        ("340802002000", "township", "长风乡", shapely.box(117.1, 30.4, 117.2, 30.5)),
        ("340802001001", "community", "西岸社区", shapely.box(117.0, 30.4, 117.1, 30.5)),
        ("340802002200", "community", "长风村", shapely.box(117.1, 30.4, 117.2, 30.5)),
        ("340802002201", "community", "新洲村", shapely.box(117.15, 30.4, 117.2, 30.5)),
    ],
    columns=["code", "level", "name", "geometry"],
    crs=4326,
)
WEST, EAST, OUT = (117.05, 30.45), (117.12, 30.45), (117.3, 30.45)


def judged(name, column, cells, places=None, field="area_reported", areas=AREAS, **more):
    """Judge rows from file line 2 on, one a cell, at (lon, lat)."""
    index = pd.RangeIndex(2, 2 + len(cells), name="row")
    shapes = places if places is not None else [WEST] * len(cells)
    shapes = [shape if shape is None or hasattr(shape, "area") else shapely.Point(shape)
              for shape in shapes]  # fmt: skip
    columns = {field: cells, **more}
    rows = gpd.GeoDataFrame(columns, geometry=shapes, crs=4326, index=index)
    written = Table((column,), pd.DataFrame({column: cells}, index=index, dtype=object))
    found = find_misplaced(rows, find_layer(name), {field: column}, written, areas)
    return [(f.row, f.column, f.code, f.severity, f.suggested) for f in found]


def cameras(*cells, **options):
    return judged("cameras", "行政区域", list(cells), **options)


@pytest.mark.parametrize(
    "text",
    ["340802001", TOWN, "西岸街道", " 西岸 街道 ", "迎江区西岸街道", "340802", "迎江区", "", None],
)
def test_a_camera_in_the_area_that_it_names_is_silent(text):
    assert cameras(text) == []


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("340802002", "340802001000"),
        ("长风乡", "西岸街道"),
        ("长风村", "西岸社区"),
        ("迎江区长风乡", "西岸街道"),
        ("新洲", "西岸社区"),
        ("新洲社区", "西岸社区"),
    ],
)
def test_a_camera_elsewhere_is_told_where_it_stands(text, suggested):
    assert cameras(text) == [(2, "行政区域", "AREA_MISMATCH", "warning", suggested)]


def test_the_distance_and_both_areas_are_named():
    index = pd.Index([7], name="row")
    rows = gpd.GeoDataFrame(
        {"area_reported": ["长风乡"]},
        geometry=[shapely.Point(117.09, 30.45)],
        crs=4326,
        index=index,
    )
    written = Table(("区域",), pd.DataFrame({"区域": ["长风乡"]}, index=index))
    (found,) = find_misplaced(
        rows, find_layer("cameras"), {"area_reported": "区域"}, written, AREAS
    )
    assert found.facts["distance_m"] == pytest.approx(960, abs=2)
    assert "长风乡（340802002000）" in found.advice("zh")
    assert "西岸街道（340802001000）" in found.advice("en")


def test_a_metre_across_the_border_is_still_inside():
    step = 1 / 96_000  # about a metre eastwards
    assert cameras("长风乡", places=[(117.1 - 0.9 * step, 30.45)]) == []
    assert len(cameras("长风乡", places=[(117.1 - 1.5 * step, 30.45)])) == 1


def test_a_name_without_its_ending_counts_only_if_one_area_is_left():
    known = known_areas(AREAS)
    named = known.named(["新洲", "长风", "长风乡", "西岸", "北岸街道", "340802009", ""])
    assert named.tolist() == [5, UNCLEAR, 2, UNCLEAR, UNKNOWN, UNKNOWN, UNCLEAR]
    assert known.named([]).tolist() == []


def test_an_unknown_area_is_a_note_only_where_its_level_is_known():
    found = cameras("340802009", "北岸街道", "340802001001001", "东一网格", "某处", "南山社区")
    assert [(row, code, severity) for row, _, code, severity, _ in found] == [
        (2, "AREA_UNKNOWN", "note"),
        (3, "AREA_UNKNOWN", "note"),
        (7, "AREA_UNKNOWN", "note"),
    ]


def test_a_place_outside_the_district_is_not_told_of_twice():
    assert cameras("长风乡", "迎江区", places=[OUT, OUT]) == []


def test_without_positions_or_areas_nothing_is_said():
    assert cameras("长风乡", places=[None]) == []
    assert cameras("长风乡", areas=AREAS.iloc[:0]) == []
    assert cameras() == []


def area(code, shape, **more):
    return judged("areas", "编码", [code], [shape], field="code", parent_code=[None], **more)


def test_a_new_area_must_lie_in_the_one_above_it():
    west, east = (
        shapely.box(117.02, 30.42, 117.04, 30.44),
        shapely.box(117.16, 30.42, 117.18, 30.44),
    )
    assert area("340802001001001", west) == []
    assert area("340802001001001", east) == [(2, "编码", "AREA_PARENT", "warning", "340802002200")]
    astride = shapely.box(117.08, 30.42, 117.11, 30.44)
    assert area("340802001001001", astride) == []
    assert area("340802002200001", astride)[0][2] == "AREA_PARENT"


def test_an_area_under_an_unknown_one_is_noted():
    shape = shapely.box(117.02, 30.42, 117.04, 30.44)
    assert area("340802001009001", shape) == [(2, "编码", "AREA_UNKNOWN", "note", "")]
    assert area("A/7", shape) == []
    townships = AREAS[AREAS["level"] != "community"]
    assert area("340802001009001", shape, areas=townships) == []


def test_an_area_above_in_the_same_file_is_known():
    shapes = [shapely.box(117.02, 30.42, 117.04, 30.44)] * 2
    codes = ["340802001009", "340802001009001"]
    found = judged("areas", "编码", codes, shapes, field="code", parent_code=[None, None])
    assert found == []


@pytest.mark.parametrize("name", ["units", "duties", "pairings", "centres"])
def test_units_and_duties_of_an_unknown_area_are_warned_of(name):
    cells = [TOWN, "340802009000", None]
    found = judged(name, "辖区编码", cells, field="area_code")
    assert found == [(3, "辖区编码", "AREA_UNKNOWN", "warning", "")]


def test_the_polygons_that_rows_name_are_found_for_the_comparison_of_systems():
    west = AREAS.geometry.iloc[1]
    assert named_polygons(["西岸街道", "某处", "", None], AREAS).tolist() == [
        west,
        None,
        None,
        None,
    ]
    assert named_polygons(["西岸街道"], AREAS.iloc[:0]).tolist() == [None]
    assert named_polygons([], AREAS).tolist() == []


def test_rows_say_their_area_in_a_column_or_by_their_code():
    cameras_ = {"code": ["A", "B"], "area_reported": ["西岸街道", None]}
    assert areas_said(cameras_, find_layer("cameras")) == ["西岸街道", ""]
    children = {"code": ["340802001009", "A/7", "B"], "parent_code": [None, TOWN, None]}
    assert areas_said(children, find_layer("areas")) == [TOWN, TOWN, ""]
    assert areas_said({"code": ["W"]}, find_layer("water")) == [""]
