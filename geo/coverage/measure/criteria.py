"""The official criteria: key places, entrances, junctions, crossings and roads that are seen."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.base.polygons import Indices
from geo.coverage.demand.control_points import Tally, points_in_polygons, seen_probability
from geo.coverage.demand.demand_model import DemandModel
from geo.coverage.demand.road_segments import seen_intervals
from geo.coverage.kinds import CRITERIA
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

INTERVALS = ("stretch", "device", "t0", "t1", "weight")
MOST_ROWS = 1_000_000  # of intervals that are measured at a time


class Criteria:
    """Points and roads that cameras see, for each certainty and device set.

    Parameters
    ----------
    ground
        Its `points` are watched, its `streets` measured.
    certainties
        Each is kept apart.
    sets
        How many device sets there are.
    """

    def __init__(self, ground: DemandModel, certainties: tuple[str, ...], sets: int) -> None:
        self.lay(ground)
        points, runs = len(ground.points), len(ground.streets.run_area)
        self.chance = {name: np.zeros((points, sets)) for name in certainties}
        self.seen_m = {name: np.zeros((runs, sets)) for name in certainties}
        self.blind_m = {name: np.zeros((runs, sets)) for name in certainties}
        none = pd.DataFrame(np.empty((0, len(INTERVALS))), columns=list(INTERVALS))
        none = none.astype({"stretch": np.intp, "device": np.intp})
        self.intervals = dict.fromkeys(certainties, none)
        everyone = np.zeros((0, 1), dtype=np.bool_)
        self.road_m = ground.streets.measured(ground.streets.lines, none, everyone)[1][:, 0]

    def copied(self) -> "Criteria":
        """Return a copy whose measures are its own."""
        found = copy(self)
        found.chance, found.seen_m, found.blind_m = (
            {name: table.copy() for name, table in tables.items()}
            for tables in (self.chance, self.seen_m, self.blind_m)
        )
        found.intervals = dict(self.intervals)
        return found

    def lay(self, ground: DemandModel) -> None:
        """Take a ground whose points and roads are the same; a point may stand elsewhere."""
        self.ground = ground
        self._tally = Tally(ground.points, ground.belongs, len(ground.areas))

    def measure(
        self,
        certainty: str,
        seen: Seen,
        member: Flags,
        blocks: Sequence[Indices],
        sets: Indices,
    ) -> None:
        """Judge the points and the roads of some cells for some sets.

        Parameters
        ----------
        seen
            All that may meet those cells.
        member
            Shape ``(n_devices, n_sets)``: which device numbers are in which set.
        blocks
            The cells, a few at a time.
        """
        fresh = []
        for cells in blocks:
            near = seen.near(self.ground.cells.grounds[cells])
            self._judge(certainty, near, member, cells, sets)
            fresh.append(self._crossed(near, cells))
        self._walk(certainty, fresh, member, np.concatenate(blocks), sets)

    def _judge(
        self, certainty: str, seen: Seen, member: Flags, cells: Indices, sets: Indices
    ) -> None:
        """Judge the points of some cells."""
        points = np.flatnonzero(np.isin(self.ground.point_cell, cells))
        xy = self.ground.point_xy[points]
        every = points_in_polygons(xy, seen.shapes, seen.device, seen.weight)
        for which in sets:
            own = every[member[every["device"].to_numpy(), which]]
            self.chance[certainty][points, which] = seen_probability(own, len(points))
        at = np.ix_(points, sets)
        self.chance[certainty][at] = self._kept_between(self.chance, certainty, at)

    def held_chance(self, certainty: str, held: Indices, sets: Indices) -> Floats:
        """Return the probability that each held point of the ground is seen, by set."""
        return self.chance[certainty][np.ix_(self.ground.held_point[held], sets)]

    def figures(self, certainty: str, which: int) -> dict[str, NDArray[Any]]:
        """Return the figures of all areas for one set: the columns `kinds.CRITERIA`."""
        ground, streets = self.ground, self.ground.streets
        count = len(ground.areas)
        points = self._tally.count(self.chance[certainty][:, which])
        table = {
            **points,
            "road_m": np.bincount(streets.run_area, weights=self.road_m, minlength=count),
            "road_seen_m": np.bincount(
                streets.run_area, weights=self.seen_m[certainty][:, which], minlength=count
            ),
            "longest_blind_m": np.zeros(count),
        }
        np.maximum.at(table["longest_blind_m"], streets.run_area, self.blind_m[certainty][:, which])
        return {name: table[name] for name in CRITERIA}

    def _crossed(self, seen: Seen, cells: Indices) -> pd.DataFrame:
        """Return what is seen of the stretches of some cells."""
        streets = self.ground.streets
        own = np.flatnonzero(np.isin(streets.cell, cells))
        found = seen_intervals(streets.xy[own], seen.shapes, seen.device, seen.weight)
        return found.assign(stretch=own[found["stretch"].to_numpy()])

    def _walk(
        self,
        certainty: str,
        fresh: Sequence[pd.DataFrame],
        member: Flags,
        cells: Indices,
        sets: Indices,
    ) -> None:
        """Measure the lines that pass some cells again, of which `fresh` is seen."""
        streets = self.ground.streets
        dirty = np.flatnonzero(np.isin(streets.cell, cells))
        old = self.intervals[certainty]
        kept = old[~np.isin(old["stretch"].to_numpy(), dirty)]
        some = [table for table in (kept, *fresh) if len(table)] or [kept]
        self.intervals[certainty] = pd.concat(some, ignore_index=True)
        passed = np.unique(streets.line_of(dirty))
        for lines, mine in self._line_blocks(self.intervals[certainty], passed):
            runs, _, seen_m, blind_m = streets.measured(lines, mine, member[:, sets])
            at = np.ix_(runs, sets)
            self.seen_m[certainty][at], self.blind_m[certainty][at] = seen_m, blind_m
            self.seen_m[certainty][at] = self._kept_between(self.seen_m, certainty, at)
            self.blind_m[certainty][at] = -self._kept_between(
                {name: -table for name, table in self.blind_m.items()}, certainty, at
            )

    def _line_blocks(
        self, every: pd.DataFrame, lines: Indices
    ) -> Iterator[tuple[Indices, pd.DataFrame]]:
        """Yield lines, which ascend, with their intervals: so many at a time, which bounds memory.

        A line is never divided.
        """
        line = self.ground.streets.line_of(every["stretch"].to_numpy(dtype=np.intp))
        rows = np.flatnonzero(np.isin(line, lines))
        rows = rows[np.argsort(line[rows], kind="stable")]
        ends = np.searchsorted(line[rows], lines, side="right")
        for at in np.split(np.arange(len(lines)), np.flatnonzero(np.diff(ends // MOST_ROWS)) + 1):
            if len(at):
                first = ends[at[0] - 1] if at[0] else 0
                yield lines[at], every.iloc[rows[first : ends[at[-1]]]]

    def _kept_between(
        self, tables: Mapping[str, Floats], certainty: str, at: tuple[Indices, ...]
    ) -> Floats:
        """Return the cells of a table, not below what is certain nor above what is possible.

        What is certain is measured first, then what is possible. Their borders differ by the chords
        of their sectors only, so this moves nothing that anybody could see.
        """
        found = tables[certainty][at]
        if certainty != "certain" and "certain" in tables:
            found = np.maximum(found, tables["certain"][at])
        if certainty == "expected" and "possible" in tables:
            found = np.minimum(found, tables["possible"][at])
        return found
