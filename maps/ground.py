"""The ground of a printed map: a window, and roads, water and buildings in it as SVG paths.

Everything is drawn in steps of a tenth of a millimetre from the upper left corner, so that paths
are short and a printed line is as exact as a printer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

Geometries: TypeAlias = NDArray[np.object_]
Floats: TypeAlias = NDArray[np.float64]

STEPS_PER_MM = 10
# What a road takes on the ground where nobody measured it, metres; the widest are drawn last.
ROAD_WIDTH_M = {
    "path": 2.0,
    "track": 3.0,
    "service": 4.0,
    "residential": 7.0,
    "secondary": 14.0,
    "primary": 20.0,
    "trunk": 26.0,
}
THINNEST_MM, WIDEST_MM = 0.35, 3.2


@dataclass(frozen=True)
class Road:
    """The roads of one width: the path along their axes, and the width in steps."""

    path: str
    width: int


@dataclass(frozen=True)
class Window:
    """The part of the ground that a plan shows: its lower left corner, size and metres per step."""

    x0: float
    y0: float
    m_per_step: float
    width: int
    height: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return the ground shown, metres: x0, y0, x1, y1."""
        across, up = self.width * self.m_per_step, self.height * self.m_per_step
        return self.x0, self.y0, self.x0 + across, self.y0 + up

    def steps(self, xy: Floats) -> NDArray[np.int64]:
        """Return places of the ground, shape ``(n, 2)``, in steps from the upper left corner."""
        across = (xy[:, 0] - self.x0) / self.m_per_step
        down = self.height - (xy[:, 1] - self.y0) / self.m_per_step
        return np.rint(np.column_stack([across, down])).astype(np.int64)


@dataclass(frozen=True)
class Surroundings:
    """What plans are drawn on, in one metric CRS: roads (`name`, `class`), water, buildings."""

    roads: GeoDataFrame
    water: Geometries
    buildings: Geometries
    trees: tuple[shapely.STRtree, shapely.STRtree, shapely.STRtree]


def index_surroundings(
    roads: GeoDataFrame, water: GeoDataFrame, buildings: GeoDataFrame
) -> Surroundings:
    """Return layers with their spatial indexes, to draw many plans from.

    Parameters
    ----------
    roads
        Lines with ``class`` and ``name``, metric CRS.
    water, buildings
        Polygons, same CRS.
    """
    shapes = [np.asarray(layer.geometry.array, dtype=object) for layer in (roads, water, buildings)]
    trees = [shapely.STRtree(each) for each in shapes]
    return Surroundings(roads, shapes[1], shapes[2], (trees[0], trees[1], trees[2]))


def fit_window(bounds: Iterable[float], size: tuple[int, int], pad_mm: float) -> Window:
    """Return the window that shows some bounds in its middle with room around them.

    Parameters
    ----------
    bounds
        x0, y0, x1, y1, metres.
    size
        Width and height, steps.
    pad_mm
        Room on each side.
    """
    x0, y0, x1, y1 = bounds
    pad = 2 * pad_mm * STEPS_PER_MM
    per_step = max((x1 - x0) / (size[0] - pad), (y1 - y0) / (size[1] - pad), 1e-6)
    left = (x0 + x1 - size[0] * per_step) / 2
    return Window(left, (y0 + y1 - size[1] * per_step) / 2, per_step, *size)


def cut_ground(around: Surroundings, window: Window) -> tuple[Geometries, Geometries, GeoDataFrame]:
    """Return water, buildings and roads inside a window.

    Parameters
    ----------
    around
        The ground.
    window
        In the CRS of the ground.
    """
    box = shapely.box(*window.box)
    road, water, building = (np.sort(tree.query(box)) for tree in around.trees)
    return around.water[water], around.buildings[building], around.roads.iloc[road]


def draw_path(shapes: Geometries, window: Window, *, closed: bool, cut: bool = True) -> str:
    """Return shapes as the data of one SVG path: whole steps, each point from the one before.

    Parameters
    ----------
    shapes
        Polygons where `closed`, else lines, metric CRS.
    window
        What is shown.
    closed
        Whether they are areas.
    cut
        Whether what lies outside is left out.
    """
    x0, y0, x1, y1 = window.box
    more = 20 * window.m_per_step  # the edge of the cut stays out of sight
    if cut:
        shapes = shapely.clip_by_rect(shapes, x0 - more, y0 - more, x1 + more, y1 + more)
    parts = shapely.get_parts(shapely.get_parts(shapes))  # a collection may hold several
    parts = parts[shapely.get_type_id(parts) == (3 if closed else 1)]
    rings = shapely.get_rings(parts) if closed else parts
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    steps = window.steps(xy)
    fresh = np.ones(len(steps), dtype=np.bool_)
    fresh[1:] = (ring[1:] != ring[:-1]) | (steps[1:] != steps[:-1]).any(axis=1)
    steps, ring = steps[fresh], ring[fresh]
    moves = np.diff(steps, axis=0, prepend=0)
    bounds = [*np.flatnonzero(np.diff(ring, prepend=-1)).tolist(), len(steps)]
    least, end = (3, "z") if closed else (2, "")
    return "".join(
        f"M{steps[i, 0]} {steps[i, 1]}l{' '.join(map(str, moves[i + 1 : j].ravel().tolist()))}{end}"
        for i, j in pairwise(bounds)
        if j - i >= least
    )


def draw_roads(roads: GeoDataFrame, window: Window) -> tuple[Road, ...]:
    """Return the roads by width, the narrowest first.

    Parameters
    ----------
    roads
        Lines with ``class``, metric CRS.
    window
        What is shown.
    """
    drawn = []
    for kind, width_m in ROAD_WIDTH_M.items():
        own = roads.loc[roads["class"] == kind]
        path = draw_path(np.asarray(own.geometry.array, dtype=object), window, closed=False)
        width_mm = np.clip(width_m / window.m_per_step / STEPS_PER_MM, THINNEST_MM, WIDEST_MM)
        if path:
            drawn.append(Road(path, round(width_mm * STEPS_PER_MM)))
    return tuple(drawn)


def round_length(most_m: float) -> int:
    """Return the largest of 1, 2, 5, 10, 20 … metres that is not longer than `most_m`."""
    power = 10 ** int(np.floor(np.log10(max(most_m, 1.0))))
    return max(int(factor * power) for factor in (1, 2, 5) if factor * power <= max(most_m, 1.0))
