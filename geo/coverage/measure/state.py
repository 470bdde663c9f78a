"""The standing of a district: what is seen and missed, kept so that edits touch their cells."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Indices, flat_geometries
from geo.base.progress import Progress, ignore_progress
from geo.coverage.demand.demand_model import DemandModel, Plot
from geo.coverage.kinds import CERTAINTIES
from geo.coverage.measure import gaps, k_coverage
from geo.coverage.measure.amounts import (
    Amounts,
    Bound,
    at_least_as,
    exact_amounts,
    fit_between,
    scan_amounts,
)
from geo.coverage.measure.criteria import Criteria
from geo.coverage.measure.difference import BASES, COLUMNS, scanned_causes
from geo.coverage.measure.measures import Measures, join_gaps, name_gaps
from geo.coverage.measure.seen import BESIDE_M, Seen, empty_ground, seen_of

Flags: TypeAlias = NDArray[np.bool_]

CELLS = 24  # that are measured at a time
EVERYONE = "all"  # the set of devices whose difference between certain and possible is explained


@dataclass(frozen=True)
class Change:
    """What an edit touched: positions of cells, areas and device sets, and the gaps it opened.

    `opened` are gaps as they are now, with `certainty`, `device_set` and `opened_m2`: the square
    metres of each that were no gap before. The first measuring opens all gaps.
    """

    cells: Indices
    areas: Indices
    sets: Indices
    opened: gpd.GeoDataFrame


class CoverageState:
    """What the cameras of a district see, measured cell by cell for each certainty and device set.

    Put cameras on it with :meth:`put`, change the ground with :meth:`lay`, then :meth:`settle`:
    only cells that may have changed are measured again, by the very code that measures all of
    them, so the order of edits leaves no trace.

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
        self.causes = np.zeros((count, len(BASES), COLUMNS))
        self.explains = EVERYONE in self.sets and {"certain", "possible"} <= set(self.certainties)
        self._tree = shapely.STRtree(ground.cells.grounds)
        self._dirty = np.ones(count, dtype=np.bool_)
        self._dirty_sets = np.ones(len(self.sets), dtype=np.bool_)

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
        dirty = np.concatenate([dirty, stood[stood >= 0]])
        self.ground = ground
        self.criteria.lay(ground)
        self._dirty[dirty] = True
        self._dirty_sets |= len(dirty) > 0

    def settle(self, progress: Progress = ignore_progress) -> Change:
        """Measure again what may have changed, and say what that was."""
        self._spread()
        cells, sets = np.flatnonzero(self._dirty), np.flatnonzero(self._dirty_sets)
        if len(cells) == 0 or len(sets) == 0:
            cells = sets = np.empty(0, dtype=np.intp)
        opened = list(self._measured(cells, sets, progress))
        self._dirty[:] = False
        self._dirty_sets[:] = False
        held = self.ground.cells
        areas = np.unique(held.area[np.isin(held.cell, cells)])
        return Change(cells, areas, sets, join_gaps(opened, self.ground.areas.crs))

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
        found.explains = False
        found._dirty, found._dirty_sets = self._dirty.copy(), self._dirty_sets.copy()
        return found

    def gaps(self, certainty: str, device_set: str) -> gpd.GeoDataFrame:
        """Return the gaps, the heaviest first; under *expected*, which has no borders, none."""
        return gaps.rank_gaps(self.gaps_of(certainty, device_set))

    def gaps_of(
        self, certainty: str, device_set: str, cells: Indices | None = None
    ) -> gpd.GeoDataFrame:
        """Return the gaps of some cells, or of all, by cell."""
        chosen = None if cells is None else cells.tolist()
        which = self.sets.index(device_set)
        return self.measures[certainty].gaps(which, self.ground.areas.crs, chosen)

    def gaps_of_kinds(self, kinds: Sequence[tuple[str, str]], cells: Indices) -> gpd.GeoDataFrame:
        """Return the gaps of some cells under several certainties for several device sets.

        Parameters
        ----------
        kinds
            Pairs of a certainty and a device set, which the layer names as well.
        cells
            Positions of the cells.
        """
        chosen = cells.tolist()
        runs = [
            (rows, certainty, name)
            for certainty, name in kinds
            for rows in self.measures[certainty].runs(self.sets.index(name), chosen)
        ]
        return name_gaps(runs, self.ground.areas.crs)

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
        if not self._dirty.all():
            some = seen.where(np.isin(seen.device, devices)).unpacked()
            met = self._tree.query(some.shapes, predicate="dwithin", distance=BESIDE_M)[1]
            self._dirty[met] = True

    def _spread(self) -> None:
        """Mark the cells whose gaps hold points that stand in a marked cell."""
        ground = self.ground
        stands = ground.point_cell[ground.held_point]
        holds = ground.pieces["cell"].to_numpy()[ground.held["piece"].to_numpy(dtype=np.intp)]
        self._dirty[holds[(stands >= 0) & self._dirty[stands]]] = True

    def _measured(
        self, cells: Indices, sets: Indices, progress: Progress
    ) -> Iterator[gpd.GeoDataFrame]:
        """Measure some cells for some sets; yield the gaps that opened."""
        parts = self._neighbours(cells)
        if parts:
            progress("coverage.criteria", 0, 0)
            for certainty in self._order():
                self.criteria.measure(certainty, self.seen[certainty], self.member, parts, sets)
        for done, chosen in enumerate(parts):
            progress("coverage.figures", done, len(parts))
            yield from self._measure(self.ground.plot(chosen), sets)

    def _order(self) -> list[str]:
        """Return the certainties in the order of measuring: the mean lies between the others."""
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

    def _measure(self, plot: Plot, sets: Indices) -> Iterator[gpd.GeoDataFrame]:
        """Measure a plot for some sets; yield the gaps that opened."""
        known: dict[str, list[Bound]] = {}
        for certainty in self._order():
            near = self.seen[certainty].near(plot.grounds)
            member = self.member[near.device][:, sets].T
            scan = scan_amounts(plot, near, member, self.k_max)
            if certainty == "expected":
                self._expect(plot, sets, scan, known)
                continue
            chance = self.criteria.held_chance(certainty, plot.held_at, sets)
            known[certainty] = []
            for j, which in enumerate(sets):
                found, left = exact_amounts(plot, near.shapes[member[j]], scan.of_set(j))
                if certainty == "possible" and "certain" in known:
                    found = at_least_as(found, known["certain"][j].exact)
                known[certainty].append(Bound(scan.of_set(j), found))
                self.measures[certainty].note(plot, which, found)
                grown = self.measures[certainty].miss(plot, which, left.pieces, chance[:, j])
                yield grown.frame(self.ground.areas.crs).assign(
                    certainty=certainty, device_set=self.sets[which]
                )
        self._explain(plot)

    def _expect(
        self, plot: Plot, sets: Indices, scan: Amounts, known: Mapping[str, Sequence[Bound]]
    ) -> None:
        """Note what is seen on average, between what is certain and what is possible."""
        for j, which in enumerate(sets):
            found = scan.of_set(j)
            if len(known) == 2:
                found = fit_between(found, known["certain"][j], known["possible"][j])
            self.measures["expected"].note(plot, which, found)

    def _explain(self, plot: Plot) -> None:
        """Measure what makes the difference between certain and possible, for all cameras."""
        if self.explains:
            which = self.sets.index(EVERYONE)
            certain, possible = (
                near.where(self.member[near.device, which])
                for near in (self.seen[name].near(plot.grounds) for name in ("certain", "possible"))
            )
            self.causes[plot.cells] = scanned_causes(plot, certain, possible)
