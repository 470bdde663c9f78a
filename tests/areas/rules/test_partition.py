"""Areas that tile, and the places where they do not."""

import geopandas as gpd
import pytest
import shapely
from shapely import Polygon, box

from geo.areas.rules.partition import find_defects


def areas(**levels):
    rows = [
        {"code": code, "level": level, "geometry": shape}
        for level, shapes in levels.items()
        for code, shape in shapes.items()
    ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4548)


def found(**levels):
    table = find_defects(areas(**levels))
    return [(row.kind, row.level, row.codes, round(row.area_m2, 6)) for row in table.itertuples()]


WHOLE = {"D": box(0, 0, 100, 100)}
HALVES = {"W": box(0, 0, 50, 100), "E": box(50, 0, 100, 100)}


def test_areas_that_tile_and_nest_have_no_defect():
    quarters = {f"{x}{y}": box(x, y, x + 50, y + 50) for x in (0, 50) for y in (0, 50)}
    assert found(district=WHOLE, community=HALVES, grid=quarters) == []


def test_common_ground_of_two_areas_is_an_overlap():
    both = {"W": box(0, 0, 53, 100), "E": box(50, 0, 100, 100)}
    assert found(district=WHOLE, community=both) == [("overlap", "community", ("E", "W"), 300.0)]


def test_ground_of_no_area_is_a_gap_and_names_its_neighbours():
    both = {"W": box(0, 0, 45, 100), "E": box(50, 0, 100, 100)}
    assert found(district=WHOLE, community=both) == [("gap", "community", ("E", "W"), 500.0)]


def test_a_gap_that_touches_nothing_names_the_area_above_that_holds_it():
    inner = {"M": box(10, 10, 90, 90)}
    ring = {"R": box(0, 0, 100, 100).difference(box(5, 5, 95, 95))}
    both = found(district=WHOLE, community=ring | inner)
    assert both == [("gap", "community", ("M", "R"), 1700.0)]
    far = box(200, 0, 250, 100)
    two = {"D": box(0, 0, 100, 100), "E": far}
    assert found(district=two, community={"D1": WHOLE["D"]}) == [
        ("gap", "community", ("E",), 5000.0)
    ]


def test_ground_that_the_topmost_areas_enclose_is_a_gap():
    parts = {
        "S": box(0, 0, 100, 40),
        "N": box(0, 60, 100, 100),
        "W": box(0, 40, 40, 60),
        "E": box(60, 40, 100, 60),
    }
    assert found(grid=parts) == [("gap", "grid", ("E", "N", "S", "W"), 400.0)]


def test_a_hole_in_a_single_topmost_area_is_meant():
    assert found(district={"D": box(0, 0, 9, 9).difference(box(3, 3, 6, 6))}) == []


def test_a_thin_gap_or_overlap_is_a_sliver():
    both = {"W": box(0, 0, 49.5, 100), "E": box(50, 0, 100, 100)}
    assert found(district=WHOLE, community=both) == [("sliver", "community", ("E", "W"), 50.0)]


def test_rounding_is_no_defect():
    both = {"W": box(0, 0, 50.004, 100), "E": box(50, 0, 100, 100)}
    assert found(district=WHOLE, community=both) == []


def test_a_grid_across_a_border_of_communities_overlaps_the_other_one():
    grids = {"g1": box(0, 0, 60, 100), "g2": box(60, 0, 100, 100)}
    assert found(community=HALVES, grid=grids) == [("overlap", "grid", ("g1", "E"), 1000.0)]


def test_a_community_across_a_border_of_townships_overlaps_the_other_one():
    towns = {"T1": box(0, 0, 50, 100), "T2": box(50, 0, 100, 100)}
    whole = {"c1": box(0, 0, 60, 100), "c2": box(60, 0, 100, 100)}
    grids = {f"g{x}": box(x, 0, x + 20, 100) for x in range(0, 100, 20)}
    assert found(district=WHOLE, township=towns, community=whole, grid=grids) == [
        ("overlap", "community", ("c1", "T2"), 1000.0)
    ]


def test_a_grid_outside_of_all_communities_is_an_orphan():
    grids = {"g": box(0, 0, 50, 100), "h": box(50, 0, 100, 100), "far": box(200, 0, 210, 10)}
    assert found(community=HALVES, grid=grids) == [("orphan", "grid", ("far",), 100.0)]


@pytest.mark.parametrize(("inside_m", "kinds"), [(9, ["orphan"]), (10, []), (11, [])])
def test_a_grid_is_an_orphan_if_less_than_half_of_it_lies_in_its_community(inside_m, kinds):
    edge = 100 - inside_m
    grids = {"g": box(0, 0, edge, 100), "h": box(edge, 0, edge + 20, 100)}
    assert [row[0] for row in found(community={"W": box(0, 0, 100, 100)}, grid=grids)] == kinds


def test_a_polygon_that_crosses_itself_is_invalid():
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    assert [row[:3] for row in found(grid={"bow": bow})] == [("invalid", "grid", ("bow",))]


def test_the_ground_of_a_defect_can_be_looked_at():
    both = {"W": box(0, 0, 53, 100), "E": box(50, 0, 100, 100)}
    table = find_defects(areas(community=both))
    assert table.crs.to_epsg() == 4548
    assert table.geometry.iloc[0].equals(box(50, 0, 53, 100))


@pytest.mark.parametrize("levels", [{}, {"grid": {}}, {"grid": {"g": box(0, 0, 1, 1)}}])
def test_nothing_to_compare_is_no_defect(levels):
    frame = areas(**levels) if any(levels.values()) else areas(grid=HALVES).iloc[:0]
    assert len(find_defects(frame)) == 0
    assert {"kind", "codes", "area_m2"} <= set(find_defects(frame).columns)


def test_shapes_that_only_touch_share_nothing():
    assert shapely.area(shapely.intersection(*HALVES.values())) == 0
    assert found(community=HALVES) == []
