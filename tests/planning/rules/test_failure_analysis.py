"""What only one device sees and what losses cost, on toy streets, against brute force."""

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, box

from geo.base.errors import InputError
from geo.coverage.measure.seen import seen_of
from geo.planning.rules.failure_analysis import (
    SightPairs,
    after_loss,
    ground_sights,
    point_sights,
    sole_ground,
)

STREET = box(0, 0, 100, 10)


def array(*shapes):
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def sights(pieces, *views, devices=None):
    """The sights of views given as (device, shape)."""
    device = np.array([number for number, _ in views], dtype=np.intp)
    seen = seen_of(array(*(shape for _, shape in views)), device)
    count = int(device.max(initial=-1)) + 1 if devices is None else devices
    return ground_sights(array(*pieces), seen, count)


def scatter(seed, devices=6, side_m=60.0):
    """Devices that see discs and slabs, some twice, over two streets and a square."""
    rng = np.random.default_rng(seed)
    pieces = [box(0, 0, side_m, 10), box(0, 20, side_m, 28), box(20, 30, 50, 55)]
    count = devices + 3
    middles = rng.uniform(0, side_m, (count, 2))
    discs = shapely.buffer(shapely.points(middles), rng.uniform(3, 25, count), quad_segs=3)
    slabs = shapely.box(*(middles - 9).T, *(middles + rng.uniform(1, 20, (count, 2))).T)
    shapes = np.where(rng.random(count) < 0.6, discs, slabs)
    numbers = np.append(np.arange(devices), rng.integers(0, devices, 3))
    return pieces, list(zip(numbers.tolist(), shapes, strict=True))


def seen_m2(pieces, views, gone=()):
    """The same by one union: what is seen of the pieces without some devices."""
    left = shapely.union_all([shape for number, shape in views if number not in gone])
    return sum(shapely.area(shapely.intersection(piece, left)) for piece in pieces)


def test_what_two_devices_see_is_opened_by_neither_alone():
    found = sights([STREET], (0, box(0, 0, 60, 10)), (1, box(40, -5, 90, 50)))
    assert sole_ground(found).tolist() == [400, 300]
    assert sorted(found.worth.tolist()) == [200, 300, 400]


def test_several_views_of_one_device_fail_together():
    found = sights([STREET], (0, box(0, 0, 60, 10)), (0, box(40, 0, 90, 10)))
    assert sole_ground(found).tolist() == [900]


def test_ground_that_must_not_be_seen_counts_for_nothing():
    assert sole_ground(
        sights([STREET], (0, box(0, 10, 100, 90)), (1, box(95, 0, 300, 99)))
    ).tolist() == [
        0,
        50,
    ]


def test_a_device_that_sees_nothing_is_still_one_of_them():
    found = sights([STREET], (0, box(0, 0, 10, 10)), devices=3)
    assert sole_ground(found).tolist() == [100, 0, 0]
    assert after_loss(found, 1 / 3).mean == pytest.approx(100 * 2 / 3)


def test_parts_of_one_piece_and_pieces_side_by_side_are_all_looked_at():
    both = MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    found = sights([both, box(30, 0, 40, 10)], (0, box(5, 0, 35, 5)))
    assert sole_ground(found).tolist() == [5 * 5 + 10 * 5 + 5 * 5]


def test_without_devices_or_without_ground_nothing_is_seen():
    for found in (sights([STREET]), sights([], (0, box(0, 0, 1, 1)))):
        assert len(found.worth) == 0
        assert sole_ground(found).tolist() == [0.0] * found.devices
        losses = after_loss(found, 0.5)
        assert (losses.before, losses.after_worst, losses.mean, losses.high) == (0, 0, 0, 0)


def test_a_point_on_the_border_is_seen_and_one_that_nobody_sees_is_no_thing():
    seen = seen_of(array(box(0, 0, 10, 10), box(5, 0, 20, 10)), np.array([0, 1]))
    points = array(Point(0, 5), Point(7, 5), Point(30, 5), Point(20, 10))
    found = point_sights(points, seen, 2)
    assert found.worth.tolist() == [1, 1, 1]
    assert sole_ground(found).tolist() == [1, 1]


def test_the_worst_loss_follows_what_is_already_gone():
    # Alone, neither of the twins on the square opens anything: the street comes first. When the
    # one that sees a bit more is gone, the other weighs most.
    square = box(0, 20, 30, 50)
    views = [
        (0, box(0, 0, 40, 10)),
        (1, square),
        (2, square.union(box(50, 0, 60, 10))),
        (3, box(60, 0, 95, 10)),
    ]
    found = after_loss(sights([STREET, square], *views), 1.0)
    assert found.worst.tolist() == [0, 3, 2, 1]
    assert found.opened.tolist() == [400, 350, 100, 900]
    assert (found.before, found.after_worst) == (1750, 0)


@pytest.mark.parametrize(("share", "gone"), [(0.01, 1), (0.05, 1), (0.1, 2), (0.5, 10), (1, 20)])
def test_a_share_is_whole_devices_and_at_least_one(share, gone):
    views = [(n, box(5 * n, 0, 5 * n + 5, 10)) for n in range(20)]
    found = after_loss(sights([STREET], *views), share)
    assert (found.devices, found.gone, len(found.worst)) == (20, gone, gone)
    assert found.mean == pytest.approx(1000 * (1 - gone / 20))
    assert found.low == pytest.approx(found.high)


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_no_other_share_is_taken(share):
    with pytest.raises(InputError, match="above 0 and at most 1"):
        after_loss(sights([STREET], (0, STREET)), share)


def test_the_same_seed_draws_the_same_sets():
    pieces, views = scatter(1)
    found = sights(pieces, *views)
    again = [after_loss(found, 0.4, seed=7) for _ in range(2)]
    assert (again[0].low, again[0].high) == (again[1].low, again[1].high)


@given(seed=st.integers(0, 10**6))
def test_what_a_device_opens_is_what_the_union_of_the_others_misses(seed):
    pieces, views = scatter(seed)
    found = sights(pieces, *views)
    everything = seen_m2(pieces, views)
    assert found.worth.sum() == pytest.approx(everything, abs=1e-6)
    for device, opens_m2 in enumerate(sole_ground(found)):
        assert opens_m2 == pytest.approx(everything - seen_m2(pieces, views, {device}), abs=1e-6)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 5))
def test_losses_agree_with_all_sets_tried_one_by_one(seed, count):
    pieces, views = scatter(seed)
    found = after_loss(sights(pieces, *views), count / 6)
    left = [seen_m2(pieces, views, gone) for gone in combinations(range(6), count)]
    assert found.gone == count
    assert found.mean == pytest.approx(np.mean(left), abs=1e-6)
    assert min(left) - 1e-6 <= found.low <= found.high <= max(left) + 1e-6
    assert min(left) - 1e-6 <= found.after_worst <= np.mean(left) + 1e-6


@given(seed=st.integers(0, 10**6))
def test_each_of_the_worst_is_the_one_that_opens_most_by_then(seed):
    pieces, views = scatter(seed)
    found, gone = after_loss(sights(pieces, *views), 1.0), set()
    for device, opened in zip(found.worst.tolist(), found.opened, strict=True):
        before = seen_m2(pieces, views, gone)
        others = [before - seen_m2(pieces, views, gone | {d}) for d in set(range(6)) - gone]
        gone.add(device)
        assert opened == pytest.approx(before - seen_m2(pieces, views, gone), abs=1e-6)
        assert opened == pytest.approx(max(others), abs=1e-6)


@given(seed=st.integers(0, 10**6))
def test_a_further_device_never_makes_another_open_more(seed):
    pieces, views = scatter(seed)
    with_it = sole_ground(sights(pieces, *views))
    without = sole_ground(sights(pieces, *(v for v in views if v[0] != 5), devices=6))
    assert (with_it[:5] <= without[:5] + 1e-6).all()


def test_a_table_of_pairs_is_enough():
    # Two things: one seen by devices 0 and 2, the other by 1.
    table = SightPairs(np.array([8.0, 3.0]), np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    assert sole_ground(table).tolist() == [0, 3, 0]
    found = after_loss(table, 2 / 3)
    assert found.mean == pytest.approx(11 - (8 / 3 + 3 * 2 / 3))


def test_draws_are_two_hundred_with_the_same_seed_each_time():
    pieces, views = scatter(3)
    found = sights(pieces, *views)
    usual, same = after_loss(found, 0.5), after_loss(found, 0.5, draws=200, seed=0)
    assert (usual.low, usual.high) == (same.low, same.high)
    seeds = [after_loss(found, 0.5, draws=3, seed=seed) for seed in range(9)]
    assert len({(each.low, each.high) for each in seeds}) > 1
