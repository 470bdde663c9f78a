"""Weekly hours of work as a site states them: what is one, what a set of them must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import combinations
from typing import Final

from geo.base.errors import InputError

MOST_ROWS: Final = 200


@dataclass(frozen=True)
class WeekHours:
    """Work on a weekday (1 Monday … 7) between two times, on days from `since` to `until`.

    Both days are included; None: without beginning, without end.
    """

    weekday: int
    starts: time
    ends: time
    since: date | None = None
    until: date | None = None

    @property
    def order(self) -> tuple[int, time, time, date, date]:
        """By weekday, time and validity."""
        return (self.weekday, self.starts, self.ends, *self._days)

    @property
    def _days(self) -> tuple[date, date]:
        return self.since or date.min, self.until or date.max

    def overlaps(self, other: WeekHours) -> bool:
        """Return whether there is a moment in both."""
        (a, b), (c, d) = self._days, other._days
        day = self.weekday == other.weekday and a <= d and c <= b
        return day and self.starts < other.ends and other.starts < self.ends

    def __str__(self) -> str:
        """Return it as :func:`parse_week` reads it."""
        days = f" {self.since or ''}/{self.until or ''}" if self.since or self.until else ""
        return f"{self.weekday} {self.starts:%H:%M}-{self.ends:%H:%M}{days}"


def require_usable(rows: Sequence[WeekHours]) -> None:
    """Refuse a set of hours by which limits could not be counted.

    Raises
    ------
    InputError
        If one ends before it begins, two overlap, there are too many, or none holds without end.
    """
    if len(rows) > MOST_ROWS:
        raise InputError("working_hours.many", found=len(rows), most=MOST_ROWS)
    for each in rows:
        if any(at.tzinfo or at.second or at.microsecond for at in (each.starts, each.ends)):
            raise InputError("working_hours.form", found=f"{each.starts}-{each.ends}")
        if each.starts >= each.ends or (each.since or date.min) > (each.until or date.max):
            raise InputError("working_hours.order", found=str(each))
        if not 1 <= each.weekday <= 7:
            raise InputError("working_hours.weekday", found=each.weekday)
    for one, other in combinations(sorted(rows, key=lambda row: row.order), 2):
        if one.overlaps(other):
            raise InputError("working_hours.overlap", found=str(one), other=str(other))
    if rows and all(each.until is not None for each in rows):
        last = max(each.until for each in rows if each.until is not None)
        raise InputError("working_hours.endless", until=last)


def parse_week(written: str) -> list[WeekHours]:
    """Return the rows of one line: ``1-5 08:30-12:00 [SINCE/UNTIL]``.

    Raises
    ------
    InputError
        With the form that is expected.
    """
    days, _, rest = " ".join(written.split()).partition(" ")
    hours, _, valid = rest.partition(" ")
    try:
        first, last = _days(days)
        starts, ends = (time.fromisoformat(each) for each in hours.split("-"))
        since, until = (_day(each) for each in (valid or "/").split("/"))
    except ValueError as error:
        raise InputError("working_hours.form", found=written[:60]) from error
    return [WeekHours(n, starts, ends, since, until) for n in range(first, last + 1)]


def _days(written: str) -> tuple[int, int]:
    first, _, last = written.partition("-")
    found = int(first), int(last or first)
    if not 1 <= found[0] <= found[1] <= 7:
        raise ValueError(written)
    return found


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None
