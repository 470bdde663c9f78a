"""Whistles as they are read: sheets with who came, and what is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import NotFoundError
from geo.incidents import case_reading, listing, moves, unit_steps
from geo.incidents.rules.attendance import (
    Attendance,
    Sheet,
    WhistledUnit,
    count_attendance,
)
from geo.incidents.rules.guards import Actor
from geo.incidents.rules.whistle import legal_steps
from geo.incidents.store import listing as stored_listing
from geo.incidents.store import moves as stored_moves
from geo.incidents.store import whistles as stored
from geo.incidents.whistle_answer import (
    AskedWhistle,
    CalledAnswer,
    OpenWhistle,
    OpenWhistles,
    WhistleAnswer,
    WhistledIncident,
    WhistleHead,
)

MOST: Final = 200
_TEXTS: Final = ("answer_post", "answer_reason", "dispute_reason", "result")
_SHOWN: Final = tuple(
    field.name
    for field in fields(CalledAnswer)
    if field.name not in (*_TEXTS, "dispatch", "report_by", "late", "steps")
)
_WHISTLE: Final = tuple(field.name for field in fields(WhistleHead))
_INCIDENT: Final = tuple(field.name for field in fields(WhistledIncident))


def read_whistles(engine: Engine, who: Principal, named: str) -> list[WhistleAnswer]:
    """Return the whistles of an incident, each with its units and who came.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    named
        Id or number of the incident.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    with transaction.open_as(engine, who) as connection:
        incident = case_reading.find_incident(connection, who, named)
        return whistles_of(connection, who, incident)


def whistles_of(connection: Connection, who: Principal, incident: UUID) -> list[WhistleAnswer]:
    """Return what :func:`read_whistles` does, within a transaction.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal whose grants apply.
    incident
        Its id.
    """
    shown = stored_listing.read_shown(connection, listing.seen_by(who), incident)
    row = stored_moves.read_incident(connection, case_reading.seen_parameters(who), incident)
    if shown is None or row is None:
        raise NotFoundError("lifecycle.no_incident", id=incident)
    if shown["sensitive"] and not shown["exact"]:
        return []  # the units that were called may be those of a grid
    actor = moves.actor_of(connection, who, row)
    found = stored.read_whistles(connection, incident)
    called = _by_whistle(connection, found)
    return [
        _sheet(whistle, called[whistle["id"]], row, actor, exact=shown["exact"])
        for whistle in found
    ]


def list_whistles(engine: Engine, who: Principal) -> OpenWhistles:
    """Return the open whistles with who came, and what communities ask for.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    """
    now = clock.now()
    asked = listing.seen_by(who)
    with transaction.open_as(engine, who) as connection:
        found = stored.open_whistles(connection, asked, MOST)
        called = _by_whistle(connection, found)
        waiting = stored.asked_whistles(connection, asked, MOST)
    return OpenWhistles(
        [
            OpenWhistle(
                **{name: whistle[name] for name in (*_WHISTLE, *_INCIDENT)},
                **vars(_attendance(_counting(whistle, called[whistle["id"]]), now)),
            )
            for whistle in found
        ],
        [AskedWhistle(**row) for row in waiting],
    )


def _by_whistle(
    connection: Connection, found: Sequence[Mapping[str, Any]]
) -> defaultdict[Any, list[Mapping[str, Any]]]:
    units: defaultdict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for dispatch in stored.read_called(connection, [row["id"] for row in found]):
        units[dispatch["whistle"]].append(dispatch)
    return units


def _sheet(
    whistle: Mapping[str, Any],
    called: Sequence[Mapping[str, Any]],
    row: Mapping[str, Any],
    actor: Actor,
    *,
    exact: bool,
) -> WhistleAnswer:
    """Return one whistle as people read it; its texts only where the incident itself is granted."""
    now = clock.now()
    units = [_unit(d, whistle, row, actor, now, exact=exact) for d in called]
    return WhistleAnswer(
        **{name: whistle[name] for name in _WHISTLE},
        place=whistle["place"] if exact else None,
        **vars(_attendance(_counting(whistle, called), now)),
        units=units,
    )


def _unit(
    sent: Mapping[str, Any],
    whistle: Mapping[str, Any],
    row: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    *,
    exact: bool,
) -> CalledAnswer:
    at = unit_steps.called_state({**sent, "whistle_state": whistle["state"]}, row, now)
    came, until = sent["reported_in_at"], sent["arrive_due"] or whistle["report_by"]
    texts: dict[str, Any] = {name: sent[name] if exact else None for name in _TEXTS}
    return CalledAnswer(
        dispatch=sent["id"],
        **{name: sent[name] for name in _SHOWN},
        **texts,
        report_by=until,
        late=came is not None and came > until,
        steps=list(legal_steps(at, actor.actions, actor.unit)),
    )


def _counting(whistle: Mapping[str, Any], called: Sequence[Mapping[str, Any]]) -> Sheet:
    names = ("unit_code", "role", "reported_in_at", "dispatched_at", "arrive_due")
    units = tuple(WhistledUnit(*(d[name] for name in names)) for d in called)
    return Sheet(whistle["blown_at"], whistle["report_by"], units)


def _attendance(sheet: Sheet, now: datetime) -> Attendance:
    return count_attendance(sheet.called, sheet.blown_at, sheet.report_by, now)
