"""The standing of a district: what is seen and missed, kept so that edits touch their cells."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, flat_geometries
from geo.base.progress import Progress, ignore_progress
from geo.coverage.demand.demand_model import DemandModel
from geo.coverage.demand.plot import Extent, Plot
from geo.coverage.kinds import CERTAINTIES, SURE
from geo.coverage.measure import gap_layers, gaps, k_coverage
from geo.coverage.measure.amounts import Amounts, Bound, at_least_as, fit_between
from geo.coverage.measure.criteria import Criteria
from geo.coverage.measure.difference import BASES, COLUMNS, seen_by_causes
from geo.coverage.measure.dirty_parts import DirtyParts
from geo.coverage.measure.gap_layers import Kind
from geo.coverage.measure.measures import GapEdit, Measures
from geo.coverage.measure.part_amounts import PartAmounts
from geo.coverage.measure.seen import BESIDE_M, Seen, empty_ground, seen_of

Flags: TypeAlias = NDArray[np.bool_]

CELLS = 24  # that are measured at a time
CERTAIN = "certain"
EVERYONE = "all"  # the set of devices whose difference between certain and possible is explained


@dataclass(frozen=True)
class Change:
    """What an edit touched: positions of cells, areas and device sets, and their gaps.

    `gaps` says by kind what became of the gaps of which pieces of demand of the ground.
    """

    cells: Indices
    areas: Indices
    sets: Indices
    gaps: Sequence[tuple[GapEdit, Kind]]
    ground: DemandModel

    @cached_property
    def opened(self) -> gpd.GeoDataFrame:
        """Return gaps as they are now, with `certainty`, `device_set` and `opened_m2`.

        That are the square metres of each that were no gap before. The first measuring opens all.
        """
        return gap_layers.layer_of_opened(self.gaps, self.ground)


class CoverageState:
    """What the cameras of a district see, measured cell by cell for each certainty and device set.

    Put cameras on it with :meth:`put`, change the ground with :meth:`lay`, then :meth:`settle`:
    only tiles, pieces of demand, points and roads that may have changed are measured again, by the
    very code that measures all of them, so the order of edits leaves no trace.

    Parameters
    ----------
    ground
        As from `geo.coverage.demand.demand_model.build_model`.
    sets
        Names of the device sets.
    certainties
        Which of certain, expected and possible to keep.
    k_max
        Last entry of the depth of coverage.
    """

    def __init__(
        self,
        ground: DemandModel,
        sets: Sequence[str],
        *,
        certainties: Sequence[str] = CERTAINTIES,
        k_max: int = k_coverage.K_MAX,
    ) -> None:
        self.ground = ground
        self.sets = tuple(sets)
        self.certainties = tuple(certainties)
        self.number: dict[str, int] = {}
        self.member: Flags = np.zeros((0, len(self.sets)), dtype=np.bool_)
        self.seen: dict[str, Seen] = {name: empty_ground() for name in self.certainties}
        self.criteria = Criteria(ground, self.certainties, len(self.sets))
        self.k_max = k_max
        count = len(ground.cells.grounds)
        self.measures = {name: Measures(count, len(self.sets), k_max) for name in self.certainties}
        parts = (len(ground.tiles), len(ground.pieces))
        self.parts = {name: PartAmounts(*parts, len(self.sets), k_max) for name in self.certainties}
        self.causes = np.zeros((count, len(BASES), COLUMNS))
        self._cause_parts = PartAmounts(*parts, COLUMNS, 1)
        self.explains = EVERYONE in self.sets and {"certain", "possible"} <= set(self.certainties)
        self._tree = shapely.STRtree(ground.cells.grounds)
        self._dirty = np.ones(count, dtype=np.bool_)
        self._dirty_sets = np.ones(len(self.sets), dtype=np.bool_)
        self._dirty_parts = DirtyParts(ground)
        self._untouched = True
        self._done: Kind | None = None

    def put(
        self, codes: Sequence[str], member: Flags, views: Mapping[str, gpd.GeoDataFrame]
    ) -> None:
        """Put cameras on the board, new ones or in the place of what they were.

        Parameters
        ----------
        codes
            Codes of the cameras, each once.
        member
            Shape ``(len(codes), n_sets)``: which sets each belongs to; in none = taken off.
        views
            By certainty: `camera_code`, visible ground, `weight` where it is not 1, and `cause` as
            from `geo.coverage.sight.optics.difference_causes`. A camera without rows sees nothing.
        """
        self._done = None
        device = self._numbers(codes)
        joined = self.member[device] ^ member
        self.member[device] = member
        moved = np.zeros(len(codes), dtype=np.bool_)
        for certainty in self.certainties:
            fresh = self._read(views[certainty])
            if certainty == "expected":  # small and many
                fresh = fresh.packed()
            every = self.seen[certainty]
            old = every.where(np.isin(every.device, device))
            differ = old.differs(fresh, device)
            stirred = device[differ | joined.any(axis=1)]
            self._stir(old, stirred)
            self._stir(fresh, stirred)
            moved |= differ
            self.seen[certainty] = every.replaced(device, fresh) if differ.any() else every
        self._dirty_sets |= joined.any(axis=0) | member[moved].any(axis=0)

    def lay(self, ground: DemandModel, dirty: Indices) -> None:
        """Take a ground on which the cells `dirty` have changed, as from `demand_model.relay`."""
        moved = (self.ground.point_xy != ground.point_xy).any(axis=1)
        stood = np.concatenate([self.ground.point_cell[moved], ground.point_cell[moved]])
        kept = self._dirty_parts.lay(self.ground, ground, dirty)
        for parts in (*self.parts.values(), self._cause_parts):
            parts.renumber_pieces(*kept)
        dirty = np.concatenate([dirty, stood[stood >= 0]])
        self.ground = ground
        self.criteria.lay(ground)
        self._done = None
        self._dirty[dirty] = True
        self._dirty_sets |= len(dirty) > 0

    def settle(self, progress: Progress = ignore_progress) -> Change:
        """Measure again what may have changed, and say what that was."""
        self._spread()
        cells, sets = self._to_measure(np.flatnonzero(self._dirty_sets))
        edits = list(self._measured(cells, sets, progress))
        self._dirty[:] = False
        self._dirty_sets[:] = False
        self._dirty_parts.clear()
        self._untouched, self._done = False, None
        return self._change(cells, sets, edits)

    def settle_certain(self, device_set: str) -> Change:
        """Measure what is certain for one set of devices alone; :meth:`settle` does the rest.

        The gaps and figures of that kind are final, but for what rests on other certainties:
        whether buildings that are missing could matter.
        """
        self._spread()
        which = self.sets.index(device_set)
        dirty = np.flatnonzero(self._dirty_sets)
        cells, sets = self._to_measure(dirty[dirty == which])
        kind = (CERTAIN, device_set)
        edits = list(self._measured(cells, sets, ignore_progress, kind))
        self._done = kind
        return self._change(cells, sets, edits)

    def _to_measure(self, sets: Indices) -> tuple[Indices, Indices]:
        cells = np.flatnonzero(self._dirty)
        if len(cells) == 0 or len(sets) == 0:
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        return cells, sets

    def _change(
        self, cells: Indices, sets: Indices, edits: Sequence[tuple[GapEdit, Kind]]
    ) -> Change:
        held = self.ground.cells
        areas = np.unique(held.area[np.isin(held.cell, cells)])
        return Change(cells, areas, sets, edits, self.ground)

    def copy_for_trial(self, certainties: Sequence[str]) -> "CoverageState":
        """Return a settled copy on which a camera can be tried, measured under some certainties.

        What the copy measures is its own, what neither changes is shared. It does not explain what
        makes the difference between its certainties.

        Parameters
        ----------
        certainties
            Some of the board's; of the others the copy keeps what was measured before.
        """
        found = copy(self)
        found.certainties = tuple(certainties)
        found.number, found.seen = dict(self.number), dict(self.seen)
        found.criteria = self.criteria.copied()
        found.measures = {name: each.copied() for name, each in self.measures.items()}
        found.parts = {name: self.parts[name].copied() for name in certainties}
        found.explains = False
        found._dirty, found._dirty_sets = self._dirty.copy(), self._dirty_sets.copy()
        found._dirty_parts = self._dirty_parts.copied()
        return found

    def gaps(self, certainty: str, device_set: str) -> gpd.GeoDataFrame:
        """Return the gaps, the heaviest first; under *expected*, which has no borders, none."""
        return gaps.rank_gaps(self.gaps_of(certainty, device_set))

    def gaps_of(
        self, certainty: str, device_set: str, cells: Indices | None = None
    ) -> gpd.GeoDataFrame:
        """Return the gaps of some cells, or of all, by cell."""
        chosen = None if cells is None else cells.tolist()
        found = self.measures[certainty].gaps(self.sets.index(device_set), chosen)
        return gap_layers.layer_of_kinds([(found, (certainty, device_set))], self.ground)

    def _numbers(self, codes: Sequence[str]) -> Indices:
        for code in codes:
            self.number.setdefault(code, len(self.number))
        more = np.zeros((len(self.number) - len(self.member), len(self.sets)), dtype=np.bool_)
        self.member = np.vstack([self.member, more])
        return np.array([self.number[code] for code in codes], dtype=np.intp)

    def _read(self, views: gpd.GeoDataFrame) -> Seen:
        device = np.array([self.number[c] for c in views["camera_code"]], dtype=np.intp)
        weight = views["weight"].to_numpy(dtype=float) if "weight" in views else None
        cause = views["cause"].to_numpy(dtype=np.intp) if "cause" in views else None
        return seen_of(flat_geometries(views), device, weight, cause)

    def _stir(self, seen: Seen, devices: Indices) -> None:
        """Mark the cells that meet what these devices see."""
        if not self._untouched:
            some = seen.where(np.isin(seen.device, devices)).unpacked()
            self._dirty_parts.touch(some)
            met = self._tree.query(some.shapes, predicate="dwithin", distance=BESIDE_M)[1]
            self._dirty[met] = True

    def _spread(self) -> None:
        """Mark the pieces, and their cells, that hold points which stand in a marked cell."""
        ground, parts = self.ground, self._dirty_parts
        stands = ground.point_cell[ground.held_point]
        looked = (stands >= 0) & self._dirty[stands] & parts.points[ground.held_point]
        pieces = ground.held_piece[looked]
        parts.pieces[pieces] = True
        self._dirty[ground.piece_cell[pieces]] = True

    def _measured(
        self, cells: Indices, sets: Indices, progress: Progress, only: Kind | None = None
    ) -> Iterator[tuple[GapEdit, Kind]]:
        """Measure some cells for some sets; yield what became of their gaps."""
        parts = self._neighbours(cells)
        if parts and len(sets):
            progress("coverage.criteria", 0, 0)
            for certainty in self._order(only):
                seen, chosen = self.seen[certainty], self._left(certainty, sets)
                if len(chosen):
                    self.criteria.measure(
                        certainty, seen, self.member, parts, chosen, self._dirty_parts
                    )
            for done, some in enumerate(parts):
                progress("coverage.figures", done, len(parts))
                yield from self._measure(some, sets, only)

    def _left(self, certainty: str, sets: Indices) -> Indices:
        """Return the sets that were not measured already."""
        if self._done is None or self._done[0] != certainty:
            return sets
        return np.asarray(sets[sets != self.sets.index(self._done[1])], dtype=np.intp)

    def _order(self, only: Kind | None = None) -> list[str]:
        """Return the certainties in the order of measuring: the mean lies between the others."""
        if only is not None:
            return [only[0]]
        return sorted(self.certainties, key=("certain", "possible", "expected").index)

    def _neighbours(self, cells: Indices) -> list[Indices]:
        """Return a few cells at a time, neighbours together, which bounds memory."""
        if len(cells) <= CELLS:
            return [cells] if len(cells) else []
        middles = gpd.GeoSeries(shapely.centroid(self.ground.cells.grounds[cells]))
        along = np.argsort(middles.hilbert_distance().to_numpy(), kind="stable")
        return [
            np.sort(cells[along[first : first + CELLS]]) for first in range(0, len(cells), CELLS)
        ]

    def _measure(
        self, cells: Indices, sets: Indices, only: Kind | None
    ) -> Iterator[tuple[GapEdit, Kind]]:
        """Measure what may have changed of some cells; yield what became of their gaps."""
        whole = self.ground.extent(cells)
        plot = self.ground.plot_of(whole.where(self._dirty_parts.tiles, self._dirty_parts.pieces))
        known: dict[str, list[Bound]] = {}
        for certainty in self._order(only):
            parts, left = self.parts[certainty], self._left(certainty, sets)
            near = self._scanned(certainty, plot, left)
            scan = parts.scanned(whole, sets)
            if certainty == "expected":
                self._expect(whole, sets, scan, known)
                continue
            member = self.member[near.device][:, left].T
            unseen = parts.take_away(plot, near, member, left)
            for which, pieces in zip(left, unseen, strict=True):
                yield self._missed(certainty, plot, int(which), pieces)
            known[certainty] = self._noted(certainty, whole, sets, scan, known.get(CERTAIN))
        if only is None and self.explains and self.sets.index(EVERYONE) in sets:
            self._explain(whole, plot)

    def _scanned(self, certainty: str, plot: Plot, sets: Indices) -> Seen:
        """Measure a plot by scan lines for some sets; return what may meet it."""
        near = self.seen[certainty].near(np.concatenate([plot.tiles, plot.pieces]))
        if len(sets):
            member = self.member[near.device][:, sets].T
            self.parts[certainty].scan(plot, near, member, sets)
        return near

    def _missed(
        self, certainty: str, plot: Plot, which: int, left: Geometries
    ) -> tuple[GapEdit, Kind]:
        """Keep the gaps of a plot for one set: what it leaves of each piece, in parts."""
        parts, begin = self.parts[certainty], self.ground.piece_cell
        chance = self.criteria.held_chance(
            certainty, plot.held_at, np.array([which], dtype=np.intp)
        )[:, 0]
        found, dropped_m2 = gaps.find_uncovered(
            plot.pieces, left=left, lines=plot.lines, unseen=plot.held.where(chance <= 0)
        )
        parts.dropped_m2[plot.extent.pieces, which] = dropped_m2
        first, last = (np.searchsorted(begin, plot.cells, side) for side in ("left", "right"))
        edit = self.measures[certainty].miss(plot, which, found, first, last - first)
        return edit, (certainty, self.sets[which])

    def _noted(
        self,
        certainty: str,
        whole: Extent,
        sets: Indices,
        scan: Amounts,
        low: Sequence[Bound] | None,
    ) -> list[Bound]:
        """Note what the sets see of some cells, no less than what is certain: `low`."""
        parts, measures = self.parts[certainty], self.measures[certainty]
        cell_m2, bounds = self.ground.cell_m2[whole.cells], list[Bound]()
        for j, which in enumerate(sets):
            found = parts.exact(whole, which, scan.of_set(j))
            if certainty == "possible" and low is not None:
                found = at_least_as(found, low[j].exact)
            measures.note(whole.cells, cell_m2, which, found)
            measures.sliver[whole.cells, which] = parts.dropped(whole, which)
            bounds.append(Bound(scan.of_set(j), found))
        return bounds

    def _expect(
        self, whole: Extent, sets: Indices, scan: Amounts, known: Mapping[str, Sequence[Bound]]
    ) -> None:
        """Note what is seen on average, between what is certain and what is possible."""
        cell_m2 = self.ground.cell_m2[whole.cells]
        for j, which in enumerate(sets):
            found = scan.of_set(j)
            if len(known) == 2:
                found = fit_between(found, known["certain"][j], known["possible"][j])
            self.measures["expected"].note(whole.cells, cell_m2, which, found)

    def _explain(self, whole: Extent, plot: Plot) -> None:
        """Measure what makes the difference between certain and possible, for all cameras."""
        which, columns = self.sets.index(EVERYONE), np.arange(COLUMNS)
        grounds = np.concatenate([plot.tiles, plot.pieces])
        every = (self.seen[name].near(grounds) for name in SURE)
        own = (near.where(self.member[near.device, which]) for near in every)
        seen, member = seen_by_causes(*own)
        self._cause_parts.scan(plot, seen, member, columns)
        found = self._cause_parts.scanned(whole, columns)
        self.causes[whole.cells] = np.stack([found.wanted, found.open], axis=1)
