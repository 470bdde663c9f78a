"""Looking over low buildings: shadows that end, by hand and against lines of sight."""

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from geo.coverage.sight.building_heights import find_hidden, look_over, low_buildings
from geo.coverage.sight.obstacles import merge_footprints
from geo.coverage.sight.viewshed import compute_viewsheds

STRIP = box(0, -1, 40, 1)
HERE = np.zeros((1, 2))


def left(height_m, building_m, seen=STRIP, shape=None, range_m=50.0):
    low = low_buildings([box(10, -50, 14, 50) if shape is None else shape], np.array([building_m]))
    height = np.array([height_m])
    return look_over(np.array([seen]), HERE, height, low, range_m=np.array([range_m]))[0]


def test_the_shadow_of_a_shed_ends():
    # From 6 m over 3 m: the line over the rear wall, 14 m away, meets the ground at 28 m.
    assert left(6.0, 3.0).symmetric_difference(box(0, -1, 10, 1) | box(28, -1, 40, 1)).area < 1e-9


@pytest.mark.parametrize("height_m", [3.0, 2.0, np.nan])
def test_a_building_that_is_not_lower_hides_all_behind_it(height_m):
    assert left(height_m, 3.0).symmetric_difference(box(0, -1, 10, 1)).area < 1e-9


def test_a_high_camera_loses_little_behind_a_low_wall():
    # From 10 m over 0.5 m: 14 m becomes 14.7 m.
    assert left(10.0, 0.5).area == pytest.approx(80 - 2 * (14 * 10 / 9.5 - 10))


def test_a_camera_on_a_low_roof_sees_the_ground_beyond_it():
    # It stands 6 m high on a building of 3 m that reaches 5 m around: ground from 10 m on.
    seen = left(6.0, 3.0, shape=box(-5, -5, 5, 5))
    assert seen.symmetric_difference(box(10, -1, 40, 1)).area < 1e-9


def test_what_meets_no_low_building_is_left_alone():
    assert left(6.0, 3.0, shape=box(100, 0, 110, 10)) is STRIP


def test_nothing_low_hides_nothing():
    low = low_buildings(np.empty(0, dtype=object), np.empty(0))
    seen = np.array([STRIP])
    assert look_over(seen, HERE, np.array([6.0]), low, range_m=np.array([50.0]))[0] is STRIP


def test_points_and_polygons_give_one_answer():
    rng = np.random.default_rng(4)
    corners = rng.uniform(-40, 40, (25, 2))
    corners = corners[np.hypot(*corners.T) > 9]
    shapes = shapely.box(*corners.T, *(corners + rng.uniform(1, 7, corners.shape)).T)
    low = low_buildings(shapes, rng.uniform(1, 8, len(shapes)))
    look = {"x": 0.0, "y": 0.0, "start_deg": 0.0, "width_deg": 360.0, "range_m": 45.0}
    seen = compute_viewsheds(pd.DataFrame([look]), merge_footprints(None)).to_numpy()
    rest = look_over(seen, HERE, np.array([6.0]), low, range_m=np.array([45.0]))[0]
    assert rest.is_valid
    points = rng.uniform(-31, 31, (4000, 2))
    points = points[shapely.distance(rest.boundary, shapely.points(points)) > 0.002]
    high = np.full(len(points), 6.0)
    out_of_sight = find_hidden(points, np.zeros_like(points), high, low)
    assert (shapely.contains(rest, shapely.points(points)) == ~out_of_sight).all()
    assert out_of_sight.mean() > 0.1
