"""Sight lines of one place: which cameras are listed, and what stands between."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coverage.scene import place_given
from geo.coverage.sight.building_heights import obstructing_ground
from geo.coverage.sight.place_lines import PlaceLine, lines_of_exact
from geo.coverage.sight.view_table import tabulate_views

SRID = 4548
CORNER = np.array([500_000.0, 3_375_000.0])  # on the middle meridian, where grid north is north


def camera(code, east, north, heading_deg=0.0, **more):
    return {
        "code": code, "view_no": 1, "form": "fixed", "owner_kind": "skynet", "indoor": False,
        "connection": "online", "heading_deg": heading_deg, "heading_source": "surveyed",
        "hfov_deg": 60.0, "res_h_px": 40000.0, "range_m": 100.0, "mount_height_m": np.nan,
        "east": east, "north": north, **more,
    }  # fmt: skip


def lines(cameras, at=(0, 0), footprints=(), *, radius_m=0.0, nearest=1):
    table = pd.DataFrame(cameras)
    points = gpd.points_from_xy(*(table[["east", "north"]].to_numpy() + CORNER).T)
    rows = gpd.GeoDataFrame(table, geometry=points, crs=SRID).to_crs(4326)
    rows = rows.assign(coarse_lon=rows.geometry.x, coarse_lat=rows.geometry.y)
    moved = shapely.transform(np.array(footprints, dtype=object), lambda xy: xy + CORNER)
    sight = obstructing_ground(moved)
    options = {"detail": 20.0, "default_reach_m": 150.0}
    views = tabulate_views(
        rows, place_given(rows, sight, srid=SRID, **options), srid=SRID, **options
    )
    asked = np.ones(len(views), dtype=bool)
    found = lines_of_exact(
        views, sight, CORNER + np.array(at), asked, radius_m=radius_m, nearest=nearest
    )
    return sorted(found)


def codes(found):
    return [each.code for each in found]


def test_a_camera_that_looks_at_the_place_sees_it():
    (line,) = lines([camera("K1", 0, -50)])
    assert (line.relation, line.why, round(line.distance_m, 3)) == ("sees", "sees", 50.0)
    assert round(line.bearing_deg, 3) % 360 == 0


def test_bearings_are_those_from_the_camera_to_the_place():
    around = [camera("K1", 0, -40), camera("K2", -40, 0), camera("K3", 0, 40), camera("K4", 40, 0)]
    found = lines(around, nearest=4)
    assert {each.code: round(each.bearing_deg, 2) % 360 for each in found} == {
        "K1": 0,
        "K2": 90,
        "K3": 180,
        "K4": 270,
    }


def test_what_stands_between_hides_the_place():
    wall = shapely.box(-5, -30, 5, -20)
    (line,) = lines([camera("K1", 0, -50)], footprints=[wall])
    assert (line.relation, line.why) == ("near", "blocked")
    beside = shapely.box(5, -30, 15, -20)
    assert lines([camera("K1", 0, -50)], footprints=[beside])[0].relation == "sees"


def test_of_cameras_that_reach_nothing_the_nearest_are_listed():
    far = [camera(f"K{n}", 0, -1000 - 10 * n) for n in (3, 1, 2, 4)]
    assert codes(lines(far)) == ["K1"]
    assert codes(lines(far, nearest=3)) == ["K1", "K2", "K3"]
    assert codes(lines(far, nearest=9)) == ["K1", "K2", "K3", "K4"]
    assert codes(lines(far, radius_m=1025)) == ["K1", "K2"]


def test_of_cameras_as_near_as_each_other_those_with_the_smaller_codes_are_listed():
    same = [camera(code, 0, -1000) for code in ("K3", "K1", "K2")]
    assert codes(lines(same, nearest=2)) == ["K1", "K2"]


def test_of_two_views_of_a_camera_the_better_one_speaks():
    away = camera("K1", 0, -50, heading_deg=180.0)
    towards = camera("K1", 0, -50, view_no=2)
    (line,) = lines([away, towards])
    assert (line.relation, line.heading_deg) == ("sees", 0.0)


def test_lines_are_in_the_order_of_rank_distance_and_code_and_of_nothing_else():
    near = PlaceLine(0, 5.0, "K1", "sees", "sees", bearing_deg=90.0)
    assert near == PlaceLine(0, 5.0, "K1", "near", "blocked", bearing_deg=10.0, own=False)
    assert sorted([PlaceLine(0, 5.0, "K2", "", ""), PlaceLine(1, 1.0, "K0", "", ""), near]) == [
        near,
        PlaceLine(0, 5.0, "K2", "", ""),
        PlaceLine(1, 1.0, "K0", "", ""),
    ]
