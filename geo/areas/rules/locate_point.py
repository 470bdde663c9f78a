"""Which area one place belongs to, by the rule of :mod:`geo.areas.rules.locate`, without frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.areas.rules.border import MIN_TOLERANCE_M, PIECE_DEG, SAME_SHARE, single_edges
from geo.base.crs import WGS84, project

QUARTER: Final = 16
"""Segments of a quarter of the disc by which shares are compared."""


@dataclass(frozen=True)
class PreparedAreas:
    """Areas of one level by code, as a :class:`geo.areas.rules.locate.Locator` holds them."""

    codes: tuple[str, ...]
    lonlat: NDArray[Any]
    metric: NDArray[Any]
    srid: int
    lonlat_tree: shapely.STRtree
    edge_tree: shapely.STRtree
    edge_owner: NDArray[np.intp]

    def select(self, which: NDArray[np.bool_]) -> "PreparedAreas":
        """Return some of the areas."""
        if which.all():
            return self
        kept = which[self.edge_owner]
        number = np.cumsum(which) - 1
        lonlat = self.lonlat[which]
        return PreparedAreas(
            tuple(np.array(self.codes, dtype=object)[which]),
            lonlat,
            self.metric[which],
            self.srid,
            shapely.STRtree(lonlat),
            shapely.STRtree(self.edge_tree.geometries[kept]),
            number[self.edge_owner[kept]].astype(np.intp),
        )


@dataclass(frozen=True)
class Located:
    """Status, the area ("" outside), candidates with it first, and the nearest area with metres."""

    status: str
    code: str
    candidates: tuple[str, ...]
    nearest_code: str
    nearest_m: float


def prepare_areas(codes: list[str], lonlat: NDArray[Any], srid: int) -> PreparedAreas:
    """Return areas ready to be asked.

    Parameters
    ----------
    codes
        Of the areas.
    lonlat
        Their polygons, EPSG:4326.
    srid
        Metric.
    """
    order = sorted(range(len(codes)), key=codes.__getitem__)
    shapes = lonlat[order]
    metric = project(shapely.segmentize(shapes, PIECE_DEG), source=WGS84, target=srid)
    edges, owner = single_edges(metric)
    shapely.prepare(shapes)
    return PreparedAreas(
        tuple(codes[n] for n in order),
        shapes,
        metric,
        srid,
        shapely.STRtree(shapes),
        shapely.STRtree(edges),
        owner,
    )


def locate_point(areas: PreparedAreas, lon: float, lat: float, accuracy_m: float = 0.0) -> Located:
    """Return the area of one place.

    Parameters
    ----------
    areas
        From :func:`prepare_areas`.
    lon, lat
        Degrees, EPSG:4326.
    accuracy_m
        Stated accuracy of the place.
    """
    tolerance_m = max(MIN_TOLERANCE_M, accuracy_m)
    point = np.array([shapely.Point(lon, lat)], dtype=object)
    place = project(point, source=WGS84, target=areas.srid)[0]
    inbox = areas.lonlat_tree.query(point[0])
    covering = inbox[shapely.intersects(areas.lonlat[inbox], point[0])].tolist()
    edge = areas.edge_tree.query(place, predicate="dwithin", distance=tolerance_m)
    found = sorted({*covering, *areas.edge_owner[edge].tolist()})
    chosen = covering[0] if len(covering) == 1 else _largest_share(areas, place, found, tolerance_m)
    nearest, nearest_m = _nearest(areas, place, covering, chosen)
    others = [areas.codes[each] for each in found if each != chosen]
    return Located(
        "border" if len(found) > 1 else "inside" if found else "outside",
        "" if chosen is None else areas.codes[chosen],
        () if chosen is None else (areas.codes[chosen], *others),
        nearest,
        nearest_m,
    )


def measure_distances(
    areas: PreparedAreas, lon: float, lat: float, codes: Sequence[str]
) -> list[float]:
    """Return the metres from a place to each of some areas: 0 within.

    Parameters
    ----------
    areas
        From :func:`prepare_areas`.
    lon, lat
        Degrees, EPSG:4326.
    codes
        Of areas that are among them.
    """
    place = project(
        np.array([shapely.Point(lon, lat)], dtype=object), source=WGS84, target=areas.srid
    )[0]
    chosen = areas.metric[[areas.codes.index(code) for code in codes]]
    return [float(metres) for metres in shapely.distance(chosen, place)]


def _largest_share(
    areas: PreparedAreas, place: shapely.Point, found: list[int], tolerance_m: float
) -> int | None:
    if not found:
        return None
    disc = shapely.buffer(place, tolerance_m, quad_segs=QUARTER)
    shared = shapely.area(shapely.intersection(disc, areas.metric[found])) / shapely.area(disc)
    ranked = np.round(shared / SAME_SHARE)
    return found[int(np.argmax(ranked))]


def _nearest(
    areas: PreparedAreas, place: shapely.Point, covering: list[int], chosen: int | None
) -> tuple[str, float]:
    if covering and chosen is not None:
        return areas.codes[chosen], 0.0
    if not areas.codes:
        return "", float("nan")
    edge, metres = areas.edge_tree.query_nearest(place, return_distance=True)
    return areas.codes[int(areas.edge_owner[edge].min())], float(metres[0])
