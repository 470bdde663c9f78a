"""The union of what cameras see. Figures are tested with the board."""

import geopandas as gpd
import shapely
from shapely import Polygon, box

from geo.coverage.measure.measures import union


def test_the_union_is_one_polygon_for_each_connected_piece():
    found = union([box(0, 0, 2, 2), box(1, 1, 3, 3), box(9, 9, 10, 10)])
    assert sorted(shapely.area(found).tolist()) == [1, 7]


def test_views_that_share_an_edge_are_one_piece_and_those_that_share_a_corner_two():
    found = union([box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 1, 3, 2)])
    assert sorted(shapely.area(found).tolist()) == [1, 2]


def test_a_hole_that_nobody_sees_stays():
    ring = box(0, 0, 10, 10) - box(4, 4, 6, 6)
    assert shapely.area(union([ring, box(0, 0, 3, 3)])).tolist() == [96]


def test_empty_and_missing_views_add_nothing():
    assert len(union(gpd.GeoSeries([Polygon(), None]))) == 0
    assert len(union(None)) == 0
