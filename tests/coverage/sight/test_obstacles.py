"""Footprints merged, and cameras placed beside them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.coverage.sight.obstacles import merge_footprints, place_cameras
from tests import SHARED_DATA


def placed(points, footprints, *, indoor=None, snap_m=5.0):
    flags = np.zeros(len(points), dtype=bool) if indoor is None else np.array(indoor)
    return place_cameras(gpd.GeoSeries(points), flags, merge_footprints(footprints), snap_m=snap_m)


def test_overlapping_touching_and_repeated_footprints_become_one():
    found = merge_footprints(
        [box(0, 0, 10, 10), box(5, 0, 15, 10), box(15, 0, 20, 10), box(0, 0, 10, 10)]
    )
    assert len(found.parts) == 1
    assert found.parts[0].equals(box(0, 0, 20, 10))


def test_a_bow_tie_keeps_both_wings():
    found = merge_footprints([Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])])
    assert shapely.area(found.parts).tolist() == pytest.approx([25.0, 25.0])
    assert shapely.is_valid(found.parts).all()


def test_lines_points_missing_empty_and_tiny_ones_are_left_out():
    odd = [None, Point(0, 0), LineString([(0, 0), (5, 5)]), Polygon(), box(0, 0, 0.9, 1)]
    assert len(merge_footprints(gpd.GeoSeries(odd)).parts) == 0
    assert len(merge_footprints(gpd.GeoSeries([*odd, box(20, 0, 21, 1)])).parts) == 1


def test_a_courtyard_stays_open():
    yard = box(0, 0, 30, 30) - box(10, 10, 20, 20)
    found = merge_footprints([MultiPolygon([yard])])
    assert found.parts[0].area == 800
    assert len(found.edges) == 8
    assert not found.block(np.array([Point(15, 15)]))[0]


def test_repeated_vertices_make_no_edge():
    found = merge_footprints([Polygon([(0, 0), (0, 0), (9, 0), (9, 9), (9, 9), (0, 9)])])
    assert len(found.edges) == 4


def test_the_inside_is_on_the_left_of_every_edge():
    found = merge_footprints([box(0, 0, 30, 30) - box(10, 10, 20, 20)])
    start, end = found.edges[:, :2], found.edges[:, 2:]
    left = (start + end) / 2 + 0.1 * (end - start)[:, ::-1] * [-1, 1] / 10
    assert found.block(shapely.points(left)).all()


@pytest.mark.parametrize("nothing", [None, [], gpd.GeoSeries([], crs=32650)])
def test_no_footprints_block_nothing(nothing):
    found = merge_footprints(nothing)
    assert len(found.parts) == 0
    assert found.edges.shape == (0, 4)
    assert placed([Point(1, 2)], nothing)["placement"].tolist() == ["open"]


def test_the_content_hash_names_the_content_not_its_order():
    one = merge_footprints([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    same = merge_footprints([box(20, 0, 30, 10), box(10, 0, 0, 10), box(2, 2, 3, 4)])
    other = merge_footprints([box(0, 0, 10, 10), box(20, 0, 30, 11)])
    assert one.content_hash == same.content_hash != other.content_hash


def test_a_camera_just_inside_moves_in_front_of_its_wall():
    found = placed([Point(8, 50)], [box(0, 0, 10, 100)], snap_m=5.0)
    assert found[["x", "y"]].to_numpy().tolist() == [[10.2, 50.0]]
    assert found["placement"].tolist() == ["snapped"]
    assert found["moved_m"].tolist() == pytest.approx([2.2])


def test_a_camera_deep_inside_is_suspect_and_stays():
    found = placed([Point(50, 50)], [box(0, 0, 100, 100)])
    assert found.iloc[0].tolist() == [50.0, 50.0, "suspect", 0.0]


def test_open_and_indoor_cameras_stay():
    found = placed([Point(-1, 5), Point(5, 5)], [box(0, 0, 10, 10)], indoor=[False, True])
    assert found["placement"].tolist() == ["open", "indoor"]
    assert found["moved_m"].tolist() == [0.0, 0.0]


def test_a_camera_on_a_wall_or_corner_is_snapped_outside():
    block = box(0, 0, 10, 10)
    found = placed([Point(10, 5), Point(10, 10)], [block])
    assert found["placement"].tolist() == ["snapped", "snapped"]
    assert not shapely.intersects(block, shapely.points(found[["x", "y"]].to_numpy())).any()
    assert found["x"].iloc[0] == 10.2


def test_a_place_before_the_wall_that_another_footprint_takes_is_passed_over():
    narrow = [box(0, 0, 10, 100), box(10.1, 0, 20, 100)]
    found = placed([Point(9, 99)], narrow)
    assert found[["x", "y"]].to_numpy().tolist() == [[9.0, 100.2]]


def test_where_all_fronts_are_taken_the_nearest_free_place_is_found():
    # A kiosk 5 cm before the wall fills the front; south of it the wall is free.
    kiosk = box(20.05, 49, 22, 53)
    found = placed([Point(18, 50)], [box(0, 0, 20, 100), kiosk]).iloc[0]
    assert found["placement"] == "snapped"
    assert found[["x", "y"]].tolist() == pytest.approx([20.2, 48.8])
    assert found["moved_m"] == pytest.approx(np.hypot(2.2, 1.2))


def test_without_a_free_place_within_reach_a_position_stays_suspect():
    shut = [box(0, 0, 20, 100), box(20.05, 0, 30, 100)]
    assert placed([Point(18, 50)], shut)["placement"].tolist() == ["suspect"]


def free_places(obstacles, point, reach_m):
    """The distances of places of a fine raster that keep 0.2 m off every footprint."""
    steps = np.arange(-reach_m, reach_m, 0.1)
    x, y = (axis.ravel() for axis in np.meshgrid(steps, steps))
    away = np.hypot(x, y)
    near = away <= reach_m
    raster = shapely.points(point.x + x[near], point.y + y[near])
    parts = obstacles.parts[obstacles.tree.query(point, "dwithin", reach_m + 0.2)]
    clear = (shapely.distance(parts[:, None], raster[None]) >= 0.2).all(axis=0)
    return away[near][clear]


def test_no_camera_in_nanshan_is_suspect_though_a_free_place_is_near():
    file = SHARED_DATA / "nanshan" / "buildings.geojson"
    if not file.exists():
        pytest.skip("the Nanshan buildings are not at hand")
    obstacles = merge_footprints(gpd.read_file(file).to_crs(32649).geometry)
    bounds, rng = shapely.total_bounds(obstacles.parts), np.random.default_rng(1)
    points = shapely.points(rng.uniform(bounds[:2], bounds[2:], (12_000, 2)))
    found = place_cameras(points, np.zeros(len(points), dtype=bool), obstacles)
    lost = points[found["placement"] == "suspect"]
    held, part = obstacles.holding(lost)
    wall_m = shapely.distance(shapely.boundary(obstacles.parts[part]), lost[held])
    assert len(lost) > 400
    for point in lost[held[wall_m <= 5.0]]:
        assert len(free_places(obstacles, point, 5.0)) == 0


def test_an_inner_corner_is_left_straight_on():
    angle = box(0, 0, 20, 20) - box(10, 10, 20, 20)
    found = placed([Point(9.5, 9.5)], [angle])
    assert found["placement"].tolist() == ["snapped"]
    assert found[["x", "y"]].to_numpy()[0] == pytest.approx([10 + 0.2 / 2**0.5] * 2)


def test_a_missing_position_is_suspect_and_keeps_the_index():
    points = gpd.GeoSeries([None, Point(0, 0)], index=["a", "b"])
    found = place_cameras(points, np.zeros(2, dtype=bool), merge_footprints(None))
    assert found["placement"].to_dict() == {"a": "suspect", "b": "open"}
    assert np.isnan(found.loc["a", "x"])


@given(seed=st.integers(0, 10_000))
def test_a_snapped_camera_is_outside_every_footprint(seed):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 60, (25, 2))
    sizes = rng.uniform(2, 14, (25, 2))
    obstacles = merge_footprints(shapely.box(*corners.T, *(corners + sizes).T))
    points = shapely.points(rng.uniform(0, 60, (60, 2)))
    found = place_cameras(points, np.zeros(60, dtype=bool), obstacles)
    spots = shapely.points(found[["x", "y"]].to_numpy())
    assert (obstacles.block(spots) == (found["placement"] == "suspect")).all()
    assert found["moved_m"].max() <= 5.2 + 1e-9


def test_a_camera_moved_out_of_an_inner_corner_keeps_off_both_walls():
    angle = shapely.affinity.rotate(box(0, 0, 20, 20) - box(4, 4, 20, 20), 31, origin=(0, 0))
    walls = merge_footprints([angle])
    rng = np.random.default_rng(2)
    inside = shapely.points(rng.uniform(-6, 20, (4000, 2)))
    inside = inside[shapely.contains(angle, inside)]
    spots = place_cameras(inside, np.zeros(len(inside), dtype=bool), walls)
    moved = spots[spots["placement"] == "snapped"]
    off_m = shapely.distance(angle, shapely.points(moved[["x", "y"]].to_numpy()))
    assert len(moved) > 500
    assert off_m.min() > 0.1 - 1e-9
