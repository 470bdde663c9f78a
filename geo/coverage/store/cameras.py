"""Cameras for reports of coverage: their owners and states."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from geo.access import predicates

# Who is asked for a picture, and how long it is kept.
_CONTACTS: Final = text(
    "SELECT code, name, connection, retention_days, management_unit AS unit, duty_phone AS phone,"
    " installed_on FROM govgrid.camera_contact WHERE code = ANY(:codes)"
)
_STATES: Final = text(
    "SELECT DISTINCT ON (camera_code) camera_code, status FROM govgrid.camera_state"
    " WHERE since <= :at AND camera_code = ANY(:codes) ORDER BY camera_code, since DESC"
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


def camera_contacts(connection: Connection, codes: list[str]) -> dict[str, dict[str, Any]]:
    """Return of some cameras by code who is asked for the picture, and how long it is kept.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    codes
        Of the cameras.
    """
    rows = connection.execute(_CONTACTS, {"codes": codes}).mappings()
    return {row["code"]: dict(row) for row in rows}


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
