"""Which grid a place belongs to: inside one, on a border of several, or outside all."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.areas.rules.border import MIN_TOLERANCE_M, PIECE_DEG, SAME_SHARE, single_edges
from geo.areas.rules.nearest_edge import nearest_owners
from geo.base.crs import project_lonlat

Floats = NDArray[np.float64]
STATUSES: Final = np.array(["outside", "inside", "border", None], dtype=object)
"""By the number of areas that may hold a place; without a place there is none."""


@dataclass(frozen=True)
class Locator:
    """Areas of one level, ready to be asked many times.

    `codes` are sorted; `lonlat` and `metric` hold the same areas in EPSG:4326 and in `srid`.
    Distances ask `edge_tree`, the single edges of all borders in `srid`, because a distance to
    a whole border looks at each of its thousands of vertices; `edge_owner` says whose edge it is.
    """

    codes: NDArray[Any]
    lonlat: NDArray[Any]
    metric: NDArray[Any]
    srid: int
    lonlat_tree: shapely.STRtree
    edge_tree: shapely.STRtree
    edge_owner: NDArray[np.intp]


def make_locator(areas: gpd.GeoDataFrame, *, srid: int) -> Locator:
    """Return a locator: spatial indexes for many questions of which area holds a place.

    Parameters
    ----------
    areas
        Polygons with ``code``, EPSG:4326.
    srid
        EPSG code of a metric system for distances.
    """
    ordered = areas.sort_values("code", kind="stable")
    lonlat = ordered.geometry.to_numpy().copy()
    shapely.prepare(lonlat)
    dense = gpd.GeoSeries(shapely.segmentize(lonlat, PIECE_DEG), crs=areas.crs)
    metric = dense.to_crs(srid).to_numpy()
    edges, owner = single_edges(metric)
    return Locator(
        codes=ordered["code"].to_numpy(dtype=object),
        lonlat=lonlat,
        metric=metric,
        srid=srid,
        lonlat_tree=shapely.STRtree(lonlat),
        edge_tree=shapely.STRtree(edges),
        edge_owner=owner,
    )


def locate_points(
    lon: Floats, lat: Floats, areas: Locator, *, accuracy_m: float | Floats = 0.0
) -> pd.DataFrame:
    """Return the area of each point by the border rule of this module.

    Parameters
    ----------
    lon, lat
        Degrees, EPSG:4326, shape ``(n,)``; NaN where there is no position.
    areas
        From :func:`make_locator`.
    accuracy_m
        Stated accuracy of the positions in metres, one number or shape ``(n,)``.

    Returns
    -------
    DataFrame
        One row a point: ``status`` (inside, border, outside; missing without a position),
        ``code`` (empty if outside), ``candidates`` (list, the answer first, then by code; not to be
        changed, as places share lists),
        ``nearest_code`` and ``nearest_m`` (the area closest to the point; 0 m if it covers it).
    """
    tolerance = np.broadcast_to(
        np.maximum(MIN_TOLERANCE_M, np.nan_to_num(np.asarray(accuracy_m, dtype=float))), lon.shape
    )
    there = np.isfinite(lon) & np.isfinite(lat)
    points, metric = _points(lon, lat, there, areas.srid)
    pairs = _candidates(points, metric, areas, tolerance)
    answer = _answers(pairs, metric, areas, tolerance)
    return _table(pairs, answer, metric, areas, there)


def _points(
    lon: Floats, lat: Floats, there: NDArray[np.bool_], srid: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    points = np.full(lon.shape, None, dtype=object)
    metric = points.copy()
    points[there] = shapely.points(lon[there], lat[there])
    metric[there] = shapely.points(*project_lonlat(lon[there], lat[there], srid))
    return points, metric


def _candidates(
    points: NDArray[Any], metric: NDArray[Any], areas: Locator, tolerance: Floats
) -> pd.DataFrame:
    # The tree would prepare the points; it is the areas that are asked again and again.
    inbox, box = areas.lonlat_tree.query(points)
    hit = shapely.intersects(areas.lonlat[box], points[inbox])
    covered = pd.DataFrame({"point": inbox[hit], "area": box[hit], "covers": True})
    point, edge = areas.edge_tree.query(metric, predicate="dwithin", distance=tolerance)
    near = pd.DataFrame({"point": point, "area": areas.edge_owner[edge], "covers": False})
    return (
        pd.concat([covered, near])
        .drop_duplicates(["point", "area"], keep="first")
        .sort_values(["point", "area"], ignore_index=True)
    )


def _answers(
    pairs: pd.DataFrame, metric: NDArray[Any], areas: Locator, tolerance: Floats
) -> pd.Series:
    covering = pairs[pairs["covers"]]
    only = covering.drop_duplicates("point", keep=False).set_index("point")["area"]
    contested = pairs[~pairs["point"].isin(only.index)]
    if contested.empty:
        return only
    point, area = contested["point"].to_numpy(), contested["area"].to_numpy()
    discs = shapely.buffer(metric[point], tolerance[point], quad_segs=16)
    shared = shapely.area(shapely.intersection(discs, areas.metric[area])) / shapely.area(discs)
    ranked = contested.assign(shared=np.round(shared / SAME_SHARE))
    ranked = ranked.sort_values(["point", "shared", "area"], ascending=[True, False, True])
    best = ranked.drop_duplicates("point").set_index("point")["area"]
    answers: pd.Series = pd.concat([only, best])
    return answers


def _table(
    pairs: pd.DataFrame,
    answer: pd.Series,
    metric: NDArray[Any],
    areas: Locator,
    there: NDArray[np.bool_],
) -> pd.DataFrame:
    number = len(there)
    count = np.bincount(pairs["point"].to_numpy(), minlength=number)
    status = np.where(there, np.minimum(count, 2), -1)
    at = answer.reindex(np.arange(number)).fillna(-1).to_numpy(np.intp)
    nearest, nearest_m = _nearest(pairs, at, metric, areas)
    codes: Any = pd.array([*areas.codes, ""], dtype="str")  # what is at -1 is in none
    return pd.DataFrame(
        {
            "status": STATUSES[status],
            "code": codes.take(at),
            "candidates": _lists(pairs, at, areas, count > 1),
            "nearest_code": codes.take(nearest),
            "nearest_m": nearest_m,
        }
    )


def _nearest(
    pairs: pd.DataFrame, at: NDArray[np.intp], metric: NDArray[Any], areas: Locator
) -> tuple[NDArray[np.intp], Floats]:
    nearest, distance = at.copy(), np.where(at < 0, np.nan, 0.0)
    loose = metric != None  # noqa: E711 - elementwise
    loose[pairs.loc[pairs["covers"], "point"].to_numpy()] = False
    if loose.any() and len(areas.codes):
        found = nearest_owners(metric[loose], areas.edge_tree, areas.edge_owner)
        nearest[loose], distance[loose] = found
    return nearest, distance


def _lists(
    pairs: pd.DataFrame, at: NDArray[np.intp], areas: Locator, several: NDArray[np.bool_]
) -> NDArray[Any]:
    """Return the candidates of each place; places with the same single one share a list."""
    alone = np.empty(len(areas.codes) + 1, dtype=object)
    alone[:] = [*([code] for code in areas.codes), []]  # what is at -1 is in none
    lists = alone[at]
    contested = several[pairs["point"].to_numpy()]
    point, area = (pairs[name].to_numpy()[contested] for name in ("point", "area"))
    # the answer first, the others by their codes
    order = np.lexsort((area, area != at[point], point))
    for place in np.unique(point):
        lists[place] = []
    for place, code in zip(point[order], areas.codes[area[order]], strict=True):
        lists[place].append(code)
    return lists
