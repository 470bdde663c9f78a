"""The standing of a district: what is seen and missed, kept so that edits touch their cells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Indices, geometries
from geo.coverage.demand.demand_model import Ground, Plot
from geo.coverage.kinds import CERTAINTIES
from geo.coverage.measure import gaps, k_coverage
from geo.coverage.measure.criteria import Criteria
from geo.coverage.measure.measures import Measures, joined
from geo.coverage.measure.seen import BESIDE_M, Seen, nothing, seen_of

Flags: TypeAlias = NDArray[np.bool_]


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


class Board:
    """What the cameras of a district see, measured cell by cell for each certainty and device set.

    Put cameras on it with :meth:`put`, change the ground with :meth:`lay`, then :meth:`settle`:
    only cells that may have changed are measured again, by the very code that measures all of
    them, so the order of edits leaves no trace.

    Parameters
    ----------
    ground
        As from `geo.coverage.demand.demand_model.lay`.
    sets
        Names of the device sets.
    certainties
        Which of certain, expected and possible to keep.
    k_max
        Last entry of the depth of coverage.
    """

    def __init__(
        self,
        ground: Ground,
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
        self.seen: dict[str, Seen] = {name: nothing() for name in self.certainties}
        self.criteria = Criteria(ground, self.certainties, len(self.sets))
        count = len(ground.cells.grounds)
        self.measures = {
            name: Measures(count, len(self.sets), k_max, weighted=name == "expected")
            for name in self.certainties
        }
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
            By certainty: `camera_code`, visible ground, and `weight` where it is not 1. A camera
            without rows sees nothing.
        """
        device = self._numbers(codes)
        joined = self.member[device] ^ member
        self.member[device] = member
        moved = np.zeros(len(codes), dtype=np.bool_)
        for certainty in self.certainties:
            fresh = self._read(views[certainty])
            every = self.seen[certainty]
            old = every.where(np.isin(every.device, device))
            differ = old.differs(fresh, device)
            stirred = device[differ | joined.any(axis=1)]
            self._stir(old, stirred)
            self._stir(fresh, stirred)
            moved |= differ
            self.seen[certainty] = every.replaced(device, fresh) if differ.any() else every
        self._dirty_sets |= joined.any(axis=0) | member[moved].any(axis=0)

    def lay(self, ground: Ground, dirty: Indices) -> None:
        """Take a ground on which the cells `dirty` have changed, as from `demand_model.relay`."""
        moved = (self.ground.point_xy != ground.point_xy).any(axis=1)
        stood = np.concatenate([self.ground.point_cell[moved], ground.point_cell[moved]])
        dirty = np.concatenate([dirty, stood[stood >= 0]])
        self.ground = ground
        self.criteria.lay(ground)
        self._dirty[dirty] = True
        self._dirty_sets |= len(dirty) > 0

    def settle(self, progress: Callable[[int, int], None] | None = None) -> Change:
        """Measure again what may have changed, and say what that was.

        `progress` is told how many certainties of how many are done.
        """
        self._spread()
        cells, sets = np.flatnonzero(self._dirty), np.flatnonzero(self._dirty_sets)
        if len(cells) == 0 or len(sets) == 0:
            cells = sets = np.empty(0, dtype=np.intp)
        plot, opened = self.ground.plot(cells), []
        for done, certainty in enumerate(self.certainties if len(cells) else ()):
            if progress is not None:
                progress(done, len(self.certainties))
            opened += self._measure(certainty, plot, sets)
        self._dirty[:] = False
        self._dirty_sets[:] = False
        held = self.ground.cells
        areas = np.unique(held.area[np.isin(held.cell, cells)])
        return Change(cells, areas, sets, joined(opened, self.ground.areas.crs))

    def gaps(self, certainty: str, device_set: str) -> gpd.GeoDataFrame:
        """Return the gaps, the heaviest first; under *expected*, which has no borders, none."""
        return gaps.ranked(self.gaps_of(certainty, device_set))

    def gaps_of(
        self, certainty: str, device_set: str, cells: Indices | None = None
    ) -> gpd.GeoDataFrame:
        """Return the gaps of some cells, or of all, by cell."""
        chosen = None if cells is None else cells.tolist()
        which = self.sets.index(device_set)
        return self.measures[certainty].gaps(which, self.ground.areas.crs, chosen)

    def _numbers(self, codes: Sequence[str]) -> Indices:
        for code in codes:
            self.number.setdefault(code, len(self.number))
        more = np.zeros((len(self.number) - len(self.member), len(self.sets)), dtype=np.bool_)
        self.member = np.vstack([self.member, more])
        return np.array([self.number[code] for code in codes], dtype=np.intp)

    def _read(self, views: gpd.GeoDataFrame) -> Seen:
        device = np.array([self.number[c] for c in views["camera_code"]], dtype=np.intp)
        weight = views["weight"].to_numpy(dtype=float) if "weight" in views else None
        return seen_of(geometries(views), device, weight)

    def _stir(self, seen: Seen, devices: Indices) -> None:
        """Mark the cells that meet what these devices see."""
        if not self._dirty.all():
            shapes = seen.shapes[np.isin(seen.device, devices)]
            met = self._tree.query(shapes, predicate="dwithin", distance=BESIDE_M)[1]
            self._dirty[met] = True

    def _spread(self) -> None:
        """Mark the cells whose gaps hold points that stand in a marked cell."""
        ground = self.ground
        stands = ground.point_cell[ground.held_point]
        holds = ground.pieces["cell"].to_numpy()[ground.held["piece"].to_numpy(dtype=np.intp)]
        self._dirty[holds[(stands >= 0) & self._dirty[stands]]] = True

    def _measure(self, certainty: str, plot: Plot, sets: Indices) -> list[gpd.GeoDataFrame]:
        """Measure a plot for some sets; return the gaps that opened."""
        near = self.seen[certainty].near(plot.grounds)
        member = self.member[near.device][:, sets].T
        self.criteria.measure(certainty, near, self.member, plot.cells, sets)
        chance = self.criteria.held_chance(certainty, plot.held_at, sets)
        found = self.measures[certainty].measure(plot, near, member, sets, chance)
        return [
            opened.frame(self.ground.areas.crs).assign(
                certainty=certainty, device_set=self.sets[which]
            )
            for which, opened in zip(sets, found, strict=False)
            if len(opened.opened_m2)
        ]
