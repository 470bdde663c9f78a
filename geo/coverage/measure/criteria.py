"""The official criteria: key places, entrances, junctions, crossings and roads that are seen."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.base.polygons import Indices
from geo.coverage.demand.control_points import Tally, points_in_polygons, seen_probability
from geo.coverage.demand.demand_model import DemandModel
from geo.coverage.demand.plot import rows_of
from geo.coverage.demand.road_segments import Columns, seen_intervals
from geo.coverage.kinds import CRITERIA
from geo.coverage.measure.dirty_parts import DirtyParts
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

INTERVALS = ("stretch", "device", "t0", "t1", "weight")
MOST_ROWS = 1_000_000  # of intervals that are measured at a time


@dataclass(frozen=True)
class Intervals:
    """What devices see of stretches of road, in their order; see `seen_intervals`."""

    stretch: Indices
    device: Indices
    t0: Floats
    t1: Floats
    weight: Floats

    @classmethod
    def none(cls) -> "Intervals":
        """Return no interval."""
        number, real = np.empty(0, dtype=np.intp), np.empty(0)
        return cls(number, number, real, real, real)

    def replaced(self, stretches: Indices, fresh: Sequence["Intervals"]) -> "Intervals":
        """Return others of some stretches, which ascend, in the place of those of before.

        Parameters
        ----------
        stretches
            Their positions.
        fresh
            What is seen of them, each in the order of stretches.
        """
        own = np.concatenate([np.empty(0, dtype=np.intp), *(each.stretch for each in fresh)])
        order = np.argsort(own, kind="stable")
        gone = rows_of(self.stretch, stretches)
        at = np.searchsorted(np.delete(self.stretch, gone), own[order])
        return Intervals(
            *(
                np.insert(
                    np.delete(getattr(self, each.name), gone),
                    at,
                    np.concatenate([getattr(part, each.name) for part in fresh])[order],
                )
                for each in fields(self)
            )
        )

    def columns(self, rows: Indices | slice) -> Columns:
        """Return some rows by column."""
        return {each.name: getattr(self, each.name)[rows] for each in fields(self)}


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
        points, runs = len(ground.points), len(ground.streets.run_area)
        self.chance = {name: np.zeros((points, sets)) for name in certainties}
        self.lay(ground)
        self.seen_m = {name: np.zeros((runs, sets)) for name in certainties}
        self.blind_m = {name: np.zeros((runs, sets)) for name in certainties}
        self.intervals = dict.fromkeys(certainties, Intervals.none())
        everyone, none = np.zeros((0, 1), dtype=np.bool_), Intervals.none().columns(slice(0))
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
        for chance in self.chance.values():
            chance[ground.point_cell < 0] = 0.0
        self._tally = Tally(ground.points, ground.belongs, len(ground.areas))

    def measure(
        self,
        certainty: str,
        seen: Seen,
        member: Flags,
        blocks: Sequence[Indices],
        sets: Indices,
        dirty: DirtyParts,
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
        dirty
            Which of their points and stretches may have changed.
        """
        streets, fresh, crossed = self.ground.streets, [], []
        for cells in blocks:
            points = np.flatnonzero(dirty.points & np.isin(self.ground.point_cell, cells))
            self._judge(certainty, seen, member, points, sets)
            own = np.flatnonzero(dirty.stretches & np.isin(streets.cell, cells))
            crossed.append(own)
            fresh.append(self._crossed(seen, own))
        self._walk(certainty, fresh, member, np.sort(np.concatenate(crossed)), sets)

    def _judge(
        self, certainty: str, seen: Seen, member: Flags, points: Indices, sets: Indices
    ) -> None:
        """Judge some points."""
        xy = self.ground.point_xy[points]
        near = seen.within(np.hstack([xy, xy]))
        every = points_in_polygons(xy, near.shapes, near.device, near.weight)
        own = member[every["device"].to_numpy()][:, sets]
        found = np.column_stack([seen_probability(every[each], len(points)) for each in own.T])
        at = np.ix_(points, sets)
        self.chance[certainty][at] = found
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

    def _crossed(self, seen: Seen, own: Indices) -> "Intervals":
        """Return what is seen of some stretches."""
        xy = self.ground.streets.xy[own]
        ends = xy.reshape(-1, 2, 2)
        near = seen.within(np.hstack([ends.min(axis=1), ends.max(axis=1)]))
        found = seen_intervals(xy, near.shapes, near.device, near.weight)
        columns = (found[name].to_numpy() for name in INTERVALS[1:])
        return Intervals(own[found["stretch"].to_numpy(dtype=np.intp)], *columns)

    def _walk(
        self,
        certainty: str,
        fresh: Sequence["Intervals"],
        member: Flags,
        dirty: Indices,
        sets: Indices,
    ) -> None:
        """Measure the lines that some stretches are of again, of which `fresh` is seen."""
        streets = self.ground.streets
        every = self.intervals[certainty].replaced(dirty, fresh)
        self.intervals[certainty] = every
        passed = np.unique(streets.line_of(dirty))
        for lines, mine in self._line_blocks(every, passed):
            runs, _, seen_m, blind_m = streets.measured(lines, mine, member[:, sets])
            at = np.ix_(runs, sets)
            self.seen_m[certainty][at], self.blind_m[certainty][at] = seen_m, blind_m
            self.seen_m[certainty][at] = self._kept_between(self.seen_m, certainty, at)
            self.blind_m[certainty][at] = -self._kept_between(
                {name: -table for name, table in self.blind_m.items()}, certainty, at
            )

    def _line_blocks(self, every: "Intervals", lines: Indices) -> Iterator[tuple[Indices, Columns]]:
        """Yield lines, which ascend, with their intervals: so many at a time, which bounds memory.

        A line is never divided.
        """
        line, stretch = self.ground.streets.line, every.stretch
        begin, end = (
            np.searchsorted(stretch, np.searchsorted(line, lines, side))
            for side in ("left", "right")
        )
        done = np.cumsum(end - begin)
        for at in np.split(np.arange(len(lines)), np.flatnonzero(np.diff(done // MOST_ROWS)) + 1):
            if len(at):
                runs = zip(begin[at], end[at], strict=True)
                rows = np.concatenate([np.arange(first, last) for first, last in runs])
                yield lines[at], every.columns(rows)

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
