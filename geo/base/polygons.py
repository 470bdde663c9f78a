"""Arrays of polygons: taking them out of any layer, dissolving, clipping and subtracting them.

Every layer may be missing (``None``) or empty; every result is an array of valid, non-empty
polygons. Touching borders have no area and count for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Geometries: TypeAlias = NDArray[np.object_]
Indices: TypeAlias = NDArray[np.intp]

# As geopandas takes and gives it.
Crs: TypeAlias = Any

POLYGON = 3


@runtime_checkable
class HasParts(Protocol):
    """Something that holds disjoint valid polygons already, as `Obstacles` does."""

    @property
    def parts(self) -> Geometries:
        """Return the polygons."""


@dataclass(frozen=True)
class Disjoint:
    """Valid polygons that are known to be disjoint, so that they are not dissolved again."""

    parts: Geometries


Shapes: TypeAlias = (
    gpd.GeoSeries
    | gpd.GeoDataFrame
    | Geometries
    | Sequence[BaseGeometry]
    | BaseGeometry
    | HasParts
    | None
)


def flat_geometries(shapes: Shapes) -> Geometries:
    """Return the geometries of a layer of any kind as one flat array, as they are."""
    if shapes is None:
        return np.empty(0, dtype=object)
    if isinstance(shapes, HasParts):
        return shapes.parts
    if isinstance(shapes, gpd.GeoDataFrame | gpd.GeoSeries):
        return np.asarray(shapes.geometry.array, dtype=object)
    if isinstance(shapes, BaseGeometry):
        return np.array([shapes], dtype=object)
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def flat_polygons(shapes: Shapes) -> Geometries:
    """Return the valid polygons of a layer, multi-part ones taken apart, all else left out.

    Invalid ones are rebuilt from their rings (a bow-tie gives both its wings); what has no area
    afterwards disappears.

    Parameters
    ----------
    shapes
        Any layer in a metric CRS, or None.

    Returns
    -------
    Geometries
        Polygons, shape ``(n_parts,)``; parts of one layer may overlap as they did before.
    """
    if isinstance(shapes, HasParts):
        return shapes.parts
    found = flat_geometries(shapes)
    return parts_of(rebuild_invalid(found[~shapely.is_missing(found)]))[0]


def rebuild_invalid(shapes: Geometries) -> Geometries:
    """Return geometries with invalid polygons rebuilt ring by ring, missing ones as they are.

    What any hole takes out stays out: by even and odd crossings, where two holes overlap or one
    reaches over the border, ground would come back.
    """
    broken = ~(shapely.is_missing(shapes) | shapely.is_valid(shapes))
    if not broken.any():
        return shapes
    found = shapes.copy()
    found[broken] = shapely.make_valid(found[broken], method="structure", keep_collapsed=False)
    return found


def parts_of(found: Geometries) -> tuple[Geometries, Indices]:
    """Return the polygon parts of valid geometries and, per part, the position it comes from."""
    if (shapely.get_type_id(found) == POLYGON).all() and not shapely.is_empty(found).any():
        return found, np.arange(len(found))
    parts, origin = shapely.get_parts(found, return_index=True)
    nested = shapely.get_type_id(parts) > POLYGON
    if nested.any():  # a collection can hold a multipolygon
        parts, inner = shapely.get_parts(parts, return_index=True)
        origin = origin[inner]
    keep = (shapely.get_type_id(parts) == POLYGON) & ~shapely.is_empty(parts)
    return parts[keep], origin[keep].astype(np.intp)


def dissolve(shapes: Shapes) -> Geometries:
    """Return the union of a layer as disjoint polygons, one for each connected piece.

    Clusters that do not meet are dissolved apart (GEOS disjoint subset union), which is many times
    faster on footprints and viewsheds than one union of all.

    Parameters
    ----------
    shapes
        Polygons in a metric CRS, overlapping or not, or None.

    Returns
    -------
    Geometries
        Polygons whose interiors are disjoint and which share no edge, shape ``(n_pieces,)``.
    """
    if isinstance(shapes, HasParts):
        return shapes.parts
    found = flat_polygons(shapes)
    if len(found) == 0:
        return found
    united = np.array([shapely.disjoint_subset_union_all(found)], dtype=object)
    return parts_of(united)[0]


def clip_to_areas(shapes: Geometries, areas: Geometries) -> tuple[Geometries, Indices, Indices]:
    """Return the polygon parts of every shape inside every area that it meets.

    Shapes that lie wholly inside an area are passed on untouched: exact, and cheap.

    Parameters
    ----------
    shapes, areas
        Valid polygons or multipolygons, same metric CRS.

    Returns
    -------
    tuple
        Parts, and per part the position of its shape and of its area.
    """
    if len(shapes) == 0 or len(areas) == 0:
        none = np.empty(0, dtype=np.intp)
        return np.empty(0, dtype=object), none, none
    area, shape = shapely.STRtree(shapes).query(areas, predicate="intersects")
    whole = _covered(shapes, areas, shape, area)
    pieces = shapes[shape]
    pieces[~whole] = shapely.intersection(pieces[~whole], areas[area[~whole]])
    parts, origin = parts_of(pieces)
    return parts, shape[origin], area[origin]


def subtract(shapes: Geometries, pieces: Geometries) -> Geometries:
    """Return each shape without the ground of `pieces`; the array keeps its length and order.

    Only pieces that meet a shape are subtracted from it. A shape may come back empty, or in several
    parts.

    Parameters
    ----------
    shapes
        Valid polygons, shape ``(n,)``.
    pieces
        Disjoint polygons in the same CRS, as from :func:`dissolve`; may be empty.
    """
    left = shapes.copy()
    if len(pieces) == 0 or len(left) == 0:
        return left
    shape, piece = shapely.STRtree(pieces).query(left, predicate="intersects")
    if len(shape) == 0:
        return left
    order = np.argsort(shape, kind="stable")
    touched, group = np.unique(shape[order], return_inverse=True)
    local = shapely.multipolygons(pieces[piece[order]], indices=group)
    left[touched] = shapely.difference(left[touched], local)
    return left


def subtract_ground(
    shapes: Geometries, taken: Geometries, *, grid_size: float | None = None
) -> Geometries:
    """Return each shape without the ground of `taken`; the array keeps its length and order.

    One is taken out after the other, the largest first, until nothing is left of a shape: no union
    is built, so time and memory grow with the pairs that meet and not with what hangs together.

    Parameters
    ----------
    shapes
        Valid polygons or multipolygons; empty ones stay empty.
    taken
        Valid polygons or multipolygons, which may overlap.
    grid_size
        Rounds all corners to a grid, for where GEOS loses ground on plain numbers.
    """
    left = shapes.copy()
    shape, piece = shapely.STRtree(taken).query(left, predicate="intersects")
    order = np.lexsort((piece, -shapely.area(taken)[piece], shape))
    piece = piece[order]
    met, begin, count = np.unique(shape[order], return_index=True, return_counts=True)
    active = np.arange(len(met))
    for turn in range(int(count.max(initial=0))):
        active = active[(count[active] > turn) & ~shapely.is_empty(left[met[active]])]
        here, one = met[active], taken[piece[begin[active] + turn]]
        left[here] = shapely.difference(left[here], one, grid_size=grid_size)
    return left


def union_by(parts: Geometries, group: Indices) -> tuple[Geometries, Indices]:
    """Return the union of the geometries of each group, and the groups that occur, ascending.

    Parameters
    ----------
    parts
        Geometries, shape ``(n,)``, none of them None.
    group
        Group number of each part, shape ``(n,)``.

    Returns
    -------
    tuple[Geometries, Indices]
        Unions, then group numbers, both of shape ``(n_groups,)``.
    """
    order = np.argsort(group, kind="stable")
    found, starts, count = np.unique(group[order], return_index=True, return_counts=True)
    united = parts[order][starts]
    for at in np.flatnonzero(count > 1):
        members = order[starts[at] : starts[at] + count[at]]
        united[at] = shapely.union_all(parts[members])
    return united, found.astype(np.intp)


def area_by(parts: Geometries, group: Indices, count: int) -> NDArray[np.float64]:
    """Return the summed area of the parts of each group.

    Parameters
    ----------
    parts
        Polygons in a metric CRS, shape ``(n,)``.
    group
        Group number of each part, shape ``(n,)``, each below `count`.
    count
        Number of groups, empty ones included.

    Returns
    -------
    NDArray[np.float64]
        Square metres, shape ``(count,)``, 0 for groups without parts.
    """
    return sum_by_group(group, shapely.area(parts), count)


def sum_by_group(group: Indices, values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the sum of the values of each group.

    Parameters
    ----------
    group
        Group number of each value, shape ``(n,)``, each below `count`.
    values
        Shape ``(n,)``.
    count
        Number of groups, empty ones included.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(count,)``, 0 for groups without values.

    Examples
    --------
    >>> sum_by_group(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]), 4).tolist()
    [1.0, 0.0, 5.0, 0.0]
    """
    return np.bincount(group, weights=values, minlength=count).astype(np.float64)


def expand_groups(first: Indices, owner: Indices) -> tuple[Indices, Indices]:
    """Return every member of the given owners: position in `owner`, position of the member.

    Parameters
    ----------
    first
        Where the members of each owner begin, with one more entry at the end, as ``indptr`` of a
        CSR matrix: shape ``(n_owners + 1,)``.
    owner
        Owners to expand; one may occur several times.

    Examples
    --------
    >>> [part.tolist() for part in expand_groups(np.array([0, 2, 5]), np.array([1, 0]))]
    [[0, 0, 0, 1, 1], [2, 3, 4, 0, 1]]
    """
    count = first[owner + 1] - first[owner]
    pair = np.repeat(np.arange(len(owner)), count)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return pair, first[owner][pair] + within


def _covered(
    shapes: Geometries, areas: Geometries, shape: Indices, area: Indices
) -> NDArray[np.bool_]:
    shapely.prepare(areas)
    found: Any = shapely.covers(areas[area], shapes[shape])
    return np.asarray(found, dtype=np.bool_)
