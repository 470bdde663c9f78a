"""The edges nearest to many places: searched by squares of ground, not place by place."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FEW: Final = 2_000
"""Places up to which the tree is asked for each."""
PER_SQUARE: Final = 10
"""Places for which one square is searched."""
PAIRS: Final = 500_000
"""Distances that are in memory at once, some 50 MB."""
SAME_M: Final = 1e-6
"""Edges are equally near where their distances differ by less: a corner is that of two edges."""


def nearest_owners(
    places: NDArray[Any], edges: shapely.STRtree, owner: Indices
) -> tuple[Indices, Floats]:
    """Return the smallest number among the owners of the nearest edges of each place, and how far.

    Parameters
    ----------
    places
        Points, metric, shape ``(n,)``.
    edges
        Single edges (lines of two points) in the same system, one at least.
    owner
        Number of the area of each edge.

    Returns
    -------
    tuple
        Owners and distances in metres, each of shape ``(n,)``.
    """
    if len(places) <= FEW:
        return _by_tree(places, edges, owner)
    xy = shapely.get_coordinates(places)
    ends = shapely.get_coordinates(np.asarray(edges.geometries)).reshape(-1, 4).T.copy()
    found, metres = np.empty(len(xy), dtype=np.intp), np.empty(len(xy))
    for which, number, edge in _pairs(xy, edges):
        start = np.cumsum(number) - number
        away = _distances(xy[which], number, ends[:, edge])
        least = np.minimum.reduceat(away, start)
        near = np.flatnonzero(away <= np.repeat(least + SAME_M, number))
        of_place = np.searchsorted(start, near, side="right") - 1
        first = np.flatnonzero(np.diff(of_place, prepend=-1))
        found[which] = np.minimum.reduceat(owner[edge[near]], first)
        metres[which] = least
    return found, metres


def _by_tree(
    places: NDArray[Any], edges: shapely.STRtree, owner: Indices
) -> tuple[Indices, Floats]:
    (which, edge), away = edges.query_nearest(places, return_distance=True)
    order = np.lexsort((-owner[edge], which))  # the smallest is written last
    found, metres = np.empty(len(places), dtype=np.intp), np.empty(len(places))
    found[which[order]], metres[which] = owner[edge[order]], away
    return found, metres


def _pairs(xy: Floats, edges: shapely.STRtree) -> Iterator[tuple[Indices, Indices, Indices]]:
    """Yield places, the number of edges that may be nearest to each, and these edges.

    An edge is among them if it is within two radii of the square more than the edge nearest to
    its middle: whatever is nearest to a place of the square is.
    """
    square, middle, radius_m = _squares(xy)
    points = shapely.points(middle)
    _, least = edges.query_nearest(points, all_matches=False, return_distance=True)
    of_square, edge = edges.query(points, "dwithin", least + 2 * radius_m + SAME_M)
    edge = edge[np.argsort(of_square, kind="stable")]
    counts = np.bincount(of_square, minlength=len(middle))
    first = np.cumsum(counts) - counts
    order = np.argsort(square, kind="stable")
    ends = np.cumsum(counts[square[order]])
    cuts = np.searchsorted(ends, np.arange(PAIRS, ends[-1] + PAIRS, PAIRS), side="right")
    for which in filter(len, np.split(order, cuts)):
        number = counts[square[which]]
        begins = first[square[which]] - np.cumsum(number) + number
        yield which, number, edge[np.arange(number.sum()) + np.repeat(begins, number)]


def _squares(xy: Floats) -> tuple[Indices, Floats, float]:
    """Return the square of each place, the middles of those with places, and their radius, m."""
    low, size = xy.min(axis=0), np.ptp(xy, axis=0)
    side = max(1e-3, float(np.sqrt(np.prod(np.maximum(size, 1e-3)) * PER_SQUARE / len(xy))))
    cell = np.floor((xy - low) / side).astype(np.int64)
    width = int(cell[:, 0].max()) + 1
    there, square = np.unique(cell[:, 1] * width + cell[:, 0], return_inverse=True)
    middle = low + (np.column_stack([there % width, there // width]) + 0.5) * side
    return square, middle, side / np.sqrt(2)


def _distances(places: Floats, number: Indices, ends: Floats) -> Floats:
    """Return the distance of each place to each of its edges, m; `number` says how many it has."""
    x0, y0, x1, y1 = ends
    dx, dy = x1 - x0, y1 - y0
    px, py = np.repeat(places[:, 0], number) - x0, np.repeat(places[:, 1], number) - y0
    length2 = dx * dx + dy * dy
    share = np.clip((px * dx + py * dy) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    px -= share * dx
    py -= share * dy
    return np.asarray(np.sqrt(px * px + py * py))
