"""Filings with the police: the tables ``filing`` and ``filed_camera``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.roles import depth_no
from geo.store import frames, tables
from geo.store.tables import Change

if TYPE_CHECKING:
    import pandas as pd

# A camera that is no longer there is judged by where it was filed.
_PLACE: Final = (
    "ST_SetSRID(ST_MakePoint(CAST(x.snapshot ->> 'lon' AS double precision),"
    " CAST(x.snapshot ->> 'lat' AS double precision)), 4326)"
)
_ONCE: Final = {"kind": "x.snapshot ->> 'owner_kind'", "geom": _PLACE}
_GRANTED_ONCE: Final = predicates.STOOD.format(**_ONCE)
_EXACT_ONCE: Final = predicates.STOOD_EXACT.format(**_ONCE)
# A unit that filed later, and to whose old number no camera keeps, has replaced that filing.
_REPLACED: Final = (
    "EXISTS (SELECT FROM govgrid.filing n"
    " WHERE n.unit_name = f.unit_name AND n.filed_on > f.filed_on)"
    " AND NOT EXISTS (SELECT FROM govgrid.camera o"
    " WHERE o.filing_no = f.code AND o.status IS DISTINCT FROM 'removed')"
)
# Of the filings that list a camera the one whose number it bears counts, else the newest.
_FILED: Final = (
    f"WITH granted AS (SELECT g.code, g.exact FROM {predicates.CAMERAS} g WHERE g.depth >= :depth)"
    " SELECT DISTINCT ON (x.camera_code) x.camera_code, x.filing_code, f.filed_on, x.snapshot,"
    f" CASE WHEN c.code IS NULL THEN {_EXACT_ONCE} ELSE"
    " (SELECT g.exact FROM granted g WHERE g.code = c.code) END AS exact"
    " FROM govgrid.filed_camera x JOIN govgrid.filing f ON f.code = x.filing_code"
    " LEFT JOIN govgrid.camera c ON c.code = x.camera_code AND c.status IS DISTINCT FROM 'removed'"
    f" WHERE CASE WHEN c.code IS NULL THEN NOT ({_REPLACED}) AND {_GRANTED_ONCE}"
    " ELSE coalesce(c.filing_no, f.code) = f.code AND c.code IN (SELECT code FROM granted) END"
    " ORDER BY x.camera_code, f.filed_on DESC, f.code"
)
_ADDED: Final = (
    "SELECT c.code AS camera_code, f.code AS filing_code, f.filed_on,"
    f" govgrid.filed_snapshot(c) AS snapshot, g.exact FROM {predicates.CAMERAS} g"
    " JOIN govgrid.camera c ON c.code = g.code AND g.depth >= :depth"
    " JOIN govgrid.filing f ON f.code = c.filing_no"
    " WHERE c.status IS DISTINCT FROM 'removed' AND NOT EXISTS (SELECT FROM govgrid.filed_camera x"
    " WHERE x.filing_code = f.code AND x.camera_code = c.code)"
)
_PRESENT: Final = (
    "SELECT c.code AS camera_code, govgrid.filed_snapshot(c) AS snapshot FROM govgrid.camera c"
    " WHERE c.code = ANY(CAST(:codes AS text[])) AND c.status IS DISTINCT FROM 'removed'"
)
# The cameras in use whose exact position may be seen.
_EXACT: Final = (
    f" FROM {predicates.CAMERAS} g JOIN govgrid.camera c ON c.code = g.code"
    f" AND g.depth >= {depth_no('position')} AND g.exact WHERE c.status IS DISTINCT FROM 'removed'"
)
_UNITS: Final = text(
    f"SELECT DISTINCT c.management_unit{_EXACT} AND c.management_unit <> '' ORDER BY 1"
)
_MANAGES: Final = text(f"SELECT EXISTS (SELECT{_EXACT} AND c.management_unit = :asked_unit)")
_OF_UNIT: Final = (
    "SELECT c.code, c.name, ST_X(c.geom) AS lon, ST_Y(c.geom) AS lat, c.address, c.owner_kind,"
    " c.point_class, c.form, c.mount_height_m, c.retention_days, c.installed_on,"
    " c.management_unit, c.filing_no, c.duty_phone, g.depth,"
    " EXISTS (SELECT FROM govgrid.filing f WHERE f.code = c.filing_no) AS filed"
    f"{_EXACT} AND c.management_unit = :asked_unit ORDER BY c.code"
)
_VIEWS: Final = (
    "SELECT camera_code, no, heading_deg, heading_source, hfov_deg, range_m"
    " FROM govgrid.camera_view WHERE camera_code = ANY(CAST(:codes AS text[]))"
)
_DISTRICTS: Final = text(
    "SELECT DISTINCT d.name FROM govgrid.area_now d JOIN govgrid.camera c"
    " ON ST_Intersects(d.geom, c.geom) AND c.code = ANY(CAST(:codes AS text[]))"
    " WHERE d.level = 'district' AND NOT d.attributes ? 'made' AND d.name IS NOT NULL ORDER BY 1"
)
_PHONES: Final = text(
    "SELECT duty_phone FROM govgrid.unit_contact WHERE name = :unit AND duty_phone IS NOT NULL"
)
_DAY: Final = text("SELECT filed_on FROM govgrid.filing WHERE code = :number")
# What the table's own trigger took from the register gives way to what was handed in.
_BY_SHEET: Final = text("UPDATE govgrid.filing SET sheet_sha256 = :sha256 WHERE code = :number")
_CLEAR: Final = text("DELETE FROM govgrid.filed_camera WHERE filing_code = :number")
_NUMBER: Final = text(
    "UPDATE govgrid.camera SET filing_no = :number, import_run = :run"
    " WHERE code = ANY(CAST(:codes AS text[])) AND filing_no IS DISTINCT FROM :number"
)


def filed_cameras(connection: Connection, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Return what was filed about the granted cameras, one row per camera.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters, and ``depth``, the least access level (number).
    """
    return frames.read_frame(connection, _FILED, parameters)


def added_cameras(connection: Connection, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Return the granted cameras with the number of a filing that does not list them.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters, and ``depth``, the least access level (number).
    """
    return frames.read_frame(connection, _ADDED, parameters)


def present_snapshots(connection: Connection, codes: Sequence[str]) -> pd.DataFrame:
    """Return what would be filed about cameras now: ``camera_code``, ``snapshot``.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    """
    return frames.read_frame(connection, _PRESENT, {"codes": list(codes)})


def managing_units(connection: Connection, parameters: Mapping[str, Any]) -> list[str]:
    """Return the units that manage cameras in use whose exact position is granted.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    parameters
        Grants of the principal as SQL parameters.
    """
    return [str(unit) for unit in connection.execute(_UNITS, parameters).scalars()]


def is_managing_unit(connection: Connection, unit: str, parameters: Mapping[str, Any]) -> bool:
    """Return whether a unit manages any of the cameras of :func:`managing_units`.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    unit
        Name of the unit.
    parameters
        Grants of the principal as SQL parameters.
    """
    return bool(connection.execute(_MANAGES, {**parameters, "asked_unit": unit}).scalar_one())


def cameras_of_unit(
    connection: Connection, unit: str, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the cameras of a unit with the columns of a filing sheet, ``depth`` and ``filed``.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    unit
        Name of the unit.
    parameters
        Grants of the principal as SQL parameters.
    """
    return frames.read_frame(connection, _OF_UNIT, {**parameters, "asked_unit": unit})


def views_of(connection: Connection, codes: Sequence[str]) -> pd.DataFrame:
    """Return the headings of the views of cameras.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    """
    return frames.read_frame(connection, _VIEWS, {"codes": list(codes)})


def districts_of(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Return the names of the districts that hold some cameras.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of cameras.
    """
    return list(connection.execute(_DISTRICTS, {"codes": list(codes)}).scalars())


def office_phones(connection: Connection, unit: str) -> list[str]:
    """Return the office telephone numbers of the units with a name.

    Parameters
    ----------
    connection
        Open transaction.
    unit
        Name of the unit.
    """
    return list(connection.execute(_PHONES, {"unit": unit}).scalars())


def filing_day(connection: Connection, number: str) -> date | None:
    """Return the day of a filing, None if there is no such filing.

    Parameters
    ----------
    connection
        Open transaction.
    number
        Number that the police gave it.
    """
    day: date | None = connection.execute(_DAY, {"number": number}).scalar_one_or_none()
    return day


def write_filing(
    connection: Connection, head: Mapping[str, Any], snapshots: pd.DataFrame, *, run: int
) -> Change:
    """Write a filing by the sheet that was handed in, and its number to the cameras it lists.

    Parameters
    ----------
    head
        code, unit_name, filed_on, sheet_sha256.
    snapshots
        Rows of ``filed_camera``.
    """
    import pandas as pd

    done = tables.upsert_rows(connection, "filing", pd.DataFrame([head]), run=run)
    number = {"number": head["code"]}
    connection.execute(_BY_SHEET, {**number, "sha256": head["sheet_sha256"]})
    connection.execute(_CLEAR, number)
    frames.copy_in(connection, "filed_camera", snapshots)
    codes = snapshots["camera_code"].tolist()
    connection.execute(_NUMBER, {**number, "codes": codes, "run": run})
    return done
