"""Arrays of polygons: taken out, dissolved, clipped, subtracted."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geo.base.polygons import (
    clip_to_areas,
    dissolve,
    flat_geometries,
    flat_polygons,
    subtract,
    union_by,
)


def array(*shapes):
    return flat_geometries(shapes)


def test_polygons_are_taken_out_of_anything():
    two = MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)])
    nested = GeometryCollection([two, LineString([(0, 0), (9, 9)]), box(5, 5, 7, 7)])
    for layer in (
        [nested],
        nested,
        gpd.GeoSeries([nested, None]),
        np.array([nested], dtype=object),
    ):
        assert sorted(shapely.area(flat_polygons(layer)).tolist()) == [1, 1, 4]


def test_what_has_no_area_disappears():
    flat = Polygon([(0, 0), (1, 0), (2, 0)])
    assert (
        len(flat_polygons([Point(0, 0), Polygon(), flat, LineString([(0, 0), (1, 1)]), None])) == 0
    )


def test_invalid_rings_are_rebuilt():
    spike = Polygon([(0, 0), (4, 0), (4, 4), (4, 8), (4, 4), (0, 4)])
    found = flat_polygons([spike])
    assert shapely.is_valid(found).all()
    assert shapely.area(found).tolist() == [16]


def test_the_input_is_left_as_it_was():
    layer = array(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), box(0, 0, 1, 1))
    before = shapely.to_wkb(layer).tolist()
    flat_polygons(layer)
    subtract(layer[1:], array(box(0, 0, 1, 1)))
    assert shapely.to_wkb(layer).tolist() == before


@pytest.mark.parametrize("nothing", [None, [], gpd.GeoSeries([]), gpd.GeoDataFrame(geometry=[])])
def test_nothing_stays_nothing(nothing):
    assert len(dissolve(nothing)) == 0
    assert len(clip_to_areas(flat_polygons(nothing), array(box(0, 0, 1, 1)))[0]) == 0


def test_shapes_are_clipped_to_each_area_that_they_meet():
    cells = array(box(0, 0, 10, 10), box(10, 0, 20, 10))
    parts, shape, area = clip_to_areas(
        array(box(8, 1, 12, 2), box(1, 5, 2, 6), box(20, 0, 30, 10)), cells
    )
    found = sorted(zip(shape.tolist(), area.tolist(), shapely.area(parts).tolist(), strict=True))
    assert found == [(0, 0, 2.0), (0, 1, 2.0), (1, 0, 1.0)]


def test_subtracting_keeps_length_and_order():
    left = subtract(
        array(box(0, 0, 4, 4), box(9, 9, 10, 10), box(0, 0, 1, 1)),
        array(box(1, -1, 2, 5), box(-1, -1, 1, 5)),
    )
    assert shapely.area(left).tolist() == [8, 1, 0]


def test_groups_are_united():
    shapes = array(box(0, 0, 2, 1), box(5, 5, 6, 6), box(1, 0, 3, 1))
    found, group = union_by(shapes, np.array([7, 2, 7]))
    assert group.tolist() == [2, 7]
    assert shapely.area(found).tolist() == [1, 3]
