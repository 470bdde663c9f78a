"""Cells: the areas of all levels cut at each other, so that figures are measured once and summed.

In a clean partition every grid is one cell and every other area a set of cells. Where areas overlap
or do not nest, cells are what is left when all borders are drawn.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.base.polygons import Geometries, Indices, parts_of

Floats: TypeAlias = NDArray[np.float64]

EVEN_M2 = 1e-3  # borders that differ by less ground are the same border
# Where borders all but coincide, overlays of plain numbers can lose whole areas; on a grid that is
# far coarser than a double they do not (on one of 10 nm they still did).
ROUNDED_M = 1e-6


@dataclass(frozen=True)
class Cells:
    """Disjoint cells of ground, and the areas that contain each of them.

    `cell` and `area` are pairs of positions, sorted by area and cell.
    """

    grounds: Geometries
    cell: Indices
    area: Indices
    area_count: int

    def sums(self, table: Floats) -> Floats:
        """Return the sums over the cells of each area; `table` has a row for each cell."""
        found = np.zeros((self.area_count, *table.shape[1:]))
        areas, begin = np.unique(self.area, return_index=True)
        if len(areas):
            found[areas] = np.add.reduceat(table[self.cell], begin, axis=0)
        return found


def overlay_areas(areas: Geometries) -> Cells:
    """Return the cells of areas that may nest, overlap, or miss each other.

    Parameters
    ----------
    areas
        Valid polygons or multipolygons, metric CRS, shape ``(n_areas,)``; empty ones have no cell.

    Examples
    --------
    >>> west, east = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    >>> cells = overlay_areas(np.array([west, east, shapely.box(0, 0, 2, 1)]))
    >>> len(cells.grounds), cells.sums(shapely.area(cells.grounds)).tolist()
    (2, [1.0, 1.0, 2.0])
    """
    grounds: list[BaseGeometry] = []
    members: list[list[int]] = []
    for area in np.argsort(shapely.area(areas), kind="stable"):
        if shapely.area(areas[area]) > EVEN_M2:
            _lay(areas[area], int(area), grounds, members)
    found = np.empty(len(grounds), dtype=object)
    found[:] = grounds
    cell = np.repeat(np.arange(len(members)), [len(m) for m in members])
    area = np.array([a for m in members for a in m], dtype=np.intp)
    order = np.lexsort((cell, area))
    return Cells(found, cell[order].astype(np.intp), area[order], len(areas))


def _lay(
    ground: BaseGeometry, area: int, grounds: list[BaseGeometry], members: list[list[int]]
) -> None:
    """Cut one more area into the cells so far; what none of them holds becomes a new one."""
    shapely.prepare(ground)
    known = np.array([*grounds, None], dtype=object)[:-1]
    met = np.flatnonzero(shapely.intersects(ground, known))
    held_m2 = 0.0
    for cell in met:
        inside = _inside(ground, grounds[cell])
        if inside is None:
            continue
        held_m2 += inside.area
        if grounds[cell].area - inside.area > EVEN_M2:
            outside = shapely.difference(grounds[cell], ground, grid_size=ROUNDED_M)
            grounds.append(_polygonal(outside))
            members.append(list(members[cell]))
            grounds[cell] = inside
        members[cell].append(area)
    rest = ground if held_m2 == 0 else _rest(ground, known[met], held_m2)
    if rest.area > EVEN_M2:
        grounds.append(rest)
        members.append([area])


def _inside(ground: BaseGeometry, cell: BaseGeometry) -> BaseGeometry | None:
    """Return what of a cell lies in an area: all, a part, or nothing worth it."""
    if shapely.covers(ground, cell):
        return cell
    common = _polygonal(shapely.intersection(ground, cell, grid_size=ROUNDED_M))
    if common.area <= EVEN_M2:
        return None
    return cell if cell.area - common.area <= EVEN_M2 else common


def _rest(ground: BaseGeometry, cells: Geometries, held_m2: float) -> BaseGeometry:
    """Return what of an area no cell holds."""
    if ground.area - held_m2 <= EVEN_M2:
        return shapely.Polygon()
    taken = shapely.union_all(cells, grid_size=ROUNDED_M)
    return _polygonal(shapely.difference(ground, taken, grid_size=ROUNDED_M))


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    parts = parts_of(np.array([shape], dtype=object))[0].tolist()
    found: BaseGeometry = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return found
