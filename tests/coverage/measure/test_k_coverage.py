"""Depth of coverage by scan lines: toys with answers by hand, and the exact way as oracle."""

import importlib.util
import itertools

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.base.polygons import flat_geometries
from geo.coverage.measure import k_coverage, scanline
from geo.coverage.measure.k_coverage import device_areas, edges_of, exact_device_areas

GRID = box(0, 0, 10, 10)
WEST, EAST = box(0, 0, 6, 10), box(4, 0, 10, 10)


def one(*seen, area=GRID, device=None, k_max=3, **options):
    """The figures of one area; each shape is a device of its own unless said otherwise."""
    whose = np.arange(len(seen)) if device is None else np.array(device)
    return device_areas(
        flat_geometries([area]), flat_geometries(seen), whose, k_max=k_max, **options
    )[0]


def exactly(*seen, area=GRID, device=None, k_max=3):
    whose = np.arange(len(seen)) if device is None else np.array(device)
    return exact_device_areas(flat_geometries([area]), flat_geometries(seen), whose, k_max=k_max)[
        0
    ].tolist()


def discs(rng, count, side_m=100.0, largest_m=25.0):
    middles = shapely.points(rng.uniform(0, side_m, (count, 2)))
    return shapely.buffer(middles, rng.uniform(2, largest_m, count), quad_segs=3)


def quarters(side_m=100.0):
    half = side_m / 2
    return shapely.box(
        *np.array([(x, y, x + half, y + half) for x in (0, half) for y in (0, half)]).T
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([], [100, 0, 0, 0]),
        ([WEST], [40, 60, 0, 0]),
        ([WEST, EAST], [0, 80, 20, 0]),
        ([WEST, EAST, box(5, 0, 6, 10)], [0, 80, 10, 10]),
        ([WEST] * 5, [40, 0, 0, 60]),
        ([box(-50, -50, 50, 50)], [0, 100, 0, 0]),
        ([box(20, 0, 30, 10)], [100, 0, 0, 0]),
    ],
)
def test_ground_is_counted_by_how_many_devices_see_it(seen, expected):
    assert one(*seen)[0].tolist() == pytest.approx(expected)
    assert exactly(*seen) == pytest.approx(expected)


def test_several_shapes_of_one_device_count_once():
    assert one(WEST, EAST, device=[0, 0])[0].tolist() == [0, 100, 0, 0]
    assert one(WEST, EAST, WEST, device=[0, 0, 1])[0].tolist() == [0, 40, 60, 0]
    assert exactly(WEST, EAST, WEST, device=[0, 0, 1]) == [0, 40, 60, 0]


def test_each_set_counts_its_own():
    member = np.array([[True, True], [True, False], [False, True], [False, False]])
    found = one(WEST, EAST, member=member)
    assert found.tolist() == [[0, 80, 20, 0], [40, 60, 0, 0], [40, 60, 0, 0], [100, 0, 0, 0]]


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_shapes_of_one_device_may_belong_to_different_sets(weight):
    member = np.array([[True, False], [False, True]])
    found = one(WEST, EAST, device=[0, 0], member=member, weight=np.full(2, weight))
    seen = [100 - 60 * weight, 60 * weight, 0, 0]
    assert found.tolist() == [seen, seen]


def test_two_devices_at_even_odds_are_none_one_or_two():
    found = one(GRID, GRID, weight=np.array([0.5, 0.5]))
    assert found[0].tolist() == [25, 50, 25, 0]


def test_three_devices_of_different_odds():
    found = one(GRID, GRID, GRID, weight=np.array([0.5, 0.2, 1.0]), k_max=2)
    # None is impossible; just one: 0.5 · 0.8; the rest is two or more.
    assert found[0].tolist() == pytest.approx([0, 40, 60])


def test_the_bands_of_one_device_are_one_device():
    bands = (box(0, 0, 2, 10), box(2, 0, 6, 10), box(6, 0, 8, 10))
    weight = np.array([0.5, 1.0, 0.5])
    assert one(*bands, device=[0, 0, 0], weight=weight)[0].tolist() == [40, 60, 0, 0]


def test_two_views_of_one_device_on_the_same_ground_are_two_chances_of_one():
    found = one(GRID, GRID, GRID, device=[7, 7, 2], weight=np.array([0.5, 0.5, 0.5]))
    assert found[0].tolist() == [12.5, 50, 37.5, 0]


def test_weights_count_by_set_too():
    member = np.array([[True, True], [False, True]])
    found = one(WEST, EAST, member=member, weight=np.array([0.5, 0.25]))
    assert found[:, 1:].sum(axis=1).tolist() == pytest.approx([20 + 12.5 + 10, 15])


def test_no_entry_beyond_the_first_means_all_ground():
    for weight in (1.0, 0.5):
        assert one(WEST, EAST, k_max=0, weight=np.full(2, weight))[0].tolist() == [100]
    assert exactly(WEST, EAST, k_max=0) == [100]


def test_a_hole_in_a_view_stays_unseen():
    ring = GRID - box(4, 4, 6, 6)
    assert one(ring, ring)[0].tolist() == pytest.approx([4, 0, 96, 0])


def test_a_hole_in_an_area_is_no_ground():
    assert one(WEST, area=GRID - box(4, 4, 8, 6))[0].tolist() == pytest.approx([36, 56, 0, 0])


def test_areas_and_views_may_have_several_parts():
    two = MultiPolygon([box(0, 0, 2, 2), box(8, 8, 10, 10)])
    assert one(two)[0].tolist() == pytest.approx([92, 8, 0, 0])
    assert one(WEST, area=two)[0].tolist() == pytest.approx([4, 4, 0, 0])


def test_views_that_only_touch_count_once_and_leave_nothing_out():
    assert one(box(0, 0, 5, 10), box(5, 0, 10, 10))[0].tolist() == [0, 100, 0, 0]
    assert one(box(10, 0, 20, 10), box(0, 10, 10, 20))[0].tolist() == [100, 0, 0, 0]


@pytest.mark.parametrize("y", [0.0, 0.25, 0.5, 0.75, 1e-9])
def test_horizontal_edges_on_the_middle_of_a_row_count_whole_rows(y):
    found = one(box(2, 2 + y, 4, 5 + y), area=box(0, y, 10, 10 + y))
    assert found[0].tolist() == pytest.approx([94, 6, 0, 0])


def test_missing_and_empty_ones_are_answered():
    areas = flat_geometries([None, Polygon(), GRID])
    seen = flat_geometries([None, Polygon(), WEST])
    expected = [[0, 0], [0, 0], [40, 60]]
    assert device_areas(areas, seen, np.arange(3), k_max=1)[:, 0].tolist() == expected
    assert exact_device_areas(areas, seen, np.arange(3), k_max=1).tolist() == expected


def test_without_areas_or_views_there_is_nothing_to_count():
    none, nobody = flat_geometries([]), np.empty(0, dtype=np.intp)
    some = flat_geometries([GRID])
    assert device_areas(none, some, np.zeros(1, dtype=np.intp)).shape == (0, 1, 9)
    assert device_areas(none, none, nobody).shape == (0, 1, 9)
    assert device_areas(some, none, nobody, member=np.zeros((2, 0), bool), k_max=1).tolist() == [
        [[100, 0], [100, 0]]
    ]


def test_large_coordinates_change_nothing():
    near, shift = discs(np.random.default_rng(1), 9), np.array([500_000.0, 3_400_000.0])
    far = shapely.transform(near, lambda xy: xy + shift)
    there = shapely.transform(box(0, 0, 100, 100), lambda xy: xy + shift)
    found = one(*far, area=there)
    assert found == pytest.approx(one(*near, area=box(0, 0, 100, 100)), abs=1e-4)


def test_edges_are_those_of_all_rings():
    edges, first = edges_of(
        flat_geometries([GRID - box(4, 4, 6, 6), None, Polygon(), box(0, 0, 1, 1)])
    )
    assert first.tolist() == [0, 8, 8, 8, 12]
    assert np.abs(edges[:, 2:] - edges[:, :2]).sum() == 40 + 8 + 4


@pytest.mark.parametrize("block", [1, 7, 20])
def test_taking_a_few_areas_at_a_time_changes_nothing(monkeypatch, block):
    seen, areas = discs(np.random.default_rng(2), 12), quarters()
    options = {"weight": np.linspace(0.3, 1, 12), "member": np.array([[True, False] * 6])}
    whole = device_areas(areas, seen, np.arange(12), **options)
    monkeypatch.setattr(k_coverage, "BLOCK", block)
    assert device_areas(areas, seen, np.arange(12), **options).tolist() == whole.tolist()


@pytest.mark.compiled
def test_arrays_that_must_not_be_written_to_are_not_compiled_for_again():
    device, weight = np.array([0, 1]), np.ones((2, 2))[:, 0]
    device.flags.writeable = False
    one(WEST, EAST)
    known = len(scanline.count_rows.signatures)
    assert one(WEST, EAST, device=device, weight=weight)[0].tolist() == [0, 80, 20, 0]
    assert len(scanline.count_rows.signatures) == known


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_without_the_compiler_the_same_comes_out(monkeypatch, weight):
    seen, options = discs(np.random.default_rng(4), 6, 20, 8), {"weight": np.full(6, weight)}
    options["member"] = np.array([[True] * 6, [True, False] * 3])
    compiled = one(*seen, area=box(0, 0, 20, 20), **options)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    spec = importlib.util.spec_from_file_location("plain", scanline.__file__)
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    assert not hasattr(plain.count_rows, "signatures")
    monkeypatch.setattr(scanline, "count_rows", plain.count_rows)
    assert one(*seen, area=box(0, 0, 20, 20), **options) == pytest.approx(compiled, abs=1e-9)


@pytest.mark.compiled
def test_warming_up_needs_no_district_and_leaves_the_scan_lines_compiled():
    k_coverage.warm_up()
    assert scanline.count_rows.signatures


@given(seed=st.integers(0, 10_000))
def test_scan_lines_agree_with_the_exact_way(seed):
    rng = np.random.default_rng(seed)
    seen, device, areas = discs(rng, 12), rng.integers(0, 6, 12), quarters()
    exact = exact_device_areas(areas, seen, device, k_max=6)
    found = device_areas(areas, seen, device, k_max=6)[:, 0]
    assert np.abs(found - exact).max() < 2e-3 * 2500
    assert found.sum(axis=1) == pytest.approx(shapely.area(areas))


@given(seed=st.integers(0, 10_000))
def test_the_exact_way_adds_up(seed):
    rng = np.random.default_rng(seed)
    seen, areas = discs(rng, 12), np.append(quarters(), box(0, 0, 100, 100))
    k_m2 = exact_device_areas(areas, seen, np.arange(12), k_max=12)
    assert k_m2.sum(axis=1) == pytest.approx(shapely.area(areas))
    assert k_m2[:4].sum(axis=0) == pytest.approx(k_m2[4], abs=1e-6)
    inside_m2 = shapely.area(shapely.intersection(seen[:, None], areas)).sum(axis=0)
    assert k_m2 @ np.arange(13) == pytest.approx(inside_m2)
    united = shapely.intersection(shapely.union_all(seen), areas)
    assert k_m2[:, 1:].sum(axis=1) == pytest.approx(shapely.area(united), abs=1e-6)


@given(seed=st.integers(0, 10_000))
def test_the_mean_number_of_devices_is_the_weighted_seen_area(seed):
    rng = np.random.default_rng(seed)
    seen, weight, areas = discs(rng, 12), rng.choice([0.25, 0.5, 1.0], 12), quarters()
    k_m2 = device_areas(areas, seen, np.arange(12), weight=weight, k_max=12)[:, 0]
    inside_m2 = shapely.area(shapely.intersection(seen[:, None], areas))
    assert k_m2.sum(axis=1) == pytest.approx(shapely.area(areas))
    assert k_m2 @ np.arange(13) == pytest.approx(weight @ inside_m2, abs=2e-3 * 2500)


@given(seed=st.integers(0, 10_000))
def test_expectations_are_means_over_all_outcomes(seed):
    rng = np.random.default_rng(seed)
    seen, weight, areas = discs(rng, 5), rng.uniform(0.1, 0.9, 5), quarters()
    mean = np.zeros((4, 6))
    for outcome in itertools.product([True, False], repeat=5):
        chance = np.where(outcome, weight, 1 - weight).prod()
        member = np.array([outcome])
        mean += chance * device_areas(areas, seen, np.arange(5), member=member, k_max=5)[:, 0]
    found = device_areas(areas, seen, np.arange(5), weight=weight, k_max=5)[:, 0]
    assert found == pytest.approx(mean, abs=1e-6)


def test_a_larger_town_is_exact_to_two_in_ten_thousand():
    rng = np.random.default_rng(5)
    seen, corners = discs(rng, 400, 2000, 90), np.arange(0, 2000, 200.0)
    areas = np.array([box(x, y, x + 200, y + 200) for x in corners for y in corners], dtype=object)
    exact = exact_device_areas(areas, seen, np.arange(400), k_max=8)
    off = np.abs(device_areas(areas, seen, np.arange(400))[:, 0] - exact).max(axis=1) / 40_000
    assert np.percentile(off, 95) < 2e-4


@given(seed=st.integers(0, 10_000))
def test_the_probabilities_of_many_devices_are_those_of_each_place_counted_anew(seed):
    """Devices come and go along a row, likely and unlikely ones, some of them with two shapes."""
    rng = np.random.default_rng(seed)
    begin, width = rng.integers(0, 80, 60), rng.integers(1, 20, 60)
    device = rng.integers(0, 45, 60)
    weight = rng.choice([0.125, 0.3, 0.5, 0.625, 0.875, 0.999, 1.0], 60)
    seen = np.array([box(a, 0, min(a + w, 80), 1) for a, w in zip(begin, width, strict=True)])
    mean = np.zeros(9)
    for x in range(80):
        here = (begin <= x) & (x < np.minimum(begin + width, 80))
        chance = np.array([1.0])
        for which in np.unique(device[here]):
            miss = np.prod(1 - weight[here & (device == which)])
            chance = np.convolve(chance, [miss, 1 - miss])
        mean += np.append(np.pad(chance, (0, 9))[:8], max(chance[8:].sum(), 0.0))
    street = np.array([box(0, 0, 80, 1)])
    found = device_areas(street, seen, device, weight=weight)[0, 0]
    assert found == pytest.approx(mean, abs=1e-9)
