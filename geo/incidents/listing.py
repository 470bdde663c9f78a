"""Incidents as a reader sees them: lists by filter, one with its history and legal moves."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError, NotFoundError
from geo.incidents import case_reading, moves
from geo.incidents.rules.lifecycle import STATES
from geo.incidents.store import listing as stored
from geo.incidents.store import moves as stored_moves

HANDLING: Final = ("incident", "assign", "dispatch", "approve_incident", "report")
"""Permissions of the side that handles incidents: it reads sensitive ones of its areas."""

LIGHTS: Final = ("green", "amber", "red")
MOST: Final = 500
_HIDDEN: Final = ("shown_at",)
_OF_DISPATCHES: Final = ("dispatched_by", "incident_known_at", "incident_open")
_TEXTS: Final = frozenset({"note", "result", "facts"})
_POSTS: Final = frozenset(
    {
        *("account", "post", "unit_code", "proxy_for", "target_unit", "target_name", "reason"),
        "notified_post",
    }
)


@dataclass(frozen=True)
class IncidentFilter:
    """What is listed: each condition that is given holds; `next` goes on behind a page."""

    code: str | None = None
    state: tuple[str, ...] = ()
    light: tuple[str, ...] = ()
    category: str | None = None
    unit: str | None = None
    grid: str | None = None
    community: str | None = None
    township: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    open: bool = False
    unplaced: bool = False
    mine: bool = False
    next: str | None = None
    limit: int = 100


def list_incidents(engine: Engine, who: Principal, asked: IncidentFilter) -> dict[str, Any]:
    """Return a page of incidents, the newest first, and ``next`` where there is more.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    asked
        Conditions and size of the page.

    Raises
    ------
    InputError
        If a condition has a value that cannot be.
    """
    _require_known(asked)
    values = _values(asked)
    names = tuple(name for name in stored.FILTERS if name in values)
    limit = min(asked.limit, MOST)
    parameters = {**seen_by(who), **_named(values), "limit": limit + 1, "now": clock.now()}
    with transaction.open_as(engine, who) as connection:
        rows = stored.list_incidents(connection, parameters, names)
    page = [_shown(row) for row in rows[:limit]]
    more = rows[limit - 1] if len(rows) > limit else None
    return {"incidents": page, "next": None if more is None else _token(more)}


def read_incident(
    engine: Engine, who: Principal, named: str, *, whistle_level: str = moves.WHISTLE_LEVEL
) -> dict[str, Any]:
    """Return an incident with its moves, dispatches, approvals and the moves legal for a reader.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    named
        Id or number.
    whistle_level
        Lowest level whose dispatchers blow a whistle.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    with transaction.open_as(engine, who) as connection:
        incident = case_reading.find_incident(connection, who, named)
        row = stored.read_shown(connection, seen_by(who), incident)
        if row is None:
            raise NotFoundError("lifecycle.no_incident", id=named[:60])
        shown = _shown(row)
        shown["legal"] = _legal(connection, who, incident, whistle_level)
        hidden = row["sensitive"] and not row["exact"]
        shown["moves"] = _history(connection, incident, exact=row["exact"], hidden=hidden)
        shown["dispatches"] = [] if hidden else _dispatches(connection, row["code"])
        shown["approvals"] = [] if hidden else _approvals(connection, incident, exact=row["exact"])
    return shown


def _legal(connection: Connection, who: Principal, incident: UUID, whistle_level: str) -> list[str]:
    """Return the moves that are legal now; none for who may move nothing anywhere."""
    if not who.actions & {*HANDLING, "respond"}:
        return []
    row = stored_moves.read_incident(connection, case_reading.seen_parameters(who), incident)
    if row is None:
        return []
    case = case_reading.make_case(connection, who, row)
    return list(moves.legal_for(case, moves.actor_of(connection, who, row), whistle_level))


def read_moves(engine: Engine, who: Principal, named: str) -> list[dict[str, Any]]:
    """Return the moves of an incident, the oldest first.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    named
        Id or number.
    """
    found: list[dict[str, Any]] = read_incident(engine, who, named)["moves"]
    return found


def read_dispatches(engine: Engine, who: Principal, named: str) -> list[dict[str, Any]]:
    """Return the dispatches of an incident, the oldest first, each with its own state.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    named
        Id or number.
    """
    found: list[dict[str, Any]] = read_incident(engine, who, named)["dispatches"]
    return found


def _history(
    connection: Connection, incident: UUID, *, exact: bool, hidden: bool
) -> list[dict[str, Any]]:
    """Return the history; its texts only where the incident itself is granted.

    Of a sensitive one others learn what was moved when: units and posts may be those of a grid.
    """
    left_out = {"incident", "client_id", "id"} | (set() if exact else _TEXTS)
    rows = stored_moves.read_moves(connection, incident)
    return [
        {k: None if hidden and k in _POSTS else v for k, v in row.items() if k not in left_out}
        for row in rows
    ]


def _dispatches(connection: Connection, code: str) -> list[dict[str, Any]]:
    rows = stored_moves.read_dispatches(connection, code)
    return [{k: v for k, v in row.items() if k not in _OF_DISPATCHES} for row in rows]


def _approvals(connection: Connection, incident: UUID, *, exact: bool) -> list[dict[str, Any]]:
    hidden = {"incident"} | (set() if exact else {"reason", "decided_note"})
    rows = stored_moves.read_approvals(connection, incident)
    return [{k: v for k, v in row.items() if k not in hidden} for row in rows]


def seen_by(who: Principal) -> dict[str, Any]:
    """Return the SQL parameters by which incidents are shown to a principal.

    ``seen_exactly`` and ``seen_handled`` say that this follows from being seen at a place.
    """
    handled, seen = who.cut(*HANDLING), case_reading.seen_parameters(who)
    return {
        **seen,
        "handled_everything": handled.everything,
        "handled_areas": handled.areas,
        "seen_exactly": _follows(seen, seen["exact_areas"], everything=seen["exact_everything"]),
        "seen_handled": _follows(seen, handled.areas, everything=handled.everything),
    }


def _follows(seen: Mapping[str, Any], areas: Sequence[int], *, everything: bool) -> bool:
    """Return whether all places at which incidents are seen lie in some areas."""
    if everything or seen["incident_everything"]:
        return everything
    return {*seen["incident_areas"]} <= {*areas}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in _HIDDEN}


def _require_known(asked: IncidentFilter) -> None:
    for name, given, known in (("state", asked.state, STATES), ("light", asked.light, LIGHTS)):
        strange = [word for word in given if word not in known]
        if strange:
            found = ", ".join(strange)[:60]
            raise InputError("lifecycle.filter", name=name, found=found, known=", ".join(known))
    if not 1 <= asked.limit <= MOST:
        raise InputError("lifecycle.filter", name="limit", found=asked.limit, known=f"1 … {MOST}")


def _values(asked: IncidentFilter) -> dict[str, Any]:
    given = {name: getattr(asked, name) for name in stored.FILTERS if hasattr(asked, name)}
    values = {k: v for k, v in given.items() if v not in (None, (), False)}
    return values | ({} if asked.next is None else {"after": _position(asked.next)})


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by the names that the statements have for them."""
    filters = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
    at, number = filters.pop("after", (None, None))
    filters["unit_code"] = filters.pop("unit", None)
    return filters | {"after_at": at, "after_id": number}


def _token(row: Mapping[str, Any]) -> str:
    written = json.dumps([row["shown_at"].isoformat(), str(row["id"])])
    return base64.urlsafe_b64encode(written.encode()).decode()


def _position(token: str) -> tuple[datetime, UUID]:
    try:
        at, number = json.loads(base64.urlsafe_b64decode(token.encode()))
        return datetime.fromisoformat(at), UUID(number)
    except (ValueError, TypeError, binascii.Error, AttributeError) as error:
        raise InputError("lifecycle.filter", name="next", found=token[:60], known="next") from error
