"""Layers of the page: shared borders stay shared, rows stay with what they belong to."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.map_scene import scene
from maps import overlays
from maps.pack import STEP_DEG, shapes
from tests.test_maps_pack import unpacked


def columns(packed: dict, name: str) -> list:
    value = packed[name]
    return value if isinstance(value, list) else [value["d"][k] for k in value["i"]]


def squares(level: str, codes: list[str]) -> gpd.GeoDataFrame:
    geoms = [shapely.box(117 + k * 0.01, 30, 117.01 + k * 0.01, 30.01) for k in range(len(codes))]
    return gpd.GeoDataFrame({"level": level, "code": codes}, geometry=geoms, crs=4326)


def test_shared_borders_are_still_shared_on_the_page():
    grids = scene(cameras=0, incidents=0, gaps=0, roads=0).areas.query("level == 'grid'")
    thinner = overlays.simplified_coverage(grids.geometry.to_numpy())
    assert shapely.get_num_coordinates(thinner).sum() < grids.count_coordinates().sum()
    rings = unpacked(shapes(thinner, closed=True))
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
    assert columns(overlays.gaps(frame), "grid_code") == ["g2", "g1"]


def test_frames_without_rows_columns_or_geometry_give_empty_layers():
    nothing = gpd.GeoDataFrame()
    content = scene(grids=60, cameras=0, incidents=0, gaps=0, roads=0)
    frames = {name: nothing for name, frame in vars(content).items() if hasattr(frame, "columns")}
    packed = overlays.layers(replace(content, **frames))
    assert packed["areas"]["shape"]["d"] == []
    assert packed["cameras"]["code"] == []
    assert packed["seeing"]["n"] == []
    assert packed["areas"]["shape"]["s"] == STEP_DEG
