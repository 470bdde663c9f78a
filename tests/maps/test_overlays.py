"""Layers of the page: shared borders stay shared, rows stay with what they belong to."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from benchmarks.map_scene import scene
from maps import overlays
from maps.pack import STEP_DEG, pack_shapes
from tests.maps.test_pack import unpacked


def columns(packed: dict, name: str) -> list:
    value = packed[name]
    return value if isinstance(value, list) else [value["d"][k] for k in value["i"]]


def squares(level: str, codes: list[str]) -> gpd.GeoDataFrame:
    geoms = [shapely.box(117 + k * 0.01, 30, 117.01 + k * 0.01, 30.01) for k in range(len(codes))]
    return gpd.GeoDataFrame({"level": level, "code": codes}, geometry=geoms, crs=4326)


def test_shared_borders_are_still_shared_on_the_page():
    grids = scene(cameras=0, incidents=0, gaps=0, roads=0, buildings=0).areas.query(
        "level == 'grid'"
    )
    thinner = overlays.simplified_coverage(grids.geometry.to_numpy())
    assert shapely.get_num_coordinates(thinner).sum() < grids.count_coordinates().sum()
    rings = unpacked(pack_shapes(thinner, closed=True))
    cells = np.array([shapely.Polygon(parts[0]) for parts in rings])
    assert shapely.coverage_is_valid(cells)
    kept = shapely.area(cells).sum() / shapely.area(grids.geometry.to_numpy()).sum()
    assert abs(kept - 1) < 1e-4


def test_a_level_that_does_not_tile_is_left_as_it_is():
    geoms = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])
    assert overlays.simplified_coverage(geoms) is geoms


def test_areas_come_from_the_district_down_by_code():
    mixed = pd.concat([squares("grid", ["g2", "g1"]), squares("district", ["d"])])
    packed = overlays.areas(gpd.GeoDataFrame(mixed, crs=4326))
    assert columns(packed, "code") == ["d", "g1", "g2"]
    assert packed["level"] == [0, 3, 3]


def test_an_area_of_an_unknown_level_is_not_drawn():
    assert overlays.areas(squares("galaxy", ["x"]))["level"] == []


def test_a_share_nobody_computed_is_none_not_zero():
    frame = squares("grid", ["a", "b"]).assign(covered_demand_share=[0.25, np.nan])
    assert overlays.areas(frame)["covered_demand_share"] == [0.25, None]


def test_seeing_rows_stand_with_their_incident_in_order():
    incidents = pd.DataFrame({"code": ["i1", "i2", "i3"]})
    cameras = pd.DataFrame({"code": ["c1", "c2"]})
    rows = pd.DataFrame(
        {
            "incident_code": ["i3", "i1", "i3", "nobody"],
            "rank": [2, 1, 1, 1],
            "camera_code": ["c1", "c2", "hidden", "c1"],
            "relation": ["near", "sees", "possible", "sees"],
            "distance_m": [90.4, 12.0, 30.0, 1.0],
            "online": [True, None, False, True],
        }
    )
    packed = overlays.seeing(rows, incidents, cameras)
    assert packed["n"] == [1, 0, 2]
    assert packed["camera"] == [1, 2, 0]
    assert packed["extra"] == ["hidden"]
    assert columns(packed, "relation") == ["sees", "possible", "near"]
    assert packed["distance_m"] == [12, 30, 90]
    assert packed["online"] == [None, 0, 1]


def test_no_stream_address_reaches_the_page():
    frame = squares("grid", ["c1"]).assign(
        stream_ref="rtsp://10.0.0.1/1", geometry=shapely.Point(0, 0)
    )
    assert "rtsp" not in str(overlays.cameras(frame))


def test_gaps_are_drawn_heaviest_first():
    frame = squares("grid", ["a", "b"]).assign(rank=[2, 1], grid_code=["g1", "g2"])
    assert columns(overlays.pack_gaps(frame), "grid_code") == ["g2", "g1"]


def small_gaps(n: int, grid_code: list) -> gpd.GeoDataFrame:
    at = [shapely.box(117 + k * 1e-4, 30, 117.00005 + k * 1e-4, 30.00005) for k in range(n)]
    columns = {"rank": np.arange(n, 0, -1), "grid_code": grid_code, "area_m2": 10.0}
    return gpd.GeoDataFrame(columns, geometry=at, crs=4326)


def test_all_gaps_are_drawn_and_counted_with_what_weighs_in_them():
    frame = small_gaps(5, ["g1"] * 4 + [None]).assign(road_m=3.4, entrances=2, incidents=[0] * 5)
    packed = overlays.pack_gaps(frame)
    assert packed["rank"] == [1, 2, 3, 4, 5]
    assert (packed["road_m"], packed["entrances"], packed["incidents"]) == (
        [3] * 5,
        [2] * 5,
        [0] * 5,
    )
    totals = overlays.gap_totals(frame)
    assert dict(zip(columns(totals, "grid_code"), totals["n"], strict=True)) == {"g1": 4, "": 1}
    assert sum(totals["area_m2"]) == 50


def test_buildings_keep_their_outlines_to_half_a_metre():
    frame = squares("grid", ["a"])
    packed = overlays.pack_buildings(frame)["shape"]
    assert (packed["s"], packed["n"]) == (overlays.BUILDING_STEP_DEG, [4])
    (ring,) = unpacked(packed)[0]
    assert np.allclose(shapely.Polygon(ring).bounds, frame.total_bounds, atol=2.5e-6)


def test_half_a_metre_of_a_gap_s_border_may_go_and_no_more():
    bent = shapely.Polygon([(117, 30), (117.0005, 30.000003), (117.001, 30), (117.001, 30.001)])
    kept = shapely.Polygon([(117, 30), (117.0005, 30.000006), (117.001, 30), (117.001, 30.001)])
    frame = gpd.GeoDataFrame({"rank": [1, 2]}, geometry=[bent, kept], crs=4326)
    assert overlays.pack_gaps(frame)["shape"]["n"] == [3, 4]


@pytest.mark.parametrize(
    ("demand", "ground", "expected"),
    [
        ([0.5, np.nan], [0.2, 0.1], "demand"),
        ([np.nan, np.nan], [0.2, np.nan], "ground"),
        ([np.nan, np.nan], [np.nan, np.nan], "none"),
        ([None, None], None, "none"),
    ],
)
def test_shares_are_of_the_demand_else_of_open_ground_else_there_are_none(demand, ground, expected):
    frame = squares("grid", ["a", "b"]).assign(covered_demand_share=demand)
    if ground is not None:
        frame = frame.assign(covered_share=ground)
    assert overlays.share_basis(frame) == expected
    assert overlays.share_basis(gpd.GeoDataFrame()) == "none"


def test_a_grid_without_buildings_is_told_apart_from_one_of_which_nothing_is_known():
    frame = squares("grid", ["a", "b", "c"])
    assert overlays.areas(frame)["obstacles_known"] == [None, None, None]
    known = frame.assign(obstacles_known=pd.Series([True, False, None], dtype=object))
    assert overlays.areas(known)["obstacles_known"] == [1, 0, None]


def test_a_camera_of_no_known_owner_kind_keeps_none():
    at = gpd.points_from_xy([117, 117, 117], [30, 30, 30])
    frame = gpd.GeoDataFrame({"owner_kind": ["skynet", None, np.nan]}, geometry=at, crs=4326)
    assert columns(overlays.cameras(frame), "owner_kind") == ["skynet", "", ""]


def test_frames_without_rows_columns_or_geometry_give_empty_layers():
    nothing = gpd.GeoDataFrame()
    content = scene(grids=60, cameras=0, incidents=0, gaps=0, roads=0, buildings=0)
    frames = {name: nothing for name, frame in vars(content).items() if hasattr(frame, "columns")}
    packed = overlays.make_layers(replace(content, **frames))
    assert packed["areas"]["shape"]["d"] == []
    assert packed["cameras"]["code"] == []
    assert packed["seeing"]["n"] == []
    assert packed["gap_totals"]["n"] == []
    assert packed["areas"]["shape"]["s"] == STEP_DEG
