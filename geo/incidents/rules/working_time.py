"""Arithmetic of working time: weekly hours with validity, days off, make-up days, pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from geo.base.errors import InputError
from geo.incidents.rules.holidays import HOLIDAY, WORKDAY

WORKING: Final = frozenset({"working_hours", "working_days"})
"""Units of limits that count in working time; hours and days count by the clock."""

MOST_DAYS: Final = 4000
"""So many days without enough working time, and the calendar is wrong."""

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Hours:
    """One stretch of work of a weekday (1 Monday … 7), from `since` to `until`, both included."""

    weekday: int
    starts: time
    ends: time
    since: date = date.min
    until: date = date.max

    def holds(self, day: date) -> bool:
        """Return whether it holds on a day."""
        return self.since <= day <= self.until


@dataclass(frozen=True)
class Calendar:
    """When a unit works: its weekly hours, and days that are otherwise (holiday or workday).

    `noticed` are the years whose days off are known; in others only weekends are.
    """

    timezone: str
    hours: Sequence[Hours]
    days: Mapping[date, str] = field(default_factory=dict)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def noticed(self) -> frozenset[int]:
        """The years for which days off are known."""
        return frozenset(day.year for day, kind in self.days.items() if kind == HOLIDAY)

    def day_of(self, moment: datetime) -> date:
        """Return the day of the district on which a moment lies."""
        return moment.astimezone(self._zone).date()

    def ordinary_minutes(self, day: date) -> float:
        """Return how many minutes an ordinary working day has under the hours of a day."""
        return max((_minutes(self._week(day, n)) for n in range(1, 8)), default=0.0)

    def stretches(self, day: date) -> list[Interval]:
        """Return the stretches of work of a day, in order, UTC.

        A make-up day has the hours of the first weekday that has the most.
        """
        kind = self.days.get(day)
        if kind == HOLIDAY:
            return []
        known = self._week(day, day.isoweekday())
        if kind == WORKDAY and not known:
            weeks = [self._week(day, n) for n in range(1, 8)]
            known = max(weeks, key=_minutes)
        return [(self._at(day, starts), self._at(day, ends)) for starts, ends in known]

    def whole_day(self, day: date) -> Interval:
        """Return a day from midnight to midnight, UTC."""
        return self._at(day, time.min), self._at(day + timedelta(days=1), time.min)

    def _at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, self._zone).astimezone(UTC)

    def _week(self, day: date, weekday: int) -> list[tuple[time, time]]:
        """Return the hours of a weekday as they are on a day, overlapping ones as one."""
        rows = [each for each in self.hours if each.weekday == weekday and each.holds(day)]
        found: list[tuple[time, time]] = []
        for each in sorted(rows, key=lambda hours: hours.starts):
            if found and each.starts <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], each.ends))
            else:
                found.append((each.starts, each.ends))
        return found


@dataclass(frozen=True)
class Limit:
    """How long something may take: an amount of working hours or days, or of hours or days."""

    amount: float
    unit: str

    @property
    def working(self) -> bool:
        """Whether it counts in working time."""
        return self.unit in WORKING

    def minutes(self, calendar: Calendar, day: date) -> float:
        """Return its minutes.

        Parameters
        ----------
        calendar
            Its ordinary day is what a working day means.
        day
            On which the clock starts.
        """
        each = {"working_hours": 60.0, "hours": 60.0, "days": 1440.0}.get(self.unit)
        return self.amount * (calendar.ordinary_minutes(day) if each is None else each)


def add_minutes(
    calendar: Calendar,
    start: datetime,
    minutes: float,
    *,
    working: bool,
    pauses: Sequence[Interval] = (),
) -> datetime:
    """Return when so many minutes have passed since `start`, UTC.

    Parameters
    ----------
    calendar
        When work is done.
    start
        When the clock starts.
    minutes
        How many, to the second.
    working
        Whether working time counts; else each minute does.
    pauses
        When it does not count (holds), each from its approval to its end.

    Raises
    ------
    InputError
        ``lifecycle.no_working_time`` if the calendar has too little working time.
    """
    left = timedelta(seconds=round(minutes * 60))
    if not left:
        return start.astimezone(UTC)
    for begin, end in _counted(calendar, start, working=working, pauses=pauses):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise InputError("lifecycle.no_working_time", days=MOST_DAYS)


def count_minutes(
    calendar: Calendar,
    start: datetime,
    end: datetime,
    *,
    working: bool,
    pauses: Sequence[Interval] = (),
) -> float:
    """Return how many minutes lie between two moments, 0 where `end` is not after `start`.

    Parameters
    ----------
    calendar
        When work is done.
    start, end
        From when to when.
    working
        Whether working time counts; else each minute does.
    pauses
        When it does not count.
    """
    found = timedelta()
    for begin, until in _counted(calendar, start, working=working, pauses=pauses):
        if begin >= end:
            break
        found += min(until, end) - begin
    return found.total_seconds() / 60


def is_provisional(calendar: Calendar, start: datetime, end: datetime) -> bool:
    """Return whether a span of working time reaches into a year of which no notice is known.

    Parameters
    ----------
    calendar
        With the days that are known.
    start, end
        From when to when.
    """
    years = range(calendar.day_of(start).year, calendar.day_of(end).year + 1)
    return not calendar.noticed.issuperset(years)


def _counted(
    calendar: Calendar, start: datetime, *, working: bool, pauses: Sequence[Interval]
) -> Iterator[Interval]:
    """Yield the stretches from `start` on that count, in order."""
    first = calendar.day_of(start)
    for n in range(MOST_DAYS):
        day = first + timedelta(days=n)
        parts = calendar.stretches(day) if working else [calendar.whole_day(day)]
        for begin, end in parts:
            yield from _without(max(begin, start.astimezone(UTC)), end, pauses)


def _without(begin: datetime, end: datetime, pauses: Iterable[Interval]) -> Iterator[Interval]:
    """Yield what is left of a stretch outside of pauses."""
    for paused, resumed in sorted(pauses):
        if resumed <= begin or paused >= end:
            continue
        if paused > begin:
            yield begin, paused
        begin = max(begin, resumed)
    if begin < end:
        yield begin, end


def _minutes(hours: Iterable[tuple[time, time]]) -> float:
    day = date(2000, 1, 1)
    spans = (datetime.combine(day, b) - datetime.combine(day, a) for a, b in hours)
    return sum(spans, timedelta()).total_seconds() / 60
