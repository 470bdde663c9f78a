"""Water of the district: river, lakes, canal, creeks and village ponds; and the dry limit."""

from functools import cache

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geo.base.crs import WGS84, project
from geo.demo.land import terrain
from geo.demo.land.divisions import make_district
from geo.demo.land.hamlets import make_hamlets
from geo.demo.land.lattice import PLAN_SEED
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID, Shapes


@cache
def make_water() -> gpd.GeoDataFrame:
    """Return the water surfaces: name, kind, geometry (metres)."""
    still = terrain.make_canal().union(terrain.make_creeks())
    rows: list[tuple[str, str, BaseGeometry]] = [("皖水", "江河", terrain.make_river())]
    rows += [("新开河", "河渠", terrain.make_canal().difference(terrain.make_river()))]
    rows += [("排涝沟", "沟渠", part) for part in shapely.get_parts(terrain.make_creeks())]
    rows += [
        (name, "湖泊", shape.difference(still)) for name, shape in terrain.make_lakes().items()
    ]
    rows += [("", "坑塘", pond) for pond in _ponds()]
    names, kinds, shapes = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"name": names, "kind": kinds}, geometry=list(shapes), crs=METRIC_SRID)


def _ponds() -> list[Polygon]:
    """One to three ponds at the edge of each hamlet, off the roads and other water."""
    rng = np.random.default_rng(PLAN_SEED + 3)
    u = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    found = []
    for hamlet in make_hamlets():
        for _ in range(int(rng.integers(1, 4))):
            x = rng.uniform(-0.5, 0.5) * hamlet.length_m
            size = rng.uniform((22, 14), (52, 30))
            y = rng.choice([-1, 1]) * (hamlet.reach_m + size[1] + rng.uniform(4, 40))
            rough = 1 + 0.14 * np.sin(2 * u + rng.uniform(0, 6)) + 0.08 * np.sin(5 * u)
            found.append(
                Polygon(
                    hamlet.place(x + size[0] * np.cos(u) * rough, y + size[1] * np.sin(u) * rough)
                )
            )
    ponds = np.array(found)
    roads = make_network().roads
    others = [
        terrain.make_river(),
        terrain.make_canal(),
        terrain.make_creeks(),
        *terrain.make_lakes().values(),
    ]
    tree = shapely.STRtree(ponds)
    bad = np.concatenate([
        tree.query(roads.geometry.to_numpy(), "dwithin", distance=9.0)[1],
        tree.query(np.array(others), "dwithin", distance=15.0)[1],
        np.max(tree.query(ponds, "intersects"), axis=0)[_apart(tree, ponds)],
        tree.query(np.array([h.yard() for h in make_hamlets()]), "intersects")[1],
    ])  # fmt: skip
    keep = np.setdiff1d(np.arange(len(ponds)), bad)
    inside = shapely.contains_properly(district_ground(), ponds[keep])
    return list(ponds[keep][inside])


def _apart(tree: shapely.STRtree, ponds: Shapes) -> NDArray[np.bool_]:
    """Tell which of the pairs are of two different ponds."""
    one, two = tree.query(ponds, "intersects")
    return np.asarray(one != two)


@cache
def district_ground() -> Polygon:
    """Return the district's land in metres, on which things may be placed."""
    shape: Polygon = project(make_district().geometry.to_numpy(), source=WGS84, target=METRIC_SRID)[
        0
    ]
    shapely.prepare(shape)
    return shape
