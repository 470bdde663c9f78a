"""Coverage gaps: the demand that no camera sees, grid by grid, in pieces a site can serve."""

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import InputError
from geo.polygons import (
    Geometries,
    Indices,
    Shapes,
    clipped,
    dissolve,
    geometries,
    parts_of,
    polygons,
    subtract,
    union_by,
)

ROAD_FACTOR: Mapping[str, float] = MappingProxyType(
    {"trunk": 1.5, "primary": 1.5, "secondary": 1.25}
)
ENTRANCE_M2 = 700.0  # about the 15 m disc that an entrance demands: one more of it
INCIDENT_M2 = 300.0
MIN_PIECE_M = 1.0
POINT_REACH_M = 5.0
COLUMNS = ("rank", "grid_code", "area_m2", "weight", "road_m", "entrances", "incidents")


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

    :func:`demand_pieces` and :func:`uncovered` in one; see there. Where several sets of cameras
    are asked about one demand, cut it once and ask :func:`uncovered` for each.

    Examples
    --------
    >>> grid = gpd.GeoDataFrame({"code": ["g"]}, geometry=[shapely.box(0, 0, 50, 50)])
    >>> street, seen = shapely.box(0, 0, 40, 10), shapely.box(30, 0, 50, 50)
    >>> gaps(grid, demand=street, covered=seen)[0][["rank", "grid_code", "area_m2"]].values.tolist()
    [[1, 'g', 300.0]]
    """
    return uncovered(
        demand_pieces(grids, demand, max_piece_m=max_piece_m),
        covered=covered,
        roads=roads,
        entrances=entrances,
        incidents=incidents,
        min_area_m2=min_area_m2,
        min_width_m=min_width_m,
    )


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


def uncovered(
    pieces: gpd.GeoDataFrame,
    *,
    covered: Shapes,
    roads: gpd.GeoDataFrame | None = None,
    entrances: Shapes = None,
    incidents: Shapes = None,
    min_area_m2: float = 1.0,
    min_width_m: float = 0.2,
) -> tuple[gpd.GeoDataFrame, float]:
    """Return what nobody sees of each piece of demand, ranked, and what was dropped as slivers.

    What is left of a piece counts part by part. Parts below `min_area_m2`, or nowhere as wide as
    `min_width_m`, are slivers left by rounding: dropped, and their area returned. A further camera
    only makes parts smaller, so it never makes a gap grow.

    Parameters
    ----------
    pieces
        As from :func:`demand_pieces`.
    covered
        Disjoint polygons that are seen, as from `geo.coverage.union`.
    roads
        Lines with `class`.
    entrances, incidents
        Points. One counts for the gap nearest to it within 5 m, unless seen ground is nearer
        still: entrances lie in walls, where neither gap nor seen ground reaches them quite.

    Returns
    -------
    tuple
        GeoDataFrame with a fresh index, heaviest first: `rank` (1 = heaviest), `grid_code`,
        `area_m2`, `weight`, `road_m` (centre lines inside), `entrances`, `incidents`, `geometry`
        (polygon); and the dropped square metres.

    Notes
    -----
    ``weight = area_m2 · factor + 700 · entrances + 300 · incidents``, in square metres of ordinary
    ground: `factor` is 1.5 with a trunk or primary road inside, 1.25 with a secondary one, else 1.
    A rule of ours to sort by, not a measurement. Equal weights stand in the order of grid code and
    position.
    """
    seen = dissolve(covered)
    left, origin = parts_of(subtract(geometries(pieces), seen))
    keep = _substantial(left, min_area_m2, min_width_m)
    dropped_m2 = float(shapely.area(left[~keep]).sum())
    left, origin = left[keep], origin[keep]
    found = gpd.GeoDataFrame(
        {
            "grid_code": pieces["grid_code"].to_numpy()[origin],
            "area_m2": shapely.area(left),
            "entrances": _count(left, seen, entrances),
            "incidents": _count(left, seen, incidents),
        },
        geometry=gpd.GeoSeries(left, crs=pieces.crs),
    )
    found["road_m"], factor = _roads(left, roads)
    found["weight"] = (
        found["area_m2"] * factor
        + ENTRANCE_M2 * found["entrances"]
        + INCIDENT_M2 * found["incidents"]
    )
    return _ranked(found), dropped_m2


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


def _count(pieces: Geometries, seen: Geometries, points: Shapes) -> NDArray[np.int64]:
    """Return how many of the points are unseen and belong to each piece."""
    found = geometries(points)
    found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
    piece, gap_m = _nearest(pieces, found)
    unseen = np.isfinite(gap_m) & (gap_m <= _nearest(seen, found)[1])
    return np.bincount(piece[unseen], minlength=len(pieces)).astype(np.int64)


def _nearest(shapes: Geometries, points: Geometries) -> tuple[Indices, NDArray[np.float64]]:
    """Return the shape nearest to each point and its distance, infinite beyond the reach."""
    shape, distance_m = np.zeros(len(points), dtype=np.intp), np.full(len(points), np.inf)
    if len(shapes) and len(points):
        (point, near), found_m = shapely.STRtree(shapes).query_nearest(
            points, max_distance=POINT_REACH_M, return_distance=True, all_matches=False
        )
        shape[point], distance_m[point] = near, found_m
    return shape, distance_m


def _roads(
    pieces: Geometries, roads: gpd.GeoDataFrame | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the metres of road in each piece and the factor of the highest class among them."""
    road_m, factor = np.zeros(len(pieces)), np.ones(len(pieces))
    if roads is None or len(roads) == 0 or len(pieces) == 0:
        return road_m, factor
    lines = geometries(roads)
    piece, road = shapely.STRtree(lines).query(pieces, predicate="intersects")
    length_m = shapely.length(shapely.intersection(lines[road], pieces[piece]))
    np.add.at(road_m, piece, length_m)
    own = roads["class"].map(ROAD_FACTOR).fillna(1.0).to_numpy(dtype=float)[road]
    np.maximum.at(factor, piece, np.where(length_m > 0, own, 1.0))
    return road_m, factor


def _ranked(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    x0, y0 = shapely.bounds(geometries(found)).T[:2]
    order = found.assign(_heavy=-found["weight"].round(6), _x=x0, _y=y0)
    index = order.sort_values(["_heavy", "grid_code", "_x", "_y"], kind="stable").index
    ranked = found.loc[index].reset_index(drop=True)
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return gpd.GeoDataFrame(ranked[[*COLUMNS, "geometry"]], crs=found.crs)
