"""The official criteria: key places, entrances, junctions, crossings and roads that are seen."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.base.polygons import Indices
from geo.coverage.demand.control_points import Tally, points_in_polygons, seen_probability
from geo.coverage.demand.demand_model import Ground
from geo.coverage.demand.road_segments import seen_intervals
from geo.coverage.kinds import CRITERIA
from geo.coverage.measure.seen import Seen

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

INTERVALS = ("stretch", "device", "t0", "t1", "weight")


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

    def __init__(self, ground: Ground, certainties: tuple[str, ...], sets: int) -> None:
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

    def lay(self, ground: Ground) -> None:
        """Take a ground whose points and roads are the same; a point may stand elsewhere."""
        self.ground = ground
        self._tally = Tally(ground.points, ground.belongs, len(ground.areas))

    def measure(
        self, certainty: str, seen: Seen, member: Flags, cells: Indices, sets: Indices
    ) -> None:
        """Judge the points and the roads of some cells for some sets.

        Parameters
        ----------
        seen
            All that may meet those cells.
        member
            Shape ``(n_devices, n_sets)``: which device numbers are in which set.
        """
        points = np.flatnonzero(np.isin(self.ground.point_cell, cells))
        xy = self.ground.point_xy[points]
        every = points_in_polygons(xy, seen.shapes, seen.device, seen.weight)
        for which in sets:
            own = every[member[every["device"].to_numpy(), which]]
            self.chance[certainty][points, which] = seen_probability(own, len(points))
        at = np.ix_(points, sets)
        self.chance[certainty][at] = self._kept_between(self.chance, certainty, at)
        self._walk(certainty, seen, member, cells, sets)

    def held_chance(self, certainty: str, held: Indices, sets: Indices) -> Floats:
        """Return the probability that each held point of the ground is seen, by set."""
        return self.chance[certainty][np.ix_(self.ground.held_point[held], sets)]

    def figures(self, certainty: str, which: int) -> pd.DataFrame:
        """Return the figures of all areas for one set: `kinds.CRITERIA`, index of the areas."""
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
        return pd.DataFrame(table, columns=list(CRITERIA)).set_axis(ground.areas.index)

    def _walk(
        self, certainty: str, seen: Seen, member: Flags, cells: Indices, sets: Indices
    ) -> None:
        """Measure the lines that pass some cells again."""
        streets = self.ground.streets
        dirty = np.flatnonzero(np.isin(streets.cell, cells))
        fresh = seen_intervals(streets.xy[dirty], seen.shapes, seen.device, seen.weight)
        fresh["stretch"] = dirty[fresh["stretch"].to_numpy()]
        old = self.intervals[certainty]
        kept = old[~np.isin(old["stretch"].to_numpy(), dirty)]
        every = pd.concat([kept, fresh], ignore_index=True) if len(kept) else fresh
        self.intervals[certainty] = every
        lines = np.unique(streets.stretches["line"].to_numpy()[dirty])
        mine = every[streets.on_lines(every["stretch"].to_numpy(dtype=np.intp), lines)]
        runs, _, seen_m, blind_m = streets.measured(lines, mine, member[:, sets])
        at = np.ix_(runs, sets)
        self.seen_m[certainty][at], self.blind_m[certainty][at] = seen_m, blind_m
        self.seen_m[certainty][at] = self._kept_between(self.seen_m, certainty, at)
        self.blind_m[certainty][at] = -self._kept_between(
            {name: -table for name, table in self.blind_m.items()}, certainty, at
        )

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
