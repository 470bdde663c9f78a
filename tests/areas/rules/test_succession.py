"""What became of areas on a date: renumbered, merged, split, redrawn."""

from itertools import pairwise

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.areas.rules.succession import find_successors

WEST, EAST = box(0, 0, 100, 100), box(100, 0, 200, 100)
BOTH = box(0, 0, 200, 100)


def areas(shapes, level="community"):
    return gpd.GeoDataFrame(
        {"level": level, "begins": True},
        geometry=list(shapes.values()),
        index=list(shapes),
        crs=4548,
    )


def became(before, after, begins=None):
    later = areas(after)
    if begins is not None:
        later["begins"] = later.index.isin(begins)
    return [tuple(row) for row in find_successors(areas(before), later).itertuples(index=False)]


def test_the_same_ground_under_a_new_code_is_renumbered():
    assert became({1: WEST}, {7: WEST}) == [(1, 7, "renumbered", 1.0)]


def test_a_line_drawn_a_little_otherwise_is_renumbered_still():
    assert became({1: WEST}, {7: box(0, 0, 99, 100)}) == [(1, 7, "renumbered", 0.99)]


def test_an_area_that_lies_in_one_that_stays_is_merged_into_it():
    found = became({1: WEST, 2: EAST}, {1: BOTH})
    assert found == [(1, 1, "redrawn", 1.0), (2, 1, "merged", 1.0)]


def test_two_areas_that_make_a_new_one_are_merged_into_it():
    assert became({1: WEST, 2: EAST}, {9: BOTH}) == [(1, 9, "merged", 1.0), (2, 9, "merged", 1.0)]


def test_an_area_divided_among_several_is_split():
    found = became({1: BOTH}, {7: box(0, 0, 50, 100), 8: box(50, 0, 200, 100)})
    assert found == [(1, 7, "split", 0.25), (1, 8, "split", 0.75)]


def test_what_a_new_area_takes_from_one_that_stays_is_split_off():
    found = became({1: BOTH}, {1: WEST, 7: EAST})
    assert found == [(1, 1, "redrawn", 0.5), (1, 7, "split", 0.5)]


def test_ground_handed_from_neighbour_to_neighbour_is_redrawn():
    found = became({1: WEST, 2: EAST}, {1: box(0, 0, 80, 100), 2: box(80, 0, 200, 100)})
    assert found == [(1, 1, "redrawn", 0.8), (1, 2, "redrawn", 0.2), (2, 2, "redrawn", 1.0)]


def test_a_new_name_on_the_same_ground_is_no_succession():
    assert became({1: WEST}, {1: WEST}) == []


def test_less_than_a_hundredth_is_two_drawings_of_one_border():
    found = became({1: WEST}, {7: WEST, 8: box(99.5, 0, 200, 100)})
    assert found == [(1, 7, "renumbered", 1.0)]


def test_a_closed_area_goes_to_one_that_had_been_enlarged_before():
    assert became({1: WEST}, {2: BOTH}, begins=()) == [(1, 2, "merged", 1.0)]


def test_a_neighbour_that_did_not_change_has_nothing_of_an_area_that_stays():
    found = became({1: BOTH}, {1: WEST, 2: box(90, 0, 200, 100)}, begins=(1,))
    assert found == [(1, 1, "redrawn", 0.5)]


def test_ground_is_handed_on_within_a_level_only():
    assert find_successors(areas({1: WEST}), areas({7: WEST}, level="grid")).empty


def test_ground_that_nobody_holds_any_more_has_no_heir():
    assert became({1: WEST}, {}) == []
    assert became({}, {7: WEST}) == []


@given(st.lists(st.floats(1, 99), min_size=1, max_size=4, unique=True))
def test_the_shares_of_a_divided_area_are_those_of_its_ground(cuts):
    edges = [0, *sorted(cuts), 100]
    parts = {10 + i: box(low, 0, high, 100) for i, (low, high) in enumerate(pairwise(edges))}
    found = {new: share for _, new, _, share in became({1: WEST}, parts)}
    wanted = {unit: round(shapely.area(shape) / 1e4, 4) for unit, shape in parts.items()}
    kept = {unit: share for unit, share in wanted.items() if share >= 0.01}
    assert found == pytest.approx(kept, abs=1e-4)
