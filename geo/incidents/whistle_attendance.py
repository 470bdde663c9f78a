"""Attendance of whistles over a period: by unit, by statistics month, with its rates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.words import say
from geo.incidents.rules.attendance import Sheet, WhistledUnit, count_attendance, count_by_unit
from geo.incidents.rules.rates import FEWEST
from geo.incidents.statistics_query import StatisticsQuery, open_one_state, resolve_query
from geo.incidents.store import spots as stored
from geo.incidents.store import statistics as stored_statistics
from geo.incidents.store.spots import CalledRow
from geo.incidents.whistle_answer import (
    AttendanceFigures,
    AttendanceMonth,
    AttendanceRate,
    NamedAttendance,
)

RATES: Final = ("came", "in_time", "all_in_time", "paired")


def count_attendance_of_period(
    engine: Engine,
    who: Principal,
    query: StatisticsQuery,
    *,
    timezone: str,
    month_starts: int,
    lang: str = "zh",
) -> AttendanceFigures:
    """Return who came to the whistles of a period, by unit and by month, longest absent first.

    Whistles count that have ended, or once the time of all their units is over; those called off
    do not.
    Each counts in the month in which it was blown.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks: the areas in which figures are granted.
    query
        Period, area and scopes.
    timezone
        IANA name of the district.
    month_starts
        Day of the month on which a statistics month starts.
    lang
        Language of the definitions.

    Raises
    ------
    InputError
        If the period, an area or a scope is none.
    """
    who.require("statistics")
    with open_one_state(engine, who) as connection:
        period, asked = resolve_query(connection, who, query, timezone, month_starts)
        rows = stored.read_called(connection, asked)
        now = stored_statistics.present_moment(connection)
    names = {row.unit: row.name for row in rows}
    months: defaultdict[str, list[CalledRow]] = defaultdict(list)
    for row in rows:
        months[row.month].append(row)
    sheets = _sheets(rows)
    return AttendanceFigures(
        period.since,
        period.until,
        period.month,
        query.area or None,
        list(query.scopes),
        FEWEST,
        len(sheets),
        _by_unit(sheets, names, now),
        [_month(name, _sheets(of_month), names, now) for name, of_month in sorted(months.items())],
        _rates(sheets, now, lang),
    )


def _sheets(rows: Iterable[CalledRow]) -> list[Sheet]:
    whistles: defaultdict[UUID, list[CalledRow]] = defaultdict(list)
    for row in rows:
        whistles[row.whistle].append(row)
    return [
        Sheet(
            called[0].blown_at,
            called[0].report_by,
            tuple(_called(each) for each in called),
        )
        for called in whistles.values()
    ]


def _called(row: CalledRow) -> WhistledUnit:
    return WhistledUnit(row.unit, row.role, row.reported_in_at, row.called_at, row.own_report_by)


def _by_unit(
    sheets: Sequence[Sheet], names: Mapping[str, str | None], now: datetime
) -> list[NamedAttendance]:
    return [
        NamedAttendance(**vars(row), name=names[row.unit]) for row in count_by_unit(sheets, now)
    ]


def _month(
    name: str, sheets: Sequence[Sheet], names: Mapping[str, str | None], now: datetime
) -> AttendanceMonth:
    return AttendanceMonth(name, len(sheets), _by_unit(sheets, names, now))


def _rates(sheets: Sequence[Sheet], now: datetime, lang: str) -> list[AttendanceRate]:
    """Return shares of the period, each with numerator, denominator and definition."""
    counts = [count_attendance(each.called, each.blown_at, each.report_by, now) for each in sheets]
    expected = sum(each.expected for each in counts)
    parts = {
        "came": (sum(each.came for each in counts), expected),
        "in_time": (sum(each.in_time for each in counts), expected),
        "all_in_time": (sum(bool(each.all_in_time) for each in counts), len(counts)),
        "paired": (
            sum(each.paired_came for each in counts),
            sum(each.paired_expected for each in counts),
        ),
    }
    return [
        AttendanceRate(
            name,
            say(f"whistle.share.{name}", lang),
            *parts[name],
            parts[name][0] / parts[name][1] if parts[name][1] else None,
            parts[name][1] < FEWEST,
            say(f"whistle.rate.{name}", lang),
        )
        for name in RATES
    ]
