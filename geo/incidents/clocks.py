"""The clock of an incident in the database: its limit after a move, and what is due of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from geo.incidents import calendars
from geo.incidents.case import Case
from geo.incidents.rules.limits import (
    ACKNOWLEDGE_MINUTES,
    AMBER,
    CalledClock,
    Clock,
    Due,
    alarms_of,
    compute_due,
)
from geo.incidents.rules.working_time import Interval, Limit
from geo.incidents.store import clocks as stored
from geo.incidents.store import hotline as stored_hotline
from geo.incidents.store import moves as stored_moves


def settled_clock(
    connection: Connection,
    case: Case,
    changed: Mapping[str, Any],
    *,
    timezone: str,
    restart: bool,
) -> dict[str, Any]:
    """Return the changed columns of an incident, with those of its clock as they follow.

    Parameters
    ----------
    connection
        Open transaction; approvals are written already.
    case
        The incident before the move.
    changed
        What the move sets.
    timezone
        IANA name.
    restart
        Whether the clock starts now.
    """
    columns = _own_clock(connection, case, changed, timezone=timezone, restart=restart)
    order = stored_hotline.read_order(connection, case.row["id"])
    return (
        columns if order is None else {**columns, **stricter_limit(case.row, columns, order.due_at)}
    )


def stricter_limit(
    row: Mapping[str, Any], columns: Mapping[str, Any], outer: datetime | None
) -> dict[str, Any]:
    """Return the columns of the clock where the limit of the hotline is the stricter one.

    Its light turns amber after the same share of the time since the report.

    Parameters
    ----------
    row
        The incident, with ``reported_at``, ``due_at``.
    columns
        What is set of it, its own limit among it.
    outer
        The limit of the hotline.
    """
    due = columns.get("due_at", row.get("due_at"))
    if outer is None or (due is not None and due <= outer):
        return {}
    start = row["reported_at"] or outer
    amber = start + AMBER * (outer - start)
    return {"due_at": outer, "amber_at": amber, "due_provisional": False}


def _own_clock(
    connection: Connection,
    case: Case,
    changed: Mapping[str, Any],
    *,
    timezone: str,
    restart: bool,
) -> dict[str, Any]:
    """Return the changed columns with those of the own limit."""
    row = {**case.row, **changed}
    if restart:
        row |= {
            "clock_from": case.now,
            "limit_amount": row["limit_amount"] or row["own_amount"],
            "limit_unit": row["limit_unit"] or row["own_unit"],
        }
    limit = {k: row[k] for k in ("clock_from", "limit_amount", "limit_unit")}
    approvals = stored_moves.read_approvals(connection, case.row["id"])
    if row["due_given"] and not any(a["state"] == "approved" for a in approvals):
        return dict(changed)
    if row["clock_from"] is None or row["limit_amount"] is None:
        return {**changed, **limit}
    return {**changed, **limit, **_recomputed(connection, row, approvals, timezone, case.now)}


def _recomputed(
    connection: Connection,
    row: Mapping[str, Any],
    approvals: list[Mapping[str, Any]],
    timezone: str,
    now: datetime,
) -> dict[str, object]:
    calendar = calendars.read_calendar(connection, timezone, row["unit_code"])
    limit = Limit(row["limit_amount"], row["limit_unit"])
    start = row["clock_from"]
    extra = sum(
        float(a["amount"] or 0) * 60
        for a in approvals
        if a["kind"] == "extend" and a["state"] == "approved" and a["decided_at"] >= start
    )
    pauses = list(_pauses(approvals, now))
    return _columns(compute_due(calendar, limit, start, pauses=pauses, extra_minutes=extra))


def _pauses(approvals: list[Mapping[str, Any]], now: datetime) -> list[Interval]:
    held = [a for a in approvals if a["kind"] == "hold" and a["state"] == "approved"]
    return [(a["decided_at"], a["ended_at"] or max(now, a["decided_at"])) for a in held]


def _columns(due: Due) -> dict[str, object]:
    return {
        "amber_at": due.amber_at,
        "due_at": due.due_at,
        "due_provisional": due.provisional,
    }


def dispatch_limits(row: Mapping[str, Any], now: datetime) -> dict[str, datetime | None]:
    """Return until when a unit that is sent now acknowledges and arrives.

    Parameters
    ----------
    row
        The incident, with the rules of its category.
    now
        The present moment.
    """
    arrive = row["arrive_minutes"]
    return {
        "acknowledge_due": now
        + timedelta(minutes=row["acknowledge_minutes"] or ACKNOWLEDGE_MINUTES),
        "arrive_due": None if arrive is None else now + timedelta(minutes=arrive),
    }


def return_until(dispatch: Mapping[str, Any], minutes: int) -> datetime | None:
    """Return until when a unit may return what it was sent; None where nothing was.

    Parameters
    ----------
    dispatch
        With ``dispatched_at``; empty where there is none.
    minutes
        Window of the category.
    """
    sent: datetime | None = dispatch.get("dispatched_at")
    return None if sent is None else sent + timedelta(minutes=minutes)


def return_alarm(since: datetime | None, until: datetime | None) -> datetime | None:
    """Return when it is time to decide whether an order goes back to the hotline, None if never.

    Parameters
    ----------
    since
        When the order was registered.
    until
        Until when it can be given back (退单时限).
    """
    return None if since is None or until is None else since + AMBER * (until - since)


def write_alarms(connection: Connection, incident: UUID) -> None:
    """Write down what is due of an incident as it stands now.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    row = stored.read_clock(connection, incident)
    hold = stored.hold_of(connection, incident)
    accept = row.accept_minutes
    reported = row.reported_at
    clock = Clock(
        row.state,
        on_hold=row.on_hold,
        amber_at=row.amber_at,
        due_at=row.due_at,
        accept_by=None
        if accept is None or reported is None
        else reported + timedelta(minutes=accept),
        acknowledge_by=row.acknowledge_due,
        arrive_by=row.arrive_due,
        reopened=row.reopened,
        sent=str(row.dispatch or ""),
        hold=str(hold or ""),
        hold_until=row.hold_until,
        unsigned=stored.unsigned_of(connection, incident),
        return_at=return_alarm(row.registered_at, row.return_by),
        called=[
            CalledClock(str(d.id), d.state != "sent", d.acknowledge_due, d.arrive_due)
            for d in stored.called_of(connection, incident)
        ],
    )
    stored.replace_alarms(connection, incident, list(alarms_of(clock)))
