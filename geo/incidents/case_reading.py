"""Incidents read as cases: what a move is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import (
    NotFoundError,
)
from geo.incidents.case import Case
from geo.incidents.move_request import MoveRequest
from geo.incidents.store import moves as stored
from geo.incidents.store import whistles as stored_whistles

NO_MOVE: Final = MoveRequest("")
NO_ACCOUNT: Final = str(UUID(int=0))


def seen_parameters(who: Principal) -> dict[str, Any]:
    """Return the SQL parameters by which an incident is seen; to visitors nothing is one's own."""
    return {**who.parameters, "account_id": NO_ACCOUNT if who.visitors else who.id}


def lock_row(connection: Connection, who: Principal, incident: UUID) -> Mapping[str, Any]:
    """Return the row of an incident, locked until the transaction ends.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal.
    incident
        Its id.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    row = stored.lock_incident(connection, seen_parameters(who), incident)
    if row is None:
        raise NotFoundError("lifecycle.no_incident", id=incident)
    return row


def make_case(
    connection: Connection,
    who: Principal,
    row: Mapping[str, Any],
    asked: MoveRequest = NO_MOVE,
) -> Case:
    """Return an incident that was read as a case.

    Parameters
    ----------
    connection
        Open transaction.
    who
        Principal.
    row
        As read by the store.
    asked
        The move that is asked for.
    """
    return Case(
        row,
        stored.read_dispatches(connection, row["code"]),
        stored.read_approvals(connection, row["id"]),
        asked,
        who.account,
        who.unit_code,
        clock.now(),
        open_whistle=stored_whistles.read_open_whistle(connection, row["id"]),
    )


def read_case(connection: Connection, who: Principal, incident: UUID) -> Case:
    """Return an incident as a case, locked; for what the program does itself and for answers.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal.
    incident
        Its id.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    return make_case(connection, who, lock_row(connection, who, incident))


def find_incident(connection: Connection, who: Principal, named: str) -> UUID:
    """Return the id of an incident that is named by id or number.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal.
    named
        Id or number.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    try:
        return UUID(named)
    except ValueError:
        found = stored.find_id(connection, seen_parameters(who), named)
    if found is None:
        raise NotFoundError("lifecycle.no_incident", id=named[:60])
    return found
