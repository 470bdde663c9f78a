"""A printed map as paths and signs in steps of 0.1 mm: what is drawn depends on the scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.ground import (
    STEPS_PER_MM,
    Geometries,
    Road,
    Window,
    cut_ground,
    draw_path,
    draw_roads,
    round_length,
)
from maps.lettering import Name, OccupiedBoxes, draw_label, draw_names
from maps.palette import SHARE_BREAKS
from maps.print_content import MapView, PlacedSign, PrintedArea

HOUSES_TO, PATHS_TO, STREETS_TO = 20_000, 15_000, 60_000
"""Scales up to which houses, paths and streets are drawn: beyond they are a smear."""
GRIDS_TO, GRID_NAMES_TO, PLACE_NAMES_TO = 80_000, 25_000, 10_000
COMMUNITY_NAMES_FROM, COMMUNITY_NAMES_TO, TOWNSHIP_NAMES_FROM = 8_000, 150_000, 40_000
GAP_LINES: Final = ((15_000, 1.8), (30_000, 1.2), (10**9, 0.7))
"""Up to which scale the outlines of gaps are how wide, steps."""
MOST_CAMERAS: Final = 3_000
"""More are numbers, a circle for each square of `CELL_MM`."""
CELL_MM: Final = 12
_SIGN, _COUNT, _NAME_BELOW = 18, 20, 36
"""Half of what a sign and a number of cameras take, and how far below its sign a name stands."""
_PATHS, _STREETS = ("path", "track"), ("service", "residential")
_LINES: Final = ("grid", "community", "township", "district")


@dataclass(frozen=True)
class PlacedMark:
    """A sign in steps, `scale` times its full size."""

    kind: str
    x: int
    y: int
    scale: float


@dataclass(frozen=True)
class CameraCount:
    """How many cameras stand in a square, at its middle, in steps."""

    x: int
    y: int
    count: int


@dataclass(frozen=True)
class Label:
    """An upright name: its middle in steps, and of what it is."""

    text: str
    x: int
    y: int
    kind: str


@dataclass(frozen=True)
class MapPicture:
    """A map ready for the template; all numbers are steps of 0.1 mm.

    `fills` are areas by class, `hatched` those without a figure; `lines` are borders by level.
    """

    width: int
    height: int
    water: str
    buildings: str
    roads: tuple[Road, ...]
    fills: tuple[tuple[int, str], ...]
    hatched: str
    lines: tuple[tuple[str, str], ...]
    gaps: str
    gap_line: float
    zones: str
    names: tuple[Name, ...]
    labels: tuple[Label, ...]
    marks: tuple[PlacedMark, ...]
    counts: tuple[CameraCount, ...]
    scale_m: int
    scale_length: int
    stamps: tuple[tuple[int, int], ...]


def draw_map(view: MapView) -> MapPicture:
    """Return a map as it is drawn at its scale."""
    window = view.window
    water, buildings, roads = cut_ground(view.ground, window)
    roads = roads.loc[~roads["class"].isin(_left_out(view.scale))]
    cameras = [each for each in view.signs if is_camera(each)]
    others = [each for each in view.signs if not is_camera(each)]
    crowded = len(cameras) > MOST_CAMERAS
    marks = _marks([*([] if crowded else cameras), *others], window, view.scale)
    taken = OccupiedBoxes(window)
    for mark in marks:
        if not mark.kind.startswith(("skynet", "social")):
            taken.add(mark.x - _SIGN, mark.y - _SIGN, mark.x + _SIGN, mark.y + _SIGN)
    counts = _counts(cameras, window) if crowded else ()
    for each in counts:
        taken.add(each.x - _COUNT, each.y - _COUNT, each.x + _COUNT, each.y + _COUNT)
    labels = _labels(view, taken)
    length_m = round_length(window.m_per_step * 400)
    houses = buildings if view.scale <= HOUSES_TO else buildings[:0]
    return MapPicture(
        window.width,
        window.height,
        water=draw_path(water, window, closed=True),
        buildings=draw_path(houses, window, closed=True),
        roads=draw_roads(roads, window),
        fills=_fills(view),
        hatched=_hatched(view),
        lines=_lines(view),
        gaps=draw_path(view.gaps, window, closed=True),
        gap_line=next(width for scale, width in GAP_LINES if view.scale <= scale),
        zones=draw_path(view.zones, window, closed=True),
        names=draw_names(roads, window, taken),
        labels=labels,
        marks=marks,
        counts=counts,
        scale_m=length_m,
        scale_length=round(length_m / window.m_per_step),
        stamps=_stamps(window),
    )


def is_camera(sign: PlacedSign) -> bool:
    """Return whether a sign is that of a camera."""
    return sign.kind.startswith(("skynet", "social"))


def share_class(share: float) -> int:
    """Return the class of a share: a number from 0."""
    return int(np.searchsorted(SHARE_BREAKS, share, side="right"))


def _left_out(scale: int) -> tuple[str, ...]:
    """Return the classes of roads that are too small to be drawn."""
    if scale <= PATHS_TO:
        return ()
    return _PATHS if scale <= STREETS_TO else (*_PATHS, *_STREETS)


def _shapes(areas: Iterable[PrintedArea]) -> Geometries:
    return np.array([area.shape for area in areas], dtype=object)


def _fills(view: MapView) -> tuple[tuple[int, str], ...]:
    by_class: dict[int, list[PrintedArea]] = {}
    for area in view.coloured:
        if area.share is not None:
            by_class.setdefault(share_class(area.share), []).append(area)
    drawn = ((no, draw_path(_shapes(by_class[no]), view.window, closed=True)) for no in by_class)
    return tuple(sorted((no, path) for no, path in drawn if path))


def _hatched(view: MapView) -> str:
    none = _shapes(area for area in view.coloured if area.share is None)
    return draw_path(none, view.window, closed=True)


def _lines(view: MapView) -> tuple[tuple[str, str], ...]:
    levels = [each for each in _LINES if each != "grid" or view.scale <= GRIDS_TO]
    own = {level: _shapes(a for a in view.areas if a.level == level) for level in levels}
    # a border that two areas share is drawn once, or its dashes would fill each other's gaps
    borders = {k: np.array([shapely.union_all(shapely.boundary(v))]) for k, v in own.items()}
    drawn = ((k, draw_path(line, view.window, closed=False)) for k, line in borders.items())
    return tuple((level, path) for level, path in drawn if path)


def _labels(view: MapView, taken: OccupiedBoxes) -> tuple[Label, ...]:
    """Return the names of areas that have room, the largest levels first, then those of places."""
    levels = [
        *(["township"] if view.scale > TOWNSHIP_NAMES_FROM else []),
        *(["community"] if COMMUNITY_NAMES_FROM < view.scale <= COMMUNITY_NAMES_TO else []),
        *(["grid"] if view.scale <= GRID_NAMES_TO else []),
    ]
    frame = shapely.box(*view.window.box)
    found = []
    for level in levels:
        for area in view.areas:
            if area.level == level:
                inside = shapely.intersection(area.shape, frame)
                found += _label(area.name, shapely.point_on_surface(inside), level, view, taken)
    if view.scale <= PLACE_NAMES_TO:
        for sign in view.signs:
            if sign.name:
                below = shapely.Point(sign.x, sign.y - _NAME_BELOW * view.window.m_per_step)
                found += _label(sign.name, below, "place", view, taken)
    return tuple(found)


def _label(
    text: str, at: shapely.Point, kind: str, view: MapView, taken: OccupiedBoxes
) -> list[Label]:
    if at.is_empty:
        return []
    ((x, y),) = view.window.steps(shapely.get_coordinates(at)).tolist()
    return [Label(text, x, y, kind)] if draw_label(text, x, y, taken) else []


def _marks(signs: Sequence[PlacedSign], window: Window, scale: int) -> tuple[PlacedMark, ...]:
    at, inside = _placed(signs, window)
    small = 1.0 if scale <= 10_000 else 0.8 if scale <= 25_000 else 0.6
    return tuple(
        PlacedMark(sign.kind, x, y, small if is_camera(sign) else max(small, 0.8))
        for sign, (x, y), here in zip(signs, at.tolist(), inside, strict=True)
        if here
    )


def _placed(
    signs: Sequence[PlacedSign], window: Window
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return where signs stand in steps, and whether that is on the map."""
    xy = np.array([(sign.x, sign.y) for sign in signs], dtype=float).reshape(-1, 2)
    at = window.steps(xy)
    inside = np.asarray((at >= 0) & (at <= (window.width, window.height))).all(axis=1)
    return at, np.asarray(inside, dtype=np.bool_)


def _counts(cameras: Sequence[PlacedSign], window: Window) -> tuple[CameraCount, ...]:
    at, inside = _placed(cameras, window)
    side = CELL_MM * STEPS_PER_MM
    cells, counts = np.unique(at[inside] // side, axis=0, return_counts=True)
    middles = cells * side + side // 2
    return tuple(
        CameraCount(x, y, count)
        for (x, y), count in zip(middles.tolist(), counts.tolist(), strict=True)
    )


def _stamps(window: Window) -> tuple[tuple[int, int], ...]:
    """Return where the watermark is repeated."""
    across, down = 720, 380
    return tuple(
        (x + (row % 2) * across // 2, y)
        for row, y in enumerate(range(down // 2, window.height, down))
        for x in range(0, window.width + across // 2, across)
    )
