"""Whistles: the one that is open, those of an incident with their units."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from geo.incidents.store.listing import HANDLED
from geo.incidents.store.moves import SEEN
from geo.incidents.store.states import IS_OPEN

_OPEN: Final = text("SELECT * FROM govgrid.whistle WHERE incident = :id AND state = 'open'")
_PAIRED: Final = text(
    "SELECT DISTINCT unit_code FROM govgrid.pairing WHERE area_code = ANY(CAST(:areas AS text[]))"
    " ORDER BY 1"
)
_UNITS: Final = text("SELECT code FROM govgrid.unit WHERE code = ANY(CAST(:codes AS text[]))")
_OF_INCIDENT: Final = text(
    "SELECT * FROM govgrid.whistle WHERE incident = :id ORDER BY blown_at, id"
)
_ROLE: Final = (
    "CASE WHEN d.kind = 'paired' THEN 'paired' WHEN d.lead THEN 'lead' ELSE 'joint' END AS role"
)
_CALLED: Final = text(
    f"SELECT d.*, {_ROLE}, u.name AS unit_name, u.duty_phone FROM govgrid.dispatch d"
    " LEFT JOIN govgrid.unit u ON u.code = d.unit_code"
    " WHERE d.whistle = ANY(CAST(:keys AS uuid[]))"
    " ORDER BY d.kind = 'paired', NOT d.lead, d.unit_code"
)
_DISPATCH: Final = text(
    "SELECT d.*, w.state AS whistle_state, w.report_by, i.id AS incident"
    " FROM govgrid.dispatch d JOIN govgrid.incident i ON i.code = d.incident_code"
    " LEFT JOIN govgrid.whistle w ON w.id = d.whistle WHERE d.id = :id"
)
_READABLE: Final = f"(NOT i.sensitive OR {HANDLED})"
_SEEN_WHISTLES: Final = (
    "SELECT w.*, i.code, i.category, i.state AS incident_state, i.community_code,"
    " i.township_code FROM govgrid.whistle w JOIN govgrid.incident i ON i.id = w.incident"
    f" WHERE {SEEN}"
)
_STILL_OPEN: Final = text(
    f"{_SEEN_WHISTLES} AND {_READABLE} AND w.state = 'open' ORDER BY w.report_by, w.id LIMIT :most"
)
_ASKED: Final = text(
    "SELECT a.id, a.asked_at, a.asked_unit, a.reason, i.id AS incident, i.code, i.category,"
    " i.community_code, i.township_code FROM govgrid.approval a"
    " JOIN govgrid.incident i ON i.id = a.incident"
    " WHERE a.kind = 'whistle' AND a.state = 'asked'"
    f" AND {IS_OPEN} AND {SEEN} AND {_READABLE} ORDER BY a.asked_at LIMIT :most"
)


def read_open_whistle(connection: Connection, incident: UUID) -> Mapping[str, Any] | None:
    """Return the whistle of an incident that is open, None where none is.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    row = connection.execute(_OPEN, {"id": incident}).mappings().one_or_none()
    return None if row is None else dict(row)


def paired_units(connection: Connection, areas: Sequence[str]) -> list[str]:
    """Return the codes of the units that are paired (结对包保) with some areas.

    Parameters
    ----------
    connection
        Open transaction.
    areas
        Codes of areas.
    """
    return list(connection.execute(_PAIRED, {"areas": list(areas)}).scalars())


def known_units(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Return those of some codes that are units.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of units.
    """
    return set(connection.execute(_UNITS, {"codes": list(codes)}).scalars())


def read_whistles(connection: Connection, incident: UUID) -> list[Mapping[str, Any]]:
    """Return the whistles of an incident, the oldest first.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return _rows(connection, _OF_INCIDENT, {"id": incident})


def read_called(connection: Connection, whistles: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """Return the dispatches of whistles with name and phone of their units, leads first.

    Parameters
    ----------
    connection
        Open transaction.
    whistles
        Ids.
    """
    keys = [str(each) for each in whistles]
    return _rows(connection, _CALLED, {"keys": keys})


def read_dispatch(connection: Connection, dispatch: UUID) -> Mapping[str, Any] | None:
    """Return a dispatch with the id of its incident and what its whistle says, None if none is.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    dispatch
        Its id.
    """
    row = connection.execute(_DISPATCH, {"id": dispatch}).mappings().one_or_none()
    return None if row is None else dict(row)


def open_whistles(
    connection: Connection, parameters: Mapping[str, Any], most: int
) -> list[Mapping[str, Any]]:
    """Return the open whistles that are seen, the one that is due first at the head.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters, with ``account_id``.
    most
        Most rows.
    """
    return _rows(connection, _STILL_OPEN, {**parameters, "most": most})


def asked_whistles(
    connection: Connection, parameters: Mapping[str, Any], most: int
) -> list[Mapping[str, Any]]:
    """Return the whistles that communities ask for (申请吹哨) and nobody decided on.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    parameters
        Grants as SQL parameters, with ``account_id``.
    most
        Most rows.
    """
    return _rows(connection, _ASKED, {**parameters, "most": most})


def _rows(
    connection: Connection, statement: TextClause, parameters: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(statement, parameters).mappings()]
