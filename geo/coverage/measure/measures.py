"""Ground seen and unseen under one certainty, by cell and device set."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Crs, Geometries, Shapes, dissolve, subtract_ground
from geo.coverage.demand.demand_model import Plot
from geo.coverage.measure.amounts import Amounts
from geo.coverage.measure.gaps import MEASURED, UncoveredDemand, find_uncovered

Floats: TypeAlias = NDArray[np.float64]

OPENED_M2 = 1.0  # a gap that grows by less has not opened


@dataclass(frozen=True)
class Opened:
    """Gaps that grew, with the grid of each piece, and what of each gap was none before."""

    gaps: UncoveredDemand
    grid_code: NDArray[np.object_]
    opened_m2: Floats

    def frame(self, crs: Crs) -> gpd.GeoDataFrame:
        """Return the gaps as a layer, with `opened_m2`."""
        return self.gaps.frame(self.grid_code, crs).assign(opened_m2=self.opened_m2)


@dataclass(frozen=True)
class GapRows:
    """The gaps of some cells: rows of what was measured together."""

    source: UncoveredDemand
    grid_code: NDArray[np.object_]
    rows: slice

    @property
    def shapes(self) -> Geometries:
        """Return their shapes."""
        return self.source.shapes[self.rows]

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Return what is measured of them, and their grids, as arrays."""
        found = {name: getattr(self.source, name)[self.rows] for name in ("piece", *MEASURED)}
        return {**found, "grid_code": self.grid_code[found["piece"]]}

    def goes_on_with(self, other: "GapRows") -> bool:
        """Return whether the rows of another follow these at once."""
        return self.source is other.source and self.rows.stop == other.rows.start

    def with_(self, other: "GapRows") -> "GapRows":
        """Return both, of which the second goes on with the first."""
        return GapRows(self.source, self.grid_code, slice(self.rows.start, other.rows.stop))

    def frame(self, crs: Crs) -> gpd.GeoDataFrame:
        """Return them as a layer."""
        return self.source.where(self.rows).frame(self.grid_code, crs)


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
        self._gaps: list[dict[int, GapRows]] = [{} for _ in range(sets)]

    def copied(self) -> "Measures":
        """Return a copy that is measured apart."""
        found = copy(self)
        found.covered, found.open, found.wanted, found.sliver = (
            table.copy() for table in (self.covered, self.open, self.wanted, self.sliver)
        )
        found.k, found._gaps = self.k.copy(), [dict(known) for known in self._gaps]
        return found

    def note(self, plot: Plot, which: int, found: Amounts) -> None:
        """Keep what a set sees of a plot."""
        self.covered[plot.cells, which] = found.at_least[:, 0]
        self.open[plot.cells, which] = found.open
        self.wanted[plot.cells, which] = found.wanted
        unseen_m2 = np.maximum(shapely.area(plot.grounds) - found.at_least[:, 0], 0.0)
        beyond = np.zeros((len(plot.cells), 1))
        fewer_m2 = -np.diff(found.at_least, axis=1, append=beyond)
        self.k[plot.cells, which] = np.column_stack([unseen_m2, fewer_m2])

    def miss(self, plot: Plot, which: int, left: Geometries, chance: Floats) -> Opened:
        """Keep what a set does not see of the demand of a plot; return what of it has opened.

        Parameters
        ----------
        left
            What is unseen of each piece.
        chance
            Probability that each held point of the plot is seen.

        Returns
        -------
        Opened
            Gaps of which a square metre or more was no gap before. In a cell that was never
            measured all have opened.
        """
        found, dropped_m2 = find_uncovered(
            plot.pieces, left=left, lines=plot.lines, unseen=plot.held.where(chance <= 0)
        )
        self.sliver[plot.cells, which] = plot.sums(plot.piece_cell, dropped_m2)
        more_m2 = _more_m2(found.shapes, self._kept(plot, which, found))
        grown = more_m2 >= OPENED_M2
        return Opened(found.where(grown), plot.grid_code, more_m2[grown])

    def gaps(self, which: int, crs: Crs, cells: Iterable[int] | None = None) -> gpd.GeoDataFrame:
        """Return the gaps of a set, by cell; of some `cells` if given, else of all."""
        return join_gaps([run.frame(crs) for run in self.runs(which, cells)], crs)

    def runs(self, which: int, cells: Iterable[int] | None = None) -> list[GapRows]:
        """Return the gaps of a set by cell as rows of what was measured together.

        Parameters
        ----------
        which
            Position of the device set.
        cells
            None: all.
        """
        known, runs = self._gaps[which], list[GapRows]()
        for cell in sorted(known) if cells is None else sorted(set(cells) & set(known)):
            rows = known[cell]
            if runs and runs[-1].goes_on_with(rows):
                runs[-1] = runs[-1].with_(rows)
            else:
                runs.append(rows)
        return runs

    def _kept(self, plot: Plot, which: int, left: UncoveredDemand) -> Geometries:
        """Put gaps in the place of those before, and return these."""
        known, cells = self._gaps[which], plot.cells.tolist()
        before = [known[cell].shapes for cell in cells if cell in known]
        begin = np.searchsorted(plot.piece_cell[left.piece], np.arange(len(cells) + 1)).tolist()
        for i, cell in enumerate(cells):
            known[cell] = GapRows(left, plot.grid_code, slice(begin[i], begin[i + 1]))
        return np.concatenate([np.empty(0, dtype=object), *before])


def name_gaps(runs: Sequence[tuple[GapRows, str, str]], crs: Crs) -> gpd.GeoDataFrame:
    """Return gaps of several kinds as one layer, with `certainty` and `device_set`.

    Parameters
    ----------
    runs
        Rows with the certainty and the device set that they are of.
    crs
        Their CRS.
    """
    if not runs:
        return no_gaps(crs)
    each = [rows.columns for rows, _, _ in runs]
    columns = {name: np.concatenate([one[name] for one in each]) for name in each[0]}
    counts = [len(one["piece"]) for one in each]
    for at, name in enumerate(("certainty", "device_set"), start=1):
        said = np.array([run[at] for run in runs], dtype=object)
        columns[name] = np.repeat(said, counts)
    shapes = np.concatenate([rows.shapes for rows, _, _ in runs])
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def no_gaps(crs: Crs) -> gpd.GeoDataFrame:
    """Return the frame of no gap, and of none that opened."""
    columns: dict[str, NDArray[Any]] = {"piece": np.empty(0, dtype=np.intp)}
    columns |= {name: np.empty(0, dtype=float) for name in (*MEASURED, "opened_m2")}
    columns |= {n: np.empty(0, dtype=object) for n in ("grid_code", "certainty", "device_set")}
    return gpd.GeoDataFrame(columns, geometry=np.empty(0, dtype=object), crs=crs)


def join_gaps(found: Sequence[gpd.GeoDataFrame], crs: Crs) -> gpd.GeoDataFrame:
    """Return frames of gaps as one, empty with the right columns if there are none.

    Parameters
    ----------
    found
        Frames of one CRS.
    crs
        CRS of the result where all are empty.
    """
    some = [frame for frame in found if len(frame)]
    if not some:
        return no_gaps(crs)
    return gpd.GeoDataFrame(pd.concat(some, ignore_index=True), crs=crs)


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
