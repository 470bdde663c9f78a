"""Hot spots: incidents by place and hour of the day, without cells that tell of single ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from geo.incidents.rules.small_cells import LEAST

HOURS: Final = 24


@dataclass(frozen=True)
class Cell:
    """Incidents of a place and an hour; None of `hour`: no time of the day is known.

    `asked` of them have an answer about their cameras, of these `unseen` name none that sees;
    `ticked` were ticked as demand. Where `gaps` are not granted the three are not shown.
    """

    community: str
    grid: str
    hour: int | None
    collected: int
    asked: int = 0
    unseen: int = 0
    ticked: int = 0
    gaps: bool = True


@dataclass(frozen=True)
class HotSpot:
    """A place by the hours of the day; None stands for fewer than `LEAST`, or what would tell them.

    `timeless` have no known time of the day. `peak` is the hour with most, None where no hour is
    known. Of `asked` incidents the cameras were answered, of `unseen` none sees the place.
    """

    community: str
    grid: str
    collected: int | None
    hours: tuple[int | None, ...]
    timeless: int | None
    peak: int | None
    asked: int | None
    unseen: int | None
    ticked: int | None


def find_hot_spots(cells: Iterable[Cell]) -> tuple[HotSpot, ...]:
    """Return places with their incidents by hour, the most at the head, then by code.

    No difference gives what is hidden of a place either: where what is hidden adds up to
    fewer than `LEAST`, the smallest other cell is hidden too; so it is with places in the whole.

    Parameters
    ----------
    cells
        Counts; of one place and hour there may be several.
    """
    places: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        places.setdefault((cell.community, cell.grid), []).append(cell)
    order = sorted(places, key=lambda at: (-_sum(places[at], "collected"), at))
    totals = hide_small([_sum(places[at], "collected") for at in order])
    return tuple(make_spot(at, places[at], total) for at, total in zip(order, totals, strict=True))


def make_spot(at: tuple[str, str], cells: Sequence[Cell], total: int | None) -> HotSpot:
    """Return the row of a place.

    Parameters
    ----------
    at
        Codes of community and grid, "" where there is none.
    cells
        Its counts.
    total
        Its incidents; None where they are hidden: so is all else of it.
    """
    counts = [0] * (HOURS + 1)  # the last has no hour
    for cell in cells:
        counts[HOURS if cell.hour is None else cell.hour] += cell.collected
    shown = hide_small(counts) if total is not None else (None,) * (HOURS + 1)
    known = [count or 0 for count in shown[:HOURS]]
    peak = known.index(max(known)) if max(known) else None
    asked, unseen, ticked = _seen(cells) if total is not None else (None, None, None)
    return HotSpot(*at, total, shown[:HOURS], shown[HOURS], peak, asked, unseen, ticked)


def _seen(cells: Sequence[Cell]) -> tuple[int | None, int | None, int | None]:
    """Return of how many the cameras were answered, of how many none sees, how many were ticked."""
    if not all(cell.gaps for cell in cells):
        return None, None, None
    asked, unseen, ticked = (_sum(cells, name) for name in ("asked", "unseen", "ticked"))
    parts = hide_small([asked - unseen, unseen])
    return asked, None if None in parts else unseen, None if 0 < ticked < LEAST else ticked


def hide_small(counts: Sequence[int], least: int = LEAST) -> tuple[int | None, ...]:
    """Return counts without those of fewer than `least`, nor what would tell them by difference.

    Parameters
    ----------
    counts
        Parts of a whole that is known.
    least
        Fewest that are shown; none at all is shown.

    Examples
    --------
    >>> hide_small([0, 5, 1, 9])
    (0, None, None, 9)
    >>> hide_small([2, 2, 7])
    (None, None, 7)
    >>> hide_small([0, 4])
    (0, 4)
    """
    hidden = {at for at, count in enumerate(counts) if 0 < count < least}
    others = sorted((count, at) for at, count in enumerate(counts) if count >= least)
    if hidden and sum(counts[at] for at in hidden) < least and others:
        hidden.add(others[0][1])
    return tuple(None if at in hidden else count for at, count in enumerate(counts))


def _sum(cells: Iterable[Cell], name: str) -> int:
    return sum(int(getattr(cell, name)) for cell in cells)
