"""Printed maps: what is drawn at which scale, and where, in steps of 0.1 mm."""

import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from maps.ground import ROAD_WIDTH_M, Window, index_surroundings
from maps.palette import PRINTED_SHARE_COLOURS
from maps.print_content import MapView, PlacedSign, PrintedArea, choose_sheet, fit_scale
from maps.print_drawing import (
    MOST_CAMERAS,
    CameraCount,
    Label,
    PlacedMark,
    draw_map,
    is_camera,
    share_class,
)
from tests import ROOT

BLOCK = shapely.box(400, 300, 410, 310)
AREAS = (
    PrintedArea("镇", "township", shapely.box(0, 600, 300, 800)),
    PrintedArea("村", "community", shapely.box(600, 600, 900, 800)),
    PrintedArea("格", "grid", shapely.box(0, 0, 300, 200)),
)
PLACE = PlacedSign(800.0, 130.0, "school", "校")
CAMERA = PlacedSign(400.0, 100.0, "skynet_ball")


def view(scale=10_000, **more):
    """Return a view of a kilometre with one thing of each kind, a metre a step."""
    kinds = list(ROAD_WIDTH_M)
    at = [shapely.LineString([(310, 400 + 10 * n), (590, 400 + 10 * n)]) for n in range(len(kinds))]
    roads = gpd.GeoDataFrame({"class": kinds, "name": ""}, geometry=at)
    blocks, none = gpd.GeoDataFrame(geometry=[BLOCK]), gpd.GeoDataFrame(geometry=[])
    made = MapView(
        window=Window(0.0, 0.0, 1.0, 1000, 800),
        scale=scale,
        ground=index_surroundings(roads, none, blocks),
        areas=AREAS,
        signs=(PLACE, CAMERA),
        gaps=np.array([BLOCK]),
        zones=np.array([], dtype=object),
    )
    return replace(made, **more)


@pytest.mark.parametrize(("size", "longer"), [("A4", 297), ("A3", 420)])
def test_a_sheet_has_its_sides_and_turns_with_its_orientation(size, longer):
    upright, lying = (choose_sheet(size, way) for way in ("portrait", "landscape"))
    assert (upright.height_mm, lying.width_mm) == (longer, longer)
    assert upright.map_mm == (upright.width_mm - 16, upright.height_mm - 70)


@pytest.mark.parametrize(
    ("across_m", "scale"), [(1, 500), (140.5, 500), (140.6, 600), (1405, 5000), (1406, 6000)]
)
def test_the_scale_is_the_next_round_one_and_the_view_stays_in_the_middle(across_m, scale):
    window, found = fit_scale((1000, 0, 1000 + across_m, 0), choose_sheet("A4", "landscape"))
    assert found == scale
    x0, y0, x1, y1 = window.box
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((1000 + across_m / 2, 0))
    assert (x1 - x0, y1 - y0) == pytest.approx((0.281 * scale, 0.140 * scale))


def test_round_scales_go_on_in_each_power_of_ten():
    sheet = choose_sheet("A4", "landscape")  # 281 mm across
    wanted = [1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000, 10_000, 12_500, 100_000]
    found = [fit_scale((0, 0, 0.28099 * scale, 0), sheet)[1] for scale in wanted]
    assert found == wanted


def test_shares_have_the_classes_and_the_colours_of_the_console():
    assert [share_class(s) for s in (0, 0.049, 0.05, 0.2, 0.49, 0.5, 1)] == [0, 0, 1, 4, 5, 6, 6]
    text = (ROOT / "maps/console/src/map/palette.ts").read_text("utf-8")
    light = re.search(r"classes: \[(.*?)\]", text)[1]
    assert tuple(re.findall(r'"(#\w+)"', light)) == PRINTED_SHARE_COLOURS


def test_the_colours_of_shares_grow_darker_in_grey_as_well():
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in PRINTED_SHARE_COLOURS])
    assert (np.diff(rgb @ [0.299, 0.587, 0.114]) <= -8).all()


@pytest.mark.parametrize(
    ("scale", "named"),
    [
        (8_000, ["grid", "place"]),
        (8_001, ["community", "grid", "place"]),
        (10_000, ["community", "grid", "place"]),
        (10_001, ["community", "grid"]),
        (25_000, ["community", "grid"]),
        (25_001, ["community"]),
        (40_000, ["community"]),
        (40_001, ["township", "community"]),
        (150_000, ["township", "community"]),
        (150_001, ["township"]),
    ],
)
def test_the_scale_decides_what_is_named_the_largest_first(scale, named):
    assert [label.kind for label in draw_map(view(scale)).labels] == named


@pytest.mark.parametrize(
    ("scale", "roads"), [(15_000, 7), (15_001, 5), (60_000, 5), (60_001, 3), (200_000, 3)]
)
def test_the_scale_decides_which_roads_are_drawn(scale, roads):
    assert len(draw_map(view(scale)).roads) == roads


@pytest.mark.parametrize(
    ("scale", "houses", "grids", "gap_line"),
    [
        (15_000, True, True, 1.8),
        (15_001, True, True, 1.2),
        (20_000, True, True, 1.2),
        (20_001, False, True, 1.2),
        (30_000, False, True, 1.2),
        (30_001, False, True, 0.7),
        (80_000, False, True, 0.7),
        (80_001, False, False, 0.7),
    ],
)
def test_the_scale_decides_on_houses_borders_of_grids_and_lines(scale, houses, grids, gap_line):
    drawn = draw_map(view(scale))
    assert bool(drawn.buildings) == houses
    assert [level for level, _ in drawn.lines] == [*(["grid"] * grids), "community", "township"]
    assert drawn.gap_line == gap_line
    assert drawn.gaps == draw_map(view()).buildings


@pytest.mark.parametrize(
    ("scale", "cameras", "others"),
    [(10_000, 1.0, 1.0), (10_001, 0.8, 0.8), (25_000, 0.8, 0.8), (25_001, 0.6, 0.8)],
)
def test_signs_grow_smaller_with_the_scale_cameras_the_most(scale, cameras, others):
    assert draw_map(view(scale)).marks == (
        PlacedMark("skynet_ball", 400, 700, cameras),
        PlacedMark("school", 800, 670, others),
    )


def test_the_name_of_a_place_stands_below_its_sign():
    places = [label for label in draw_map(view()).labels if label.kind == "place"]
    assert places == [Label("校", 800, 706, "place")]


def test_signs_beyond_the_edge_are_left_out():
    at = [(0, 0), (1000, 800), (1001, 0), (0, 801), (-1, 0), (0, -1)]
    signs = tuple(PlacedSign(x, y, "social_gun") for x, y in at)
    drawn = draw_map(view(signs=signs)).marks
    assert [(mark.x, mark.y) for mark in drawn] == [(0, 800), (1000, 0)]


def test_of_too_many_cameras_there_are_numbers_in_the_middle_of_squares():
    crowd = (PlacedSign(10.0, 790.0, "skynet_ball"),) * MOST_CAMERAS
    assert len(draw_map(view(signs=crowd)).marks) == MOST_CAMERAS
    drawn = draw_map(view(signs=(*crowd, PLACE, PlacedSign(130.0, 790.0, "social_gun"))))
    assert drawn.counts == (CameraCount(60, 60, MOST_CAMERAS), CameraCount(180, 60, 1))
    assert [mark.kind for mark in drawn.marks] == ["school"]


def test_cameras_are_told_from_other_signs():
    assert is_camera(CAMERA)
    assert is_camera(PlacedSign(0, 0, "social_gun"))
    assert not is_camera(PLACE)


def test_areas_are_coloured_by_their_shares_and_hatched_without_one():
    west, east = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    coloured = (PrintedArea("甲", "grid", west, 0.3), PrintedArea("乙", "grid", east, None))
    drawn = draw_map(view(coloured=coloured))
    assert [number for number, _ in drawn.fills] == [share_class(0.3)]
    assert drawn.fills[0][1] != drawn.hatched
    assert drawn.hatched.endswith("z")
    assert draw_map(view()).fills == ()
    assert draw_map(view()).hatched == ""


def test_a_border_of_two_areas_is_drawn_once():
    west, east = shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    areas = (PrintedArea("甲", "grid", west), PrintedArea("乙", "grid", east))
    ((_, path),) = draw_map(view(areas=areas)).lines
    steps = [float(each) for each in re.findall(r"-?\d+", re.sub(r"M\d+ \d+", "", path))]
    assert sum(map(abs, steps)) == 700


def test_the_bar_of_the_scale_and_the_watermark_have_their_places():
    drawn = draw_map(view())
    assert (drawn.scale_m, drawn.scale_length) == (200, 200)
    assert drawn.stamps == ((0, 190), (720, 190), (360, 570), (1080, 570))
