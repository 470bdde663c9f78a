"""Gaps on toy grids with answers by hand, and what a further camera does to them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, box

from geo.base.errors import InputError
from geo.base.polygons import flat_geometries, flat_polygons, subtract_ground
from geo.coverage.demand.pieces import (
    POINT_REACH_M,
    DemandPoints,
    Lines,
    demand_pieces,
    held_points,
    nearest_shape,
    road_lines,
)
from geo.coverage.measure.gaps import find_uncovered, rank_gaps
from geo.coverage.measure.measures import union


def gaps(
    grids,
    *,
    demand,
    covered,
    roads=None,
    entrances=None,
    incidents=None,
    max_piece_m=100.0,
    min_area_m2=1.0,
    min_width_m=0.2,
):
    """Return the ranked gaps of grids, and how much was dropped: the steps of a run in one."""
    pieces = demand_pieces(grids, demand, max_piece_m=max_piece_m)
    seen = flat_polygons(covered)
    points = held_points(pieces, entrances=entrances, incidents=incidents)
    left = subtract_ground(flat_geometries(pieces), seen)
    near_m = shapely.distance(left[points["piece"].to_numpy()], flat_geometries(points))
    unseen = near_m <= np.minimum(nearest_shape(seen, flat_geometries(points))[1], POINT_REACH_M)
    found, dropped_m2 = find_uncovered(
        flat_geometries(pieces),
        left=left,
        lines=Lines.of(road_lines(pieces, roads)),
        unseen=DemandPoints.of(points[unseen]),
        min_area_m2=min_area_m2,
        min_width_m=min_width_m,
    )
    frame = found.frame(pieces["grid_code"].to_numpy(), pieces.crs)
    return rank_gaps(frame), float(dropped_m2.sum())


def grids(*shapes):
    codes = [f"g{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"code": codes}, geometry=list(shapes), crs=32650)


def scatter(seed, count, side_m=300.0):
    rng = np.random.default_rng(seed)
    middles = shapely.points(rng.uniform(0, side_m, (count, 2)))
    return shapely.buffer(middles, rng.uniform(10, 70, count), quad_segs=3)


def test_the_gap_is_the_demand_that_nobody_sees():
    found, dropped_m2 = gaps(
        grids(box(0, 0, 50, 50)), demand=[box(0, 0, 40, 10)], covered=[box(30, -5, 60, 60)]
    )
    assert dropped_m2 == 0
    assert found.crs == 32650
    assert found.geometry.iloc[0].equals(box(0, 0, 30, 10))
    row = found.drop(columns="geometry").iloc[0].to_dict()
    assert row == {
        "rank": 1,
        "grid_code": "g0",
        "area_m2": 300.0,
        "weight": 300.0,
        "road_m": 0.0,
        "entrances": 0,
        "incidents": 0,
    }


def test_demand_outside_every_grid_is_no_gap():
    found, dropped_m2 = gaps(grids(box(0, 0, 1, 1)), demand=[box(5, 5, 9, 9)], covered=None)
    assert (len(found), dropped_m2) == (0, 0.0)
    assert "weight" in found.columns


@pytest.mark.parametrize("grid", [grids(), grids(box(0, 0, 9, 9))])
@pytest.mark.parametrize("demand", [None, [box(0, 0, 5, 5)]])
def test_empty_layers_are_answered(grid, demand):
    found, dropped_m2 = gaps(grid, demand=demand, covered=[])
    assert len(found) == (1 if demand and len(grid) else 0)
    assert dropped_m2 == 0


def test_a_gap_is_cut_at_the_border_of_its_grid():
    found, _ = gaps(
        grids(box(0, 0, 10, 10), box(10, 0, 20, 10)), demand=[box(0, 0, 16, 5)], covered=None
    )
    assert found["grid_code"].tolist() == ["g0", "g1"]
    assert found["area_m2"].tolist() == [50, 30]


def test_a_long_gap_is_halved_until_it_fits():
    found, _ = gaps(grids(box(0, 0, 999, 99)), demand=[box(0, 0, 390, 10)], covered=None)
    assert found["area_m2"].tolist() == [975.0] * 4
    bounds = shapely.bounds(found.geometry.array)
    assert (bounds[:, 2:] - bounds[:, :2]).max() <= 100
    assert sorted(bounds[:, 0].tolist()) == [0, 97.5, 195, 292.5]


def test_pieces_of_one_gap_that_tiles_had_parted_are_joined():
    found, _ = gaps(
        grids(box(0, 0, 99, 99)), demand=[box(0, 0, 25, 10), box(25, 0, 60, 10)], covered=None
    )
    assert found["area_m2"].tolist() == [600]


def test_slivers_are_dropped_and_counted():
    demand = [box(0, 0, 0.9, 1), box(10, 0, 10.19, 50), box(20, 0, 20.3, 50), box(30, 0, 31, 1)]
    found, dropped_m2 = gaps(grids(box(0, 0, 99, 99)), demand=demand, covered=None)
    assert found["area_m2"].tolist() == pytest.approx([15, 1])
    assert dropped_m2 == pytest.approx(0.9 + 0.19 * 50)


def test_weight_counts_roads_entrances_and_incidents():
    roads = gpd.GeoDataFrame(
        {"class": ["primary", "path", "secondary"]},
        geometry=[LineString([(-5, y), (50, y)]) for y in (5, 6, 45)],
    )
    found, _ = gaps(
        grids(box(0, 0, 99, 99)),
        demand=[box(0, 0, 10, 10), box(0, 40, 20, 50), box(60, 0, 70, 20)],
        covered=None,
        roads=roads,
        entrances=gpd.GeoSeries([Point(65, 5)]),
        incidents=[Point(65, 5), Point(65, 6), Point(5, 45)],
    )
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["area_m2"].tolist() == [200, 200, 100]
    assert found["weight"].tolist() == [200 + 700 + 600, 200 * 1.25 + 300, 100 * 1.5]
    assert found["road_m"].tolist() == [0, 20, 20]
    assert found["entrances"].tolist() == [1, 0, 0]
    assert found["incidents"].tolist() == [2, 1, 0]


def test_an_incident_that_no_camera_could_see_weighs_more():
    pieces = gpd.GeoDataFrame({"grid_code": ["G"]}, geometry=[box(0, 0, 10, 10)], crs=4548)
    points = held_points(pieces, incidents=[Point(5, 5), Point(6, 6)]).assign(weight=[3.0, 1.0])
    found, _ = find_uncovered(
        pieces.geometry.to_numpy(),
        left=pieces.geometry.to_numpy(),
        lines=Lines.of(road_lines(pieces, None)),
        unseen=DemandPoints.of(points),
    )
    assert (found.incidents.tolist(), found.weight.tolist()) == ([2], [100 + 300 * 4])


def test_an_entrance_in_a_wall_counts_for_the_nearest_ground():
    in_wall = gpd.GeoSeries([Point(5, 11), Point(15, 11), Point(5, 16), None])
    found, _ = gaps(
        grids(box(0, 0, 99, 99)),
        demand=[box(0, 0, 20, 10)],
        covered=[box(10, 0, 20, 10)],
        entrances=in_wall,
    )
    assert found["area_m2"].tolist() == [100]
    assert found["entrances"].tolist() == [1]


def test_equal_gaps_stand_in_the_order_of_grid_and_place():
    pieces = [box(40, 0, 50, 10), box(20, 0, 30, 10), box(0, 0, 10, 10)]
    one, _ = gaps(grids(box(0, 0, 99, 99)), demand=pieces, covered=None)
    two, _ = gaps(grids(box(0, 0, 99, 99)), demand=pieces[::-1], covered=None)
    assert one.geometry.bounds["minx"].tolist() == [0, 20, 40]
    assert one.equals(two)


def test_a_piece_that_fits_nothing_is_refused():
    with pytest.raises(InputError, match="at least"):
        gaps(grids(), demand=None, covered=None, max_piece_m=0)


def one_road(kind, *xy):
    return gpd.GeoDataFrame({"class": [kind]}, geometry=[LineString(xy)])


def pieces_of(*shapes):
    return gpd.GeoDataFrame({"grid_code": "g"}, index=range(len(shapes)), geometry=list(shapes))


def missed(pieces, covered=None, *, roads=None, points=None):
    """What nobody sees of pieces; all the points count as unseen."""
    return find_uncovered(
        flat_geometries(pieces),
        left=subtract_ground(flat_geometries(pieces), flat_geometries(covered)),
        lines=Lines.of(road_lines(pieces, roads)),
        unseen=DemandPoints.of(held_points(pieces, **{"entrances": points, "incidents": None})),
    )


def test_road_lines_are_cut_at_pieces_and_touching_is_no_length():
    pieces = pieces_of(box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 20, 20))
    found = road_lines(pieces, one_road("primary", (5, 5), (15, 5)))
    assert found[["piece", "length_m", "factor"]].values.tolist() == [[0, 5, 1.5], [1, 5, 1.5]]
    assert road_lines(pieces, one_road("alley", (5, 5), (5, 10)))["factor"].tolist() == [1.0]
    assert (
        len(road_lines(pieces, None))
        == len(road_lines(pieces_of(), one_road("path", (0, 0), (1, 1))))
        == 0
    )


def test_points_are_held_by_the_nearest_piece_within_reach():
    pieces = pieces_of(box(0, 0, 10, 10), box(14, 0, 20, 10))
    doors = gpd.GeoSeries([None, Point(11, 5), Point(13, 5), Point(26, 5), Point()])
    found = held_points(pieces, entrances=doors, incidents=[Point(19, 11)])
    rows = [["entrances", 1, 0], ["entrances", 2, 1], ["incidents", 0, 1]]
    assert found[["kind", "source", "piece"]].values.tolist() == rows


def test_what_is_missed_counts_part_by_part_of_its_piece():
    pieces = pieces_of(box(0, 0, 30, 10), box(40, 0, 50, 10), box(60, 0, 70, 10))
    found, dropped_m2 = missed(
        pieces, [box(10, -5, 20, 15), box(60.05, 0, 70, 10), box(39, 0, 51, 11)]
    )
    assert found.piece.tolist() == [0, 0]
    assert found.area_m2.tolist() == [100, 100]
    assert dropped_m2.tolist() == pytest.approx([0, 0, 0.5])


def test_a_point_counts_for_the_nearest_part_of_its_own_piece():
    # The point lies in the second piece, of which only the far end is missed.
    pieces = pieces_of(box(0, 0, 10, 10), box(10, 0, 30, 10))
    found, _ = missed(pieces, [box(10, 0, 25, 10)], points=[Point(11, 5)])
    assert found.piece.tolist() == [0, 1]
    assert found.entrances.tolist() == [0, 1]
    assert found.weight.tolist() == [100, 50 + 700]


@pytest.mark.parametrize("covered", [[], [box(0, 0, 4, 10)]])
def test_roads_in_a_whole_piece_and_in_its_parts_are_measured_alike(covered):
    pieces = pieces_of(box(0, 0, 10, 10), box(50, 0, 60, 10))
    found, _ = missed(pieces, covered, roads=one_road("secondary", (-5, 5), (8, 5), (8, 90)))
    seen_m = 4 if covered else 0
    assert found.road_m.tolist() == [8 - seen_m + 5, 0]
    assert found.weight.tolist() == [(100 - 10 * seen_m) * 1.25, 100]


def test_a_seen_road_weighs_no_gap():
    found, _ = missed(
        pieces_of(box(0, 0, 10, 10)), [box(0, 0, 10, 6)], roads=one_road("trunk", (0, 3), (10, 3))
    )
    assert (found.road_m.tolist(), found.weight.tolist()) == ([0], [40])


def test_rows_of_some_pieces_are_numbered_anew():
    pieces = pieces_of(*(box(x, 0, x + 10, 10) for x in (0, 20, 40)))
    held = DemandPoints.of(held_points(pieces, entrances=[Point(45, 5), Point(5, 5), Point(46, 5)]))
    few = held.taken(np.array([0, 2]), np.array([0, 2]))
    assert (few.piece.tolist(), few.kind.tolist()) == ([1, 1], ["entrances"] * 2)
    lines = Lines.of(road_lines(pieces, one_road("path", (0, 5), (50, 5))))
    assert lines.taken(np.array([1, 2]), np.array([1, 2])).piece.tolist() == [0, 1]


def test_missed_parts_can_be_drawn():
    found, _ = missed(pieces_of(box(0, 0, 30, 10)), [box(10, 0, 20, 10)])
    east = shapely.bounds(found.shapes)[:, 0] == 20
    frame = found.where(east).frame(np.array(["g7"], dtype=object), 32650)
    assert frame["grid_code"].tolist() == ["g7"]
    assert frame.geometry.iloc[0].equals(box(20, 0, 30, 10))
    assert frame.crs == 32650


def test_no_pieces_miss_nothing():
    found, dropped_m2 = missed(pieces_of(), [box(0, 0, 9, 9)], points=[Point(1, 1)])
    assert len(found.piece) == len(dropped_m2) == 0


def test_pieces_depend_on_the_demand_alone():
    demand = union(scatter(3, 6))
    cells = grids(box(0, 0, 150, 300), box(150, 0, 300, 300))
    whole = demand_pieces(cells, demand)
    alone = demand_pieces(cells.iloc[[1]], demand)
    mine = whole[whole["grid_code"] == "g1"]
    assert len(alone) == len(mine)
    assert alone.area.sort_values().to_numpy() == pytest.approx(mine.area.sort_values().to_numpy())


@given(seed=st.integers(0, 10_000))
def test_gaps_and_what_is_seen_make_up_the_demand(seed):
    demand, covered = union(scatter(seed, 8)), union(scatter(seed + 1, 6))
    cells = grids(*(box(x, y, x + 150, y + 150) for x in (0, 150) for y in (0, 150)))
    found, dropped_m2 = gaps(cells, demand=demand, covered=covered)
    here = shapely.intersection(shapely.union_all(demand), box(0, 0, 300, 300))
    seen = here.intersection(shapely.union_all(covered))
    assert found["area_m2"].sum() + dropped_m2 + seen.area == pytest.approx(here.area)
    assert found.geometry.is_valid.all()
    assert found["area_m2"].sum() == pytest.approx(found.geometry.union_all().area)
    # weights that differ by less than a millionth rank alike, by place
    assert found["weight"].round(6).is_monotonic_decreasing


@given(seed=st.integers(0, 10_000))
def test_one_more_camera_never_makes_a_gap_grow(seed):
    demand, views = union(scatter(seed, 8)), scatter(seed + 1, 6)
    cells = grids(box(0, 0, 300, 300))
    fewer = gaps(cells, demand=demand, covered=union(views[1:]))[0].geometry.union_all()
    more = gaps(cells, demand=demand, covered=union(views))[0].geometry.union_all()
    assert more.difference(fewer).area < 1e-6
