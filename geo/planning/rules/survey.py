"""Which headings to survey first: how much of the figures each unknown heading holds open."""

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import (
    Geometries,
    Indices,
    Shapes,
    area_by,
    clip_to_areas,
    dissolve,
    flat_geometries,
    flat_polygons,
    parts_of,
    subtract,
    union_by,
)

Flags: TypeAlias = NDArray[np.bool_]


def is_unsettled(views: pd.DataFrame, *, eight_way: bool = False) -> Flags:
    """Return which views a survey of their heading would settle.

    Those whose heading is unknown, that do not see all around anyway, that hang outdoors, and whose
    position is not suspect: a camera in the wrong place is not put right by its heading.

    Parameters
    ----------
    views
        As from :func:`geo.coverage.sight.optics.camera_views`, with `placement` as from
        :func:`geo.coverage.sight.obstacles.place_cameras`.
    eight_way
        Those known as a compass point only (`rounded8`) too.

    Returns
    -------
    Flags
        Shape ``(len(views),)``.
    """
    known = views["heading_deg"].notna() & views["heading_source"].ne("unknown")
    open_ = ~known | views["heading_source"].eq("rounded8") if eight_way else ~known
    turned = views["hfov_deg"] < 360
    placed = ~views["indoor"].astype(bool) & views["placement"].ne("suspect")
    return np.asarray(open_ & turned & placed, dtype=np.bool_)


def heading_dependence(
    possible: gpd.GeoDataFrame, *, certain: Shapes, demand: Shapes, entrances: Shapes = None
) -> pd.DataFrame:
    """Return how much the figures depend on the heading of each camera, the most first.

    That is the demand which the camera may see and which nobody sees for certain. No heading of
    its own can raise the certain figure by more, so it is an upper bound of what a survey gains;
    a wide angle comes close to it, a narrow one does not. Ground that several cameras may see
    counts for each of them, so the sum over cameras is no gain.

    Parameters
    ----------
    possible
        `camera_code` and what each view may see (valid polygons, empty ones allowed), metric CRS.
        Several views of a camera count once.
    certain
        All that is certainly seen, by any camera.
    demand
        What must be seen: disjoint polygons, such as the pieces of
        `geo.coverage.demand.demand_model.DemandModel`.
    entrances
        Points where they count, in front of their walls; empty and missing ones are left out.

    Returns
    -------
    DataFrame
        One row a camera, fresh index: `rank` from 1, `camera_code`, `depends_m2`, `entrances`
        (those that the camera may see and nobody sees for certain). Sorted by square metres (to a
        millionth), then entrances, then code.

    Examples
    --------
    >>> street, seen = shapely.box(0, 0, 100, 10), shapely.box(0, 0, 30, 10)
    >>> may = gpd.GeoDataFrame({"camera_code": ["a"]}, geometry=[shapely.box(20, 5, 50, 50)])
    >>> found = heading_dependence(may, certain=seen, demand=street)
    >>> found[["camera_code", "depends_m2"]].values.tolist()
    [['a', 100.0]]
    """
    code, camera = np.unique(possible["camera_code"].to_numpy(dtype=object), return_inverse=True)
    whole, _ = union_by(flat_geometries(possible), camera.astype(np.intp))
    seen = dissolve(certain)
    depends_m2 = _unseen_m2(whole, seen, flat_polygons(demand))
    found = pd.DataFrame(
        {
            "camera_code": code,
            "depends_m2": depends_m2,
            "entrances": _unseen_points(whole, seen, flat_geometries(entrances)),
        }
    )
    order = np.lexsort((code.astype(str), -found["entrances"], -np.round(depends_m2, 6)))
    found = found.iloc[order].reset_index(drop=True)
    found.insert(0, "rank", np.arange(1, len(found) + 1))
    return found


def _unseen_m2(whole: Geometries, seen: Geometries, demand: Geometries) -> NDArray[np.float64]:
    """Return the square metres of demand inside each shape that are not seen."""
    near = np.unique(shapely.STRtree(demand).query(whole, predicate="intersects")[1])
    left = parts_of(subtract(demand[near], seen))[0]
    parts, _, shape = clip_to_areas(left, whole)
    return area_by(parts, shape, len(whole))


def _unseen_points(whole: Geometries, seen: Geometries, points: Geometries) -> Indices:
    """Return how many of the points inside each shape are not seen; a border sees its points."""
    points = points[~(shapely.is_missing(points) | shapely.is_empty(points))]
    hit = shapely.STRtree(seen).query(points, predicate="intersects")[0]
    left = np.delete(points, np.unique(hit))
    shape = shapely.STRtree(left).query(whole, predicate="intersects")[0]
    return np.bincount(shape, minlength=len(whole)).astype(np.intp)
