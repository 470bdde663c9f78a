"""Periods of statistics: statistics months, the period before, the same a year before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from geo.base.errors import InputError

_MONTH: Final = re.compile(r"(\d{4})-(\d{1,2})")
FESTIVAL_DAYS: Final = (-1, 6)
"""From New Year's Eve to the seventh day, counted from the first of the year."""


FIRST_DAY: Final = date(1900, 1, 1)


@dataclass(frozen=True)
class Period:
    """Days from `since` to `until`, both included; `month` names a statistics month."""

    since: date
    until: date
    month: str | None = None

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1


@dataclass(frozen=True)
class Issue:
    """A period whose figures went out."""

    id: int
    since: date
    until: date
    issued_at: datetime
    issued_by: str


@dataclass(frozen=True)
class Scope:
    """A named set of areas, a named period, or both; None leaves that side open."""

    name: str
    areas: tuple[str, ...] | None
    since: date | None
    until: date | None


def month_period(written: str, starts: int) -> Period:
    """Return a statistics month: from day `starts` of the month before if that is not the first.

    Parameters
    ----------
    written
        Such as 2026-09.
    starts
        Day of the month on which it starts, 1 to 28.

    Raises
    ------
    InputError
        If it is no month.
    """
    found = _MONTH.fullmatch(written.strip())
    year, month = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= month <= 12 and 1900 < year < 2200):
        raise InputError("statistics.month", found=written[:40])
    first, behind = date(year, month, 1), _add_months(date(year, month, 1), 1)
    if starts == 1:
        return Period(first, behind - timedelta(days=1), f"{first:%Y-%m}")
    since = _add_months(first, -1).replace(day=starts)
    return Period(since, first.replace(day=starts) - timedelta(days=1), f"{first:%Y-%m}")


def year_period(written: str, starts: int) -> Period:
    """Return a year of twelve statistics months.

    Parameters
    ----------
    written
        Such as 2026.
    starts
        Day of the month on which a statistics month starts.

    Raises
    ------
    InputError
        If it is no year.
    """
    if not re.fullmatch(r"(19|20|21)\d\d", written.strip()):
        raise InputError("statistics.year", found=written[:40])
    year = written.strip()
    first, last = month_period(f"{year}-01", starts), month_period(f"{year}-12", starts)
    return Period(first.since, last.until)


def choose_period(
    month: str | None,
    year: str | None,
    since: date | None,
    until: date | None,
    *,
    today: date,
    starts: int,
) -> Period:
    """Return the period that is named: a statistics month, a year or days; else the present month.

    Parameters
    ----------
    month, year
        Such as 2026-09 and 2026.
    since, until
        First and last day; one alone leaves the other side open up to today.
    today
        The present day.
    starts
        Day of the month on which a statistics month starts.

    Raises
    ------
    InputError
        If it is named twice, or ends before it begins.
    """
    days = since is not None or until is not None
    if (month is not None) + (year is not None) + days > 1:
        raise InputError("statistics.period_twice")
    require_order(since, until)
    if month is not None:
        return month_period(month, starts)
    if year is not None:
        return year_period(year, starts)
    if days:
        return Period(since or FIRST_DAY, until or max(today, since or today))
    return month_period(month_of(today, starts), starts)


def named_period(month: str | None, since: date | None, until: date | None, starts: int) -> Period:
    """Return a period by its month, or by its first and last day.

    Parameters
    ----------
    month
        Such as 2026-09; None: by the days.
    since, until
        First and last day; both, or neither.
    starts
        Day of the month on which a statistics month starts.

    Raises
    ------
    InputError
        If it is named twice, not at all, or by one day alone.
    """
    if month is not None and since is None and until is None:
        return month_period(month, starts)
    if month is None and since is not None and until is not None:
        require_order(since, until)
        return Period(since, until)
    raise InputError("statistics.period_needed")


def require_order(since: date | None, until: date | None) -> None:
    """Refuse a period that ends before it begins.

    Parameters
    ----------
    since, until
        First and last day; None leaves that side open.

    Raises
    ------
    InputError
        With both days.
    """
    if since is not None and until is not None and until < since:
        raise InputError("statistics.order", since=since, until=until)


def month_of(day: date, starts: int) -> str:
    """Return the statistics month of a day, such as 2026-09.

    Parameters
    ----------
    day
        Any.
    starts
        Day of the month on which a statistics month starts.
    """
    first = day.replace(day=1)
    return f"{_add_months(first, 1) if starts > 1 and day.day >= starts else first:%Y-%m}"


def period_before(period: Period, starts: int) -> Period:
    """Return the period to compare with (环比): the month before, else as many days before.

    Parameters
    ----------
    period
        Any.
    starts
        Day of the month on which a statistics month starts.
    """
    if period.month:
        year, month = map(int, period.month.split("-"))
        before = _add_months(date(year, month, 1), -1)
        return month_period(f"{before:%Y-%m}", starts)
    until = period.since - timedelta(days=1)
    return Period(until - timedelta(days=period.days - 1), until)


def year_before(period: Period, starts: int) -> Period:
    """Return the same period of the year before (同比).

    Parameters
    ----------
    period
        Any.
    starts
        Day of the month on which a statistics month starts.
    """
    if period.month:
        year, month = period.month.split("-")
        return month_period(f"{int(year) - 1}-{month}", starts)
    return Period(_same_day(period.since), _same_day(period.until))


def has_spring_festival(period: Period) -> bool:
    """Return whether a period meets the days from New Year's Eve to the seventh of the first month.

    A month with them and one without do not compare; which month has them differs by year.
    """
    from geo.incidents.rules.lunar import lunar_new_year

    begin, end = (timedelta(days=days) for days in FESTIVAL_DAYS)
    news = [lunar_new_year(year) for year in range(period.since.year, period.until.year + 1)]
    return any(
        new is not None and new + begin <= period.until and new + end >= period.since
        for new in news
    )


def _same_day(day: date) -> date:
    """Return the day of the year before; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _add_months(first: date, months: int) -> date:
    month = first.year * 12 + first.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)
