"""Coverage gaps: the demand that no camera sees, grid by grid, in pieces a site can serve."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.polygons import (
    Crs,
    Geometries,
    Indices,
    Shapes,
    clipped,
    dissolve,
    expand,
    geometries,
    parts_of,
    polygons,
    subtract,
    sums,
    union_by,
)

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

ROAD_FACTOR: Mapping[str, float] = MappingProxyType(
    {"trunk": 1.5, "primary": 1.5, "secondary": 1.25}
)
ENTRANCE_M2 = 700.0  # about the 15 m disc that an entrance demands: one more of it
INCIDENT_M2 = 300.0
MIN_PIECE_M = 1.0
POINT_REACH_M = 5.0
MEASURED = ("area_m2", "weight", "road_m", "entrances", "incidents")
COLUMNS = ("rank", "grid_code", *MEASURED)


def gaps(  # noqa: PLR0913 - three layers to weigh by and three limits, all optional
    grids: gpd.GeoDataFrame,
    *,
    demand: Shapes,
    covered: Shapes,
    roads: gpd.GeoDataFrame | None = None,
    entrances: Shapes = None,
    incidents: Shapes = None,
    max_piece_m: float = 100.0,
    min_area_m2: float = 1.0,
    min_width_m: float = 0.2,
) -> tuple[gpd.GeoDataFrame, float]:
    """Return the uncovered demand of every grid in ranked pieces, and what was dropped as slivers.

    :func:`demand_pieces`, :func:`uncovered` and :func:`ranked` in one; see there. A point counts as
    unseen if demand that nobody sees is no further from it than seen ground: entrances lie in
    walls, where neither reaches them quite.

    Examples
    --------
    >>> grid = gpd.GeoDataFrame({"code": ["g"]}, geometry=[shapely.box(0, 0, 50, 50)])
    >>> street, seen = shapely.box(0, 0, 40, 10), shapely.box(30, 0, 50, 50)
    >>> gaps(grid, demand=street, covered=seen)[0][["rank", "grid_code", "area_m2"]].values.tolist()
    [[1, 'g', 300.0]]
    """
    pieces = demand_pieces(grids, demand, max_piece_m=max_piece_m)
    seen = dissolve(covered)
    points = held_points(pieces, entrances=entrances, incidents=incidents)
    left = subtract(geometries(pieces), seen)[points["piece"].to_numpy()]
    near_m = shapely.distance(left, geometries(points))
    unseen = near_m <= np.minimum(_nearest(seen, geometries(points))[1], POINT_REACH_M)
    found, dropped_m2 = uncovered(
        geometries(pieces),
        covered=seen,
        lines=Lines.of(road_lines(pieces, roads)),
        unseen=Held.of(points[unseen]),
        min_area_m2=min_area_m2,
        min_width_m=min_width_m,
    )
    frame = found.frame(pieces["grid_code"].to_numpy(), pieces.crs)
    return ranked(frame), float(dropped_m2.sum())


@dataclass(frozen=True)
class Lines:
    """Road centre lines inside pieces of demand: position of the piece, line, metres, factor."""

    piece: Indices
    shapes: Geometries
    length_m: Floats
    factor: Floats

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Lines":
        """Take the rows of :func:`road_lines`."""
        return cls(*(table[name].to_numpy() for name in ("piece", "line", "length_m", "factor")))

    def taken(self, rows: Indices, piece: Indices) -> "Lines":
        """Return some rows, their pieces numbered as in `piece` (positions, ascending)."""
        number = np.searchsorted(piece, self.piece[rows])
        return Lines(number, self.shapes[rows], self.length_m[rows], self.factor[rows])


@dataclass(frozen=True)
class Held:
    """Points that pieces of demand hold: position of the piece, point, kind of point."""

    piece: Indices
    shapes: Geometries
    kind: NDArray[np.object_]

    @classmethod
    def of(cls, table: gpd.GeoDataFrame) -> "Held":
        """Take the rows of :func:`held_points`."""
        kind = table["kind"].to_numpy(dtype=object)
        return cls(table["piece"].to_numpy(dtype=np.intp), geometries(table), kind)

    def taken(self, rows: Indices, piece: Indices) -> "Held":
        """Return some rows, their pieces numbered as in `piece` (positions, ascending)."""
        return Held(np.searchsorted(piece, self.piece[rows]), self.shapes[rows], self.kind[rows])

    def where(self, mask: Flags) -> "Held":
        """Return the points of a mask."""
        return Held(self.piece[mask], self.shapes[mask], self.kind[mask])


@dataclass(frozen=True)
class Missed:
    """Parts of demand that nobody sees: position of the piece of each, and what it holds."""

    piece: Indices
    shapes: Geometries
    area_m2: Floats
    weight: Floats
    road_m: Floats
    entrances: Indices
    incidents: Indices

    def where(self, rows: slice | Flags) -> "Missed":
        """Return some of the parts."""
        return Missed(*(getattr(self, each.name)[rows] for each in fields(self)))

    def frame(self, grid_code: NDArray[np.object_], crs: Crs) -> gpd.GeoDataFrame:
        """Return the parts as a layer; `grid_code` is that of each piece."""
        columns = {name: getattr(self, name) for name in ("piece", *MEASURED)}
        columns["grid_code"] = grid_code[self.piece]
        return gpd.GeoDataFrame(columns, geometry=self.shapes, crs=crs)


def demand_pieces(
    grids: gpd.GeoDataFrame, demand: Shapes, *, max_piece_m: float = 100.0
) -> gpd.GeoDataFrame:
    """Return the demand of every grid cut into pieces that one site can serve.

    Each connected piece of a grid's demand is halved across its longer side until it fits into a
    square of `max_piece_m`. The cuts depend on the demand alone, so gaps of different cameras or
    times are pieces of the same pieces.

    Parameters
    ----------
    grids
        `code` and polygons, metric CRS.
    demand
        Disjoint polygons that must be seen.
    max_piece_m
        Largest side of a piece's bounding box, metres.

    Returns
    -------
    GeoDataFrame
        Fresh index; `grid_code`, `geometry` (polygon, or multipolygon where a cut or a bend left
        several parts in one square).
    """
    if not max_piece_m >= MIN_PIECE_M:
        raise InputError("coverage.piece_invalid", found=max_piece_m, least=MIN_PIECE_M)
    parts, _, grid = clipped(polygons(demand), geometries(grids))
    joined, met = union_by(parts, grid)
    pieces, owner = parts_of(joined)
    pieces, grid = _halved(pieces, met[owner], max_piece_m)
    return gpd.GeoDataFrame(
        {"grid_code": grids["code"].to_numpy()[grid]},
        geometry=gpd.GeoSeries(pieces, crs=grids.crs),
    )


def road_lines(pieces: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return the road centre lines inside each piece: `piece`, `line`, `length_m`, `factor`.

    `factor` is 1.5 for trunk and primary roads, 1.25 for secondary ones, else 1.
    """
    lines = geometries(None if roads is None else roads.geometry)
    shapes = geometries(pieces)
    piece, road = shapely.STRtree(lines).query(shapes, predicate="intersects")
    inside = shapely.intersection(lines[road], shapes[piece])
    factor = np.ones(len(lines))
    if roads is not None and len(roads):
        factor = np.asarray(roads["class"].map(ROAD_FACTOR).fillna(1.0), dtype=np.float64)
    table = pd.DataFrame({"piece": piece, "line": inside, "factor": factor[road]})
    table["length_m"] = shapely.length(inside)
    return table[table["length_m"] > 0].reset_index(drop=True)


def held_points(pieces: gpd.GeoDataFrame, **layers: Shapes) -> gpd.GeoDataFrame:
    """Return the points of each layer with the piece of demand they belong to.

    That is the nearest one within 5 m. Columns: `kind` (name of the layer), `source` (position in
    it), `piece`, `geometry`.
    """
    shapes = geometries(pieces)
    found = []
    for kind, layer in layers.items():
        points = geometries(layer)
        known = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
        piece, near_m = _nearest(shapes, points[known])
        held = np.isfinite(near_m)
        columns = {"kind": kind, "source": known[held], "piece": piece[held]}
        found.append(gpd.GeoDataFrame(columns, geometry=points[known[held]], crs=pieces.crs))
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=pieces.crs)


def uncovered(
    shapes: Geometries,
    *,
    covered: Shapes,
    lines: Lines,
    unseen: Held,
    min_area_m2: float = 1.0,
    min_width_m: float = 0.2,
) -> tuple[Missed, Floats]:
    """Return what nobody sees of each piece of demand, and what was dropped as slivers.

    What is left of a piece counts part by part. Parts below `min_area_m2`, or nowhere as wide as
    `min_width_m`, are slivers left by rounding: dropped, and their area returned. A further camera
    only makes parts smaller, so it never makes a gap grow.

    Parameters
    ----------
    shapes
        Pieces as from :func:`demand_pieces`.
    covered
        Disjoint polygons that are seen, as from `geo.coverage.union`.
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
    ``weight = area_m2 · factor + 700 · entrances + 300 · incidents``, in square metres of ordinary
    ground: `factor` is 1.5 with a trunk or primary road inside, 1.25 with a secondary one, else 1.
    A rule of ours to sort by, not a measurement.
    """
    left, piece = parts_of(subtract(shapes, dissolve(covered)))
    keep = _substantial(left, min_area_m2, min_width_m)
    area_m2 = shapely.area(left)
    dropped_m2 = sums(piece[~keep], area_m2[~keep], len(shapes))
    left, piece, area_m2 = left[keep], piece[keep], area_m2[keep]
    entrances = _count(left, piece, unseen.where(unseen.kind == "entrances"))
    incidents = _count(left, piece, unseen.where(unseen.kind == "incidents"))
    road_m, factor = _roads(left, piece, lines, left == shapes[piece])
    weight = area_m2 * factor + ENTRANCE_M2 * entrances + INCIDENT_M2 * incidents
    return Missed(piece, left, area_m2, weight, road_m, entrances, incidents), dropped_m2


def ranked(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return gaps with their `rank`, the heaviest first.

    Equal weights stand in the order of grid code and position.
    """
    x0, y0 = shapely.bounds(geometries(found)).T[:2]
    order = found.assign(_heavy=-found["weight"].round(6), _x=x0, _y=y0)
    index = order.sort_values(["_heavy", "grid_code", "_x", "_y"], kind="stable").index
    sorted_ = found.loc[index].reset_index(drop=True)
    sorted_["rank"] = np.arange(1, len(sorted_) + 1)
    return gpd.GeoDataFrame(sorted_[[*COLUMNS, "geometry"]], crs=found.crs)


def _substantial(pieces: Geometries, min_area_m2: float, min_width_m: float) -> NDArray[np.bool_]:
    """Return which pieces are large enough and somewhere wide enough.

    Area / perimeter bounds the inner radius from below, which spares most the erosion.
    """
    area_m2 = shapely.area(pieces)
    keep = area_m2 >= min_area_m2
    radius_m = min_width_m / 2
    doubtful = keep & (area_m2 < radius_m * shapely.length(pieces))
    keep[doubtful] = ~shapely.is_empty(shapely.buffer(pieces[doubtful], -radius_m, quad_segs=2))
    return keep


def _halved(pieces: Geometries, grid: Indices, max_piece_m: float) -> tuple[Geometries, Indices]:
    """Return the pieces halved across their longer side until they fit the square."""
    done, owners = [], []
    while len(pieces):
        x0, y0, x1, y1 = shapely.bounds(pieces).T
        fits = np.maximum(x1 - x0, y1 - y0) <= max_piece_m
        done.append(pieces[fits])
        owners.append(grid[fits])
        wide, grid = pieces[~fits], np.concatenate([grid[~fits], grid[~fits]])
        pieces = np.concatenate(
            [shapely.intersection(wide, half) for half in _half_boxes(shapely.bounds(wide))]
        )
        filled = shapely.area(pieces) > 0
        pieces, grid = pieces[filled], grid[filled]
    if not done:
        return pieces, grid
    return _polygonal(np.concatenate(done)), np.concatenate(owners)


def _half_boxes(bounds: NDArray[np.float64]) -> tuple[Geometries, Geometries]:
    x0, y0, x1, y1 = bounds.T
    across = x1 - x0 >= y1 - y0
    x, y = np.where(across, (x0 + x1) / 2, x1), np.where(across, y1, (y0 + y1) / 2)
    left = shapely.box(x0, y0, x, y)
    return left, shapely.box(np.where(across, x, x0), np.where(across, y0, y), x1, y1)


def _polygonal(pieces: Geometries) -> Geometries:
    parts, owner = parts_of(pieces)
    mixed = np.flatnonzero(shapely.get_type_id(pieces) > 6)
    for piece in mixed:
        pieces[piece] = shapely.multipolygons(parts[owner == piece])
    return pieces


def _count(parts: Geometries, piece: Indices, points: Held) -> Indices:
    """Return how many of the points each part holds: each goes to the nearest of its piece."""
    if len(points.piece) == 0:
        return np.zeros(len(parts), dtype=np.intp)
    order = np.argsort(piece, kind="stable")
    most = max(int(piece.max(initial=-1)), int(points.piece.max(initial=-1))) + 1
    point, at = expand(np.searchsorted(piece[order], np.arange(most + 1)), points.piece)
    part = order[at]
    near_m = shapely.distance(parts[part], points.shapes[point])
    best = np.lexsort((part, near_m, point))
    chosen = best[np.flatnonzero(np.diff(point[best], prepend=-1))]
    return np.bincount(part[chosen], minlength=len(parts)).astype(np.intp)


def _nearest(shapes: Geometries, points: Geometries) -> tuple[Indices, NDArray[np.float64]]:
    """Return the shape nearest to each point and its distance, infinite beyond the reach."""
    shape, distance_m = np.zeros(len(points), dtype=np.intp), np.full(len(points), np.inf)
    if len(shapes) and len(points):
        (point, near), found_m = shapely.STRtree(shapes).query_nearest(
            points, max_distance=POINT_REACH_M, return_distance=True, all_matches=False
        )
        shape[point], distance_m[point] = near, found_m
    return shape, distance_m


def _roads(parts: Geometries, piece: Indices, lines: Lines, whole: Flags) -> tuple[Floats, Floats]:
    """Return the metres of road in each part and the factor of the highest class among them.

    A part that is the whole of its piece has the lines of the piece.
    """
    road_m, factor = np.zeros(len(parts)), np.ones(len(parts))
    order = np.argsort(piece, kind="stable")
    most = max(int(piece.max(initial=-1)), int(lines.piece.max(initial=-1))) + 1
    line, at = expand(np.searchsorted(piece[order], np.arange(most + 1)), lines.piece)
    part = order[at]
    length_m = lines.length_m[line]
    cut = ~whole[part]
    inside = shapely.intersection(lines.shapes[line[cut]], parts[part[cut]])
    length_m[cut] = shapely.length(inside)
    np.add.at(road_m, part, length_m)
    np.maximum.at(factor, part, np.where(length_m > 0, lines.factor[line], 1.0))
    return road_m, factor
