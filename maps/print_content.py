"""What a printed map shows, and the paper that it stands on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from maps.ground import STEPS_PER_MM, Geometries, Surroundings, Window

Size: TypeAlias = Literal["A4", "A3"]
Orientation: TypeAlias = Literal["portrait", "landscape"]

MARGIN_MM, HEAD_MM, FOOT_MM = 8, 17, 37
_PAPERS_MM: Final = {"A4": (210, 297), "A3": (297, 420)}
_ROUND: Final = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
FINEST: Final = 500
"""No map is printed larger than 1 : 500: places are not known better."""


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper; the map has what margins, head and foot leave, millimetres."""

    size: Size
    width_mm: int
    height_mm: int

    @property
    def map_mm(self) -> tuple[int, int]:
        """Width and height of the map."""
        across = self.width_mm - 2 * MARGIN_MM
        return across, self.height_mm - 2 * MARGIN_MM - HEAD_MM - FOOT_MM


@dataclass(frozen=True)
class PrintedArea:
    """An area: `share` colours it, None where it has no figure; `shape` is a polygon in metres."""

    name: str
    level: str
    shape: Any
    share: float | None = None


@dataclass(frozen=True)
class PlacedSign:
    """A sign at a place, metres; `kind` is one of the template's signs."""

    x: float
    y: float
    kind: str
    name: str = ""


@dataclass(frozen=True)
class MapView:
    """All that the map itself shows, in one metric CRS.

    `areas` have borders and names, `coloured` are those that their shares colour; cameras are among
    the `signs` by kinds that begin with skynet or social.
    """

    window: Window
    scale: int
    ground: Surroundings
    areas: tuple[PrintedArea, ...]
    signs: tuple[PlacedSign, ...]
    gaps: Geometries
    zones: Geometries
    coloured: tuple[PrintedArea, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A line of the legend: a sign of the template, or a class by its number, and its words."""

    sign: str
    text: str
    colour: str = ""


@dataclass(frozen=True)
class PrintTexts:
    """What stands around the map.

    `facts` (filter, dates, sources) and `notes` (what is not shown, and why) stand below it;
    `tiled` is the watermark, `made` says who had it made, when and for what.
    """

    lang: str
    title: str
    unit: str
    mark: str
    remark: str
    notice: str
    date: str
    scale: str
    north: str
    legend: str
    metres: str
    entries: tuple[Entry, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    tiled: str
    made: str


def choose_sheet(size: Size, orientation: Orientation) -> Sheet:
    """Return a sheet of paper.

    Parameters
    ----------
    size
        "A4" or "A3".
    orientation
        "portrait" or "landscape".
    """
    short, long = _PAPERS_MM[size]
    return Sheet(size, *((short, long) if orientation == "portrait" else (long, short)))


def fit_scale(bounds: Iterable[float], sheet: Sheet) -> tuple[Window, int]:
    """Return the window that shows some bounds at the next round scale, and that scale.

    Parameters
    ----------
    bounds
        x0, y0, x1, y1, metres.
    sheet
        Where it is printed.

    Examples
    --------
    >>> window, scale = fit_scale((0, 0, 1_300, 100), choose_sheet("A4", "landscape"))
    >>> scale, round(window.box[2] - window.box[0])
    (5000, 1405)
    """
    x0, y0, x1, y1 = bounds
    width, height = (side * STEPS_PER_MM for side in sheet.map_mm)
    needed = max((x1 - x0) / width, (y1 - y0) / height) * STEPS_PER_MM * 1000
    scale = _round_scale(needed)
    per_step = scale / (STEPS_PER_MM * 1000)
    left = (x0 + x1 - width * per_step) / 2
    return Window(left, (y0 + y1 - height * per_step) / 2, per_step, width, height), scale


def _round_scale(needed: float) -> int:
    """Return the smallest round denominator that is not below `needed`."""
    power = 100
    while True:
        found = next((r * power for r in _ROUND if r * power >= max(needed, FINEST)), None)
        if found is not None:
            return round(found)
        power *= 10
