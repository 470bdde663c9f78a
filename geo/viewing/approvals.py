"""Requests to look through a camera: asked by one, decided by another, good for some hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Reader
from geo.base import clock
from geo.base.errors import ForbiddenError, InputError, NotFoundError, StateError
from geo.base.settings import Settings
from geo.viewing import register_entry
from geo.viewing.register_entry import Asked, Camera, Entry
from geo.viewing.store import requests as stored

DECISIONS: Final = ("approved", "refused")
LONGEST: Final = timedelta(hours=24)
MOST_SHOWN: Final = 500
_UNTOLD: Final = frozenset({"camera_name", "owner_kind", "management_unit", "there"})


@dataclass(frozen=True)
class Approval:
    """A request that was granted, and until when that holds."""

    id: str
    until: datetime


def ask_approval(engine: Engine, who: Reader, asked: Asked, *, config: Settings) -> dict[str, Any]:
    """Write that `who` asks to look through a camera, and return the request.

    A code that is no camera's is taken as well: whether there is one is not for the asker to know.

    Raises
    ------
    ForbiddenError
        If the reader may not look through cameras at all, or has no name or unit.
    InputError
        If something is missing.
    NotFoundError
        If there is no such incident.
    """
    who.require("view")
    register_entry.require_named(who)
    camera = register_entry.find_camera(engine, who, asked.camera)
    with transaction.open_as(engine, who) as connection:
        entry = register_entry.complete_entry(connection, who, asked, config)
        return insert_request(connection, who, camera, entry)


def insert_request(
    connection: Connection, who: Reader, camera: Camera, entry: Entry
) -> dict[str, Any]:
    """Write a request in a running transaction and return it; the same open one is not repeated."""
    row = entry.row(who, camera)
    there = stored.find_same(connection, row)
    if there is not None:
        return dict(there)
    made = dict(stored.insert_request(connection, row))
    facts = {"request": str(made["id"]), "act": entry.act, "incident": entry.incident_code}
    audit.record(connection, who, "viewing.request", camera.code, facts=facts, note=entry.reason)
    return made


def live_approval(
    connection: Connection, who: Reader, camera: str, act: str, number: str | None = None
) -> Approval | None:
    """Return the approval by which the reader may look now; None if there is none.

    Raises
    ------
    ForbiddenError
        If a certain one is named and does not hold.
    """
    asked = {"account": who.id, "camera": camera, "act": act, "id": number}
    row = stored.live_approval(connection, asked)
    if row is None and number is not None:
        raise ForbiddenError("viewing.approval_void", number=number)
    return Approval(str(row.id), row.until) if row is not None else None


def waiting_requests(
    engine: Engine, who: Reader, *, decided: bool = False, limit: int = MOST_SHOWN
) -> list[dict[str, Any]]:
    """Return requests for cameras in the reader's areas, open ones first, the oldest first.

    Raises
    ------
    ForbiddenError
        If the reader does not decide on requests.
    """
    who.require("approve")
    asked = {**who.parameters, "decided": decided, "limit": limit}
    with transaction.open_as(engine, who) as connection:
        return stored.waiting_requests(connection, asked)


def own_requests(engine: Engine, who: Reader, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return what the reader asked for himself, the newest first; not whether it is a camera's."""
    with transaction.open_as(engine, who) as connection:
        return [_untold(row) for row in stored.own_requests(connection, who.id, limit)]


def decide_request(
    engine: Engine,
    who: Reader,
    number: UUID,
    decision: str,
    *,
    until: datetime | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Approve a request until a time, or refuse it with a note; return it as decided.

    Raises
    ------
    ForbiddenError
        If the reader does not decide on requests, or asked for it himself.
    InputError
        If the time is none of the next 24 hours, or a refusal has no note.
    NotFoundError
        If there is no such request in the reader's areas.
    StateError
        If it was decided before, or there is no such camera.
    """
    who.require("approve")
    _require_decision(decision, until, note)
    with transaction.open_as(engine, who) as connection:
        row = _one(connection, who, number)
        if decision == "approved" and not row["there"]:
            raise StateError("viewing.no_camera", code=row["camera_code"])
        decided = {
            "id": number,
            "decision": decision,
            "by": who.account,
            "note": register_entry.one_line(note)[: register_entry.MOST_TEXT],
            "until": until if decision == "approved" else None,
        }
        done = stored.decide_request(connection, decided)
        if done is None:
            raise StateError("viewing.decided")
        facts = {"request": str(number), "act": row["act"], "until": str(done["until"] or "")}
        target, said = row["camera_code"], str(decided["note"])
        audit.record(connection, who, f"viewing.{decision}", target, facts=facts, note=said)
        return dict(done)


def _one(connection: Connection, who: Reader, number: UUID) -> Mapping[str, Any]:
    row = stored.find_request(connection, {**who.parameters, "id": number})
    if row is None:
        raise NotFoundError("viewing.no_request")
    if who.id is not None and str(row["account"]) == who.id:
        raise ForbiddenError("viewing.own_request", account=who.account)
    if row["decision"] is not None:
        raise StateError("viewing.decided")
    return dict(row)


def _require_decision(decision: str, until: datetime | None, note: str) -> None:
    if decision not in DECISIONS:
        raise InputError("viewing.decision_form", known=", ".join(DECISIONS))
    if decision == "refused":
        if not register_entry.one_line(note):
            raise InputError("viewing.missing_note")
        return
    now = clock.now()
    if until is None or not now < until <= now + LONGEST:
        raise InputError("viewing.until_form")


def _untold(row: dict[str, Any]) -> dict[str, Any]:
    """Return a request as its asker sees it: nothing that the register knew of the camera."""
    return {name: value for name, value in row.items() if name not in _UNTOLD}
