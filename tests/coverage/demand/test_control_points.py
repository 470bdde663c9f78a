"""Junctions, crossings and key places on toy maps with answers by hand, and who sees them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPolygon, Point, Polygon, box

from geo.coverage.demand.control_points import (
    KINDS,
    crossings,
    junctions,
    points_in_areas,
    points_in_polygons,
    seen_probability,
    tally,
    watch_points,
)
from geo.coverage.sight.obstacles import merge_footprints

CRS = 4548


def probability_seen(xy, seen, device, weight):
    return seen_probability(points_in_polygons(xy, seen, device, weight), len(xy))


def frame(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def roads(*lines):
    shapes = [LineString(each) if isinstance(each, list) else each for each in lines]
    return frame(*shapes)


def areas(*shapes, level="community"):
    level = [level] * len(shapes) if isinstance(level, str) else level
    return frame(*shapes, level=level)


def at(points):
    return shapely.get_coordinates(points.geometry.array).tolist()


def watched(places=None, entrances=None, lines=(), ground=(), houses=None):
    none = frame(code=[])
    return watch_points(
        places=none if places is None else places,
        entrances=none if entrances is None else entrances,
        roads=roads(*lines),
        areas=areas(*ground),
        obstacles=merge_footprints(houses),
    )


def sums(points, probability, ground):
    held = points_in_areas(points, ground)
    return tally(points, np.asarray(probability, dtype=float), held, len(ground))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([[(0, 0), (90, 0)], [(90, 0), (99, 50)]], []),  # one road goes on as the next
        ([[(0, 0), (50, 0), (90, 0)], [(50, 0), (50, 40)]], [[50, 0]]),
        ([[(0, 0), (50, 0)], [(50, 0), (90, 0)], [(50, 40), (50, 0)]], [[50, 0]]),
        ([[(0, 0), (50, 0), (90, 0)], [(50, -40), (50, 0), (50, 40)]], [[50, 0]]),
        ([[(0, 0), (90, 0)], [(50, -40), (50, 40)]], []),  # a bridge: no common vertex
        ([[(0, 0), (90, 0)], [(50, 0), (50, 40)]], []),  # nor here
    ],
)
def test_a_junction_is_where_roads_lead_three_ways_from_a_common_vertex(lines, found):
    answer = junctions(roads(*lines))
    assert at(answer) == found
    assert answer.crs == CRS


def test_a_road_that_ends_on_its_own_inside_makes_a_junction():
    lollipop = [(0, 0), (50, 0), (90, 30), (90, -30), (50, 0)]
    assert at(junctions(roads(lollipop))) == [[50, 0]]


def test_parts_of_one_road_make_a_junction_only_where_three_meet():
    two = MultiLineString([[(0, 0), (50, 0)], [(50, 0), (90, 0)]])
    three = MultiLineString([[(0, 0), (50, 0)], [(50, 0), (90, 0)], [(50, 0), (50, 9)]])
    assert at(junctions(roads(two))) == []
    assert at(junctions(roads(three))) == [[50, 0]]


@pytest.mark.parametrize("start", range(4))
def test_the_closing_vertex_of_a_ring_is_a_vertex_like_the_others(start):
    corners = [(0, 0), (90, 0), (90, 90), (0, 90)]
    corners = corners[start:] + corners[:start]
    ring = [*corners, corners[0]]
    assert at(junctions(roads(ring))) == []
    assert at(junctions(roads(ring, [(0, 0), (-50, 0)]))) == [[0, 0]]
    # A figure of eight that goes over itself, wherever it was begun.
    eight = [(0, 0), (90, 0), (90, 90), (0, 0), (-90, -90), (-90, 0), (0, 0)]
    later = [*eight[1:], eight[1]]
    assert at(junctions(roads(eight))) == at(junctions(roads(later))) == []


def test_roads_drawn_twice_make_no_junctions():
    street = [(0, 0), (50, 0), (90, 0)]
    assert at(junctions(roads(street, street[::-1], [(0, 0), (50, 0)]))) == []


def test_repeated_vertices_are_one():
    lines = [(0, 0), (50, 0), (50, 0), (50, 0.002), (90, 0)], [(50, 0), (80, 50)]
    assert at(junctions(roads([*lines[0]]))) == []
    assert at(junctions(roads(*map(list, lines)))) == [[50, 0]]


def test_junctions_of_a_divided_road_are_one_at_the_node_nearest_to_their_mean():
    east, west = [(0, 0), (50, 0), (99, 0)], [(99, 12), (52, 12), (50, 12), (0, 12)]
    lines = [east, west, [(50, -40), (50, 0), (50, 12), (50, 60)], [(52, 12), (52, 50)]]
    assert at(junctions(roads(*lines))) == [[50, 12]]
    # Of two the first by x and y; exactly 15 m apart they are two.
    assert at(junctions(roads(*lines[:3]))) == [[50, 0]]
    far = [
        shapely.affinity.scale(LineString(each), 1.25, 1.25, origin=(0, 0)) for each in lines[:3]
    ]
    assert at(junctions(roads(*far))) == [[62.5, 0], [62.5, 15]]


@given(seed=st.integers(0, 10_000))
def test_the_order_and_direction_of_roads_leave_no_trace_in_the_junctions(seed):
    rng = np.random.default_rng(seed)
    nodes = rng.uniform(0, 120, (15, 2)).round(3)
    lines = [LineString(nodes[rng.permutation(15)[: rng.integers(2, 5)]]) for _ in range(12)]
    turned = [lines[i].reverse() if i % 2 else lines[i] for i in rng.permutation(12)]
    found = junctions(roads(*lines))
    assert at(found) == at(junctions(roads(*turned))) == sorted(at(found))
    shapes = found.to_numpy()
    distance_m = shapely.distance(shapes[:, None], shapes[None, :])
    assert (distance_m + 99 * np.eye(len(found)) >= 15).all()
    assert shapely.intersects(shapes, shapely.multipoints(nodes)).all()


def test_a_road_crosses_the_borders_of_all_levels_but_grids():
    ground = areas(
        *[box(0, 0, 50, 50)] * 3,
        box(50, 0, 90, 50),
        level=["grid", "community", "district", "township"],
    )
    found = crossings(roads([(-9, 5), (60, 5)]), ground)
    assert found.columns.tolist() == ["level", "area", "geometry"]
    assert found["area"].tolist() == [1, 1, 2, 2, 3]
    assert found["level"].tolist() == ["community"] * 2 + ["district"] * 2 + ["township"]
    assert at(found) == [[0, 5], [50, 5], [0, 5], [50, 5], [50, 5]]
    assert found.crs == CRS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ([(0, -9), (0, 60)], []),  # along the border
        ([(0, 10), (0, 30)], []),
        ([(-9, 10), (0, 10), (0, 30), (9, 30)], []),  # upon it, along it and off again
        ([(0, 10), (0, 30), (9, 30), (60, 30)], [[50, 30]]),
        ([(-9, 10), (0, 10), (-9, 20)], [[0, 10]]),  # touches it
        ([(-9, 10), (0, 10)], [[0, 10]]),  # ends on it
        ([(10, 10), (20, 20)], []),  # inside
        ([(-9, 5), (9, 5), (9, 8), (-9, 8)], [[0, 5], [0, 8]]),
    ],
)
def test_what_counts_as_crossing_a_border(line, found):
    assert at(crossings(roads(line), areas(box(0, 0, 50, 50)))) == found


def test_two_roads_that_meet_on_a_border_cross_it_once():
    ground = areas(box(0, 0, 50, 50), box(-50, 0, 0, 50))
    found = crossings(roads([(-9, 5), (0, 5)], [(0, 5.004), (9, 5)], [(0, 5.5), (9, 9)]), ground)
    assert at(found) == [[0, 5], [0, 5.5]] * 2
    assert found["area"].tolist() == [0, 0, 1, 1]


def test_an_enclave_has_a_border_of_its_own_and_islands_too():
    holed = Polygon(box(0, 0, 50, 50).exterior, [box(20, 0.5, 30, 9).exterior])
    found = crossings(roads([(-9, 5), (99, 5)]), areas(MultiPolygon([holed, box(70, 0, 80, 9)])))
    assert [x for x, _ in at(found)] == [0, 20, 30, 50, 70, 80]


def test_watch_points_are_listed_kind_by_kind():
    places = frame(Point(5, 5), None, box(20, 20, 24, 24), code=["P1", "P2", "P3"])
    entrances = frame(Point(5, 9), Point(7, 9), code=["E1", "E2"], place_code=["P1", None])
    lines = [(0, 30), (40, 30)], [(40, 30), (99, 30)], [(40, 30), (40, 60)]
    found = watched(places, entrances, map(list, lines), [box(-9, 0, 50, 50)])
    assert (
        found["kind"].tolist() == ["place"] * 2 + ["entrance"] * 2 + ["junction"] + ["crossing"] * 2
    )
    assert found["code"].tolist() == ["P1", "P3", "E1", "E2", "", "", ""]
    assert found["place_code"].tolist() == ["", "", "P1", "", "", "", ""]
    assert found["area"].tolist() == [-1] * 5 + [0, 0]
    assert at(found)[:1] + at(found)[2:] == [[5, 5], [5, 9], [7, 9], [40, 30], [40, 50], [50, 30]]
    assert box(20, 20, 24, 24).contains(found.geometry.iloc[1])
    assert (found["moved_m"] == 0).all()
    assert found.index.tolist() == list(range(7))
    assert found.crs == CRS


def test_points_in_buildings_are_looked_for_in_front_of_the_nearest_wall():
    house = box(0, 0, 40, 30)
    places = frame(Point(20, 12), code=["P"])
    entrances = frame(Point(40, 10), Point(39.9, 20), code=["E", "F"])  # no place_code column
    found = watched(places, entrances, ground=[box(-50, 0, 50, 50)], houses=[house])
    assert found[["x", "y"]].values.tolist() == [[20, -0.2], [40.2, 10], [40.2, 20]]
    assert found[["given_x", "given_y"]].values.tolist() == [[20, 12], [40, 10], [39.9, 20]]
    assert at(found) == found[["x", "y"]].values.tolist()
    assert found["moved_m"].tolist() == pytest.approx([12.2, 0.2, 0.3])


def test_a_point_counts_where_it_was_given_though_it_was_moved():
    ground = areas(box(0, 0, 40, 15), box(0, 15, 40, 50))
    points = watched(frame(Point(20, 13), code=["P"]), ground=[], houses=[box(10, 0, 30, 20)])
    assert points[["x", "y"]].values.tolist() == [[20, 20.2]]
    assert [each.tolist() for each in points_in_areas(points, ground)] == [[0], [0]]


def test_points_belong_to_all_areas_that_hold_them_and_crossings_to_their_own():
    ground = areas(
        box(0, 0, 50, 50), box(50, 0, 99, 50), box(0, 0, 99, 50), level=["community"] * 2 + ["grid"]
    )
    points = watch_points(
        places=frame(Point(50, 20), Point(60, 20), Point(-5, 20), code=["P", "Q", "R"]),
        entrances=frame(code=[]),
        roads=roads([(10, 9), (60, 9)]),
        areas=ground,
        obstacles=merge_footprints(None),
    )
    point, area = points_in_areas(points, ground)
    pairs = list(zip(area.tolist(), point.tolist(), strict=True))
    assert points["area"].tolist() == [-1, -1, -1, 0, 1]
    # P lies on the border of both; R lies outside of all.
    assert pairs == [(0, 0), (0, 3), (1, 0), (1, 1), (1, 4), (2, 0), (2, 1)]


def test_the_probability_that_a_point_is_seen_is_multiplied_out():
    seen = np.array([box(0, 0, 10, 10), box(5, 0, 15, 10), box(5, 0, 6, 1)])
    xy = np.array([[1.0, 1], [7, 5], [5, 0], [15, 10], [15.001, 10], [99, 99]])
    some = probability_seen(xy, seen, np.array([0, 1, 2]), np.array([0.5, 0.2, 1.0]))
    assert some.tolist() == pytest.approx([0.5, 0.6, 1, 0.2, 0, 0])
    sure = probability_seen(xy, seen, np.array([0, 1, 2]), np.ones(3))
    assert sure.tolist() == [1, 1, 1, 1, 0, 0]


def test_sets_of_cameras_are_picked_from_the_sightings():
    seen = np.array([box(0, 0, 10, 10), box(5, 0, 15, 10)])
    found = points_in_polygons(
        np.array([[7.0, 5], [12, 5]]), seen, np.array([4, 2]), np.array([0.5, 1])
    )
    assert found.values.tolist() == [[0, 4, 0.5], [0, 2, 1], [1, 2, 1]]
    assert seen_probability(found[found["device"] == 4], 3).tolist() == [0.5, 0, 0]


@given(seed=st.integers(0, 10_000))
def test_each_point_is_answered_for_itself(seed):
    rng = np.random.default_rng(seed)
    seen = shapely.buffer(shapely.points(rng.uniform(0, 90, (20, 2))), 20, quad_segs=3)
    device, weight = np.arange(20), rng.uniform(0.1, 1, 20)
    xy = rng.uniform(0, 90, (40, 2))
    found = probability_seen(xy, seen, device, weight)
    assert (found[7:13] == probability_seen(xy[7:13], seen, device, weight)).all()
    miss = np.where(
        shapely.intersects(seen[:, None], shapely.points(xy)[None]), 1 - weight[:, None], 1
    )
    assert found == pytest.approx(1 - miss.prod(axis=0))
    fewer = probability_seen(xy, seen[1:], device[1:], weight[1:])
    assert (found >= fewer - 1e-12).all()


def test_a_place_is_seen_when_every_one_of_its_entrances_is():
    places = frame(*[Point(5, y) for y in (1, 2, 3)], code=["P", "Q", "R"])
    doors = [Point(5, 8), Point(5, 9), Point(200, 9), Point(5, 7)]
    entrances = frame(*doors, code=list("abcd"), place_code=["P", "P", "Q", None])
    ground = areas(box(0, 0, 50, 50), box(0, 0, 50, 2.5), box(70, 70, 90, 90))
    points = watched(places, entrances)
    assert points["kind"].tolist() == ["place"] * 3 + ["entrance"] * 4
    # P by the worse of its two, Q by the one that lies elsewhere, R by itself.
    found = sums(points, [0, 1, 0.5, 1, 0.25, 0, 1], ground)
    assert found["places"].tolist() == [3, 2, 0]
    assert found["places_seen"].tolist() == [0.25 + 0 + 0.5, 0.25, 0]
    assert found["entrances"].tolist() == [3, 0, 0]
    assert found["entrances_seen"].tolist() == [1 + 0.25 + 1, 0, 0]
    found = sums(points, [0, 0, 0, 1, 1, 1, 0], ground)
    assert found["places_seen"].tolist() == [2, 2, 0]


def test_nothing_to_watch_is_answered():
    for ground in (areas(), areas(box(0, 0, 9, 9), None)):
        points = watched()
        found = sums(points, [], ground)
        assert (len(points), len(found)) == (0, len(ground))
        assert found.columns.tolist() == [
            n for kind in KINDS for n in (f"{kind}s", f"{kind}s_seen")
        ]
        assert found.dtypes.astype(str).tolist() == ["int64", "float64"] * 4
        assert (found == 0).all(axis=None)
    assert (
        len(probability_seen(np.empty((0, 2)), np.array([box(0, 0, 1, 1)]), *np.ones((2, 1)))) == 0
    )
    nobody = np.empty(0, dtype=object), np.empty(0, dtype=int), np.empty(0)
    assert probability_seen(np.array([[1.0, 1]]), *nobody).tolist() == [0]
    assert at(junctions(roads())) == at(junctions(roads(None, LineString()))) == []


def test_roads_without_areas_and_areas_without_roads_cross_nothing():
    assert len(crossings(roads([(0, 0), (9, 9)]), areas())) == 0
    assert len(crossings(roads(), areas(box(0, 0, 9, 9)))) == 0
    assert len(crossings(roads(None), areas(None, box(0, 0, 9, 9)))) == 0
