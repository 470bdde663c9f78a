"""Stretches of road with answers by hand, and sight along them against brute force."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPolygon, Polygon, box

from geo.coverage.demand import road_segments as road_stretches
from geo.coverage.demand.road_segments import (
    cut_segments,
    road_lengths,
    seen_intervals,
    segments_in_areas,
)

XY = ["x0", "y0", "x1", "y1"]
CRS = 4548


def seen_and_blind(cut, sights):
    """Return the metres seen of each piece, and the blind parts of all roads."""
    plain, looks = ({n: t[n].to_numpy() for n in t} for t in (cut, sights))
    seen_m, merged = road_stretches._sights(plain, looks)
    every = np.arange(len(cut))
    blind = road_stretches._blind(plain, np.zeros_like(every), every, merged)
    return seen_m, pd.DataFrame(blind).drop(columns="area")


def frame(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=CRS)


def line(*points):
    return LineString(points)


def looked(cut, *views, weight=1.0, device=None):
    """Intervals of views; each its own camera unless it is said."""
    seen = np.array([*views, None], dtype=object)[:-1]
    device = np.arange(len(seen)) if device is None else np.array(device)
    weight = np.broadcast_to(np.asarray(weight, dtype=float), len(seen))
    return seen_intervals(cut[XY].to_numpy(), seen, device, weight)


def measured(roads, areas, *views, **options):
    cut = cut_segments(roads, areas)
    looks = looked(cut, *views, **options)
    return road_lengths(cut, segments_in_areas(cut, areas), looks, len(areas))


def scene(seed, roads=12, views=25, side_m=200.0):
    """Crooked roads (a ring and a parted one among them), four quarters and the whole, views."""
    rng = np.random.default_rng(seed)
    origin = np.array([503_000.0, 3_376_000.0])
    walks = [origin + np.cumsum(rng.normal(0, 40, (5, 2)), axis=0) + side_m / 2 for _ in range(9)]
    lines = [LineString(w) for w in walks[: roads - 3]]
    ring = origin + rng.uniform(0, side_m, (4, 2))
    parted = origin + rng.uniform(0, side_m, (5, 2))
    lines += [LineString([*ring, ring[0]]), MultiLineString([parted[:3], parted[2:]])]
    x, y = origin + rng.uniform(0.3, 0.7, 2) * side_m
    west, south = origin
    east, north = origin + side_m
    quarters = [box(west, south, x, y), box(x, south, east, y)]
    quarters += [box(west, y, x, north), box(x, y, east, north)]
    whole = MultiPolygon([box(west, south, east, north)])
    middles = shapely.points(origin + rng.uniform(0, side_m, (views, 2)))
    seen = shapely.buffer(middles, rng.uniform(3, 40, views), quad_segs=3)
    return frame(*lines), frame(*quarters, whole), seen


def test_every_straight_piece_is_a_stretch_cut_at_borders_of_all_levels():
    road = line((0, 0), (0, 0), (10, 0), (10, 0), (10, 5))
    parted = MultiPolygon([box(-1, -1, 4, 1), box(20, 20, 30, 30)])
    holed = Polygon(box(-9, -9, 99, 99).exterior, [box(9, 2, 11, 3).exterior])
    cut = cut_segments(frame(road), frame(parted, box(4, -1, 7, 1), holed))
    assert cut.columns.tolist() == ["road", "line", "from_m", "to_m", *XY]
    assert cut["from_m"].tolist() == [0, 4, 7, 10, 12, 13]
    assert cut["to_m"].tolist() == [4, 7, 10, 12, 13, 15]
    assert cut[XY].iloc[[0, 3]].values.tolist() == [[0, 0, 4, 0], [10, 0, 10, 2]]


def test_parts_of_one_road_are_joined_and_those_of_two_are_not():
    parted = MultiLineString([[(0, 0), (5, 0)], [(9, 0), (5, 0)], [(20, 0), (30, 0)]])
    cut = cut_segments(frame(line((50, 0), (60, 0)), parted, line((60, 0), (70, 0))), frame())
    assert cut["road"].tolist() == [0, 1, 1, 1, 2]
    assert cut["line"].tolist() == [0, 1, 1, 2, 3]
    assert (cut["to_m"] - cut["from_m"]).sum() == 10 + 9 + 10 + 10


def test_height_and_missing_and_empty_roads_do_no_harm():
    high = LineString([(0, 0, 5), (10, 0, 9)])
    cut = cut_segments(
        frame(None, LineString(), high, line((3, 3), (3, 3))), frame(None, Polygon())
    )
    assert cut[["road", "line", "to_m"]].values.tolist() == [[2, 0, 10]]


@pytest.mark.parametrize("roads", [frame(), frame(line((0, 0), (10, 0)))])
@pytest.mark.parametrize("areas", [frame(), frame(box(0, 0, 5, 5))])
@pytest.mark.parametrize("views", [[], [box(1, -1, 2, 1)]])
def test_empty_layers_are_answered(roads, areas, views):
    cut = cut_segments(roads, areas)
    found = road_lengths(cut, segments_in_areas(cut, areas), looked(cut, *views), len(areas))
    assert found.columns.tolist() == ["road_m", "road_seen_m", "longest_blind_m"]
    assert found.dtypes.astype(str).tolist() == ["float64"] * 3
    inside, sight = 5.0 * (len(roads) > 0), 1.0 * (len(roads) > 0 and len(views) > 0)
    assert found["road_m"].tolist() == [inside] * len(areas)
    assert found["road_seen_m"].tolist() == [sight] * len(areas)
    blind = seen_and_blind(cut, looked(cut, *views))[1]
    assert blind.columns.tolist() == ["line", "from_m", "to_m"]


def test_a_road_along_a_border_belongs_to_both_sides_until_it_turns_off():
    # Oblique and far from the origin, where no middle lies on the border to the last digit.
    def at(along, off):
        return 503_000 + 0.8 * along - 0.6 * off, 3_376_000 + 0.6 * along + 0.8 * off

    south = Polygon([at(0, 0), at(70, 0), at(130, -60), at(0, -60)])
    north = Polygon([at(0, 0), at(70, 0), at(130, -60), at(130, 60), at(0, 60)])
    areas = frame(south, north)
    cut = cut_segments(frame(line(at(10, 0), at(30, 0), at(130, 0))), areas)
    assert cut["to_m"].tolist() == pytest.approx([20, 60, 120])
    found = road_lengths(cut, segments_in_areas(cut, areas), looked(cut), 2)
    assert found["road_m"].tolist() == pytest.approx([60, 120])
    assert found["longest_blind_m"].tolist() == pytest.approx([60, 120])


def test_a_road_outside_of_all_areas_belongs_nowhere():
    areas = frame(box(0, 0, 10, 10))
    cut = cut_segments(frame(line((-50, 5), (5, 5)), line((30, 0), (40, 0))), areas)
    stretch, area = segments_in_areas(cut, areas)
    assert (stretch.tolist(), area.tolist()) == ([1], [0])


def test_intervals_are_the_parts_of_a_stretch_inside_a_polygon():
    street = np.array([[0.0, 0, 10, 0], [0, 5, 10, 5], [0, 0, 30, 40]])
    holed = Polygon(box(2, -1, 8, 1).exterior, [box(4, -0.5, 5, 0.5).exterior])
    seen = np.array([holed, box(-5, 4, 20, 6), box(10, -5, 20, 5), box(3, 0, 9, 8)])
    found = seen_intervals(street, seen, np.array([7, 8, 9, 3]), np.array([1, 1, 1, 0.5]))
    assert found.columns.tolist() == ["stretch", "device", "t0", "t1", "weight"]
    rows = found.round(12).values.tolist()
    assert rows[:3] == [[0, 3, 0.3, 0.9, 0.5], [0, 7, 0.2, 0.4, 1], [0, 7, 0.5, 0.8, 1]]
    assert rows[3:5] == [[1, 3, 0.3, 0.9, 0.5], [1, 8, 0, 1, 1]]
    # The third rises 4 for every 3: y = 4 to 6 of the one, x = 3 to y = 8 of the other.
    assert rows[5:] == [[2, 3, 0.1, 0.2, 0.5], [2, 8, 0.1, 0.15, 1]]


def test_no_view_and_no_stretch_give_no_interval():
    none = np.empty(0, dtype=object)
    street = np.array([[0.0, 0, 10, 0]])
    for xy, seen in ((street, none), (street[:0], np.array([box(0, 0, 1, 1)])), (street[:0], none)):
        found = seen_intervals(xy, seen, np.zeros(len(seen), dtype=int), np.ones(len(seen)))
        assert len(found) == 0
        assert found.dtypes.astype(str).tolist() == [*["int64"] * 2, *["float64"] * 3]


def test_a_part_seen_by_two_cameras_counts_once():
    found = measured(
        frame(line((0, 0), (100, 0))),
        frame(box(0, -9, 100, 9)),
        box(10, -1, 40, 1),
        box(30, -1, 50, 1),
    )
    assert found.values.tolist() == [[100, 40, 50]]


def test_uncertain_sight_is_multiplied_out():
    found = measured(
        frame(line((0, 0), (100, 0))),
        frame(box(0, -9, 100, 9)),
        box(10, -1, 40, 1),
        box(30, -1, 50, 1),
        box(45, -1, 60, 1),
        weight=[0.5, 0.25, 1.0],
    )
    sight = 20 * 0.5 + 10 * (1 - 0.5 * 0.75) + 5 * 0.25 + 15
    assert found.values.tolist() == [[100, pytest.approx(sight, abs=1e-9), 40]]


def test_a_blind_run_goes_on_across_bends_and_other_borders_and_ends_with_its_area():
    road = line((0, 0), (30, 0), (30, 40), (60, 40))
    areas = frame(box(-1, -1, 99, 99), box(-1, -1, 31, 10), box(20, 10, 99, 99))
    found = measured(frame(road), areas, box(-1, -1, 5, 1), box(40, 30, 45, 50))
    assert found["road_m"].tolist() == [100, 40, 60]
    assert found["road_seen_m"].tolist() == pytest.approx([10, 5, 5])
    assert found["longest_blind_m"].tolist() == [25 + 40 + 10, 25 + 10, 30 + 10]


def test_a_blind_run_ends_where_the_road_leaves_the_area_and_comes_back():
    road = line((0, 0), (10, 0), (10, 20), (14, 20), (14, 0), (20, 0))
    found = measured(frame(road), frame(box(-1, -1, 99, 8)))
    assert found.values.tolist() == [[32, 0, 18]]


def test_a_blind_run_ends_with_its_road():
    found = measured(
        frame(line((0, 0), (30, 0)), line((30, 0), (50, 0))), frame(box(-1, -1, 99, 1))
    )
    assert found["longest_blind_m"].tolist() == [30]


@pytest.mark.parametrize(("sight_m", "longest_m"), [(0.004, 100), (0.02, 60)])
def test_a_glimpse_does_not_break_a_blind_run(sight_m, longest_m):
    found = measured(
        frame(line((0, 0), (100, 0))), frame(box(0, -9, 100, 9)), box(40 - sight_m, -1, 40, 1)
    )
    assert found["road_seen_m"].tolist() == pytest.approx([sight_m])
    assert found["longest_blind_m"].tolist() == pytest.approx([longest_m])


def test_two_glimpses_on_either_side_of_a_vertex_are_a_view():
    road = frame(line((0, 0), (40, 0), (100, 0)))
    views = box(39.994, -1, 40, 1), box(40, -1, 40.006, 1)
    assert measured(road, frame(box(0, -9, 100, 9)), *views)["longest_blind_m"][0] > 59
    assert measured(road, frame(box(0, -9, 100, 9)), *views)["longest_blind_m"][0] < 60
    assert measured(road, frame(box(0, -9, 100, 9)), views[0])["longest_blind_m"][0] == 100


@pytest.mark.parametrize("start", range(4))
def test_on_a_ring_it_does_not_matter_where_the_line_begins(start):
    corners = [(0, 0), (100, 0), (100, 50), (0, 50)]
    corners = corners[start:] + corners[:start]
    ring = line(*corners, corners[0])
    areas = frame(box(-9, -9, 200, 200), box(-9, -9, 20, 200))
    found = measured(frame(ring), areas, box(99, 10, 101, 12), box(60, 49, 70, 51))
    # From y = 12 up and back to x = 70, and from x = 60 all around to y = 10.
    assert found["longest_blind_m"].tolist() == [60 + 50 + 100 + 10, 90]
    assert measured(frame(ring), areas)["longest_blind_m"].tolist() == [300, 90]


def test_blind_parts_are_listed_by_line_and_measure():
    road = line((0, 0), (30, 0), (30, 40))
    cut = cut_segments(frame(road, line((0, 99), (9, 99))), frame(box(0, 0, 12, 12)))
    seen_m, blind = seen_and_blind(
        cut, looked(cut, box(5, -1, 8, 1), box(29, 20, 31, 30), weight=0.5)
    )
    assert seen_m.tolist() == pytest.approx([1.5, 0, 5, 0])
    assert blind.values.tolist() == [[0, 0, 5], [0, 8, 50], [0, 60, 70], [1, 0, 9]]


def test_sets_of_cameras_are_picked_from_the_intervals():
    roads, areas, seen = scene(3)
    cut = cut_segments(roads, areas)
    held = segments_in_areas(cut, areas)
    device = np.arange(len(seen)) // 2
    every = looked(cut, *seen, device=device)
    few = np.isin(device, [0, 3, 5])
    picked = every[np.isin(every["device"], [0, 3, 5])]
    alone = looked(cut, *seen[few], device=device[few])
    assert road_lengths(cut, held, picked, 5).equals(road_lengths(cut, held, alone, 5))


@given(seed=st.integers(0, 10_000))
def test_a_few_areas_are_answered_from_their_own_stretches_as_among_all(seed):
    roads, areas, seen = scene(seed)
    cut = cut_segments(roads, areas)
    stretch, area = segments_in_areas(cut, areas)
    whole = road_lengths(cut, (stretch, area), looked(cut, *seen, weight=0.7), 5)
    mine = np.isin(area, [1, 3])
    used = np.unique(stretch[mine])
    looks = looked(cut.iloc[used], *seen, weight=0.7)
    looks["stretch"] = used[looks["stretch"]]
    part = road_lengths(cut, (stretch[mine], area[mine]), looks, 5)
    assert part.iloc[[1, 3]].equals(whole.iloc[[1, 3]])
    assert (part.iloc[[0, 2, 4]] == 0).all(axis=None)


@given(seed=st.integers(0, 10_000))
def test_a_few_lines_are_answered_from_their_own_stretches(seed):
    roads, areas, seen = scene(seed)
    cut = cut_segments(roads, areas)
    few = [1, 4, cut["line"].max() - 1]  # the ring among them
    own = np.flatnonzero(cut["line"].isin(few))
    part = cut.iloc[own].reset_index(drop=True)
    alone = road_lengths(part, segments_in_areas(part, areas), looked(part, *seen), 5)
    stretch, area = segments_in_areas(cut, areas)
    mine, looks = np.isin(stretch, own), looked(cut, *seen)
    among = road_lengths(cut, (stretch[mine], area[mine]), looks[looks["stretch"].isin(own)], 5)
    assert alone.equals(among)


@given(seed=st.integers(0, 10_000))
def test_the_order_of_intervals_and_pairs_leaves_no_trace(seed):
    roads, areas, seen = scene(seed)
    rng = np.random.default_rng(seed)
    cut = cut_segments(roads, areas)
    stretch, area = segments_in_areas(cut, areas)
    looks = looked(cut, *seen, weight=rng.uniform(0.1, 1, len(seen)))
    mixed, order = looks.sample(frac=1, random_state=seed), rng.permutation(len(area))
    one = road_lengths(cut, (stretch, area), looks, 5)
    assert one.equals(road_lengths(cut, (stretch[order], area[order]), mixed, 5))


@given(seed=st.integers(0, 10_000), sure=st.booleans())
def test_sampling_the_roads_finds_the_same_metres(seed, sure):
    roads, areas, seen = scene(seed)
    weight = np.ones(len(seen)) if sure else np.random.default_rng(seed).uniform(0.1, 1, len(seen))
    found = measured(roads, areas, *seen, weight=weight)
    step_m = 0.05
    middles = [
        shapely.line_interpolate_point(each, np.arange(step_m / 2, each.length, step_m))
        for each in roads.geometry
    ]
    points = np.concatenate(middles)
    miss = np.ones(len(points))
    for view, chance in zip(seen, weight, strict=True):
        miss[shapely.intersects(view, points)] *= 1 - chance
    for i, area in enumerate(areas.geometry):
        inside = shapely.intersects(area, points)
        assert found["road_m"][i] == pytest.approx(inside.sum() * step_m, abs=2.5)
        assert found["road_seen_m"][i] == pytest.approx((1 - miss[inside]).sum() * step_m, abs=4)


@given(seed=st.integers(0, 10_000))
def test_sampling_a_road_finds_the_same_blind_run(seed):
    roads, _, seen = scene(seed)
    road = roads.geometry.iloc[0]
    area = frame(road.envelope.buffer(1))
    found = measured(frame(road), area, *seen)["longest_blind_m"][0]
    step_m = 0.02
    points = shapely.line_interpolate_point(road, np.arange(step_m / 2, road.length, step_m))
    sight = np.concatenate([[True], shapely.intersects(shapely.union_all(seen), points), [True]])
    longest = (np.diff(np.flatnonzero(sight)) - 1).max() * step_m
    assert found == pytest.approx(longest, abs=3 * step_m)


@given(seed=st.integers(0, 10_000))
def test_quarters_add_up_to_the_whole(seed):
    roads, areas, seen = scene(seed)
    found = measured(roads, areas, *seen)
    parts = found.iloc[:4]
    assert parts[["road_m", "road_seen_m"]].sum().tolist() == pytest.approx(
        found.loc[4, ["road_m", "road_seen_m"]].tolist(), abs=0.02
    )
    assert parts["longest_blind_m"].max() <= found["longest_blind_m"][4] + 0.02


@given(seed=st.integers(0, 10_000), weight=st.sampled_from([0.3, 1.0]))
def test_one_more_camera_never_lowers_sight_nor_lengthens_a_blind_run(seed, weight):
    roads, areas, seen = scene(seed)
    fewer = measured(roads, areas, *seen[1:], weight=weight)
    more = measured(roads, areas, *seen, weight=weight)
    assert (more["road_seen_m"] >= fewer["road_seen_m"] - 1e-9).all()
    assert (more["longest_blind_m"] <= fewer["longest_blind_m"]).all()


@given(seed=st.integers(0, 10_000))
def test_what_is_seen_and_what_is_blind_make_up_the_roads(seed):
    roads, areas, seen = scene(seed)
    cut = cut_segments(roads, areas)
    seen_m, blind = seen_and_blind(cut, looked(cut, *seen))
    length_m = cut["to_m"] - cut["from_m"]
    assert length_m.sum() == pytest.approx(roads.length.sum())
    assert (length_m > 0).all()
    assert (seen_m <= length_m).all()
    blind_m = (blind["to_m"] - blind["from_m"]).sum()
    slack_m = road_stretches.GLIMPSE_M * (len(blind) + len(seen) + 1)
    assert seen_m.sum() + blind_m == pytest.approx(length_m.sum(), abs=slack_m)
    assert isinstance(blind.index, pd.RangeIndex)
