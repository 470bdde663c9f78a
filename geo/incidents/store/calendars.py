"""Weekly hours and days off, as the calendar of a unit takes them."""

from datetime import date, time
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from geo.incidents.rules.working_time import Limit
from geo.incidents.store.states import IS_OPEN

# Rows of a unit replace those of the site for it.
_HOURS: Final = text(
    "SELECT weekday, starts, ends, lower(valid) AS since, upper(valid) AS before"
    " FROM govgrid.working_hours WHERE unit_code IS NOT DISTINCT FROM"
    " (SELECT unit_code FROM govgrid.working_hours WHERE unit_code = :unit LIMIT 1)"
    " ORDER BY weekday, starts"
)
_LIMITS: Final = text(
    "SELECT code, name, limit_amount, limit_unit FROM govgrid.category WHERE NOT shipped"
    " AND clock_start = 'reported' AND limit_amount IS NOT NULL AND limit_unit IS NOT NULL"
    " ORDER BY code DESC"
)
_DAYS: Final = text("SELECT day, kind FROM govgrid.calendar")


# From the first to the last day of each limit that is counted again once the notice is there.
_PROVISIONAL: Final = text(
    "SELECT y.year, count(*) AS incidents FROM govgrid.incident i, generate_series("
    " extract(year FROM coalesce(i.clock_from, i.reported_at) AT TIME ZONE :zone)::integer,"
    " extract(year FROM i.due_at AT TIME ZONE :zone)::integer) AS y (year)"
    f" WHERE i.due_provisional AND NOT i.due_given AND {IS_OPEN}"
    " GROUP BY y.year ORDER BY y.year"
)


class WeekRow(NamedTuple):
    """One row of working hours; `before` is the first day on which it no longer holds."""

    weekday: int
    starts: time
    ends: time
    since: date | None
    before: date | None


def read_hours(connection: Connection, unit: str | None) -> list[WeekRow]:
    """Return the weekly hours of a unit, those of the site where it has none.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of a unit; None: the site.
    """
    return [WeekRow(*row) for row in connection.execute(_HOURS, {"unit": unit})]


def read_days(connection: Connection) -> dict[date, str]:
    """Return the days off and make-up days that were imported: day → holiday or workday."""
    return {row.day: row.kind for row in connection.execute(_DAYS)}


def provisional_years(connection: Connection, timezone: str) -> dict[int, int]:
    """Return year → number of open incidents whose provisional limit reaches into it.

    Parameters
    ----------
    connection
        Open transaction.
    timezone
        IANA name, for the days.
    """
    rows = connection.execute(_PROVISIONAL, {"zone": timezone})
    return {int(row.year): int(row.incidents) for row in rows}


def read_limits(connection: Connection) -> dict[str, Limit]:
    """Return the limits of the site's categories that count from the report, by code and name."""
    rows = connection.execute(_LIMITS).all()
    named = {row.name: Limit(row.limit_amount, row.limit_unit) for row in rows}
    return named | {row.code: Limit(row.limit_amount, row.limit_unit) for row in rows}
