"""Lights and alarms: fired once each when they are due, by the worker."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access.principal import system_principal
from geo.base import clock
from geo.incidents import case_reading, clocks, incident_events
from geo.incidents.case import Case
from geo.incidents.store import clocks as stored
from geo.incidents.store import moves as stored_moves
from geo.store import db

AT_ONCE: Final = 200
_WORKER: Final = system_principal("govgrid")


def fire_alarms(engine: Engine, *, timezone: str) -> int:
    """Fire and announce what is due, end holds whose time is over; return how many were announced.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.
    timezone
        IANA name, for limits in working time.
    """
    announced = 0
    while True:
        with db.open_transaction(engine) as connection:
            due = stored.fire_due(connection, AT_ONCE)
            for incident, kind, step, at in due:
                announced += _fire(connection, incident, kind, step, at, timezone)
        if len(due) < AT_ONCE:
            return announced


def _fire(
    connection: Connection, incident: UUID, kind: str, step: str, due: datetime, timezone: str
) -> bool:
    if not stored.notify_once(connection, incident, kind, step):
        return False
    if kind == "hold_ends" and stored.lock_held(connection, incident):
        _resume(connection, incident, due, timezone)
    incident_events.tell_alarm(connection, incident, kind)
    return True


def _resume(connection: Connection, incident: UUID, due: datetime, timezone: str) -> None:
    """End a hold at the moment until which it was approved."""
    case = case_reading.read_case(connection, _WORKER, incident)
    hold = case.hold
    if hold is not None:
        stored_moves.update_row(connection, "approval", hold["id"], {"ended_at": due})
    write_own_move(
        connection, case, "resumed", {"on_hold": False, "hold_until": None}, timezone=timezone
    )


def recompute_provisional(connection: Connection, *, timezone: str) -> int:
    """Compute provisional limits (暂估) anew, each with a move; return how many moved.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    timezone
        IANA name.
    """
    found = stored.provisional_incidents(connection)
    return sum(_recompute(connection, incident, timezone) for incident in found)


def recompute_working(connection: Connection, unit: str | None, *, timezone: str) -> int:
    """Compute limits in working time anew after hours changed; return how many moved.

    Those of incidents that are done or on hold stay.

    Parameters
    ----------
    connection
        Transaction that may write incidents of all areas.
    unit
        Whose hours changed; None: those of the site.
    timezone
        IANA name.
    """
    found = stored.working_incidents(connection, unit)
    return sum(_recompute(connection, incident, timezone) for incident in found)


def _recompute(connection: Connection, incident: UUID, timezone: str) -> bool:
    """Compute one limit anew, with a move where it is another; return whether it is."""
    case = case_reading.read_case(connection, _WORKER, incident)
    columns = clocks.settled_clock(connection, case, {}, timezone=timezone, restart=False)
    same = ("due_at", "due_provisional")
    if all(columns.get(name, case.row[name]) == case.row[name] for name in same):
        return False
    write_own_move(connection, case, "recomputed", {}, timezone=timezone)
    return True


def write_own_move(
    connection: Connection,
    case: Case,
    move: str,
    columns: dict[str, object],
    *,
    timezone: str,
) -> None:
    """Write an entry that the program makes itself, with the clock as it follows.

    Parameters
    ----------
    connection
        Open transaction.
    case
        The incident before it.
    move
        A word of ``RECORDED``.
    columns
        What it sets.
    timezone
        IANA name.
    """
    row = case.row
    changed = clocks.settled_clock(connection, case, columns, timezone=timezone, restart=False)
    stored_moves.update_row(connection, "incident", row["id"], changed)
    entry = {
        "incident": row["id"],
        "version": row["version"] + 1,
        "move": move,
        "from_state": row["state"],
        "to_state": row["state"],
        "at": clock.now(),
        "account": _WORKER.account,
        "due_before": row["due_at"],
        "due_after": changed.get("due_at", row["due_at"]),
    }
    stored_moves.insert_row(connection, "incident_move", entry)
    clocks.write_alarms(connection, row["id"])
    incident_events.tell_moved(connection, case, move, row["state"], row["version"] + 1)
