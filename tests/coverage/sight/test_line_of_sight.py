"""Who sees a point, who may, and why the others do not."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, box

from geo.coverage.sight.line_of_sight import find_seeing
from geo.coverage.sight.obstacles import merge_footprints, place_cameras
from geo.coverage.sight.optics import camera_views, view_sectors
from geo.coverage.sight.viewshed import compute_viewsheds


def cameras(*rows):
    """Rows of x, y, heading and whatever else is given."""
    usual = {
        "form": "fixed",
        "heading_source": "surveyed",
        "hfov_deg": 90.0,
        "res_h_px": 1920,
        "range_m": 100.0,
        "indoor": False,
    }
    table = pd.DataFrame([{**usual, **row} for row in rows])
    table.index = pd.Index([f"c{i}" for i in range(len(rows))], name="code")
    points = gpd.points_from_xy(table.pop("x"), table.pop("y"))
    return gpd.GeoDataFrame(table, geometry=points)


def ask(spots, found, footprints=None, **options):
    obstacles = merge_footprints(footprints)
    return find_seeing(
        gpd.GeoDataFrame(
            geometry=[Point(s) for s in spots], index=[f"p{i}" for i in range(len(spots))]
        ),
        cameras=found,
        views=camera_views(found),
        placement=place_cameras(found.geometry, found["indoor"].to_numpy(), obstacles),
        obstacles=obstacles,
        **options,
    )


def why(spot, row, footprints=None, **options):
    return ask([spot], cameras(row), footprints, **options)["why"].tolist()


def test_a_camera_that_looks_east_sees_a_point_in_the_east():
    found = ask([(24, 0)], cameras({"x": 0, "y": 0, "heading_deg": 90.0}))
    row = found.iloc[0]
    assert row["relation"] == row["why"] == "sees"
    assert row["point"] == "p0"
    assert row["camera_code"] == "c0"
    assert row["distance_m"] == 24
    assert row["bearing_deg"] == 90
    assert row["heading_deg"] == 90
    assert row["px_per_m"] == pytest.approx(40)
    assert row["moved_m"] == 0


def test_each_reason_is_given():
    here = {"x": 0, "y": 0, "heading_deg": 90.0}
    assert why((24, 0), here) == ["sees"]
    assert why((-24, 0), here) == ["turned_away"]
    assert why((24, 23), here) == ["heading_uncertain"]
    assert why((49, 0), here) == ["beyond_range"]
    assert why((24, 0), here, [box(10, -5, 12, 5)]) == ["blocked"]
    assert why((24, 0), {**here, "heading_deg": np.nan}) == ["heading_unknown"]
    assert why((24, 0), {**here, "heading_source": "unknown"}) == ["heading_unknown"]
    assert why((24, 0), {**here, "indoor": True}) == ["indoor"]
    assert why((24, 0), here, [box(-9, -9, 9, 9)]) == ["position_suspect"]
    assert why((0, 24), {**here, "form": "ptz"}) == ["heading_uncertain"]
    assert why((0, 12), {**here, "form": "panoramic", "hfov_deg": 360.0}) == ["sees"]


def test_a_place_below_a_camera_lies_in_its_dead_ground():
    # 6 m up, lower edge 45° down: the picture begins 6 m away.
    tilted = {"x": 0, "y": 0, "heading_deg": 90.0, "mount_height_m": 6.0}
    tilted |= {"tilt_deg": 35.0, "vfov_deg": 20.0}
    assert why((5.9, 0), tilted) == ["dead_ground"]
    assert why((6.1, 0), tilted) == ["sees"]
    assert why((5.9, 0), {**tilted, "heading_deg": np.nan}) == ["dead_ground"]
    assert why((-5.9, 0), tilted) == ["turned_away"]
    assert ask([(5.9, 0)], cameras(tilted))["relation"].tolist() == ["near"]


def test_a_camera_that_reaches_the_place_is_listed_however_many_are_nearer():
    # One sees 180 m; three nearer ones are turned away.
    eagle = {"x": 0, "y": 0, "heading_deg": 90.0, "hfov_deg": 30.0, "range_m": 400.0}
    nearer = [{"x": 180, "y": y, "heading_deg": 180.0 if y < 0 else 0.0} for y in (-9, 9, 12)]
    found = ask([(170, 0)], cameras({**eagle, "res_h_px": 3840}, *nearer))
    assert found["why"].tolist() == ["sees", "turned_away", "turned_away", "turned_away"]
    assert found["distance_m"].iloc[0] == 170
    assert found["camera_code"].iloc[0] == "c0"


def test_a_blocked_camera_is_near_though_its_heading_is_unknown():
    found = ask([(24, 0)], cameras({"x": 0, "y": 0, "heading_deg": np.nan}), [box(9, -5, 12, 5)])
    assert found[["relation", "why"]].iloc[0].tolist() == ["near", "blocked"]
    assert np.isnan(found["heading_deg"].iloc[0])


def test_grazing_a_wall_or_a_corner_blocks_nothing():
    here = {"x": 0, "y": 0, "heading_deg": 90.0}
    assert why((24, 0), here, [box(10, 0, 12, 5)]) == ["sees"]
    assert why((24, 12), here, [box(10, 5, 12, 5), box(10, 0, 12, 5)]) == ["sees"]


def test_order_is_sees_possible_near_then_distance():
    found = cameras(
        {"x": 5, "y": 0, "heading_deg": 270.0},
        {"x": 30, "y": 0, "heading_deg": 270.0},
        {"x": -20, "y": 0, "heading_deg": 90.0},
        {"x": 10, "y": 0, "heading_deg": np.nan},
        {"x": 3, "y": 0, "heading_deg": 90.0},
    )
    answer = ask([(0, 0)], found)
    assert answer["camera_code"].tolist() == ["c0", "c2", "c1", "c3", "c4"]
    assert answer["relation"].tolist() == ["sees", "sees", "sees", "possible", "near"]


def test_the_nearest_camera_is_given_however_far():
    found = cameras(*({"x": 1000.0 * i, "y": 0, "heading_deg": 270.0} for i in (1, 2, 3)))
    assert ask([(0, 0)], found)["distance_m"].tolist() == [1000, 2000, 3000]
    assert ask([(0, 0)], found, nearest=0)["distance_m"].tolist() == [1000]
    assert ask([(0, 0)], found, nearest=9)["why"].tolist() == ["beyond_range"] * 3


def test_no_camera_and_no_point_give_an_empty_table():
    some = cameras({"x": 0, "y": 0, "heading_deg": 90.0})
    for answer in (ask([], some), ask([(0, 0)], some.iloc[:0])):
        assert len(answer) == 0
        assert "why" in answer.columns


def test_a_point_without_a_position_has_no_cameras():
    found = cameras({"x": 0, "y": 0, "heading_deg": 90.0})
    points = gpd.GeoDataFrame(geometry=[None, Point(5, 0)], index=[7, 8])
    obstacles = merge_footprints(None)
    answer = find_seeing(
        points,
        cameras=found,
        views=camera_views(found),
        placement=place_cameras(found.geometry, np.array([False]), obstacles),
        obstacles=obstacles,
    )
    assert answer["point"].tolist() == [8]


def test_a_point_inside_a_footprint_is_judged_in_front_of_it():
    found = ask([(23, 0)], cameras({"x": 0, "y": 0, "heading_deg": 90.0}), [box(20, -30, 80, 30)])
    assert found["why"].tolist() == ["sees"]
    assert found["moved_m"].tolist() == pytest.approx([3.2])
    assert found["distance_m"].tolist() == pytest.approx([19.8])


def test_the_best_view_of_a_camera_speaks_for_it():
    both = pd.concat([cameras({"x": 0, "y": 0, "heading_deg": h}) for h in (270.0, 90.0)])
    one = both.iloc[:1]
    obstacles = merge_footprints(None)
    answer = find_seeing(
        gpd.GeoDataFrame(geometry=[Point(20, 0)]),
        cameras=one,
        views=camera_views(both),
        placement=place_cameras(one.geometry, np.array([False]), obstacles),
        obstacles=obstacles,
    )
    assert answer["why"].tolist() == ["sees"]
    assert answer["heading_deg"].tolist() == [90.0]


def test_convergence_turns_grid_bearings_into_true_ones():
    here = cameras({"x": 0, "y": 0, "heading_deg": 90.0, "hfov_deg": 12.0})
    row = ask([(30, 0)], here, convergence_deg=2.0).iloc[0]
    assert (row["bearing_deg"], row["why"]) == (92.0, "heading_uncertain")
    own = pd.Series({"another": 9.0, "c0": 2.0})
    assert ask([(30, 0)], here, convergence_deg=own).iloc[0]["bearing_deg"] == 92.0


def test_a_point_at_the_camera_has_no_density():
    row = ask([(0, 0)], cameras({"x": 0, "y": 0, "heading_deg": 0.0})).iloc[0]
    assert row["distance_m"] == 0
    assert math.isnan(row["px_per_m"])
    unknown = ask([(0, 0)], cameras({"x": 0, "y": 0, "heading_deg": np.nan})).iloc[0]
    assert unknown["why"] == "heading_unknown"


def test_sight_lines_and_viewsheds_give_one_answer():
    rng = np.random.default_rng(5)
    corner, size = rng.uniform(0, 300, (90, 2)), rng.uniform(3, 30, (90, 2))
    obstacles = merge_footprints(shapely.box(*corner.T, *(corner + size).T))
    count = 60
    table = cameras(
        *(
            {
                "x": x,
                "y": y,
                "heading_deg": rng.choice([np.nan, 0.0, 90.0, rng.uniform(0, 360)]),
                "heading_source": rng.choice(["surveyed", "parsed", "rounded8"]),
                "form": rng.choice(["fixed", "ptz", "panoramic", "dome"]),
                "hfov_deg": rng.choice([40.0, 90.0, 180.0, 360.0]),
                "range_m": rng.uniform(20, 90),
                "indoor": bool(rng.random() < 0.1),
                "mount_height_m": rng.choice([np.nan, 4.0]),
                "tilt_deg": rng.choice([20.0, 50.0]),
                "vfov_deg": 40.0,
            }
            for x, y in rng.uniform(0, 330, (count, 2))
        )
    )
    views = camera_views(table)
    placement = place_cameras(table.geometry, table["indoor"].to_numpy(), obstacles)
    spots = shapely.points(rng.uniform(0, 330, (1500, 2)))
    points = gpd.GeoDataFrame(geometry=spots[~obstacles.block(spots)])
    answer = find_seeing(
        points, cameras=table, views=views, placement=placement, obstacles=obstacles, radius_m=150
    ).set_index(["point", "camera_code"])
    compared = excluded = 0
    for certainty, relations in (("certain", ["sees"]), ("possible", ["sees", "possible"])):
        where = views[["camera_code", "range_m", "near_m"]]
        where = where.join(placement[["x", "y"]], on="camera_code")
        shapes = compute_viewsheds(where.join(view_sectors(views, certainty)), obstacles)
        for code, shape in zip(views["camera_code"], shapes, strict=True):
            mine = answer.xs(code, level="camera_code")
            here = points.geometry.loc[mine.index].to_numpy()
            clear = np.ones(len(here), dtype=bool)
            if not shape.is_empty:
                clear = shapely.distance(shape.boundary, here) > 0.002
            covered = shapely.covers(shape, here)
            related = mine["relation"].isin(relations).to_numpy()
            assert (covered == related)[clear].all(), (code, certainty)
            compared, excluded = compared + clear.sum(), excluded + (~clear).sum()
    assert compared > 50_000
    assert excluded < 0.001 * compared
