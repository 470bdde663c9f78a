"""The calendar that limits are counted in: shipped days off, imported ones, weekly hours."""

from datetime import date, timedelta

from sqlalchemy import Connection

from geo.incidents.rules.holidays import shipped_days
from geo.incidents.rules.working_time import Calendar, Hours
from geo.incidents.store import calendars as stored


def read_calendar(connection: Connection, timezone: str, unit: str | None = None) -> Calendar:
    """Return the calendar of a unit; imported days come before those that are shipped.

    Parameters
    ----------
    connection
        Open transaction.
    timezone
        IANA name: of the days, and of the shipped days off.
    unit
        Code of the unit in charge; None, or without hours of its own: those of the site.
    """
    hours = tuple(
        Hours(
            row.weekday,
            row.starts,
            row.ends,
            row.since or date.min,
            date.max if row.before is None else row.before - timedelta(days=1),
        )
        for row in stored.read_hours(connection, unit)
    )
    days = {**shipped_days(timezone), **stored.read_days(connection)}
    return Calendar(timezone, hours, days)


def provisional_years(connection: Connection, timezone: str) -> dict[int, int]:
    """Return the years without a notice of their days off → open incidents that wait for it.

    Parameters
    ----------
    connection
        Open transaction.
    timezone
        IANA name.
    """
    noticed = read_calendar(connection, timezone).noticed
    found = stored.provisional_years(connection, timezone)
    return {year: count for year, count in found.items() if year not in noticed}
