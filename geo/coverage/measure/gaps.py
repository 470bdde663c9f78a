"""Coverage gaps: the demand that no camera sees, grid by grid, in pieces a site can serve."""

from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import (
    Crs,
    Geometries,
    Indices,
    expand_groups,
    flat_geometries,
    parts_of,
    sum_by_group,
)
from geo.coverage.demand.pieces import (
    DemandPoints,
    Flags,
    Floats,
    Lines,
)

ENTRANCE_M2 = 700.0  # about the 15 m disc that an entrance demands: one more of it
INCIDENT_M2 = 300.0
MEASURED = ("area_m2", "weight", "road_m", "entrances", "incidents")
COLUMNS = ("rank", "grid_code", *MEASURED)


@dataclass(frozen=True)
class UncoveredDemand:
    """Uncovered parts of demand: position of the piece of each, and what it holds."""

    piece: Indices
    shapes: Geometries
    area_m2: Floats
    weight: Floats
    road_m: Floats
    entrances: Indices
    incidents: Indices

    @classmethod
    def none(cls) -> "UncoveredDemand":
        """Return no part."""
        number, real = np.empty(0, dtype=np.intp), np.empty(0)
        return cls(number, np.empty(0, dtype=object), real, real, real, number, number)

    def where(self, rows: slice | Flags) -> "UncoveredDemand":
        """Return some of the parts."""
        return UncoveredDemand(*(getattr(self, each.name)[rows] for each in fields(self)))

    def and_(self, other: "UncoveredDemand") -> "UncoveredDemand":
        """Return the parts of both, by piece."""
        pairs = ((getattr(self, each.name), getattr(other, each.name)) for each in fields(self))
        order = np.argsort(np.concatenate([self.piece, other.piece]), kind="stable")
        return UncoveredDemand(*(np.concatenate(pair)[order] for pair in pairs))

    def frame(self, grid_code: NDArray[np.object_], crs: Crs) -> gpd.GeoDataFrame:
        """Return the parts as a layer; `grid_code` is that of each piece."""
        columns = {name: getattr(self, name) for name in ("piece", *MEASURED)}
        columns["grid_code"] = grid_code[self.piece]
        return gpd.GeoDataFrame(columns, geometry=self.shapes, crs=crs)


def find_uncovered(
    shapes: Geometries,
    *,
    left: Geometries,
    lines: Lines,
    unseen: DemandPoints,
    min_area_m2: float = 1.0,
    min_width_m: float = 0.2,
) -> tuple[UncoveredDemand, Floats]:
    """Return the gaps of pieces of demand, and what was dropped as slivers.

    What is left of a piece counts part by part. Parts below `min_area_m2`, or nowhere as wide as
    `min_width_m`, are slivers left by rounding: dropped, and their area returned. A further camera
    only makes parts smaller, so it never makes a gap grow.

    Parameters
    ----------
    shapes
        Pieces as from :func:`geo.coverage.demand.pieces.demand_pieces`.
    left
        What of each piece is not seen.
    lines
        Road lines of the pieces.
    unseen
        Points of the pieces, those that are seen left out. Each counts for the nearest part of its
        piece.

    Returns
    -------
    tuple
        The parts, by piece: `road_m` counts centre lines inside. And the square metres dropped of
        each piece.

    Notes
    -----
    ``weight = area_m2 · factor + 700 · entrances + 300 · Σ weight of incidents``, in square metres
    of ordinary ground: `factor` is 1.5 with a trunk or primary road inside, 1.25 with a secondary
    one, else 1; an incident weighs 1, or more where no camera could see it
    (:mod:`geo.coverage.store.demand_incidents`). A rule of ours to sort by, not a measurement.
    """
    parts, piece = parts_of(left)
    keep = is_substantial(parts, min_area_m2, min_width_m)
    area_m2 = shapely.area(parts)
    dropped_m2 = sum_by_group(piece[~keep], area_m2[~keep], len(shapes))
    parts, piece, area_m2 = parts[keep], piece[keep], area_m2[keep]
    entrances, _ = _count(parts, piece, unseen.where(unseen.kind == "entrances"))
    incidents, weighed = _count(parts, piece, unseen.where(unseen.kind == "incidents"))
    road_m, factor = _roads(parts, piece, lines, parts == shapes[piece])
    weight = area_m2 * factor + ENTRANCE_M2 * entrances + INCIDENT_M2 * weighed
    return UncoveredDemand(piece, parts, area_m2, weight, road_m, entrances, incidents), dropped_m2


def rank_gaps(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return gaps with their `rank`, the heaviest first.

    Equal weights stand in the order of grid code and position.
    """
    x0, y0 = shapely.bounds(flat_geometries(found)).T[:2]
    order = found.assign(_heavy=-found["weight"].round(6), _x=x0, _y=y0)
    index = order.sort_values(["_heavy", "grid_code", "_x", "_y"], kind="stable").index
    sorted_ = found.loc[index].reset_index(drop=True)
    sorted_["rank"] = np.arange(1, len(sorted_) + 1)
    return gpd.GeoDataFrame(sorted_[[*COLUMNS, "geometry"]], crs=found.crs)


def is_substantial(
    pieces: Geometries, min_area_m2: float = 1.0, min_width_m: float = 0.2
) -> NDArray[np.bool_]:
    """Return which pieces are large enough and somewhere wide enough.

    Area / perimeter bounds the inner radius from below, which avoids most erosions.

    Parameters
    ----------
    pieces
        Polygons, metric CRS, shape ``(n,)``.
    min_area_m2
        Least area, square metres.
    min_width_m
        Diameter in metres of a circle that must fit into a piece.
    """
    area_m2 = shapely.area(pieces)
    keep = area_m2 >= min_area_m2
    radius_m = min_width_m / 2
    doubtful = keep & (area_m2 < radius_m * shapely.length(pieces))
    keep[doubtful] = ~shapely.is_empty(shapely.buffer(pieces[doubtful], -radius_m, quad_segs=2))
    return keep


def _count(parts: Geometries, piece: Indices, points: DemandPoints) -> tuple[Indices, Floats]:
    """Return how many of the points each part holds, and what they weigh: each goes to the nearest.

    Only parts of its own piece count.
    """
    if len(points.piece) == 0:
        return np.zeros(len(parts), dtype=np.intp), np.zeros(len(parts))
    order = np.argsort(piece, kind="stable")
    most = max(int(piece.max(initial=-1)), int(points.piece.max(initial=-1))) + 1
    point, at = expand_groups(np.searchsorted(piece[order], np.arange(most + 1)), points.piece)
    part = order[at]
    near_m = shapely.distance(parts[part], points.shapes[point])
    best = np.lexsort((part, near_m, point))
    chosen = best[np.flatnonzero(np.diff(point[best], prepend=-1))]
    held, weight = part[chosen], points.weight[point[chosen]]
    counts = np.bincount(held, minlength=len(parts)).astype(np.intp)
    weighed: Floats = np.zeros(len(parts))
    np.add.at(weighed, held, weight)
    return counts, weighed


def _roads(parts: Geometries, piece: Indices, lines: Lines, whole: Flags) -> tuple[Floats, Floats]:
    """Return the metres of road in each part and the factor of the highest class among them.

    A part that is the whole of its piece has the lines of the piece.
    """
    road_m, factor = np.zeros(len(parts)), np.ones(len(parts))
    order = np.argsort(piece, kind="stable")
    most = max(int(piece.max(initial=-1)), int(lines.piece.max(initial=-1))) + 1
    line, at = expand_groups(np.searchsorted(piece[order], np.arange(most + 1)), lines.piece)
    part = order[at]
    length_m = lines.length_m[line]
    cut = ~whole[part]
    inside = shapely.intersection(lines.shapes[line[cut]], parts[part[cut]])
    length_m[cut] = shapely.length(inside)
    np.add.at(road_m, part, length_m)
    np.maximum.at(factor, part, np.where(length_m > 0, lines.factor[line], 1.0))
    return road_m, factor
