"""Fields of the country: strips turned with the river, cut by roads, hamlets and water."""

from functools import cache
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely

from geo.base.crs import WGS84, project
from geo.demo.land import terrain, waters
from geo.demo.land.divisions import make_grids
from geo.demo.land.hamlets import make_hamlets
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import METRIC_SRID, Shapes

FIELD_M = (210.0, 96.0)
_KINDS = ("水田", "水田", "旱地", "菜地", "旱地")


@cache
def make_farmland() -> gpd.GeoDataFrame:
    """Return the fields: name, kind, geometry (metres)."""
    shapes = _cut(_inside(_strips()), _obstacles())
    shapes = shapes[(shapely.get_type_id(shapes) == 3) & (shapely.area(shapes) > 900)]
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    patch = np.floor(middle / 480).astype(int)
    kind = np.array(_KINDS, object)[(patch[:, 0] * 7 + patch[:, 1] * 13) % len(_KINDS)]
    return gpd.GeoDataFrame({"name": "", "kind": kind}, geometry=shapes, crs=METRIC_SRID)


def _strips() -> Shapes:
    """Rectangles over the whole country in the river plane, so that they turn with the dikes."""
    s = np.arange(2_000, 31_000, FIELD_M[0])
    r = np.arange(-9_700, 4_200, FIELD_M[1])
    a, b = (each.ravel() for each in np.meshgrid(s, r, indexing="ij"))
    shift = 70 * ((np.floor(b / 480) % 3) - 1)
    ds, dr = FIELD_M[0] - 5.0, FIELD_M[1] - 4.0
    corners = [terrain.river_plane(a + shift + ds * u, b + dr * v)
               for u, v in ((0, 0), (1, 0), (1, 1), (0, 1))]  # fmt: skip
    shapes = np.asarray(shapely.polygons(np.stack(corners, axis=1)))
    return np.asarray(shapes[shapely.is_valid(shapes) & (shapely.area(shapes) > 5_000)])


def _inside(strips: Shapes) -> Shapes:
    """Return the parts of strips that lie in the villages, off their outer limit."""
    frame = make_grids()
    rural = frame.geometry.to_numpy()[frame["name"].str.contains("村第")]
    country = project(rural, source=WGS84, target=METRIC_SRID)
    ground = shapely.coverage_union_all(country).buffer(-25)
    shapely.prepare(ground)
    whole = shapely.contains_properly(ground, strips)
    crossing = strips[~whole & shapely.intersects(ground, strips)]
    return np.concatenate([strips[whole], shapely.intersection(crossing, ground)])


def _obstacles() -> Shapes:
    """Return what no field lies on: hamlets, roads and water with their margins."""
    roads = make_network().roads
    outside = roads[~roads["class"].isin(["trunk", "residential"])]
    strips = shapely.buffer(
        outside.geometry.to_numpy(),
        outside["width_m"].to_numpy() / 2 + 4,
        cap_style="flat",
        quad_segs=2,
    )
    wet = shapely.buffer(waters.make_water().geometry.to_numpy(), 28, quad_segs=3)
    return np.concatenate([np.array([h.yard() for h in make_hamlets()]), strips, wet])


def _cut(strips: Shapes, obstacles: Shapes) -> Shapes:
    """Take from each strip the obstacles on it, and return the parts that are left."""
    strip, obstacle = shapely.STRtree(obstacles).query(strips, predicate="intersects")
    found = strips.copy()
    for start, end in pairwise([*np.flatnonzero(np.diff(strip, prepend=-1)), len(strip)]):
        on_it = shapely.union_all(obstacles[obstacle[start:end]])
        found[strip[start]] = found[strip[start]].difference(on_it)
    return np.asarray(shapely.get_parts(found))
