"""Cameras for reports of coverage: their owners and states."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, RowMapping, column, text
from typing_extensions import TypedDict

from geo.access import predicates

# Who is asked for a picture, and how long it is kept.
_CONTACTS: Final = text(
    "SELECT code, name, connection, retention_days, management_unit AS unit, duty_phone AS phone,"
    " installed_on, supply_light FROM govgrid.camera_contact WHERE code = ANY(:codes)"
)
_STATES: Final = text(
    "SELECT DISTINCT ON (camera_code) camera_code, status FROM govgrid.camera_state"
    " WHERE since <= :at AND camera_code = ANY(:codes) ORDER BY camera_code, since DESC"
)
# The last change before the window counts as well.
_HISTORY: Final = text(
    "SELECT camera_code, since, status FROM govgrid.camera_state s"
    " WHERE camera_code = ANY(:codes) AND since < :end AND (since > :begin OR since ="
    " (SELECT max(since) FROM govgrid.camera_state b WHERE b.camera_code = s.camera_code"
    "  AND b.since <= :begin)) ORDER BY camera_code, since"
).columns(*map(column, ("camera_code", "since", "status")))
_CHANGED_NEAR: Final = text(
    "SELECT code FROM govgrid.camera_contact WHERE code = ANY(:codes) AND ST_DWithin("
    "geom::geography, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography, :within_m)"
)
_COUNTS: Final = text(
    "SELECT o.owner_kind, count(c.code) AS registered,"
    " count(c.code) FILTER (WHERE EXISTS (SELECT FROM govgrid.area_now a"
    "  WHERE a.level = 'district' AND ST_Covers(a.geom, c.geom))) AS located,"
    " count(c.code) FILTER (WHERE EXISTS (SELECT FROM govgrid.viewshed v"
    "  WHERE v.camera_code = c.code AND NOT ST_IsEmpty(v.geom))) AS computed"
    " FROM (VALUES ('skynet'), ('social'), (NULL)) AS o(owner_kind)"
    " LEFT JOIN (SELECT k.code, k.owner_kind, k.geom FROM govgrid.camera_contact k"
    f"  JOIN {predicates.CAMERAS} g ON g.code = k.code AND g.depth >= 0) c"
    " ON c.owner_kind IS NOT DISTINCT FROM o.owner_kind"
    " GROUP BY o.owner_kind ORDER BY o.owner_kind"
)


class Contact(TypedDict):
    """Who is asked for the picture of a camera, its connection, and how long footage is kept."""

    code: str
    name: str | None
    connection: str | None
    retention_days: int | None
    unit: str | None
    phone: str | None
    installed_on: date | None
    supply_light: str | None


def camera_contacts(connection: Connection, codes: list[str]) -> dict[str, Contact]:
    """Return of some cameras by code who is asked for the picture, and how long it is kept.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    codes
        Of the cameras.
    """
    rows = connection.execute(_CONTACTS, {"codes": codes}).mappings()
    return {row["code"]: cast(Contact, dict(row)) for row in rows}


def states_at(connection: Connection, at: datetime, codes: list[str]) -> dict[str, str]:
    """Return by code the state that some cameras had reported last by a time.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    at
        The time.
    codes
        Of the cameras.
    """
    found = connection.execute(_STATES, {"at": at, "codes": codes})
    return {row.camera_code: row.status for row in found}


def state_changes(
    connection: Connection, codes: list[str], begin: datetime, end: datetime
) -> dict[str, list[tuple[datetime, str]]]:
    """Return by code how the state of some cameras changed, from the last change before a window.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    codes
        Of the cameras.
    begin, end
        The window; equal for a moment.
    """
    until = max(end, begin + timedelta(microseconds=1))
    found: dict[str, list[tuple[datetime, str]]] = {}
    asked = {"codes": codes, "begin": begin, "end": until}
    for row in connection.execute(_HISTORY, asked):
        found.setdefault(row.camera_code, []).append((row.since, row.status))
    return found


def cameras_near(
    connection: Connection, codes: list[str], lon: float, lat: float, within_m: float
) -> frozenset[str]:
    """Return those of some cameras that stand near a place.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    codes
        Of the cameras.
    lon, lat
        Degrees, EPSG:4326.
    within_m
        How near.
    """
    asked = {"codes": codes, "lon": lon, "lat": lat, "within_m": within_m}
    return frozenset(connection.execute(_CHANGED_NEAR, asked).scalars())


def count_cameras(connection: Connection, parameters: Mapping[str, Any]) -> list[RowMapping]:
    """Return how many granted cameras are registered, located and computed, by owner kind.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters.
    """
    return list(connection.execute(_COUNTS, parameters).mappings())
