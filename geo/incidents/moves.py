"""Moving an incident: one move, legal, complete, at the version that was seen, written for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.access.roles import PERMISSIONS
from geo.base.errors import (
    ConditionError,
    ForbiddenError,
    InputError,
    MoveRefusedError,
    StaleError,
)
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.incidents import calendars, case_reading, clocks, personal_data, whistle_order
from geo.incidents.apply_move import Moved, apply_move
from geo.incidents.case import Case
from geo.incidents.move_request import MoveRequest, require_fields
from geo.incidents.rules import lifecycle
from geo.incidents.rules.guards import LEVELS, Actor, Situation
from geo.incidents.rules.lifecycle import Move
from geo.incidents.rules.limits import RETURN_MINUTES, extra_until
from geo.incidents.rules.working_time import Limit
from geo.incidents.store import moves as stored
from geo.incidents.store.moves import SentMove

WHISTLE_LEVEL: Final = "township"
"""Lowest level whose dispatchers blow a whistle, where the site says nothing else."""


def move_incident(
    engine: Engine,
    who: Principal,
    incident: UUID,
    asked: MoveRequest,
    *,
    version: int | None,
    timezone: str,
    lang: str = "zh",
    whistle_level: str = WHISTLE_LEVEL,
) -> Moved:
    """Make a move and return where the incident stands.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who moves it.
    incident
        Its id.
    asked
        The move with its fields; the same ``client_id`` once more changes nothing.
    version
        The version that was seen; None is refused.
    timezone
        IANA name, for limits in working time.
    lang
        Language of what a refusal names.
    whistle_level
        Lowest level whose dispatchers blow a whistle.

    Raises
    ------
    NotFoundError
        If it is not seen.
    ConditionError, StaleError
        If no version, or not the newest, was given.
    MoveRefusedError
        If the move is not legal now; those that are, are named.
    InputError
        If a field lacks, is strange, or has a value that cannot be; a PersonalDataError where a
        text holds numbers of persons.
    """
    require_fields(asked, lang)
    checked = personal_data.check_texts(
        engine, who, asked.texts, redact=asked.redact, not_personal=asked.not_personal
    )
    kept: dict[str, Any] = dict(checked.texts)
    asked = replace(asked, **kept)
    with transaction.open_as(engine, who) as connection:
        return move_within(
            connection,
            who,
            incident,
            asked,
            version=version,
            timezone=timezone,
            lang=lang,
            whistle_level=whistle_level,
        )


def move_within(
    connection: Connection,
    who: Principal,
    incident: UUID,
    asked: MoveRequest,
    *,
    version: int | None,
    timezone: str,
    lang: str,
    whistle_level: str,
) -> Moved:
    """Do what :func:`move_incident` does, within a transaction and with texts that were checked.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Who moves it.
    incident
        Its id.
    asked
        The move with its fields.
    version
        The version that was seen.
    timezone
        IANA name, for limits in working time.
    lang
        Language of what a refusal names.
    whistle_level
        Lowest level whose dispatchers blow a whistle.
    """
    move = require_fields(asked, lang)
    row = case_reading.lock_row(connection, who, incident)
    known = None if asked.client_id is None else stored.find_move(connection, asked.client_id)
    if known is not None:
        return _again(row, known, asked)
    _require_version(connection, row, version, timezone, lang)
    case = case_reading.make_case(connection, who, row, asked)
    at = situation_of(case, whistle_level)
    actor = actor_of(connection, who, row, telephone=asked.telephone_post is not None)
    _require_legal(move, at, actor, case.now, lang)
    if move.name == "whistle":
        case = whistle_order.complete_order(
            connection, case, actor, lowest=whistle_level, timezone=timezone
        )
    if move.name == "add_units":
        case = whistle_order.complete_addition(connection, case, timezone=timezone)
    case = _completed(connection, who, case, move, timezone)
    return apply_move(connection, who, move, case, at, actor, timezone)


def situation_of(case: Case, whistle_level: str = WHISTLE_LEVEL) -> Situation:
    """Return what decides which moves an incident allows.

    Parameters
    ----------
    case
        The incident.
    whistle_level
        Lowest level whose dispatchers blow a whistle.
    """
    row, lead = case.row, case.lead or {}
    waiting = [a for a in case.approvals if a["state"] == "asked"]
    by_telephone = [a for a in case.approvals if a["by_telephone"] and a["signed_at"] is None]
    return Situation(
        row["state"],
        on_hold=row["on_hold"],
        returns=row["returns"],
        needs_check=row["needs_check"],
        emergency=row["emergency"],
        unit=row["unit_code"],
        sent_by=lead.get("dispatched_by"),
        sent_unit=lead.get("dispatched_unit"),
        return_until=clocks.return_until(lead, row["return_minutes"] or RETURN_MINUTES),
        done_by=row["unit_code"],
        pending={a["kind"]: a["asked_by"] for a in waiting},
        unsigned={a["kind"]: a["asked_by"] for a in by_telephone},
        whistle=(case.open_whistle or {}).get("level", ""),
        whistle_in=sum(d["reported_in_at"] is not None for d in case.called),
        whistle_from=whistle_level,
    )


def actor_of(
    connection: Connection, who: Principal, row: Mapping[str, Any], *, telephone: bool = False
) -> Actor:
    """Return what a principal may do with an incident: by its grants there, and as its unit.

    Parameters
    ----------
    connection
        Open transaction.
    who
        Principal.
    row
        The incident, with ``areas``.
    telephone
        Whether the approval of somebody else is written down.
    """
    if who.system:
        return Actor(who.account, who.actions, who.unit_code, LEVELS[-1], telephone)
    areas = set(row["areas"] or ())
    here = [grant for grant in who.grants if grant.area is None or grant.area in areas]
    held = frozenset().union(*(PERMISSIONS[grant.role] for grant in here)) & who.actions
    # what a unit may do with what it was sent goes with the unit, wherever it lies
    held = (held | {"respond"}) if who.may("respond") else held
    wide = [grant.area for grant in here if "dispatch" in PERMISSIONS[grant.role]]
    if None in wide:
        level: str | None = LEVELS[-1]
    else:
        level = stored.highest_level(connection, [area for area in wide if area is not None])
    return Actor(who.account, held, who.unit_code, level, telephone)


def _again(row: Mapping[str, Any], known: SentMove, asked: MoveRequest) -> Moved:
    if known.incident != row["id"] or known.move != asked.move:
        raise InputError("lifecycle.client_id_used", found=asked.client_id)
    return Moved(row["id"], row["code"], row["state"], row["version"], asked.move, again=True)


def _require_version(
    connection: Connection, row: Mapping[str, Any], version: int | None, timezone: str, lang: str
) -> None:
    """Refuse who has not seen the newest version, with the move that came between."""
    if version is None:
        raise ConditionError("lifecycle.condition")
    if version == row["version"]:
        return
    done = stored.read_moves(connection, row["id"])[-1]
    members = {
        "version": row["version"],
        "state": row["state"],
        "other": {
            "move": done["move"],
            "post": done["post"],
            "at": done["at"].isoformat(),
            "target_unit": done["target_unit"],
        },
    }
    raise StaleError(
        "lifecycle.stale",
        members=members,
        account=done["post"] or done["account"],
        at=local_minute(done["at"], timezone),
        move=say(f"lifecycle.move.{done['move']}", lang),
    )


def _require_legal(move: Move, at: Situation, who: Actor, now: datetime, lang: str) -> None:
    why = lifecycle.find_refusal(move, at, who, now)
    if why is None:
        return
    legal = lifecycle.legal_moves(at, who, now)
    names = [say(f"lifecycle.move.{name}", lang) for name in legal]
    members = {"state": at.state, "reason": why, "legal": list(legal)}
    kind = ForbiddenError if why in {"right", "district"} and not legal else MoveRefusedError
    facts = {
        "move": say(f"lifecycle.move.{move.name}", lang),
        "why": say(f"lifecycle.refused.{why}", lang, state=say(f"map.state.{at.state}", lang)),
        "legal": "、".join(names) if lang == "zh" else ", ".join(names),
    }
    facts["legal"] = facts["legal"] or say("lifecycle.nothing", lang)
    raise kind("lifecycle.illegal", members=members, **facts)


def _completed(
    connection: Connection, who: Principal, case: Case, move: Move, timezone: str
) -> Case:
    """Return a case with what the move needs to know beyond the incident itself."""
    asked = case.asked
    if asked.unit is not None and not stored.is_unit(connection, asked.unit):
        raise InputError("lifecycle.no_unit", code=asked.unit[:40])
    if asked.until is not None and asked.until <= case.now:
        raise InputError("lifecycle.until_past", until=local_minute(asked.until, timezone))
    if move.name == "assign" and not case.dispatches:
        proposed = case.row["proposed_unit_code"]
        if proposed not in (None, asked.unit) and not asked.reason:
            raise InputError("lifecycle.override", proposed=proposed, unit=asked.unit)
    if move.name.startswith("refer_"):
        return _referred(connection, case)
    if move.name == "approve_extend":
        return _extended(connection, case, timezone)
    if move.name == "mark_duplicate":
        _require_target(connection, who, case)
    if move.name == "end_whistle":
        whistle_order.require_ratings(case)
    return case


def _referred(connection: Connection, case: Case) -> Case:
    """Return a case with the duty desk of the level above or below."""
    row, step = case.row, 1 if case.asked.move == "refer_up" else -1
    at = LEVELS.index(row["level"] or "community") + step
    if not 0 <= at < len(LEVELS):
        raise InputError("lifecycle.no_level")
    level = LEVELS[at]
    codes = {"grid": row["grid_code"], "community": row["community_code"]}
    area = (
        case.asked.area
        or codes.get(level)
        or stored.area_at_level(connection, row["area_unit_id"], level)
    )
    desk = None if area is None else stored.find_desk(connection, area)
    if desk is None:
        raise InputError("lifecycle.no_desk", level=level, area=area or "—")
    return replace(case, desk=desk, level=level)


def _extended(connection: Connection, case: Case, timezone: str) -> Case:
    row, pending = case.row, case.pending("extend")
    until = case.asked.until or (pending["until"] if pending else None)
    if row["due_at"] is None or until is None:
        raise InputError("lifecycle.unlimited")
    calendar = calendars.read_calendar(connection, timezone, row["unit_code"])
    limit = Limit(row["limit_amount"] or 1, row["limit_unit"] or "hours")
    return replace(case, extra=extra_until(calendar, limit, row["due_at"], until))


def _require_target(connection: Connection, who: Principal, case: Case) -> None:
    target = case_reading.find_incident(connection, who, str(case.asked.target))
    if target == case.row["id"]:
        raise InputError("lifecycle.target_self")
    found = stored.lock_incident(connection, case_reading.seen_parameters(who), target)
    if found is None or found["state"] in lifecycle.FINAL:
        code = found["code"] if found else case.asked.target
        raise InputError("lifecycle.target_closed", code=code)


def legal_for(case: Case, actor: Actor, whistle_level: str = WHISTLE_LEVEL) -> Sequence[str]:
    """Return the moves that are legal now.

    Parameters
    ----------
    case
        The incident.
    actor
        Who would move it.
    whistle_level
        Lowest level whose dispatchers blow a whistle.
    """
    return lifecycle.legal_moves(situation_of(case, whistle_level), actor, case.now)
