"""Plans of a small area: what is shown, where numbers and names stand, in steps of 0.1 mm."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from maps.ground import Window, draw_path, draw_roads, fit_window, index_surroundings, round_length
from maps.lettering import Name, OccupiedBoxes, draw_label, draw_names
from maps.plan import Mark, draw_plan

KINDS = ("path", "track", "service", "residential", "secondary", "primary", "trunk")
WINDOW = Window(0.0, 0.0, 1.0, 1000, 800)


def lines(*rows):
    """Return roads from rows of kind, name and corners."""
    table = {"class": [row[0] for row in rows], "name": [row[1] for row in rows]}
    return gpd.GeoDataFrame(table, geometry=[shapely.LineString(row[2]) for row in rows])


def ground(roads=None, water=(), buildings=()):
    shapes = [gpd.GeoDataFrame(geometry=list(each)) for each in (water, buildings)]
    return index_surroundings(lines() if roads is None else roads, *shapes)


def plan(points, outline=None, around=None, size_mm=(40, 20)):
    width_mm, height_mm = size_mm
    return draw_plan(
        outline,
        np.array(points, dtype=float),
        range(1, len(points) + 1),
        around or ground(),
        width_mm=width_mm,
        height_mm=height_mm,
    )


def around_zero(half_m):
    return shapely.box(-half_m, -half_m, half_m, half_m)


def test_one_point_is_in_the_middle_of_480_metres_with_its_number_above_right():
    drawn = plan([(0, 0)])
    assert (drawn.width, drawn.height) == (400, 200)
    assert drawn.marks == (Mark(1, 200, 100, 229, 71, 33),)
    assert (drawn.scale_m, drawn.scale_length) == (100, 83)
    assert (drawn.outline, drawn.inset) == ("", None)


def test_points_apart_have_ninety_metres_around_them():
    # 400 m between them and 90 m beside make 580 m, the plan has 400 steps for them
    marks = plan([(-200, 0), (200, 0)]).marks
    assert [(mark.x, mark.y) for mark in marks] == [(62, 100), (338, 100)]
    marks = plan([(0, -200), (0, 200)]).marks
    assert [(mark.x, mark.y) for mark in marks] == [(200, 169), (200, 31)]


def test_numbers_of_one_place_stand_around_it_on_nothing_else():
    marks = plan([(0, 0)] * 12).marks
    half = np.array([(mark.width / 2, 17) for mark in marks])
    at = np.array([(mark.at_x, mark.at_y) for mark in marks])
    boxes = shapely.box(*np.hstack([at - half, at + half]).T)
    one, other = np.triu_indices(len(boxes), 1)
    assert shapely.area(shapely.intersection(boxes[one], boxes[other])).max() < 34
    assert [mark.width for mark in marks] == [33] * 9 + [50] * 3
    assert [(mark.at_x, mark.at_y) for mark in marks[:2]] == [(229, 71), (171, 71)]


def test_a_name_of_a_road_stands_where_the_number_does_not():
    roads = lines(("residential", "中山路", [(-200, 50), (200, 50)]))
    drawn = plan([(0, 0)], around=ground(roads))
    assert [(road.path, road.width) for road in drawn.roads] == [("M33 58l334 0", 6)]
    assert drawn.names == (Name("中山路", 150, 58, 0.0),)


def test_a_small_area_is_shown_whole_a_large_one_in_a_corner():
    whole = plan([(0, 0)], around_zero(252), size_mm=(100, 80))  # 7 m a millimetre
    assert whole.inset is None
    assert whole.outline == "M860 760l0 -720 -720 0 0 720 720 0z"
    part = plan([(0, 0)], around_zero(253), size_mm=(100, 80))
    assert part.inset is not None


def test_a_large_area_is_shown_whole_where_its_points_are_spread_over_it():
    points = [(-250, -200), (250, 200)]
    # 8.3 m a millimetre, the points alone would have 7.25
    assert plan(points, around_zero(300), size_mm=(100, 80)).inset is None
    assert plan(points, around_zero(340), size_mm=(100, 80)).inset is not None


def test_the_inset_has_the_whole_area_and_the_frame_of_the_plan():
    drawn = plan([(0, 0)], around_zero(3000), size_mm=(100, 80))
    assert drawn.outline == "M6750 6650l0 -12500 -12500 0 0 12500 12500 0z"
    inset = drawn.inset
    assert (inset.x, inset.y, inset.width, inset.height) == (0, 0, 360, 360)
    assert inset.outline == "M340 340l0 -320 -320 0 0 320 320 0z"
    assert inset.frame == (167, 170, 26, 20)


@pytest.mark.parametrize(
    ("missing", "corner"),
    [
        ((-200, 150), (0, 0)),
        ((200, 150), (640, 0)),
        ((-200, -150), (0, 440)),
        ((200, -150), (640, 440)),
    ],
)
def test_the_inset_stands_in_the_corner_without_points(missing, corner):
    corners = [(x, y) for x in (-200, 200) for y in (-150, 150) if (x, y) != missing]
    inset = plan(corners, around_zero(3000), size_mm=(100, 80)).inset
    assert (inset.x, inset.y) == corner


@pytest.mark.parametrize(
    ("wide", "high", "height"), [(3000, 500, 180), (3000, 3300, 396), (3000, 9000, 420)]
)
def test_the_inset_is_as_high_as_the_area_within_limits(wide, high, height):
    outline = shapely.box(-wide, -high, wide, high)
    assert plan([(0, 0)], outline, size_mm=(100, 80)).inset.height == height


def test_a_window_has_its_bounds_in_the_middle_with_room_around():
    wide = fit_window((0, 0, 800, 100), (1000, 500), 10)
    assert wide == Window(-100.0, -200.0, 1.0, 1000, 500)
    assert wide.box == (-100.0, -200.0, 900.0, 300.0)
    assert fit_window((0, 0, 30, 600), (1000, 500), 10) == Window(-985.0, -200.0, 2.0, 1000, 500)
    assert fit_window((5, 5, 5, 5), (1000, 500), 0).m_per_step == 1e-6


def test_paths_of_areas_are_closed_and_cut_out_of_sight():
    drawn = draw_path(np.array([shapely.box(900, 100, 1500, 300)]), WINDOW, closed=True)
    steps = np.array(drawn.strip("Mz").replace("l", " ").split(), dtype=int).reshape(-1, 2)
    corners = {tuple(corner) for corner in steps.cumsum(axis=0).tolist()}
    assert corners == {(900, 700), (900, 500), (1020, 500), (1020, 700)}
    assert drawn.endswith("z")


def test_paths_leave_out_what_is_smaller_than_a_step_and_what_is_of_another_kind():
    dot = shapely.box(100.1, 100.1, 100.3, 100.3)
    line = shapely.LineString([(0, 0), (100, 0), (100.2, 0), (100, 50)])
    shapes = np.array([dot, line], dtype=object)
    assert draw_path(shapes, WINDOW, closed=True) == ""
    assert draw_path(shapes, WINDOW, closed=False) == "M0 800l100 0 0 -50"
    two = np.array([shapely.LineString([(0, 0), (9, 0)]), shapely.LineString([(0, 5), (9, 5)])])
    assert draw_path(two, WINDOW, closed=False) == "M0 800l9 0M0 795l9 0"


@pytest.mark.parametrize(
    ("m_per_step", "widths"),
    [(1.0, [4, 4, 4, 7, 14, 20, 26]), (0.5, [4, 6, 8, 14, 28, 32, 32])],
)
def test_roads_are_as_wide_as_on_the_ground_within_what_can_be_printed(m_per_step, widths):
    roads = lines(*((kind, "", [(0, 9), (99, 9)]) for kind in reversed(KINDS)))
    drawn = draw_roads(roads, Window(0.0, 0.0, m_per_step, 1000, 800))
    assert [road.width for road in drawn] == widths


@pytest.mark.parametrize(
    ("most_m", "length_m"),
    [(0.3, 1), (1, 1), (1.9, 1), (2, 2), (4.9, 2), (5, 5), (9.9, 5), (10, 10), (199, 100)],
)
def test_a_bar_of_the_scale_is_a_round_length(most_m, length_m):
    assert round_length(most_m) == length_m


class TestNames:
    """Of roads, in a window where a metre is a step."""

    def names(self, *rows, taken=()):
        held = OccupiedBoxes(WINDOW)
        for box in taken:
            held.add(*box)
        return draw_names(lines(*rows), WINDOW, held)

    @pytest.mark.parametrize(
        ("ends", "angle"),
        [
            ([(300, 400), (700, 400)], 0.0),
            ([(700, 400), (300, 400)], 0.0),
            ([(400, 300), (600, 500)], -45.0),
            ([(600, 300), (400, 500)], 45.0),
            ([(500, 300), (500, 500)], 90.0),
            ([(500, 500), (500, 300)], 90.0),
        ],
    )
    def test_are_read_from_left_to_right_or_downwards(self, ends, angle):
        assert self.names(("trunk", "环路", ends)) == (Name("环路", 500, 400, angle),)

    def test_need_a_road_as_long_as_they_are(self):
        assert self.names(("trunk", "环路", [(0, 400), (50, 400)])) == (Name("环路", 25, 400, 0.0),)
        assert self.names(("trunk", "环路", [(0, 400), (49, 400)])) == ()
        # of other letters each has little more than half the width of a Chinese one
        assert self.names(("trunk", "Rd", [(100, 400), (128.1, 400)])) == (
            Name("Rd", 114, 400, 0.0),
        )
        assert self.names(("trunk", "Rd", [(0, 400), (27, 400)])) == ()

    def test_do_not_stand_around_a_bend(self):
        bend = [(300, 400), (500, 400), (500, 600)]
        (name,) = self.names(("trunk", "环路", bend))
        assert (name.x, name.y) == (440, 400)

    @pytest.mark.parametrize(
        ("barred", "x"),
        [((), 500), ((500,), 350), ((500, 350), 650), ((500, 350, 650), 200)],
    )
    def test_try_the_middle_first_then_aside(self, barred, x):
        boxes = [(at - 30, 380, at + 30, 420) for at in barred]
        (name,) = self.names(("trunk", "环路", [(0, 400), (1000, 400)]), taken=boxes)
        assert name.x == x

    def test_of_the_widest_roads_come_first_and_each_once(self):
        wide = ("trunk", "甲路", [(300, 400), (700, 400)])
        small = ("path", "乙路", [(300, 400), (700, 400)])
        again = ("path", "甲路", [(350, 100), (650, 100)])
        blank = ("trunk", " ", [(300, 600), (700, 600)])
        found = self.names(small, wide, again, blank)
        assert [(name.text, name.x, name.y) for name in found] == [
            ("甲路", 500, 400),
            ("乙路", 440, 400),
        ]

    def test_do_not_stand_beyond_the_edge_or_on_one_another(self):
        held = OccupiedBoxes(WINDOW)
        assert held.free(np.array([[0, 0, 1000, 800]]))
        for beyond in ([-1, 0, 9, 9], [0, -1, 9, 9], [0, 0, 1001, 9], [0, 0, 9, 801]):
            assert not held.free(np.array([[0, 0, 1, 1], beyond]))
        held.add(10, 10, 20, 20)
        for beside in ([0, 10, 10, 20], [20, 10, 30, 20], [10, 0, 20, 10], [10, 20, 20, 30]):
            assert held.free(np.array([beside]))
        for over in ([0, 10, 11, 20], [19, 10, 30, 20], [10, 0, 20, 11], [10, 19, 20, 30]):
            assert not held.free(np.array([over]))

    def test_of_areas_stand_upright_where_there_is_room(self):
        held = OccupiedBoxes(WINDOW)
        assert not draw_label("村", 16, 17, held)  # 25 wide, 4 on each side, 35 high
        assert not draw_label("村", 17, 17, held)
        assert draw_label("村", 17, 18, held)
        assert held.boxes.tolist() == [[0.5, 0.5, 33.5, 35.5]]
        assert not draw_label("村", 49, 18, held)
        assert draw_label("村", 50, 18, held)
        assert draw_label("Ab", 100, 100, held)
        assert held.boxes[-1].tolist() == pytest.approx([82.0, 82.5, 118.0, 117.5])
