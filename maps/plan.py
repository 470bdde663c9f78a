"""A plan of a small area: ground, roads with their names and numbered points, as SVG paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.ground import (
    STEPS_PER_MM,
    Floats,
    Road,
    Surroundings,
    Window,
    cut_ground,
    draw_path,
    draw_roads,
    fit_window,
    round_length,
)
from maps.lettering import Name, OccupiedBoxes, draw_names

COARSEST_M_PER_MM = 7.0  # 1 : 7,000; on a coarser plan nobody finds a pole
AROUND_POINTS_M = 90.0
LEAST_ACROSS_M = 240.0
RINGS_MM = (3.2, 5.2, 8.0, 12.0, 17.0, 23.0)  # how far from its point a number may stand
TURNS = np.radians([45, 315, 135, 225, 90, 270, 0, 180, 22, 338, 158, 202, 67, 293, 113, 247])


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
    at, taken = window.steps(points), OccupiedBoxes(window)
    inset = _inset(outline, window, at) if coarse else None
    if inset is not None:
        taken.add(inset.x, inset.y, inset.x + inset.width, inset.y + inset.height)
    water, buildings, roads = cut_ground(around, window)
    border = np.array([] if outline is None else [outline], dtype=object)
    length_m = round_length(window.m_per_step * size[0] / 4)
    return Plan(
        *size,
        water=draw_path(water, window, closed=True),
        buildings=draw_path(buildings, window, closed=True),
        roads=draw_roads(roads, window),
        outline=draw_path(border, window, closed=True, cut=False),
        marks=_marks(at, numbers, taken),
        names=draw_names(roads, window, taken),
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
    whole = fit_window(shapely.total_bounds([outline, shapely.multipoints(points)]), size, 4)
    fine = whole.m_per_step * STEPS_PER_MM <= COARSEST_M_PER_MM
    if fine or whole.m_per_step < 1.3 * near.m_per_step:
        return whole, False
    return near, True


def _near(points: Floats, size: tuple[int, int]) -> Window:
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    half_x = max((x1 - x0) / 2 + AROUND_POINTS_M, LEAST_ACROSS_M)
    half_y = max((y1 - y0) / 2 + AROUND_POINTS_M, LEAST_ACROSS_M / 2)
    return fit_window((x - half_x, y - half_y, x + half_x, y + half_y), size, 0)


def _marks(at: NDArray[np.int64], numbers: Sequence[int], taken: OccupiedBoxes) -> tuple[Mark, ...]:
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


def _inset(outline: Any, window: Window, at: NDArray[np.int64]) -> Inset:  # noqa: ANN401
    """Return the whole area in the corner with the fewest points."""
    x0, y0, x1, y1 = shapely.total_bounds([outline, shapely.box(*window.box)])
    width = 360
    height = round(np.clip(width * (y1 - y0) / (x1 - x0), 180, 420))
    small = fit_window((x0, y0, x1, y1), (width, height), 2)
    right, low = window.width - width, window.height - height
    corners = [(0, 0), (right, 0), (0, low), (right, low)]
    held = [
        ((at >= corner) & (at <= (corner[0] + width, corner[1] + height))).all(axis=1).sum()
        for corner in np.array(corners)
    ]
    x, y = corners[int(np.argmin(held))]
    left, bottom, far, top = window.box
    (a, d), (b, c) = small.steps(np.array([[left, bottom], [far, top]])).tolist()
    path = draw_path(np.array([outline]), small, closed=True, cut=False)
    return Inset(x, y, width, height, path, (a, c, b - a, d - c))
