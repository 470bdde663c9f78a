"""Ground seen and missed under one certainty, by cell and device set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import (
    Crs,
    Disjoint,
    Geometries,
    Indices,
    Shapes,
    area_by,
    clipped,
    dissolve,
    polygons,
    subtract,
    sums,
)
from geo.coverage.demand.demand_model import Plot
from geo.coverage.measure import k_coverage
from geo.coverage.measure.gaps import MEASURED, Missed, uncovered
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

OPENED_M2 = 1.0  # a gap that grows by less has not opened
DOUBT_M2, DOUBT_SHARE = 2.0, 0.005  # the two ways to measure seen ground never differ by more
ROUNDED_M = 1e-6


@dataclass(frozen=True)
class Opened:
    """Gaps that grew, with the grid of each piece, and what of each gap was none before."""

    gaps: Missed
    grid_code: NDArray[np.object_]
    opened_m2: Floats

    def frame(self, crs: Crs) -> gpd.GeoDataFrame:
        """Return the gaps as a layer, with `opened_m2`."""
        return self.gaps.frame(self.grid_code, crs).assign(opened_m2=self.opened_m2)


@dataclass(frozen=True)
class _Rows:
    """The gaps of one cell: some of what was measured together."""

    source: Missed
    grid_code: NDArray[np.object_]
    rows: slice

    @property
    def shapes(self) -> Geometries:
        return self.source.shapes[self.rows]

    def goes_on_with(self, other: "_Rows") -> bool:
        return self.source is other.source and self.rows.stop == other.rows.start

    def with_(self, other: "_Rows") -> "_Rows":
        return _Rows(self.source, self.grid_code, slice(self.rows.start, other.rows.stop))

    def frame(self, crs: Crs) -> gpd.GeoDataFrame:
        return self.source.where(self.rows).frame(self.grid_code, crs)


class Measures:
    """Square metres of every cell for every device set, and the gaps of every set.

    Attributes
    ----------
    covered, beside, wanted, sliver
        Seen ground, seen land that is no open ground, seen demand, demand dropped as slivers;
        shape ``(n_cells, n_sets)``.
    k
        Ground by the number of devices that see it, ``(n_cells, n_sets, k_max + 1)``; sums to the
        cell.
    """

    def __init__(self, cells: int, sets: int, k_max: int, *, weighted: bool) -> None:
        self.weighted = weighted
        self.covered, self.beside, self.wanted, self.sliver = np.zeros((4, cells, sets))
        self.k = np.zeros((cells, sets, k_max + 1))
        self._gaps: list[dict[int, _Rows]] = [{} for _ in range(sets)]

    def measure(
        self, plot: Plot, seen: Seen, member: Flags, sets: Indices, chance: Floats
    ) -> list[Opened]:
        """Measure the cells of a plot for some sets.

        Parameters
        ----------
        seen
            All that may meet the plot; `member` ``(len(sets), n)`` tells what is of which set.
        chance
            Probability that each held point of the plot is seen, ``(n_held, len(sets))``.

        Returns
        -------
        list
            For each set the gaps that opened: a square metre or more of each was no gap before. In
            a cell that was never measured all have opened.
        """
        k_m2 = _depth(plot.grounds, seen, member, self.k.shape[2] - 1)
        if self.weighted:
            self._expect(plot, seen, member, sets, k_m2)
            return []
        opened = []
        for j, which in enumerate(sets):
            covered, covered_m2 = _united(seen.shapes[member[j]], plot.grounds, k_m2[:, j])
            self.covered[plot.cells, which] = covered_m2
            self.k[plot.cells, which] = _fitted(k_m2[:, j], covered_m2, plot.grounds)
            parts, shape, _ = clipped(plot.beside, covered)
            beside_m2 = plot.sums(plot.beside_cell[shape], shapely.area(parts))
            self.beside[plot.cells, which] = beside_m2
            opened.append(self._miss(plot, covered, which, chance[:, j]))
        return opened

    def gaps(self, which: int, crs: Crs, cells: Iterable[int] | None = None) -> gpd.GeoDataFrame:
        """Return the gaps of a set, by cell; of some `cells` if given, else of all."""
        known, runs = self._gaps[which], list[_Rows]()
        for cell in sorted(known) if cells is None else sorted(set(cells) & set(known)):
            rows = known[cell]
            if runs and runs[-1].goes_on_with(rows):
                runs[-1] = runs[-1].with_(rows)
            else:
                runs.append(rows)
        return joined([run.frame(crs) for run in runs], crs)

    def _miss(self, plot: Plot, covered: Geometries, which: int, chance: Floats) -> Opened:
        """Keep what nobody sees of the demand of a plot; return what of it has opened."""
        left, dropped_m2 = uncovered(
            plot.pieces,
            covered=Disjoint(covered),
            lines=plot.lines,
            unseen=plot.held.where(chance <= 0),
        )
        left_m2 = sums(left.piece, left.area_m2, len(plot.pieces))
        seen_m2 = np.maximum(plot.piece_m2 - left_m2 - dropped_m2, 0.0)
        self.sliver[plot.cells, which] = plot.sums(plot.piece_cell, dropped_m2)
        self.wanted[plot.cells, which] = plot.sums(plot.piece_cell, seen_m2)
        more_m2 = _more_m2(left.shapes, self._kept(plot, which, left))
        grown = more_m2 >= OPENED_M2
        return Opened(left.where(grown), plot.grid_code, more_m2[grown])

    def _kept(self, plot: Plot, which: int, left: Missed) -> Geometries:
        """Put gaps in the place of those before, and return these."""
        known, cells = self._gaps[which], plot.cells.tolist()
        before = [known[cell].shapes for cell in cells if cell in known]
        begin = np.searchsorted(plot.piece_cell[left.piece], np.arange(len(cells) + 1)).tolist()
        for i, cell in enumerate(cells):
            known[cell] = _Rows(left, plot.grid_code, slice(begin[i], begin[i + 1]))
        return np.concatenate([np.empty(0, dtype=object), *before])

    def _expect(self, plot: Plot, seen: Seen, member: Flags, sets: Indices, k_m2: Floats) -> None:
        """Note what is seen on average: ground, demand and land beside, all by scan lines."""
        at = np.ix_(plot.cells, sets)
        self.k[at] = k_m2
        self.covered[at] = k_m2[:, :, 1:].sum(axis=2)
        for table, shapes, cell in (
            (self.wanted, plot.pieces, plot.piece_cell),
            (self.beside, plot.beside, plot.beside_cell),
        ):
            sums = np.zeros((len(plot.cells), len(sets)))
            np.add.at(sums, cell, _depth(shapes, seen, member, 1)[:, :, 1])
            table[at] = sums


def no_gaps(crs: Crs) -> gpd.GeoDataFrame:
    """Return the frame of no gap, and of none that opened."""
    columns: dict[str, NDArray[Any]] = {"piece": np.empty(0, dtype=np.intp)}
    columns |= {name: np.empty(0, dtype=float) for name in (*MEASURED, "opened_m2")}
    columns |= {n: np.empty(0, dtype=object) for n in ("grid_code", "certainty", "device_set")}
    return gpd.GeoDataFrame(columns, geometry=np.empty(0, dtype=object), crs=crs)


def joined(found: Sequence[gpd.GeoDataFrame], crs: Crs) -> gpd.GeoDataFrame:
    """Return frames of gaps as one."""
    some = [frame for frame in found if len(frame)]
    if not some:
        return no_gaps(crs)
    return gpd.GeoDataFrame(pd.concat(some, ignore_index=True), crs=crs)


def _more_m2(shapes: Geometries, before: Geometries) -> Floats:
    """Return the square metres of each gap that were no gap before."""
    more_m2, known = np.zeros(len(shapes)), set(shapely.to_wkb(before).tolist())
    other = [i for i, wkb in enumerate(shapely.to_wkb(shapes).tolist()) if wkb not in known]
    more_m2[other] = shapely.area(subtract(shapes[other], before))
    return more_m2


def _depth(grounds: Geometries, seen: Seen, member: Flags, k_max: int) -> Floats:
    return k_coverage.device_areas(
        grounds, seen.shapes, seen.device, weight=seen.weight, member=member, k_max=k_max
    )


def _united(shapes: Geometries, grounds: Geometries, k_m2: Floats) -> tuple[Geometries, Floats]:
    """Return the seen ground, and how much of it lies in each cell.

    Scan lines and the union are two ways to the same figure. Where they part, GEOS has lost a piece
    of the union (its issue 1383), and it is united again on a grid of a micrometre.
    """
    covered = union(shapes)
    covered_m2 = _inside(covered, grounds)
    doubt = np.abs(covered_m2 - k_m2[:, 1:].sum(axis=1)) - DOUBT_M2
    if (doubt > DOUBT_SHARE * shapely.area(grounds)).any():
        covered = polygons(shapely.union_all(shapes, grid_size=ROUNDED_M))
        covered_m2 = _inside(covered, grounds)
    return covered, covered_m2


def _inside(shapes: Geometries, grounds: Geometries) -> Floats:
    parts, _, ground = clipped(shapes, grounds)
    return area_by(parts, ground, len(grounds))


def _fitted(k_m2: Floats, covered_m2: Floats, grounds: Geometries) -> Floats:
    """Return the depths with the exact seen ground as their sum from 1 on."""
    deep = k_m2[:, 1:].sum(axis=1)
    scale = np.divide(covered_m2, deep, out=np.zeros_like(deep), where=deep > 0)
    fitted = k_m2 * scale[:, None]
    fitted[:, 1] += np.where(deep > 0, 0.0, covered_m2)
    fitted[:, 0] = np.maximum(shapely.area(grounds) - covered_m2, 0.0)
    return np.asarray(fitted, dtype=np.float64)


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
