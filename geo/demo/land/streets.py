"""Streets: the town's, bent from the plan, and the country's roads, lanes and embankments."""

import itertools
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import LineString

from geo.demo.land import terrain
from geo.demo.land.hamlets import Hamlet, make_hamlets
from geo.demo.land.lattice import WIDTH_M, Plan, make_plan
from geo.demo.land.terrain import METRIC_SRID, Floats, make_points

_RANK = {name: k for k, name in enumerate(WIDTH_M)}


@dataclass(frozen=True)
class Network:
    """``roads``: class, name, width_m, geometry (metres). ``junctions``: s, t, angle, names."""

    roads: gpd.GeoDataFrame
    junctions: gpd.GeoDataFrame


@cache
def make_network() -> Network:
    """Return all streets and the junctions of the town, the same at every call."""
    town, crossings = _town(make_plan())
    roads = pd.concat([town, _country(make_hamlets())], ignore_index=True)
    roads["width_m"] = roads["class"].map(WIDTH_M)
    frame = gpd.GeoDataFrame(roads, geometry="geometry", crs=METRIC_SRID)
    return Network(frame, crossings)


def _crossings(streets: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (street along s, street along t) that meet, by row number."""
    along = np.flatnonzero(streets["axis"] == "s")
    across = np.flatnonzero(streets["axis"] == "t")
    at, low, high = (streets[c].to_numpy(float) for c in ("at", "low", "high"))
    a, b = along[:, None], across[None, :]
    slack = 1e-6
    meets = (
        (at[b] >= low[a] - slack)
        & (at[b] <= high[a] + slack)
        & (at[a] >= low[b] - slack)
        & (at[a] <= high[b] + slack)
    )
    first, second = np.nonzero(meets)
    return along[first], across[second]


def _town(town: Plan) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    streets = town.streets.reset_index(drop=True)
    along, across = _crossings(streets)
    at = streets["at"].to_numpy(float)
    stops: list[set[float]] = [
        {float(a), float(b)} for a, b in streets[["low", "high"]].to_numpy(float).tolist()
    ]
    for a, b in zip(along, across, strict=True):
        stops[a].add(float(at[b]))
        stops[b].add(float(at[a]))
    lines = [
        _line(str(row[0]), float(row[1]), sorted(stops[k]))
        for k, row in enumerate(streets[["axis", "at"]].to_numpy(object))
    ]
    roads = pd.DataFrame({"class": streets["class"], "name": streets["name"], "geometry": lines})
    return roads, _junctions(streets, along, across)


def _line(axis: str, at: float, stops: list[float]) -> LineString:
    runs = [
        np.linspace(a, b, max(2, round((b - a) / 70) + 1))[:-1]
        for a, b in itertools.pairwise(stops)
    ]
    run = np.concatenate([*runs, stops[-1:]])
    held = np.full(run.shape, at)
    return LineString(
        terrain.town_plane(run, held) if axis == "s" else terrain.town_plane(held, run)
    )


def _junctions(
    streets: pd.DataFrame, along: NDArray[np.int64], across: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """Places where two streets of different names meet, with the reach of their four arms."""
    one, two = streets.iloc[along], streets.iloc[across]
    found = pd.DataFrame(
        {
            "s": two["at"].to_numpy(float),
            "t": one["at"].to_numpy(float),
            "name_a": one["name"].to_numpy(),
            "name_b": two["name"].to_numpy(),
            "class_a": one["class"].to_numpy(),
            "class_b": two["class"].to_numpy(),
            "west": one["low"].to_numpy(float) < two["at"].to_numpy(float) - 1,
            "east": one["high"].to_numpy(float) > two["at"].to_numpy(float) + 1,
            "south": two["low"].to_numpy(float) < one["at"].to_numpy(float) - 1,
            "north": two["high"].to_numpy(float) > one["at"].to_numpy(float) + 1,
        }
    )
    found["rank"] = np.maximum(found["class_a"].map(_RANK), found["class_b"].map(_RANK))
    found["s"], found["t"] = found["s"].round(3), found["t"].round(3)
    keep = dict.fromkeys(("west", "east", "south", "north"), "any")
    best = found.sort_values("rank", kind="stable").groupby(["s", "t"], sort=True)
    merged = best.agg(
        {
            "name_a": "first",
            "name_b": "first",
            "class_a": "first",
            "class_b": "first",
            "rank": "first",
            **keep,
        }
    ).reset_index()
    s, t = merged["s"].to_numpy(), merged["t"].to_numpy()
    merged["angle"] = terrain.town_angle(s, t)
    return gpd.GeoDataFrame(merged, geometry=make_points(terrain.town_plane(s, t)), crs=METRIC_SRID)


def _country(villages: list[Hamlet]) -> pd.DataFrame:
    parts = [
        _promenade(),
        _embankments(),
        _highway(),
        _links(villages),
        *(_lanes(v) for v in villages),
    ]
    return pd.concat(parts, ignore_index=True)


def _rows(lines: list[LineString], kind: str, name: str) -> pd.DataFrame:
    return pd.DataFrame({"class": kind, "name": name, "geometry": lines})


def _promenade() -> pd.DataFrame:
    """Lay the footpath between the embankment road and the water."""
    s = np.arange(40, terrain.TOWN_LENGTH_M - 30, 60.0)
    path = terrain.town_plane(s, -34 + 8 * np.sin(s / 240))
    return _rows([LineString(path)], "path", "滨江步道")


def _embankments() -> pd.DataFrame:
    """Lay the road on the near embankment and one around each inhabited island."""
    s = np.arange(terrain.TOWN_LENGTH_M + 600, terrain.END_M - 250, 90.0)
    near = np.vstack(
        [
            terrain.town_plane(np.array([terrain.TOWN_LENGTH_M]), np.zeros(1)),
            terrain.river_plane(s, 5 + 18 * np.sin(s / 410)),
        ]
    )
    rings = [
        _rows(
            [LineString(shapely.get_exterior_ring(island.buffer(-75.0).simplify(8.0)))],
            "track",
            f"{name}圩堤路",
        )
        for name, island in terrain.make_islands().items()
        if island.area > 1e6
    ]
    return pd.concat([_rows([LineString(near)], "secondary", "江堤路"), *rings], ignore_index=True)


def _highway() -> pd.DataFrame:
    return _rows([terrain.make_highway()], "primary", "枞长公路")


def _links(villages: list[Hamlet]) -> pd.DataFrame:
    """Roads between hamlets: the shortest tree on each side of the water, and a few short cuts."""
    middles = np.array([v.middle for v in villages])
    banks = np.array([v.bank for v in villages])
    found = []
    for bank in sorted(set(banks)):
        here = np.flatnonzero(banks == bank)
        for a, b in _tree(middles[here]):
            found.append(_wavy(*_nearest_doors(villages[here[a]], villages[here[b]])))
    wet = shapely.union_all([terrain.make_river(), *terrain.make_lakes().values()]).buffer(12)
    return _dry(_rows(found, "track", "村道"), wet)


def _nearest_doors(one: Hamlet, two: Hamlet) -> tuple[Floats, Floats]:
    a, b = one.doors(), two.doors()
    gap = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    i, j = np.unravel_index(int(np.argmin(gap)), gap.shape)
    return a[i], b[j]


def _dry(rows: pd.DataFrame, wet: shapely.Geometry) -> pd.DataFrame:
    pieces = shapely.difference(rows["geometry"].to_numpy(), wet)
    parts, owner = shapely.get_parts(pieces, return_index=True)
    long = shapely.length(parts) > 60
    kept = rows.iloc[owner[long]].reset_index(drop=True)
    return kept.assign(geometry=parts[long])


def _tree(points: Floats) -> list[tuple[int, int]]:
    """Edges of the minimum spanning tree plus the Gabriel edges shorter than 900 m."""
    if len(points) < 2:
        return []
    gap = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    inside, edges = {0}, []
    while len(inside) < len(points):
        rows = sorted(inside)
        rest = sorted(set(range(len(points))) - inside)
        a, b = np.unravel_index(np.argmin(gap[np.ix_(rows, rest)]), (len(rows), len(rest)))
        edges.append((rows[a], rest[b]))
        inside.add(rest[b])
    for a, b in zip(*np.nonzero(np.triu(gap < 1_300, 1)), strict=True):
        middle = (points[a] + points[b]) / 2
        clear = np.hypot(*(points - middle).T) >= gap[a, b] / 2 - 1e-6
        if clear.all() and (a, b) not in edges and (b, a) not in edges:
            edges.append((int(a), int(b)))
    return edges


def _wavy(start: Floats, end: Floats) -> LineString:
    """Lay a field road from `start` to `end` with one slow bend."""
    u = np.linspace(0, 1, max(6, round(np.hypot(*(end - start)) / 80)))[:, None]
    side = np.array([start[1] - end[1], end[0] - start[0]]) * 0.10
    swing = np.sin(np.pi * u) * np.cos((start[0] + end[1]) / 977)
    return LineString(start + (end - start) * u + side * swing)


def _lanes(village: Hamlet) -> pd.DataFrame:
    return _rows(village.lanes(), "service" if village.tight else "track", f"{village.name}村道")
