"""Approvals of viewing: requested by one person, decided by another, valid for some hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import ForbiddenError, InputError, NotFoundError, StateError
from geo.base.settings import Settings
from geo.viewing import register_entry
from geo.viewing.register_entry import Camera, Entry, ViewingRequest
from geo.viewing.store import requests as stored
from geo.viewing.store.requests import CameraRequest as CameraRequest
from geo.viewing.store.requests import ListedRequest as ListedRequest
from geo.viewing.store.requests import OwnRequest as OwnRequest

DECISIONS: Final = ("approved", "refused")
LONGEST: Final = timedelta(hours=24)
MOST_SHOWN: Final = 500


@dataclass(frozen=True)
class Approval:
    """A request that was granted, and until when that holds."""

    id: str
    until: datetime


def ask_approval(
    engine: Engine, who: Principal, asked: ViewingRequest, *, config: Settings
) -> OwnRequest:
    """Write a request to look through a camera and return it.

    An unknown code is accepted as well: whether there is such a camera is not shown to the
    applicant.

    Parameters
    ----------
    who
        Applicant.
    asked
        Camera, act, reason and further entries of the register.
    config
        Defaults of the entries.

    Raises
    ------
    ForbiddenError
        If the applicant may not look through cameras at all, or has no name or unit.
    InputError
        If an entry is missing.
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
    connection: Connection, who: Principal, camera: Camera, entry: Entry
) -> OwnRequest:
    """Write a request in the caller's transaction and return it; an equal open one is not repeated.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Applicant.
    camera
        Camera as the applicant may know it.
    entry
        Completed entries of the register.
    """
    row = entry.row(who, camera)
    there = stored.find_same(connection, row)
    if there is not None:
        return there
    made = stored.insert_request(connection, row)
    facts = {"request": str(made.id), "act": entry.act, "incident": entry.incident_code}
    audit.record(connection, who, "viewing.request", camera.code, facts=facts, note=entry.reason)
    return made


def live_approval(
    connection: Connection, who: Principal, camera: str, act: str, number: str | None = None
) -> Approval | None:
    """Return the valid approval of a principal for a camera, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Applicant of the approval.
    camera
        Code of the camera.
    act
        "view" or "retrieve".
    number
        Id (uuid) of one approval; None for any.

    Raises
    ------
    ForbiddenError
        If the approval of that id is not valid.
    """
    asked = {"account": who.id, "camera": camera, "act": act, "id": number}
    row = stored.live_approval(connection, asked)
    if row is None and number is not None:
        raise ForbiddenError("viewing.approval_void", number=number)
    return Approval(str(row.id), row.until) if row is not None else None


def waiting_requests(
    engine: Engine, who: Principal, *, decided: bool = False, limit: int = MOST_SHOWN
) -> list[ListedRequest]:
    """Return requests for cameras in the principal's areas, open ones first, the oldest first.

    Parameters
    ----------
    who
        Needs the permission to decide on requests.
    decided
        Whether decided ones are included.
    limit
        Most rows.

    Raises
    ------
    ForbiddenError
        If the principal does not decide on requests.
    """
    who.require("approve")
    asked = {**who.parameters, "decided": decided, "limit": limit}
    with transaction.open_as(engine, who) as connection:
        return stored.waiting_requests(connection, asked)


def own_requests(engine: Engine, who: Principal, *, limit: int = 100) -> list[OwnRequest]:
    """Return own requests, the newest first, without saying whether the camera exists.

    Parameters
    ----------
    who
        Applicant.
    limit
        Most rows.
    """
    with transaction.open_as(engine, who) as connection:
        return stored.own_requests(connection, who.id, limit)


def decide_request(
    engine: Engine,
    who: Principal,
    number: UUID,
    decision: str,
    *,
    until: datetime | None = None,
    note: str = "",
) -> CameraRequest:
    """Approve a request until a time, or refuse it with a note; return it as decided.

    Parameters
    ----------
    who
        Needs the permission to decide on requests.
    number
        Id of the request.
    decision
        "approved" or "refused".
    until
        End of the approval, within the next 24 hours; ignored for a refusal.
    note
        Reason of a refusal.

    Raises
    ------
    ForbiddenError
        If the principal does not decide on requests, or it is his own.
    InputError
        If the time is not within the next 24 hours, or a refusal has no note.
    NotFoundError
        If there is no such request in the principal's areas.
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
        facts = {"request": str(number), "act": row["act"], "until": str(done.until or "")}
        target, said = row["camera_code"], str(decided["note"])
        audit.record(connection, who, f"viewing.{decision}", target, facts=facts, note=said)
        return done


def _one(connection: Connection, who: Principal, number: UUID) -> RowMapping:
    row = stored.find_request(connection, {**who.parameters, "id": number})
    if row is None:
        raise NotFoundError("viewing.no_request")
    if who.id is not None and str(row["account"]) == who.id:
        raise ForbiddenError("viewing.own_request", account=who.account)
    if row["decision"] is not None:
        raise StateError("viewing.decided")
    return row


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
