"""The positions that show whether a file fits another system, apart by the declared one."""

import numpy as np
import shapely

from geo.base.crs import parse_crs
from geo.files.checks.position.declared_crs import Systems
from geo.files.checks.position.position import Positions
from geo.files.checks.sample import Sample

WGS84, GCJ02 = parse_crs("wgs84"), parse_crs("gcj02")


def positions(points, kinds, of_row):
    given = np.array([None if p is None else shapely.Point(p) for p in points], dtype=object)
    return Positions(given, given, Systems(kinds, np.array(of_row)), ())


def test_rows_count_for_the_system_that_each_declares_with_the_area_it_names():
    sample = Sample("cameras")
    part = positions([(1, 1), (2, 2), None, (4, 4)], (WGS84, None, GCJ02), [2, 0, 0, 0])
    sample.add(part, ["甲", "乙", "丙", None])
    found = {name: (each.given.tolist(), each.named) for name, each in sample.groups.items()}
    assert found == {
        WGS84.name: ([[2.0, 2.0], [4.0, 4.0]], ["乙", None]),
        GCJ02.name: ([[1.0, 1.0]], ["甲"]),
    }


def test_further_parts_add_to_what_earlier_ones_gave():
    sample = Sample("cameras")
    for at in range(3):
        sample.add(positions([(at, at)], (WGS84,), [0]), [str(at)])
    assert sample.groups[WGS84.name].named == ["0", "1", "2"]
