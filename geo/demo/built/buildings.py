"""Buildings of the town and the country, aligned to their streets, clear of roads and water."""

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.demo.built.fillers import FILLERS, TWO_SIDED, Room, split_in_halves
from geo.demo.built.footprints import make_footprints
from geo.demo.built.plots import make_plots
from geo.demo.built.ribbons import make_ribbons
from geo.demo.land import terrain, waters
from geo.demo.land.hamlets import make_houses
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID

Shapes = NDArray[np.object_]


@cache
def make_buildings(seed: int) -> gpd.GeoDataFrame:
    """Return the buildings: kind, height_m, plot (-1 in the country), geometry (metres)."""
    rng = np.random.default_rng([seed, 2])
    town = _town(seed, rng)
    rural = np.vstack([make_houses(rng), make_ribbons(rng)])
    kind = np.where(rural[:, 6] == 0, "民房", "辅房").astype(object)
    shape = np.where((rng.random(len(rural)) < 0.12) & (rural[:, 6] == 0), "ell", "box")
    frame = pd.DataFrame(
        {
            "kind": np.concatenate([town["kind"].to_numpy(object), kind]),
            "height_m": np.round(np.concatenate([town["height"].to_numpy(float), rural[:, 5]]), 1),
            "plot": np.concatenate([town["plot"].to_numpy(int), np.full(len(rural), -1)]),
        }
    )
    middle = np.vstack([town[["mx", "my"]].to_numpy(float), rural[:, :2]])
    angle = np.concatenate([town["angle"].to_numpy(float), rural[:, 2]])
    size = np.vstack([town[["width", "depth"]].to_numpy(float), rural[:, 3:5]])
    shapes = make_footprints(
        middle, angle, size, np.concatenate([town["shape"].to_numpy(object), shape]).astype(object)
    )
    keep = np.flatnonzero(_clear(shapes))
    keep = np.delete(keep, _stacked(shapes[keep], frame["kind"].to_numpy(object)[keep], rng))
    whole = gpd.GeoDataFrame(frame.iloc[keep], geometry=shapes[keep], crs=METRIC_SRID)
    return whole.reset_index(drop=True)


def _clear(shapes: Shapes) -> NDArray[np.bool_]:
    """Tell which footprints touch neither a carriageway nor water and lie in the district."""
    roads = make_network().roads
    strips = shapely.buffer(
        roads.geometry.to_numpy(), roads["width_m"].to_numpy() / 2 + 0.3, cap_style="flat"
    )
    wet = shapely.get_parts(waters.make_water()["geometry"].to_numpy())
    tree = shapely.STRtree(shapes)
    bad = np.zeros(len(shapes), bool)
    bad[tree.query(np.concatenate([strips, wet]), predicate="intersects")[1]] = True
    limit = waters.district_ground()
    shapely.prepare(limit)
    return ~bad & shapely.contains_properly(limit, shapes)


def _stacked(shapes: Shapes, kind: Shapes, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows to leave out because they stand in an earlier building.

    Towers on a podium are meant to, and a few of the others stay: real registers have them.
    """
    one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, two = one[one < two], two[one < two]
    deep = shapely.area(shapely.intersection(shapes[one], shapes[two])) > 1.5
    podium = np.isin(kind[one], ["商业", "商场"]) & (kind[two] == "办公")
    chance = rng.random(len(one)) > 0.04
    return np.unique(two[deep & ~podium & chance])


def _town(seed: int, rng: np.random.Generator) -> pd.DataFrame:
    frame = make_plots(seed)
    rows: list[tuple[object, ...]] = []
    plot: Any
    for plot in frame.itertuples():
        room = Room(plot.x0, plot.x1, plot.y0, plot.y1)
        if min(room.width, room.depth) < 18 or plot.use not in FILLERS:
            continue
        for part in split_in_halves(room) if plot.lane and plot.use in TWO_SIDED else (room,):
            rows += [(plot.Index, *row) for row in FILLERS[plot.use](part, rng)]
    built = pd.DataFrame(
        rows, columns=["plot", "x", "y", "width", "depth", "height", "shape", "kind"]
    )
    home = frame.loc[built["plot"]]
    s = home["s"].to_numpy() + built["x"].to_numpy() / home["scale_s"].to_numpy()
    t = home["t"].to_numpy() + built["y"].to_numpy() / home["scale_t"].to_numpy()
    built[["mx", "my"]] = terrain.town_plane(s, t)
    built["angle"] = terrain.town_angle(s, t)
    return built
