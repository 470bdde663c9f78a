"""Names on a printed map: along roads or upright, where nothing else stands."""

from dataclasses import dataclass

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from maps.ground import ROAD_WIDTH_M, STEPS_PER_MM, Floats, Geometries, Window

NAME_MM = 2.5


@dataclass(frozen=True)
class Name:
    """A name along a road: the middle of the text in steps, and its angle, degrees clockwise."""

    text: str
    x: int
    y: int
    angle: float


class OccupiedBoxes:
    """The places of a plan where something stands already, as boxes in steps."""

    def __init__(self, window: Window) -> None:
        self.size = window.width, window.height
        self.boxes: Floats = np.empty((0, 4))

    def add(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Take a box.

        Parameters
        ----------
        x0, y0, x1, y1
            Its upper left and lower right corner, steps.
        """
        self.boxes = np.vstack([self.boxes, [x0, y0, x1, y1]])

    def free(self, boxes: Floats) -> bool:
        """Return whether all of some boxes lie on the plan and on nothing else."""
        x0, y0, x1, y1 = boxes.T
        if x0.min() < 0 or y0.min() < 0 or x1.max() > self.size[0] or y1.max() > self.size[1]:
            return False
        a0, b0, a1, b1 = self.boxes.T[:, :, None]
        return not ((x0 < a1) & (x1 > a0) & (y0 < b1) & (y1 > b0)).any()


def draw_names(roads: GeoDataFrame, window: Window, taken: OccupiedBoxes) -> tuple[Name, ...]:
    """Return the names of roads, the widest roads first, each once, where there is room for it.

    Parameters
    ----------
    roads
        Lines with ``class`` and ``name``, metric CRS.
    window
        What is shown.
    taken
        Where something stands already; the names are added.
    """
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


def _name(text: str, lines: Geometries, window: Window, taken: OccupiedBoxes) -> Name | None:
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


def _along(text: str, ends: NDArray[np.int64], widths: Floats, taken: OccupiedBoxes) -> Name | None:
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


def draw_label(text: str, x: int, y: int, taken: OccupiedBoxes) -> bool:
    """Return whether an upright name has room around a place in steps; if so it is taken.

    Parameters
    ----------
    text
        The name.
    x, y
        Its middle.
    taken
        Where something stands already.
    """
    step = NAME_MM * STEPS_PER_MM
    half = sum(step if ord(sign) > 0x2E80 else 0.56 * step for sign in text) / 2 + 4
    box = np.array([[x - half, y - step * 0.7, x + half, y + step * 0.7]])
    if not taken.free(box):
        return False
    taken.add(*box[0])
    return True
