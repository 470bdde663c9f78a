"""Polygons in another coordinate system: as valid as before, and no larger or smaller."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.base.crs import project
from geo.base.reprojection import reproject, reproject_layer

ZONE, DEGREES = 4548, 4326
# Gaps as subtracting viewsheds leaves them: two borders run along each other, one spike wide 0.
SPIKES = [
    [
        (506105.79821313283, 3379226.402763792),
        (506104.0633005241, 3379226.317533001),
        (506105.290362204, 3379230.1012941455),
        (506104.7091431061, 3379234.334143499),
    ],
    [
        (505045.105971594, 3378667.585841834),
        (505019.23493835534, 3378667.585841834),
        (505022.3960062573, 3378673.8424673253),
        (505013.57210128393, 3378676.273464818),
    ],
]


def there_and_back(shapes):
    moved = reproject(shapes, source=ZONE, target=DEGREES)
    return moved, project(moved, source=DEGREES, target=ZONE)


def array(*shapes):
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def test_a_spike_without_width_crosses_itself_no_more_and_the_area_stays():
    shapes = array(*(shapely.Polygon(ring) for ring in SPIKES))
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_valid(project(shapes, source=ZONE, target=DEGREES)).any()
    moved, back = there_and_back(shapes)
    assert shapely.is_valid(moved).all()
    assert shapely.area(back) == pytest.approx(shapely.area(shapes), rel=1e-6)


def test_a_hole_closer_to_a_long_border_than_this_bends_stays_a_hole():
    outer = [(510000, 3380000), (530000, 3380000), (530000, 3384000), (510000, 3384000)]
    hole = [(519000, 3384000 - 1e-3), (521000, 3384000 - 1e-3), (520000, 3383100)]
    shapes = array(shapely.Polygon(outer, [hole]))
    assert not shapely.is_valid(project(shapes, source=ZONE, target=DEGREES)).any()
    moved, back = there_and_back(shapes)
    assert shapely.is_valid(moved).all()
    assert shapely.area(back) == pytest.approx(20_000 * 4_000 - 1_000 * 899.999, rel=1e-6)


def test_a_sound_polygon_is_moved_corner_by_corner():
    shapes = array(shapely.box(510000, 3380000, 510050, 3380030), shapely.Point(1, 1), None)
    moved, _ = there_and_back(shapes)
    plain = project(shapes, source=ZONE, target=DEGREES)
    assert shapely.equals_exact(moved[:2], plain[:2], 0).all()
    assert moved[2] is None


def test_what_stands_in_the_system_asked_for_is_not_touched():
    frame = gpd.GeoDataFrame(geometry=[shapely.Polygon(SPIKES[0])], crs=ZONE)
    assert reproject_layer(frame, ZONE) is frame
    assert reproject_layer(frame).crs.to_epsg() == DEGREES


def test_holes_that_overlap_give_no_ground_back():
    holes = [shapely.box(510, 10, 550, 50), shapely.box(540, 40, 580, 80)]
    outer = shapely.box(500, 0, 600, 100)
    crossing = shapely.Polygon(outer.exterior, [hole.exterior for hole in holes])
    far = shapely.affinity.translate(crossing, 505_000, 3_380_000)
    _, back = there_and_back(array(far))
    assert back[0].area == pytest.approx(100 * 100 - (2 * 40 * 40 - 10 * 10), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_ground_without_what_is_seen_is_valid_in_degrees(seed):
    rng = np.random.default_rng(seed)
    at = rng.uniform((500_000, 3_370_000), (520_000, 3_390_000))
    wall = rng.uniform(-20, 20, (2, 2)) + at
    triangles = [shapely.Polygon([at, *(wall + rng.uniform(-40, 40, 2))]) for _ in range(4)]
    ground = shapely.Polygon([wall[0], wall[1], at + rng.uniform(-60, 60, 2)])
    # Corners of one border computed on the other: rounding leaves them beside it.
    left = shapely.difference(ground, shapely.union_all([t for t in triangles if t.is_valid]))
    shapes = array(*(part for part in shapely.get_parts(left) if part.area > 1e-3))
    moved, back = there_and_back(shapes)
    assert shapely.is_valid(moved).all()
    assert shapely.area(back) == pytest.approx(shapely.area(shapes), rel=1e-6)
