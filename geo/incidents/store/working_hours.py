"""Weekly hours of the site and of units: read as a set, replaced as a set."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from geo.incidents.rules.week_hours import WeekHours

# Two that replace the same set wait for each other.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext('working_hours ' || :unit))")
# The last day of a range is the one before its end.
_READ: Final = text(
    "SELECT weekday, starts, ends, lower(valid) AS since, upper(valid) - 1 AS until"
    " FROM govgrid.working_hours WHERE unit_code IS NOT DISTINCT FROM :unit"
    " ORDER BY weekday, starts, lower(valid) NULLS FIRST"
)
_SHIPPED: Final = text(
    "SELECT coalesce(bool_and(shipped), false) FROM govgrid.working_hours"
    " WHERE unit_code IS NOT DISTINCT FROM :unit"
)
_DELETE: Final = text(
    "DELETE FROM govgrid.working_hours WHERE unit_code IS NOT DISTINCT FROM :unit"
)
_INSERT: Final = text(
    "INSERT INTO govgrid.working_hours (unit_code, weekday, starts, ends, valid)"
    " VALUES (:unit, :weekday, :starts, :ends,"
    " daterange(CAST(:since AS date), CAST(:until AS date), '[]'))"
)
_UNIT: Final = text("SELECT EXISTS (SELECT FROM govgrid.unit WHERE code = :unit)")


def lock_hours(connection: Connection, unit: str | None) -> None:
    """Wait until nobody else replaces the hours of a unit; None: of the site.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit.
    """
    connection.execute(_LOCK, {"unit": unit or ""})


def read_week(connection: Connection, unit: str | None) -> list[WeekHours]:
    """Return the own hours of a unit, none where those of the site count for it.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit; None: the site.
    """
    return [WeekHours(*row) for row in connection.execute(_READ, {"unit": unit})]


def is_shipped(connection: Connection, unit: str | None) -> bool:
    """Return whether the hours are those that are shipped.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit; None: the site.
    """
    return bool(connection.execute(_SHIPPED, {"unit": unit}).scalar_one())


def replace_week(connection: Connection, unit: str | None, rows: Sequence[WeekHours]) -> None:
    """Replace the own hours of a unit.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Code of the unit; None: the site.
    rows
        All of them.
    """
    connection.execute(_DELETE, {"unit": unit})
    if rows:
        connection.execute(_INSERT, [{"unit": unit, **vars(row)} for row in rows])


def is_unit(connection: Connection, unit: str) -> bool:
    """Return whether there is a unit of this code.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Its code.
    """
    return bool(connection.execute(_UNIT, {"unit": unit}).scalar_one())
