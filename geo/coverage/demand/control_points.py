"""Control points that must be seen: key places, entrances, road junctions, crossings of borders."""

from collections.abc import Iterator
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, flat_geometries, sum_by_group
from geo.coverage.sight.obstacles import Obstacles, place_cameras

Floats: TypeAlias = NDArray[np.float64]
Pairs: TypeAlias = tuple[Indices, Indices]

KINDS = ("place", "entrance", "junction", "crossing")
BORDERS = ("community", "township", "district")  # a grid is too small to be closed off
NODE_M = 0.01  # vertices are one node when equal in whole centimetres
# The carriageways of a divided road lie about this far apart, axis to axis, and cross a side street
# at two nodes that people call one junction. An assumption of ours.
JUNCTION_M = 15.0
CROSSING_M = 0.01  # two roads that meet on the border, one of either side, cross it once
_POINT = 0


def junctions(roads: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the road junctions: nodes from which roads lead three or more ways.

    A line's inner vertex leads two ways, its end one, the closing vertex of a ring two; the same
    way along two lines counts once, so roads drawn twice make no junctions. Several roads must
    share the node, or one road must end there, as on its own inside. Roads that cross without a
    common vertex are bridges or tunnels and make none. Nodes closer than 15 m to each other, also
    by way of others, are one junction at the node nearest to their mean.

    Parameters
    ----------
    roads
        LineStrings or MultiLineStrings, metric CRS; missing ones are left out.

    Returns
    -------
    GeoSeries
        Points, vertices of `roads`; fresh index, ordered by x and y, whatever the order of the
        roads.

    Examples
    --------
    >>> street, side = shapely.LineString([(0, 0), (50, 0), (90, 0)]), [(50, 0), (50, 40)]
    >>> roads = gpd.GeoDataFrame(geometry=[street, shapely.LineString(side)])
    >>> junctions(roads).to_wkt().tolist()
    ['POINT (50 0)']
    """
    xy, line, road = _vertices(roads)
    node = np.unique(np.rint(xy / NODE_M).astype(np.int64), axis=0, return_inverse=True)[1].ravel()
    count = int(node.max(initial=-1)) + 1
    step = np.flatnonzero((line[:-1] == line[1:]) & (node[:-1] != node[1:]))
    tail, head = node[step], node[step + 1]
    ways = _partners(np.concatenate([tail, head]), np.concatenate([head, tail]), count)
    shared = _partners(node, road, count) > 1
    shared[_ends(line, node)] = True
    order = np.lexsort((xy[:, 1], xy[:, 0], node))
    first = order[np.diff(node[order], prepend=-1) != 0]
    found = xy[first[(ways >= 3) & shared]]
    found = found[_standing(found, np.zeros(len(found), dtype=np.intp), JUNCTION_M)]
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    return gpd.GeoSeries(_points(found), crs=roads.crs)


def crossings(roads: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return where roads cross the borders of communities, townships and districts.

    A road that touches a border, or ends on it, crosses it there. Where it runs along the border it
    does not, and is not counted where it comes upon the border or leaves it either. Points of one
    area closer than 1 cm are one. A border between two areas gives a point for each.

    Parameters
    ----------
    roads
        LineStrings or MultiLineStrings, metric CRS; each feature by itself.
    areas
        `level` and polygons, same CRS.

    Returns
    -------
    GeoDataFrame
        Fresh index, ordered by area, x and y: `level`, `area` (position in `areas`), `geometry`.

    Examples
    --------
    >>> area = gpd.GeoDataFrame({"level": ["community"]}, geometry=[shapely.box(0, 0, 9, 9)])
    >>> road = gpd.GeoDataFrame(geometry=[shapely.LineString([(-5, 4), (20, 4)])])
    >>> crossings(road, area)[["level", "area"]].values.tolist()
    [['community', 0], ['community', 0]]
    """
    level = areas["level"].to_numpy(dtype=object)
    closed = np.flatnonzero(np.isin(level.astype(str), BORDERS))
    lines = shapely.force_2d(flat_geometries(roads))
    borders = shapely.boundary(shapely.force_2d(flat_geometries(areas)[closed]))
    border, line = shapely.STRtree(lines).query(borders, predicate="intersects")
    parts, pair = shapely.get_parts(
        shapely.intersection(lines[line], borders[border]), return_index=True
    )
    point = shapely.get_type_id(parts) == _POINT
    xy, area = shapely.get_coordinates(parts[point]), closed[border[pair[point]]]
    kept = _standing(xy, area, CROSSING_M)
    columns = {"level": level[area[kept]], "area": area[kept]}
    return gpd.GeoDataFrame(columns, geometry=_points(xy[kept]), crs=areas.crs)


def watch_points(
    *,
    places: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    obstacles: Obstacles,
) -> gpd.GeoDataFrame:
    """Return all points that must be seen, moved out of buildings to where they can be.

    Entrances lie in walls and places in their buildings: each is looked for at the nearest free
    place in front of a wall. One without any, in a courtyard too narrow, stays where it is.

    Parameters
    ----------
    places
        `code` and points or polygons (then a point inside), metric CRS.
    entrances
        `code` and points; `place_code` of the place they belong to, where that column is.
    roads, areas
        As for :func:`crossings`.
    obstacles
        Buildings, as from `geo.coverage.sight.obstacles.merge_footprints`.

    Returns
    -------
    GeoDataFrame
        Fresh index: `kind` (one of `KINDS`, in this order), `code` and `place_code` (empty where
        there is none), `area` (of a crossing its position in `areas`, else -1), `given_x`,
        `given_y`, `x`, `y` and `geometry` (moved), `moved_m`. Rows without a geometry are left out.
    """
    cross = crossings(roads, areas)
    found = pd.concat(
        [
            _listed("place", places),
            _listed("entrance", entrances, entrances.get("place_code")),
            _listed("junction", gpd.GeoDataFrame(geometry=junctions(roads))),
            _listed("crossing", cross).assign(area=cross["area"]),
        ],
        ignore_index=True,
    )
    at = _points(found[["given_x", "given_y"]].to_numpy(dtype=np.float64))
    moved = place_cameras(at, np.zeros(len(at), dtype=np.bool_), obstacles, snap_m=np.inf)
    found = found.join(moved[["x", "y", "moved_m"]])
    return gpd.GeoDataFrame(found, geometry=_points(moved[["x", "y"]].to_numpy()), crs=areas.crs)


def points_in_areas(points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Pairs:
    """Return which points count in which areas: positions of points, positions of areas.

    A crossing counts in its own area only. Any other point counts in every area, of any level, that
    holds its original position, before it was moved out of a building; on the border of two areas
    it counts in both of them, so that figures of neighbours can add up to more than the whole.
    Outside of all areas it counts nowhere.

    Parameters
    ----------
    points
        Columns ``kind``, ``given_x``, ``given_y`` (metres) and ``area``.
    areas
        Polygons in the same metric CRS.

    Returns
    -------
    tuple
        Two arrays of one length, ordered by area and point.
    """
    free = np.flatnonzero((points["kind"] != "crossing").to_numpy())
    bound = np.flatnonzero((points["kind"] == "crossing").to_numpy())
    given = _points(points[["given_x", "given_y"]].to_numpy(dtype=np.float64)[free])
    area, point = shapely.STRtree(given).query(flat_geometries(areas), predicate="intersects")
    area = np.concatenate([area, points["area"].to_numpy(dtype=np.intp)[bound]])
    point = np.concatenate([free[point], bound])
    order = np.lexsort((point, area))
    return point[order], area[order]


def points_in_polygons(
    points_xy: Floats, seen: Geometries, device: Indices, weight: Floats
) -> pd.DataFrame:
    """Return which polygons of seen ground hold which points, borders included.

    Parameters
    ----------
    points_xy
        Shape ``(n, 2)``, metric CRS.
    seen
        Valid polygons or multipolygons, same CRS, shape ``(n_seen,)``.
    device
        Number of the camera of each.
    weight
        Probability that each is in the picture, in (0, 1].

    Returns
    -------
    DataFrame
        Fresh index, ordered by point and position in `seen`: `point` (position in `points_xy`),
        `device`, `weight`. Rows of some devices only may be handed on to :func:`seen_probability`.
    """
    shape, point = shapely.STRtree(_points(points_xy)).query(seen, predicate="intersects")
    order = np.lexsort((shape, point))
    shape, point = shape[order], point[order]
    return pd.DataFrame({"point": point, "device": device[shape], "weight": weight[shape]})


def seen_probability(sightings: pd.DataFrame, n_points: int) -> Floats:
    """Return the probability that each point is seen: ``1 - Π(1 - weight)``.

    All polygons that hold a point count as independent, those of one device too, as in
    `geo.coverage.measure.k_coverage.device_areas`.

    Parameters
    ----------
    sightings
        Columns ``point`` (position) and ``weight`` in [0, 1], as from :func:`points_in_polygons`.
    n_points
        Number of points, unseen ones included.
    """
    miss = np.ones(n_points)
    np.multiply.at(miss, sightings["point"].to_numpy(), 1.0 - sightings["weight"].to_numpy())
    return 1.0 - miss


def tally(
    points: gpd.GeoDataFrame, probability: Floats, belongings: Pairs, n_areas: int
) -> pd.DataFrame:
    """Return how many points of each kind each area holds, and how many of them are seen.

    A place with entrances counts as seen when every one of them is, wherever it lies: with the
    smallest of their probabilities. A place without counts by its own point.

    Parameters
    ----------
    points
        As from :func:`watch_points`, all of them.
    probability
        As from :func:`seen_probability`, shape ``(n_points,)``.
    belongings
        As from :func:`points_in_areas`, of all areas or of some.
    n_areas
        Number of rows of the answer; areas without a pair have zeros.

    Returns
    -------
    DataFrame
        Index 0 … n_areas - 1; for each of `KINDS` its plural (int) and the same with `_seen`
        (float, the sum of probabilities): `places`, `places_seen`, `entrances`, …
    """
    return pd.DataFrame(Tally(points, belongings, n_areas).count(probability))


class Tally:
    """Points counted by kind and area, prepared once for many probabilities; see :func:`tally`."""

    def __init__(self, points: gpd.GeoDataFrame, belongings: Pairs, n_areas: int) -> None:
        point, area = belongings
        kind = points["kind"].to_numpy(dtype=object)
        self._pairs = {name: (point[at], area[at]) for name, at in _by_kind(kind, point)}
        self._areas = n_areas
        self._place, self._entrance = _entrances_of_places(points, kind)

    def count(self, probability: Floats) -> dict[str, NDArray[np.number]]:
        """Return the columns of :func:`tally` for the probability that each point is seen."""
        chance = np.array(probability, dtype=np.float64)
        chance[self._place] = np.inf
        np.minimum.at(chance, self._place, probability[self._entrance])
        found: dict[str, NDArray[np.number]] = {}
        for name, (point, area) in self._pairs.items():
            found[f"{name}s"] = np.bincount(area, minlength=self._areas)
            found[f"{name}s_seen"] = sum_by_group(area, chance[point], self._areas)
        return found


def _by_kind(kind: NDArray[np.object_], point: Indices) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name in KINDS:
        yield name, (kind == name)[point]


def _entrances_of_places(points: pd.DataFrame, kind: NDArray[np.object_]) -> Pairs:
    """Return pairs of a place and an entrance of it."""
    owner = points["place_code"].to_numpy(dtype=object)
    places = pd.DataFrame({"place": np.flatnonzero(kind == "place")})
    places["code"] = points["code"].to_numpy(dtype=object)[places["place"]]
    entrances = pd.DataFrame({"entrance": np.flatnonzero((kind == "entrance") & (owner != ""))})
    entrances["code"] = owner[entrances["entrance"]]
    both = places.merge(entrances, on="code")
    return both["place"].to_numpy(dtype=np.intp), both["entrance"].to_numpy(dtype=np.intp)


def _listed(
    kind: str, layer: gpd.GeoDataFrame, place_code: pd.Series | None = None
) -> pd.DataFrame:
    """Return the points of a layer as rows of the watch points, of polygons a point inside."""
    shapes = flat_geometries(layer)
    known = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    xy = shapely.get_coordinates(shapely.point_on_surface(shapely.force_2d(shapes[known])))
    return pd.DataFrame(
        {
            "kind": kind,
            "code": _texts(layer.get("code"), known),
            "place_code": _texts(place_code, known),
            "area": np.full(len(known), -1, dtype=np.intp),
            "given_x": xy[:, 0],
            "given_y": xy[:, 1],
        }
    )


def _texts(column: pd.Series | None, rows: Indices) -> NDArray[np.object_]:
    if column is None:
        return np.full(len(rows), "", dtype=object)
    return column.iloc[rows].astype(object).where(column.iloc[rows].notna(), "").to_numpy()


def _vertices(roads: gpd.GeoDataFrame) -> tuple[Floats, Indices, Indices]:
    """Return the vertices of all roads, and the line and the road of each."""
    lines, road = shapely.get_parts(shapely.force_2d(flat_geometries(roads)), return_index=True)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    return xy, line, road[line]


def _partners(one: Indices, other: Indices, count: int) -> Indices:
    """Return how many different others each of the numbers 0 … count - 1 is paired with."""
    pairs = np.unique(np.column_stack([one, other]), axis=0)
    return np.bincount(pairs[:, 0], minlength=count)


def _ends(line: Indices, node: Indices) -> Indices:
    """Return the nodes where lines end; those of closed lines do not count."""
    first = np.diff(line, prepend=-1) != 0
    begin, end = node[first], node[np.roll(first, -1)]
    return np.concatenate([begin[begin != end], end[begin != end]])


def _standing(xy: Floats, group: Indices, closer_m: float) -> Indices:
    """Return the point that stands for each cluster of a group: the nearest to its mean.

    Ordered by group, x and y; of points as near as each other the first in this order.
    """
    order = np.lexsort((xy[:, 1], xy[:, 0], group))
    xy = xy[order]
    cluster = _clusters(xy, group[order], closer_m)
    count = np.maximum(np.bincount(cluster), 1)
    mean = [np.bincount(cluster, weights=values) / count for values in xy.T]
    off_m = np.round(np.hypot(*(xy - np.stack(mean, axis=1)[cluster]).T), 6)
    best = np.lexsort((off_m, cluster))
    kept = np.sort(best[np.diff(cluster[best], prepend=-1) != 0])
    return np.asarray(order[kept], dtype=np.intp)


def _clusters(xy: Floats, group: Indices, closer_m: float) -> Indices:
    """Return for each point the first one of its group that short enough steps lead to."""
    points = _points(xy)
    a, b = shapely.STRtree(points).query(points, predicate="dwithin", distance=closer_m)
    near = (group[a] == group[b]) & (np.hypot(*(xy[a] - xy[b]).T) < closer_m)
    first, before = np.arange(len(xy)), np.full(len(xy), -1)
    while not np.array_equal(first, before):
        before = first.copy()
        np.minimum.at(first, a[near], before[b[near]])
        first = first[first]
    return first


def _points(xy: Floats) -> Geometries:
    return np.asarray(shapely.points(np.asarray(xy, dtype=np.float64)), dtype=object)
