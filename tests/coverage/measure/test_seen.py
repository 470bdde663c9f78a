"""Shapes with the devices that see them: chosen, replaced, compared."""

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from geo.base.polygons import flat_geometries
from geo.coverage.measure.seen import empty_ground, seen_of


def seen(*shapes, device=None, weight=None):
    whose = np.arange(len(shapes)) if device is None else np.array(device)
    odds = None if weight is None else np.array(weight, dtype=float)
    return seen_of(flat_geometries(shapes), whose.astype(np.intp), odds)


def west(of):
    return shapely.bounds(of.shapes)[:, 0].tolist()


def test_empty_and_missing_shapes_are_left_out():
    found = seen(box(0, 0, 1, 1), None, Polygon(), box(5, 0, 6, 1), weight=[1, 1, 1, 0.5])
    assert found.device.tolist() == [0, 3]
    assert found.weight.tolist() == [1, 0.5]
    assert found.bounds.tolist() == [[0, 0, 1, 1], [5, 0, 6, 1]]


def test_nothing_is_seen_by_nobody():
    assert (
        len(empty_ground().shapes) == len(empty_ground().device) == len(empty_ground().weight) == 0
    )
    assert empty_ground().bounds.shape == (0, 4)
    assert len(empty_ground().near(flat_geometries([box(0, 0, 1, 1)])).shapes) == 0


@pytest.mark.parametrize(("gap_m", "near"), [(0.0, 1), (0.9, 1), (1.1, 0)])
def test_what_lies_within_a_metre_is_near(gap_m, near):
    ground = flat_geometries([box(0, 0, 4, 4), box(6, 0, 9, 9)])
    away = (box(9 + gap_m, 0, 20, 1), box(0, 9 + gap_m, 1, 20), box(-9, 0, -gap_m, 1))
    assert [len(seen(shape).near(ground).shapes) for shape in away] == [near] * 3


def test_near_no_ground_is_nothing():
    assert len(seen(box(0, 0, 1, 1)).near(flat_geometries([])).shapes) == 0


def test_a_device_is_replaced_with_all_its_shapes():
    before = seen(*(box(x, 0, x + 1, 1) for x in (0, 10, 20, 30)), device=[0, 1, 1, 2])
    fresh = seen(box(40, 0, 41, 1), box(50, 0, 51, 1), device=[3, 1], weight=[1, 0.5])
    after = before.replaced(np.array([1, 3]), fresh)
    assert after.device.tolist() == [0, 1, 2, 3]
    assert west(after) == after.bounds[:, 0].tolist() == [0, 50, 30, 40]
    assert after.weight.tolist() == [1, 0.5, 1, 1]
    assert west(before) == [0, 10, 20, 30]


def test_a_device_replaced_by_nothing_is_gone():
    both = seen(box(0, 0, 1, 1), box(2, 0, 3, 1))
    assert both.replaced(np.array([0]), empty_ground()).device.tolist() == [1]
    assert empty_ground().replaced(
        np.array([0]), both.where(np.array([True, False]))
    ).device.tolist() == [0]


def test_devices_differ_by_shape_by_number_of_shapes_and_by_weight():
    a, b, c = box(0, 0, 1, 1), box(2, 0, 3, 1), box(4, 0, 5, 1)
    before = seen(a, b, c, a, device=[0, 1, 2, 3])
    after = seen(a, c, c, a, b, device=[0, 1, 2, 3, 3], weight=[1, 1, 0.5, 1, 1])
    assert before.differs(after, np.arange(6)).tolist() == [False, True, True, True, False, False]


def test_who_sees_something_differs_from_who_sees_nothing():
    some = seen(box(0, 0, 1, 1), device=[4])
    assert some.differs(empty_ground(), np.array([3, 4])).tolist() == [False, True]
    assert empty_ground().differs(some, np.array([3, 4])).tolist() == [False, True]
    assert empty_ground().differs(empty_ground(), np.array([3])).tolist() == [False]


def test_packed_shapes_are_the_same_shapes():
    plain = seen(box(0, 0, 1, 1), box(2, 0, 3, 1), weight=[1, 0.5])
    packed = plain.packed()
    assert {type(shape) for shape in packed.shapes} == {bytes}
    assert shapely.equals_exact(packed.unpacked().shapes, plain.shapes).all()
    near = packed.near(flat_geometries([box(1.5, 0, 4, 1)]))
    assert (west(near), near.weight.tolist()) == ([0, 2], [1, 0.5])
    assert not packed.differs(plain, np.array([0, 1])).any()
