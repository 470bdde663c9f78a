"""Shapes as a layer wants them: one kind, nine decimals, rings that begin and turn alike."""

import numpy as np
import shapely

from geo.files.checks.position.raw_position import Site
from geo.files.checks.position.shapes import fit_shapes


def fitted(shape, *given):
    site = Site(tuple(range(2, 2 + len(given))), "geometry", lambda at: "")
    moved = np.empty(len(given), dtype=object)
    moved[:] = given
    geometries, findings = fit_shapes(moved, shape, site)
    return geometries, [(finding.row, finding.code) for finding in findings]


def test_places_keep_nine_decimals_of_a_degree():
    (found,), notes = fitted("point", shapely.Point(117.1234567894, 30.0000000016))
    assert (found.x, found.y) == (117.123456789, 30.000000002)
    assert notes == []


def test_a_shape_is_the_same_wherever_its_ring_begins_and_however_it_turns():
    ring = [(117.0, 30.0), (117.001, 30.0), (117.001, 30.001), (117.0, 30.001)]
    turned = [shapely.Polygon(ring[n:] + ring[:n]) for n in range(4)]
    turned += [shapely.Polygon(each.exterior.coords[::-1]) for each in turned]
    found, notes = fitted("polygon", *turned)
    assert len({shapely.to_wkb(each) for each in found}) == 1
    assert found[0].geom_type == "MultiPolygon"
    assert notes == []


def test_a_point_of_many_that_is_one_is_that_point_and_other_kinds_are_refused():
    one = shapely.MultiPoint([(117.0, 30.0)])
    two = shapely.MultiPoint([(117.0, 30.0), (117.1, 30.0)])
    found, notes = fitted("point", one, two, shapely.LineString([(117, 30), (117.1, 30)]), None)
    assert found[0].equals(shapely.Point(117, 30))
    assert [each is None for each in found] == [False, True, True, True]
    assert [row for row, _ in notes] == [3, 4]
