"""Road segments of a district by line and area, so that a few can be measured alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices
from geo.coverage.demand.plot import rows_of
from geo.coverage.demand.road_segments import (
    ENDS,
    INTERVALS,
    LINE,
    Columns,
    cut_segments,
    measure_roads,
    segments_in_areas,
)

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Streets:
    """Stretches with the cell of each, and the parts of lines that lie in each area.

    Attributes
    ----------
    stretches
        As from `geo.coverage.demand.road_segments.cut_segments`.
    cell
        Position of the cell of each stretch, -1 where it lies in none.
    stretch, run
        Pairs: which stretches belong to which run. A run is one line inside one area.
    run_area, run_line
        Area and line of each run.
    """

    stretches: pd.DataFrame
    cell: Indices
    stretch: Indices
    run: Indices
    run_area: Indices
    run_line: Indices

    @cached_property
    def xy(self) -> Floats:
        """Return ``x0, y0, x1, y1`` of the stretches."""
        return self.stretches[list(ENDS)].to_numpy()

    @cached_property
    def line(self) -> Indices:
        """Return the line of each stretch, ascending."""
        return self.stretches["line"].to_numpy(dtype=np.intp)

    @cached_property
    def _pairs(self) -> tuple[Indices, Indices]:
        """The pairs in the order of stretches."""
        order = np.argsort(self.stretch, kind="stable")
        return self.stretch[order], self.run[order]

    @cached_property
    def _columns(self) -> Columns:
        return {name: self.stretches[name].to_numpy() for name in LINE}

    @property
    def lines(self) -> Indices:
        """Return the numbers of all lines."""
        return np.unique(self.line)

    def line_of(self, stretch: Indices) -> Indices:
        """Return the numbers of the lines that stretches lie on."""
        return self.line[stretch]

    def measured(
        self, lines: Indices, intervals: Columns, member: Flags
    ) -> tuple[Indices, Floats, Floats, Floats]:
        """Return the runs of some lines with their metres, seen and unseen, for several sets.

        Parameters
        ----------
        lines
            Numbers of lines.
        intervals
            Columns as from `geo.coverage.demand.road_segments.seen_intervals`, of all stretches of
            these lines; `stretch` counts among all.
        member
            Shape ``(n_devices, n_sets)``: which device numbers are in which set.

        Returns
        -------
        tuple
            Positions of the runs; metres of each; metres seen and the longest blind run, by set,
            ``(n_runs, n_sets)``.
        """
        own = rows_of(self.line, np.unique(lines))
        pair_stretch, pair_run = self._pairs
        of_pair = rows_of(pair_stretch, own)
        runs, run = np.unique(pair_run[of_pair], return_inverse=True)
        sets, count, most = np.arange(member.shape[1]), len(own), int(lines.max(initial=-1)) + 1
        # One town for each set, side by side: a few large steps instead of many small ones.
        towns = {name: np.tile(column[own], len(sets)) for name, column in self._columns.items()}
        towns["line"] = towns["line"] + np.repeat(sets * most, count)
        pairs = [np.searchsorted(own, pair_stretch[of_pair]), run]
        stretch, area = (
            (sets[:, None] * size + each).ravel()
            for size, each in zip((count, len(runs)), pairs, strict=True)
        )
        row, which = np.nonzero(member[intervals["device"]])
        looks = {name: intervals[name][row] for name in INTERVALS}
        looks["stretch"] = np.searchsorted(own, looks["stretch"]) + which * count
        road_m, seen_m, blind_m = (
            column.reshape(len(sets), len(runs)).T
            for column in measure_roads(towns, (stretch, area), looks, len(runs) * len(sets))
        )
        return runs, road_m, seen_m, blind_m


def cut_roads(roads: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, cells: Geometries) -> Streets:
    """Return the roads cut at all borders, with the cells and the areas that hold them.

    Parameters
    ----------
    roads
        Lines, metric CRS.
    areas
        Polygons of all levels, same CRS.
    cells
        Disjoint polygons that the areas consist of.
    """
    cut = cut_segments(roads, areas)
    stretch, area = segments_in_areas(cut, areas)
    line = cut["line"].to_numpy(dtype=np.intp)
    most = int(line.max(initial=-1)) + 1
    key, run = np.unique(area * max(most, 1) + line[stretch], return_inverse=True)
    return Streets(
        cut,
        cells_of(_middles(cut), cells),
        stretch,
        run.astype(np.intp),
        key // max(most, 1),
        key % max(most, 1),
    )


def cells_of(points: Geometries, cells: Geometries, *, reach_m: float = 1.0) -> Indices:
    """Return the cell of each point, -1 where none is near.

    Parameters
    ----------
    points, cells
        Points and polygons in one metric CRS.
    reach_m
        A point outside belongs to the nearest cell within this distance.
    """
    found = np.full(len(points), -1, dtype=np.intp)
    if len(points) and len(cells):
        point, cell = shapely.STRtree(cells).query_nearest(
            points, max_distance=reach_m, all_matches=False
        )
        found[point] = cell
    return found


def _middles(cut: pd.DataFrame) -> Geometries:
    x, y = ((cut[f"{c}0"] + cut[f"{c}1"]).to_numpy() / 2 for c in "xy")
    return np.asarray(shapely.points(x, y), dtype=object)
