"""Ground seen and unseen under one certainty, by cell and device set."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, Shapes, dissolve, subtract_ground
from geo.coverage.demand.plot import Plot
from geo.coverage.measure.amounts import Amounts
from geo.coverage.measure.gaps import UncoveredDemand

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class GapEdit:
    """What the gaps of a plot became for one set: the pieces concerned, their gaps, what opened.

    `pieces` are positions in the ground, `gaps.piece` too; `opened_m2` says of each gap how much of
    it was none before.
    """

    pieces: Indices
    gaps: UncoveredDemand
    opened_m2: Floats


class Measures:
    """Square metres of every cell for every device set, and the gaps of every set.

    Attributes
    ----------
    covered, open, wanted, sliver
        Seen ground, seen open ground, seen demand, demand dropped as slivers; shape
        ``(n_cells, n_sets)``.
    k
        Ground by the number of devices that see it, ``(n_cells, n_sets, k_max + 1)``; sums to the
        cell.
    """

    def __init__(self, cells: int, sets: int, k_max: int) -> None:
        self.covered, self.open, self.wanted, self.sliver = np.zeros((4, cells, sets))
        self.k = np.zeros((cells, sets, k_max + 1))
        self._gaps: list[dict[int, UncoveredDemand]] = [{} for _ in range(sets)]

    def copied(self) -> "Measures":
        """Return a copy that is measured apart."""
        found = copy(self)
        found.covered, found.open, found.wanted, found.sliver = (
            table.copy() for table in (self.covered, self.open, self.wanted, self.sliver)
        )
        found.k, found._gaps = self.k.copy(), [dict(known) for known in self._gaps]
        return found

    def note(self, cells: Indices, cell_m2: Floats, which: int, found: Amounts) -> None:
        """Keep what a set sees of some cells.

        Parameters
        ----------
        cells
            Their positions.
        cell_m2
            Square metres of each.
        which
            Position of the device set.
        found
            What it sees of them.
        """
        self.covered[cells, which] = found.at_least[:, 0]
        self.open[cells, which] = found.open
        self.wanted[cells, which] = found.wanted
        unseen_m2 = np.maximum(cell_m2 - found.at_least[:, 0], 0.0)
        fewer_m2 = -np.diff(found.at_least, axis=1, append=np.zeros((len(cells), 1)))
        self.k[cells, which] = np.column_stack([unseen_m2, fewer_m2])

    def miss(
        self, plot: Plot, which: int, found: UncoveredDemand, first: Indices, count: Indices
    ) -> GapEdit:
        """Keep the gaps of the pieces of a plot in the place of those before; say what opened.

        Parameters
        ----------
        plot
            All pieces that may have changed of its cells.
        which
            Position of the device set.
        found
            Their gaps; `piece` counts in the plot and ascends.
        first, count
            Where the pieces of each of its cells begin in the ground, and how many there are.

        Returns
        -------
        GapEdit
            In a cell that was never measured all gaps have opened.
        """
        known, extent, before = self._gaps[which], plot.extent, list[Geometries]()
        rows = np.searchsorted(extent.piece_cell[found.piece], np.arange(len(plot.cells) + 1))
        own = np.searchsorted(extent.piece_cell, np.arange(len(plot.cells) + 1))
        ground = replace(found, piece=extent.pieces[found.piece])
        for i, cell in enumerate(plot.cells.tolist()):
            fresh = ground.where(slice(rows[i], rows[i + 1]))
            fresh = replace(fresh, piece=fresh.piece - first[i])
            old = known.get(cell)
            if old is None:
                known[cell] = fresh
                continue
            kept = old.piece < count[i]
            kept &= ~np.isin(old.piece, extent.pieces[own[i] : own[i + 1]] - first[i])
            before.append(old.shapes[~kept])
            known[cell] = old.where(kept).and_(fresh)
        gone = np.concatenate([np.empty(0, dtype=object), *before])
        return GapEdit(extent.pieces, ground, _more_m2(found.shapes, gone))

    def gaps(self, which: int, cells: Iterable[int] | None = None) -> dict[int, UncoveredDemand]:
        """Return the gaps of a set by cell, whose pieces count in the cell.

        Parameters
        ----------
        which
            Position of the device set.
        cells
            None: all.
        """
        known = self._gaps[which]
        chosen = sorted(known) if cells is None else sorted(set(cells) & set(known))
        return {cell: known[cell] for cell in chosen}


def _more_m2(shapes: Geometries, before: Geometries) -> Floats:
    """Return the square metres of each gap that were no gap before."""
    more_m2, known = np.zeros(len(shapes)), set(shapely.to_wkb(before).tolist())
    other = [i for i, wkb in enumerate(shapely.to_wkb(shapes).tolist()) if wkb not in known]
    more_m2[other] = shapely.area(subtract_ground(shapes[other], before))
    return more_m2


def union(viewsheds: Shapes) -> Geometries:
    """Return the ground seen by at least one camera, as disjoint polygons.

    Parameters
    ----------
    viewsheds
        Polygons in a metric CRS; empty and missing ones add nothing.

    Returns
    -------
    Geometries
        One polygon for each connected piece of seen ground.

    Examples
    --------
    >>> from shapely import box
    >>> len(union([box(0, 0, 2, 2), box(1, 1, 3, 3), box(9, 9, 10, 10)]))
    2
    """
    return dissolve(viewsheds)
