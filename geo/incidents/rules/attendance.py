"""Who came to a whistle: first in, all in, who is missing; by unit over many whistles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MINUTE: Final = 60.0


@dataclass(frozen=True)
class WhistledUnit:
    """A unit of a whistle: as what it was called, and when it reported in.

    A unit that was added later (增派) has a time of its own: `called_at` and `report_by`. None: the
    whistle's.
    """

    unit: str
    role: str
    reported_in_at: datetime | None = None
    called_at: datetime | None = None
    report_by: datetime | None = None


@dataclass(frozen=True)
class Attendance:
    """Who came of the lead and joint units; paired ones are counted apart.

    `first_minutes` are full minutes from the whistle to the first report-in. `all_in_time` is None
    while that is still open. `missing` are those that did not come yet, `late` those that came
    after the time.
    """

    expected: int
    came: int
    in_time: int
    first_unit: str | None
    first_minutes: int | None
    all_in_at: datetime | None
    all_in_time: bool | None
    missing: tuple[str, ...]
    late: tuple[str, ...]
    paired_expected: int
    paired_came: int


def count_attendance(
    called: Sequence[WhistledUnit], blown_at: datetime, report_by: datetime, now: datetime
) -> Attendance:
    """Return who came to one whistle.

    Parameters
    ----------
    called
        Its units.
    blown_at
        When it was blown.
    report_by
        Until when those report in that have no time of their own: that moment is in time.
    now
        The present moment.

    Examples
    --------
    >>> from datetime import UTC
    >>> nine = datetime(2026, 10, 8, 9, tzinfo=UTC)
    >>> units = [WhistledUnit("U2", "lead", nine.replace(minute=12)), WhistledUnit("P1", "joint")]
    >>> found = count_attendance(units, nine, nine.replace(minute=30), nine.replace(minute=50))
    >>> found.first_minutes, found.came, found.expected, found.missing, found.all_in_time
    (12, 1, 2, ('P1',), False)
    """
    due = [each for each in called if each.role != "paired"]
    paired = [each for each in called if each.role == "paired"]
    until = {each.unit: each.report_by or report_by for each in due}
    times = sorted((e.reported_in_at, e.unit) for e in due if e.reported_in_at is not None)
    first_at, first_unit = times[0] if times else (None, None)
    missing = tuple(each.unit for each in due if each.reported_in_at is None)
    late = tuple(unit for at, unit in times if at > until[unit])
    together = None if missing or not times else times[-1][0]
    over = [until[unit] for unit in (*missing, *late)] or ([] if due else [report_by])
    failed = any(now > end for end in over)
    return Attendance(
        expected=len(due),
        came=len(times),
        in_time=len(times) - len(late),
        first_unit=first_unit,
        first_minutes=None
        if first_at is None
        else int((first_at - blown_at).total_seconds() // MINUTE),
        all_in_at=together,
        all_in_time=False if failed else None if together is None else True,
        missing=missing,
        late=late,
        paired_expected=len(paired),
        paired_came=sum(each.reported_in_at is not None for each in paired),
    )


@dataclass(frozen=True)
class Sheet:
    """One whistle with its units, as it counts in a table by unit."""

    blown_at: datetime
    report_by: datetime
    called: tuple[WhistledUnit, ...]


@dataclass(frozen=True)
class UnitAttendance:
    """How a unit attended the whistles of a period.

    `expected` (应到) counts whistles in which it was lead or joint unit, `came` those it reported
    in to, `in_time` those in time, `first` (首家) those in which it was the first,
    `all_in_time` (集体按时) those in which all came in time. Where it was called as the paired
    unit counts apart. `absent_since` is the first of the whistles that it missed since it last
    came; None where it came to the last one.
    """

    unit: str
    expected: int
    came: int
    in_time: int
    first: int
    all_in_time: int
    paired_expected: int
    paired_came: int
    absent_since: datetime | None


def count_by_unit(sheets: Iterable[Sheet], now: datetime) -> tuple[UnitAttendance, ...]:
    """Return how each unit attended, the longest absent first, then by code.

    Parameters
    ----------
    sheets
        Whistles of the period whose time to report in is over.
    now
        The present moment.
    """
    rows = sorted(sheets, key=lambda sheet: sheet.blown_at)
    counts = [(s, count_attendance(s.called, s.blown_at, s.report_by, now)) for s in rows]
    units = sorted({each.unit for sheet in rows for each in sheet.called})
    found = (_of_unit(unit, counts) for unit in units)
    return tuple(sorted(found, key=_longest_absent))


def _longest_absent(row: UnitAttendance) -> tuple[bool, float, str]:
    since = row.absent_since
    return (since is None, 0.0 if since is None else since.timestamp(), row.unit)


def _of_unit(unit: str, counts: Sequence[tuple[Sheet, Attendance]]) -> UnitAttendance:
    mine = [(s, a, e) for s, a in counts for e in s.called if e.unit == unit]
    due = [(s, a, e) for s, a, e in mine if e.role != "paired"]
    paired = [e for _, _, e in mine if e.role == "paired"]
    came = [(s, a, e) for s, a, e in due if e.reported_in_at is not None]
    return UnitAttendance(
        unit,
        expected=len(due),
        came=len(came),
        in_time=sum(unit not in a.late for _, a, _ in came),
        first=sum(a.first_unit == unit for _, a, _ in came),
        all_in_time=sum(bool(a.all_in_time) for _, a, _ in due),
        paired_expected=len(paired),
        paired_came=sum(e.reported_in_at is not None for e in paired),
        absent_since=_absent_since([(e.called_at or s.blown_at, e) for s, _, e in mine]),
    )


def _absent_since(calls: Sequence[tuple[datetime, WhistledUnit]]) -> datetime | None:
    """Return the first whistle since the unit last came, None if it came to the last one."""
    since = None
    for blown_at, each in calls:
        since = None if each.reported_in_at is not None else since or blown_at
    return since
