"""Demand cut into pieces that one site can serve, with their road lines and points."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.errors import InputError
from geo.base.polygons import (
    Geometries,
    Indices,
    Shapes,
    clip_to_areas,
    flat_geometries,
    flat_polygons,
    parts_of,
    union_by,
)

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
ROAD_FACTOR: Mapping[str, float] = MappingProxyType(
    {"trunk": 1.5, "primary": 1.5, "secondary": 1.25}
)
MIN_PIECE_M = 1.0
POINT_REACH_M = 5.0


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
class DemandPoints:
    """Points that pieces of demand hold: position of the piece, point, kind, how much it weighs."""

    piece: Indices
    shapes: Geometries
    kind: NDArray[np.object_]
    weight: Floats

    @classmethod
    def of(cls, table: gpd.GeoDataFrame) -> "DemandPoints":
        """Take the rows of :func:`held_points`; each weighs 1 where they have no ``weight``."""
        kind = table["kind"].to_numpy(dtype=object)
        given = table["weight"] if "weight" in table else np.ones(len(table))
        weight = np.asarray(given, dtype=np.float64)
        return cls(table["piece"].to_numpy(dtype=np.intp), flat_geometries(table), kind, weight)

    def taken(self, rows: Indices, piece: Indices) -> "DemandPoints":
        """Return some rows, their pieces numbered as in `piece` (positions, ascending)."""
        number = np.searchsorted(piece, self.piece[rows])
        return DemandPoints(number, self.shapes[rows], self.kind[rows], self.weight[rows])

    def where(self, mask: Flags) -> "DemandPoints":
        """Return the points of a mask."""
        return DemandPoints(self.piece[mask], self.shapes[mask], self.kind[mask], self.weight[mask])


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
    parts, _, grid = clip_to_areas(flat_polygons(demand), flat_geometries(grids))
    joined, met = union_by(parts, grid)
    pieces, owner = parts_of(joined)
    pieces, grid = _halved(pieces, met[owner], max_piece_m)
    return gpd.GeoDataFrame(
        {"grid_code": grids["code"].to_numpy()[grid]},
        geometry=gpd.GeoSeries(pieces, crs=grids.crs),
    )


def road_lines(pieces: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return the road centre lines inside each piece.

    Parameters
    ----------
    pieces
        Polygons, metric CRS.
    roads
        Lines with ``class``, same CRS; None for none.

    Returns
    -------
    pd.DataFrame
        ``piece`` (position), ``line``, ``length_m`` and ``factor``: 1.5 for trunk and primary
        roads, 1.25 for secondary ones, else 1.
    """
    lines = flat_geometries(None if roads is None else roads.geometry)
    shapes = flat_geometries(pieces)
    piece, road = shapely.STRtree(lines).query(shapes, predicate="intersects")
    inside = shapely.intersection(lines[road], shapes[piece])
    factor = np.ones(len(lines))
    if roads is not None and len(roads):
        factor = np.asarray(roads["class"].map(ROAD_FACTOR).fillna(1.0), dtype=np.float64)
    table = pd.DataFrame({"piece": piece, "line": inside, "factor": factor[road]})
    table["length_m"] = shapely.length(inside)
    return table[table["length_m"] > 0].reset_index(drop=True)


def held_points(pieces: gpd.GeoDataFrame, **layers: Shapes) -> gpd.GeoDataFrame:
    """Return the points of each layer with the nearest piece of demand, at most 5 m away.

    Parameters
    ----------
    pieces
        Polygons, metric CRS.
    **layers
        Name of a layer → its points, same CRS; None for none.

    Returns
    -------
    gpd.GeoDataFrame
        ``kind`` (name of the layer), ``source`` (position in it), ``piece``, ``geometry``; points
        without a piece are left out.
    """
    shapes = flat_geometries(pieces)
    found = []
    for kind, layer in layers.items():
        points = flat_geometries(layer)
        known = np.flatnonzero(~(shapely.is_missing(points) | shapely.is_empty(points)))
        piece, near_m = nearest_shape(shapes, points[known])
        held = np.isfinite(near_m)
        columns = {"kind": kind, "source": known[held], "piece": piece[held]}
        found.append(gpd.GeoDataFrame(columns, geometry=points[known[held]], crs=pieces.crs))
    return gpd.GeoDataFrame(pd.concat(found, ignore_index=True), crs=pieces.crs)


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


def nearest_shape(shapes: Geometries, points: Geometries) -> tuple[Indices, NDArray[np.float64]]:
    """Return the shape nearest to each point and its distance in metres.

    Parameters
    ----------
    shapes
        Geometries, metric CRS; may be empty.
    points
        Points, same CRS, shape ``(n,)``.

    Returns
    -------
    tuple[Indices, NDArray[np.float64]]
        Positions of shapes and distances, both ``(n,)``; infinite beyond `POINT_REACH_M`, the
        position is then 0.
    """
    shape, distance_m = np.zeros(len(points), dtype=np.intp), np.full(len(points), np.inf)
    if len(shapes) and len(points):
        (point, near), found_m = shapely.STRtree(shapes).query_nearest(
            points, max_distance=POINT_REACH_M, return_distance=True, all_matches=False
        )
        shape[point], distance_m[point] = near, found_m
    return shape, distance_m
