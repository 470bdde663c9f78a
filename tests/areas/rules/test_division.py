"""Areas that are cut in two or become one: squares with answers by hand."""

import pytest
import shapely

from geo.areas.rules.division import split_along, unite_areas

SQUARE = shapely.box(0, 0, 10, 10)
ISLAND = shapely.box(20, 0, 21, 1)


def line(*corners):
    return shapely.LineString(corners)


@pytest.mark.parametrize(
    ("corners", "left", "right"),
    [
        ([(3, -1), (3, 11)], (0, 0, 3, 10), (3, 0, 10, 10)),
        ([(3, 11), (3, -1)], (3, 0, 10, 10), (0, 0, 3, 10)),
        ([(-1, 4), (11, 4)], (0, 4, 10, 10), (0, 0, 10, 4)),
        ([(11, 4), (-1, 4)], (0, 0, 10, 4), (0, 4, 10, 10)),
        ([(3, 0), (3, 10)], (0, 0, 3, 10), (3, 0, 10, 10)),
    ],
)
def test_left_and_right_are_those_of_the_line_as_it_is_drawn(corners, left, right):
    found = split_along(SQUARE, line(*corners))
    assert [part.bounds for part in found] == [left, right]


def test_at_a_bend_left_is_the_inside_of_a_left_turn():
    left, right = split_along(SQUARE, line((-1, 5), (5, 5), (5, 11)))
    assert (left.area, right.area) == (25, 75)


@pytest.mark.parametrize(
    "cut",
    [
        line((3, 1), (3, 9)),
        line((20, -1), (20, 11)),
        line((0, 0), (0, 10)),
        line((-1, 2), (11, 2), (11, 4), (-1, 4)),
        line((-1, -1), (11, 11), (11, -1), (-1, 11)),
        shapely.MultiLineString([[(3, -1), (3, 11)]]),
        shapely.Point(5, 5),
    ],
)
def test_what_does_not_cut_it_in_two_is_none(cut):
    assert split_along(SQUARE, cut) is None


def test_other_parts_go_to_the_larger_side():
    both = shapely.MultiPolygon([SQUARE, ISLAND])
    left, right = split_along(both, line((3, -1), (3, 11)))
    assert (left.area, right.area) == (30, 71)
    left, right = split_along(both, line((7, -1), (7, 11)))
    assert (left.area, right.area) == (71, 30)
    left, right = split_along(both, line((5, -1), (5, 11)))
    assert (left.area, right.area) == (51, 50)
    assert split_along(both, line((-1, 0.5), (22, 0.5))) is None


def test_areas_that_hang_together_become_one():
    beside = shapely.box(10, 0, 20, 10)
    assert unite_areas([SQUARE, beside]).equals(shapely.box(0, 0, 20, 10))
    assert unite_areas([SQUARE, shapely.box(11, 0, 20, 10)]) is None
    assert unite_areas([SQUARE]).equals(SQUARE)


def test_islands_that_an_area_had_may_stay_apart():
    both = shapely.MultiPolygon([SQUARE, shapely.box(50, 0, 51, 1)])
    assert unite_areas([both, shapely.box(10, 0, 20, 10)]).area == 201
    assert unite_areas([both, shapely.box(11, 0, 20, 10)]) is None
