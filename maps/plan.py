"""A plan of a small area: ground, roads with their names and numbered points, as SVG paths.

Everything is drawn in steps of a tenth of a millimetre from the upper left corner, so that paths
are short and a printed line is as exact as a printer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

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
COARSEST_M_PER_MM = 7.0  # 1 : 7,000; on a coarser plan nobody finds a pole
AROUND_POINTS_M = 90.0
LEAST_ACROSS_M = 240.0
NAME_MM, NUMBER_MM = 2.5, 2.9
RINGS_MM = (3.2, 5.2, 8.0, 12.0, 17.0, 23.0)  # how far from its point a number may stand
TURNS = np.radians([45, 315, 135, 225, 90, 270, 0, 180, 22, 338, 158, 202, 67, 293, 113, 247])


@dataclass(frozen=True)
class Road:
    """The roads of one width: the path along their axes, and the width in steps."""

    path: str
    width: int


@dataclass(frozen=True)
class Name:
    """A name along a road: the middle of the text in steps, and its angle, degrees clockwise."""

    text: str
    x: int
    y: int
    angle: float


@dataclass(frozen=True)
class Mark:
    """A numbered point: `x, y` where it is, `at_x, at_y` the middle of its number, in steps."""

    number: int
    x: int
    y: int
    at_x: int
    at_y: int
    width: int


@dataclass(frozen=True)
class Inset:
    """The whole outline in a corner, `x, y, width, height` in steps, and the frame of the plan."""

    x: int
    y: int
    width: int
    height: int
    outline: str
    frame: tuple[int, int, int, int]


@dataclass(frozen=True)
class Plan:
    """A plan ready to be drawn; all numbers are steps of 0.1 mm.

    `scale_m` metres are `scale_length` steps long. `inset` is None where the whole area is drawn.
    """

    width: int
    height: int
    water: str
    buildings: str
    roads: tuple[Road, ...]
    outline: str
    names: tuple[Name, ...]
    marks: tuple[Mark, ...]
    scale_m: int
    scale_length: int
    inset: Inset | None


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


def draw_plan(
    outline: Any,  # noqa: ANN401 - a polygon, or None
    points: Floats,
    numbers: Sequence[int],
    around: Surroundings,
    *,
    width_mm: float,
    height_mm: float,
) -> Plan:
    """Return the plan of an area with numbered points.

    It shows the whole area, unless that would be coarser than 1 : 7,000: then the surroundings of
    the points, and the area in a corner.

    Parameters
    ----------
    outline
        The area, metric CRS; None: only its points are known.
    points
        Shape ``(n, 2)``, at least one.
    numbers
        What stands beside each point.
    """
    size = round(width_mm * STEPS_PER_MM), round(height_mm * STEPS_PER_MM)
    window, coarse = _shown(outline, points, size)
    at, taken = window.steps(points), _OccupiedBoxes(window)
    inset = _inset(outline, window, at) if coarse else None
    if inset is not None:
        taken.add(inset.x, inset.y, inset.x + inset.width, inset.y + inset.height)
    water, buildings, roads = _cut(around, window)
    border = np.array([] if outline is None else [outline], dtype=object)
    length_m = _round_length(window.m_per_step * size[0] / 4)
    return Plan(
        *size,
        water=_path(water, window, closed=True),
        buildings=_path(buildings, window, closed=True),
        roads=_roads(roads, window),
        outline=_path(border, window, closed=True, cut=False),
        marks=_marks(at, numbers, taken),
        names=_names(roads, window, taken),
        scale_m=length_m,
        scale_length=round(length_m / window.m_per_step),
        inset=inset,
    )


def _shown(
    outline: Any,  # noqa: ANN401 - a polygon, or None
    points: Floats,
    size: tuple[int, int],
) -> tuple[Window, bool]:
    """Return the window, and whether it leaves some of the area out."""
    near = _near(points, size)
    if outline is None:
        return near, False
    whole = _window(shapely.total_bounds([outline, shapely.multipoints(points)]), size, 4)
    fine = whole.m_per_step * STEPS_PER_MM <= COARSEST_M_PER_MM
    if fine or whole.m_per_step < 1.3 * near.m_per_step:
        return whole, False
    return near, True


def _window(bounds: Iterable[float], size: tuple[int, int], pad_mm: float) -> Window:
    """Return the window that shows some bounds in its middle with room around them."""
    x0, y0, x1, y1 = bounds
    pad = 2 * pad_mm * STEPS_PER_MM
    per_step = max((x1 - x0) / (size[0] - pad), (y1 - y0) / (size[1] - pad), 1e-6)
    left = (x0 + x1 - size[0] * per_step) / 2
    return Window(left, (y0 + y1 - size[1] * per_step) / 2, per_step, *size)


def _near(points: Floats, size: tuple[int, int]) -> Window:
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    half_x = max((x1 - x0) / 2 + AROUND_POINTS_M, LEAST_ACROSS_M)
    half_y = max((y1 - y0) / 2 + AROUND_POINTS_M, LEAST_ACROSS_M / 2)
    return _window((x - half_x, y - half_y, x + half_x, y + half_y), size, 0)


def _cut(around: Surroundings, window: Window) -> tuple[Geometries, Geometries, GeoDataFrame]:
    """Return water, buildings and roads inside a window."""
    box = shapely.box(*window.box)
    road, water, building = (np.sort(tree.query(box)) for tree in around.trees)
    return around.water[water], around.buildings[building], around.roads.iloc[road]


def _path(shapes: Geometries, window: Window, *, closed: bool, cut: bool = True) -> str:
    """Return shapes as the data of one SVG path: whole steps, each point from the one before."""
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


def _roads(roads: GeoDataFrame, window: Window) -> tuple[Road, ...]:
    """Return the roads by width, the narrowest first."""
    drawn = []
    for kind, width_m in ROAD_WIDTH_M.items():
        own = roads.loc[roads["class"] == kind]
        path = _path(np.asarray(own.geometry.array, dtype=object), window, closed=False)
        width_mm = np.clip(width_m / window.m_per_step / STEPS_PER_MM, THINNEST_MM, WIDEST_MM)
        if path:
            drawn.append(Road(path, round(width_mm * STEPS_PER_MM)))
    return tuple(drawn)


class _OccupiedBoxes:
    """The places of a plan where something stands already, as boxes in steps."""

    def __init__(self, window: Window) -> None:
        self.size = window.width, window.height
        self.boxes: Floats = np.empty((0, 4))

    def add(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Take a box."""
        self.boxes = np.vstack([self.boxes, [x0, y0, x1, y1]])

    def free(self, boxes: Floats) -> bool:
        """Return whether all of some boxes lie on the plan and on nothing else."""
        x0, y0, x1, y1 = boxes.T
        if x0.min() < 0 or y0.min() < 0 or x1.max() > self.size[0] or y1.max() > self.size[1]:
            return False
        a0, b0, a1, b1 = self.boxes.T[:, :, None]
        return not ((x0 < a1) & (x1 > a0) & (y0 < b1) & (y1 > b0)).any()


def _marks(
    at: NDArray[np.int64], numbers: Sequence[int], taken: _OccupiedBoxes
) -> tuple[Mark, ...]:
    """Return the points with their numbers beside them, on nothing else where there is room."""
    for x, y in at:
        taken.add(x - 9, y - 9, x + 9, y + 9)
    marks = []
    for (x, y), number in zip(at.tolist(), numbers, strict=True):
        width, height = 16 + 17 * len(str(number)), 34
        half = np.array([width, height]) / 2
        reach = np.array(RINGS_MM)[:, None] * STEPS_PER_MM
        sides = np.column_stack([np.sin(TURNS), -np.cos(TURNS)]) * (1 + half / 60)
        spots = np.array([x, y]) + (reach[:, :, None] * sides[None]).reshape(-1, 2)
        boxes = np.hstack([spots - half, spots + half])
        best = next((k for k, box in enumerate(boxes) if taken.free(box[None])), 0)
        taken.add(*boxes[best])
        marks.append(Mark(number, x, y, round(spots[best, 0]), round(spots[best, 1]), width))
    return tuple(marks)


def _names(roads: GeoDataFrame, window: Window, taken: _OccupiedBoxes) -> tuple[Name, ...]:
    """Return the names of roads, the widest roads first, each once, where there is room for it."""
    named = roads.loc[roads["name"].fillna("").astype("str").str.strip() != ""]
    rank = {kind: -k for k, kind in enumerate(ROAD_WIDTH_M)}
    kinds = named["class"].map(rank).fillna(0)
    found = []
    for text in named.assign(_rank=kinds).sort_values(["_rank", "name"])["name"].unique():
        lines = np.asarray(named.loc[named["name"] == text].geometry.array, dtype=object)
        name = _name(text, shapely.clip_by_rect(lines, *window.box), window, taken)
        if name is not None:
            found.append(name)
    return tuple(found)


def _name(text: str, lines: Geometries, window: Window, taken: _OccupiedBoxes) -> Name | None:
    parts = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    step = NAME_MM * STEPS_PER_MM
    widths = np.array([step if ord(sign) > 0x2E80 else 0.56 * step for sign in text])
    length = widths.sum() * window.m_per_step
    for line in parts[np.argsort(-shapely.length(parts))][:3]:
        for share in (0.5, 0.35, 0.65, 0.2, 0.8):
            middle = share * line.length
            if not length / 2 <= middle <= line.length - length / 2:
                continue
            ends = shapely.line_interpolate_point(line, [middle - length / 2, middle + length / 2])
            name = _along(text, window.steps(shapely.get_coordinates(ends)), widths, taken)
            if name is not None:
                return name
    return None


def _along(
    text: str, ends: NDArray[np.int64], widths: Floats, taken: _OccupiedBoxes
) -> Name | None:
    """Return the text between two places, upright, if that is straight and free."""
    across, down = (ends[1] - ends[0]).astype(float)
    if np.hypot(across, down) < 0.93 * widths.sum():
        return None
    if across < 0 or (across == 0 and down < 0):
        across, down = -across, -down
    middle, way = ends.mean(axis=0), np.array([across, down]) / np.hypot(across, down)
    along = np.cumsum(widths) - widths / 2 - widths.sum() / 2
    signs = middle + along[:, None] * way
    half = NAME_MM * STEPS_PER_MM / 2
    boxes = np.hstack([signs - half, signs + half])
    if not taken.free(boxes):
        return None
    for box in boxes:
        taken.add(*box)
    angle = round(float(np.degrees(np.arctan2(down, across))), 1)
    return Name(text, round(middle[0]), round(middle[1]), angle)


def _inset(outline: Any, window: Window, at: NDArray[np.int64]) -> Inset:  # noqa: ANN401
    """Return the whole area in the corner with the fewest points."""
    x0, y0, x1, y1 = shapely.total_bounds([outline, shapely.box(*window.box)])
    width = 360
    height = round(np.clip(width * (y1 - y0) / (x1 - x0), 180, 420))
    small = _window((x0, y0, x1, y1), (width, height), 2)
    right, low = window.width - width, window.height - height
    corners = [(0, 0), (right, 0), (0, low), (right, low)]
    held = [
        ((at >= corner) & (at <= (corner[0] + width, corner[1] + height))).all(axis=1).sum()
        for corner in np.array(corners)
    ]
    x, y = corners[int(np.argmin(held))]
    left, bottom, far, top = window.box
    (a, d), (b, c) = small.steps(np.array([[left, bottom], [far, top]])).tolist()
    path = _path(np.array([outline]), small, closed=True, cut=False)
    return Inset(x, y, width, height, path, (a, c, b - a, d - c))


def _round_length(most_m: float) -> int:
    """Return the largest of 1, 2, 5, 10, 20 … metres that is not longer than `most_m`."""
    power = 10 ** int(np.floor(np.log10(max(most_m, 1.0))))
    return max(int(factor * power) for factor in (1, 2, 5) if factor * power <= max(most_m, 1.0))
