"""The roads of a district in stretches, by line and area, so that a few can be measured alone."""

from dataclasses import dataclass
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.polygons import Geometries, Indices
from geo.stretches import ENDS, belongings, lengths, stretches

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Streets:
    """Stretches with the cell of each, and the parts of lines that lie in each area.

    Attributes
    ----------
    stretches
        As from `geo.stretches.stretches`.
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

    @property
    def xy(self) -> Floats:
        """Return ``x0, y0, x1, y1`` of the stretches."""
        return self.stretches[list(ENDS)].to_numpy()

    @property
    def lines(self) -> Indices:
        """Return the numbers of all lines."""
        return np.unique(self.stretches["line"].to_numpy())

    def on_lines(self, stretch: Indices, lines: Indices) -> NDArray[np.bool_]:
        """Return which stretches lie on some lines."""
        return np.isin(self.stretches["line"].to_numpy()[stretch], lines)

    def measured(self, lines: Indices, intervals: pd.DataFrame) -> tuple[Indices, pd.DataFrame]:
        """Return the runs of some lines, and the metres of each, seen and unseen.

        `intervals` are those of the stretches of these lines, or more; `stretch` counts among all.
        """
        own = np.flatnonzero(np.isin(self.stretches["line"].to_numpy(), lines))
        of_pair = np.isin(self.stretch, own)
        runs, number = np.unique(self.run[of_pair], return_inverse=True)
        part = self.stretches.iloc[own].reset_index(drop=True)
        mine = intervals[intervals["stretch"].isin(own)]
        mine = mine.assign(stretch=np.searchsorted(own, mine["stretch"].to_numpy()))
        pairs = (np.searchsorted(own, self.stretch[of_pair]), number.astype(np.intp))
        return runs, lengths(part, pairs, mine, len(runs))


def streets(roads: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, cells: Geometries) -> Streets:
    """Return the roads cut at all borders, with the cells and the areas that hold them."""
    cut = stretches(roads, areas)
    stretch, area = belongings(cut, areas)
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
    """Return the cell of each point, -1 where none is within `reach_m`."""
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
