"""Addresses: house numbers, estates, crossings, bus stops and lamp posts."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.demo.built.buildings import make_buildings
from geo.demo.land.lattice import WIDTH_M
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID, make_points
from geo.demo.registers.places import make_places

_MAIN = ("trunk", "primary", "secondary")
LAMP_STEP_M = 42.0


@cache
def make_addresses(seed: int) -> gpd.GeoDataFrame:
    """Return addresses: code, name, kind, alias, geometry (metres)."""
    parts = [_doors(seed), _estates(seed), crossings(), _stops(), _lamps()]
    frame = pd.concat(parts, ignore_index=True)
    frame["code"] = [f"A{k:06d}" for k in range(1, len(frame) + 1)]
    frame["alias"] = frame["alias"].fillna("") if "alias" in frame else ""
    columns = ["code", "name", "kind", "alias", "geometry"]
    return gpd.GeoDataFrame(frame[columns], geometry="geometry", crs=METRIC_SRID)


def _doors(seed: int) -> pd.DataFrame:
    """House numbers: odd and even sides, counted along each street."""
    roads = make_network().roads
    named = roads[roads["class"].isin((*_MAIN, "residential"))]
    lines = named.geometry.to_numpy()
    middle = shapely.centroid(make_buildings(seed).geometry.to_numpy())
    (door, road), gap = shapely.STRtree(lines).query_nearest(
        middle, max_distance=38, return_distance=True, all_matches=False
    )
    del gap
    foot = shapely.line_interpolate_point(
        lines[road], shapely.line_locate_point(lines[road], middle[door])
    )
    ahead = shapely.get_coordinates(
        shapely.line_interpolate_point(lines[road], 1.0, normalized=True)
    )
    start = shapely.get_coordinates(shapely.line_interpolate_point(lines[road], 0.0))
    run, out = ahead - start, shapely.get_coordinates(middle[door]) - shapely.get_coordinates(foot)
    left = run[:, 0] * out[:, 1] - run[:, 1] * out[:, 0] > 0
    eastward = np.abs(run[:, 0]) > np.abs(run[:, 1])
    at = np.where(eastward, *shapely.get_coordinates(foot).T)
    frame = pd.DataFrame(
        {"street": named["name"].to_numpy()[road], "left": left, "at": at, "x": middle[door]}
    )
    frame = frame.sort_values(["street", "left", "at"], kind="stable").reset_index(drop=True)
    count = frame.groupby(["street", "left"]).cumcount()
    number = count * 2 + np.where(frame["left"], 1, 2)
    keep = count % 2 == 0
    return pd.DataFrame(
        {
            "name": frame["street"] + number.astype(str) + "号",
            "kind": "门牌",
            "geometry": frame["x"],
        }
    )[keep]


def _estates(seed: int) -> pd.DataFrame:
    home = make_places(seed)
    home = home[home["use"] == "estate"]
    return pd.DataFrame({"name": home["name"], "kind": "小区", "geometry": home.geometry})


def crossings() -> pd.DataFrame:
    """Return crossings of streets with different names: name, kind, alias, rank, geometry."""
    found = make_network().junctions
    found = found[(found["name_a"] != found["name_b"]) & (found["rank"] <= 3)]
    first = np.where(
        found["class_a"].map(_rank) <= found["class_b"].map(_rank), found["name_a"], found["name_b"]
    )
    second = np.where(first == found["name_a"], found["name_b"], found["name_a"])
    frame = pd.DataFrame(
        {
            "name": [f"{a}与{b}口" for a, b in zip(first, second, strict=True)],
            "kind": "路口",
            "alias": [f"{b}{a}口" for a, b in zip(first, second, strict=True)],
            "rank": found["rank"].to_numpy(),
            "geometry": found.geometry.to_numpy(),
        }
    )
    return frame.drop_duplicates("name").reset_index(drop=True)


def _rank(name: str) -> int:
    return list(WIDTH_M).index(name)


def _stops() -> pd.DataFrame:
    """Bus stops beside main streets, past the crossings."""
    roads = make_network().roads
    main = roads[roads["class"].isin(_MAIN)].iloc[::2]
    spot = _beside(
        main.geometry.to_numpy(), np.full(len(main), 0.55), main["width_m"].to_numpy() / 2 + 1.5
    )
    count = main.groupby("name").cumcount() + 1
    name = main["name"] + np.where(count > 1, count.astype(str) + "站", "站")
    return pd.DataFrame({"name": name.to_numpy(), "kind": "公交站", "geometry": spot})


def _lamps() -> pd.DataFrame:
    roads = make_network().roads
    main = roads[roads["class"].isin(_MAIN)].reset_index(drop=True)
    length = main.geometry.length.to_numpy()
    count = np.maximum(1, (length // LAMP_STEP_M).astype(int))
    row = np.repeat(np.arange(len(main)), count)
    order = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    share = (order + 0.5) / count[row]
    side = np.where(order % 2, 1.0, -1.0)
    spot = _beside(
        main.geometry.to_numpy()[row], share, side * (main["width_m"].to_numpy()[row] / 2 + 0.8)
    )
    names = main["name"].to_numpy()[row]
    number = pd.Series(names).groupby(names).cumcount() + 1
    return pd.DataFrame(
        {
            "name": pd.Series(names) + number.map("{:03d}号灯杆".format),
            "kind": "灯杆",
            "geometry": spot,
        }
    )


def _beside(
    lines: NDArray[np.object_], share: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Points beside lines, `offset` metres to the left (negative: right)."""
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, share, normalized=True))
    ahead = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, np.minimum(share + 0.01, 1), normalized=True)
    )
    step = ahead - here
    step /= np.maximum(np.hypot(*step.T), 1e-9)[:, None]
    return np.asarray(
        make_points(here + np.column_stack([-step[:, 1], step[:, 0]]) * offset[:, None])
    )
