"""Steps of one unit that was sent: answering, reporting in, disputing; written for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import (
    ConditionError,
    InputError,
    MoveRefusedError,
    NotFoundError,
    StaleError,
)
from geo.base.words import say
from geo.incidents import case_reading, clocks, incident_events, moves, personal_data, step_effects
from geo.incidents.case import Case
from geo.incidents.rules.guards import Actor
from geo.incidents.rules.lifecycle import FINAL
from geo.incidents.rules.whistle import (
    CalledState,
    Step,
    find_step_refusal,
    is_step_proxy,
    legal_steps,
)
from geo.incidents.step_request import StepRequest, require_step_fields
from geo.incidents.store import clocks as stored_clocks
from geo.incidents.store import moves as stored_moves
from geo.incidents.store import whistles as stored
from geo.incidents.store.moves import SentMove


@dataclass(frozen=True)
class StepResult:
    """A dispatch after a step: `again` where the same step had come before."""

    dispatch: UUID
    incident: UUID
    code: str
    unit: str
    state: str
    version: int
    step: str
    again: bool = False


def take_step(
    engine: Engine,
    who: Principal,
    dispatch: UUID,
    asked: StepRequest,
    *,
    version: int | None,
    timezone: str,
    lang: str = "zh",
) -> StepResult:
    """Take a step of one unit and return where its dispatch stands.

    Of the unit in charge the incident moves with it: acknowledged, arrived, done.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who takes it: the unit, or who writes it down for the unit.
    dispatch
        Id of the dispatch.
    asked
        The step with its fields; the same ``client_id`` once more changes nothing.
    version
        The version of the dispatch that was seen; None is refused.
    timezone
        IANA name, for times in refusals.
    lang
        Language of what a refusal names.

    Raises
    ------
    NotFoundError
        If it is not seen.
    ConditionError, StaleError
        If no version, or not the newest, was given.
    MoveRefusedError
        If the step is not legal now; those that are, are named.
    InputError
        If a field lacks, is strange, or has a value that cannot be; a PersonalDataError where a
        text holds numbers of persons.
    """
    require_step_fields(asked, lang)
    checked = personal_data.check_texts(
        engine, who, asked.texts, redact=asked.redact, not_personal=asked.not_personal
    )
    kept: dict[str, Any] = dict(checked.texts)
    asked = replace(asked, **kept)
    with transaction.open_as(engine, who) as connection:
        return take_step_within(
            connection, who, dispatch, asked, version=version, timezone=timezone, lang=lang
        )


def take_step_within(
    connection: Connection,
    who: Principal,
    dispatch: UUID,
    asked: StepRequest,
    *,
    version: int | None,
    timezone: str,
    lang: str,
) -> StepResult:
    """Do what :func:`take_step` does, within a transaction and with texts that were checked.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Who takes it.
    dispatch
        Id of the dispatch.
    asked
        The step with its fields.
    version
        The version of the dispatch that was seen.
    timezone
        IANA name, for times in refusals.
    lang
        Language of what a refusal names.
    """
    step = require_step_fields(asked, lang)
    row, sent = _locked(connection, who, dispatch)
    known = _known(connection, asked)
    if known is not None:
        return _again(sent, known, step, asked)
    _require_version(sent, version)
    case = case_reading.make_case(connection, who, row)
    actor = moves.actor_of(connection, who, row)
    at = called_state(sent, row, case.now)
    _require_legal(step, at, actor, lang)
    proxy = is_step_proxy(step, at, actor.actions, actor.unit)
    step_effects.require_times(asked, sent, case.now, proxy=proxy, timezone=timezone)
    return _write(connection, who, case, sent, step, asked, proxy=proxy)


def called_state(sent: Mapping[str, Any], row: Mapping[str, Any], now: datetime) -> CalledState:
    """Return what decides over the steps of a dispatch.

    Parameters
    ----------
    sent
        The dispatch, with ``whistle_state``.
    row
        Its incident.
    now
        The present moment.
    """
    return CalledState(
        sent["state"],
        sent["unit_code"],
        over=sent["whistle_state"] not in (None, "open") or row["state"] in FINAL,
        on_hold=row["on_hold"],
        overdue=sent["arrive_due"] is not None and now > sent["arrive_due"],
        proxy=sent["reported_proxy"],
        disputed=sent["disputed_at"] is not None and sent["dispute_decision"] is None,
    )


def _locked(
    connection: Connection, who: Principal, dispatch: UUID
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the incident of a dispatch, locked, and the dispatch as it is then."""
    found = stored.read_dispatch(connection, dispatch)
    if found is None:
        raise NotFoundError("whistle.no_dispatch", id=dispatch)
    row = case_reading.lock_row(connection, who, found["incident"])
    sent = stored.read_dispatch(connection, dispatch)
    if sent is None:
        raise NotFoundError("whistle.no_dispatch", id=dispatch)
    return row, sent


def _known(connection: Connection, asked: StepRequest) -> SentMove | None:
    if asked.client_id is None:
        return None
    return stored_moves.find_move(connection, asked.client_id)


def _again(sent: Mapping[str, Any], known: SentMove, step: Step, asked: StepRequest) -> StepResult:
    if known.incident != sent["incident"] or known.move != step.name:
        raise InputError("lifecycle.client_id_used", found=asked.client_id)
    return _stepped(sent, sent["state"], sent["version"], step, again=True)


def _require_version(sent: Mapping[str, Any], version: int | None) -> None:
    if version is None:
        raise ConditionError("lifecycle.condition")
    if version != sent["version"]:
        members = {"version": sent["version"], "state": sent["state"]}
        raise StaleError("lifecycle.stale_unknown", members=members, version=sent["version"])


def _require_legal(step: Step, at: CalledState, who: Actor, lang: str) -> None:
    why = find_step_refusal(step, at, who.actions, who.unit)
    if why is None:
        return
    legal = legal_steps(at, who.actions, who.unit)
    names = [say(f"lifecycle.move.{name}", lang) for name in legal]
    names_text = "、".join(names) if lang == "zh" else ", ".join(names)
    facts = {
        "move": say(f"lifecycle.move.{step.name}", lang),
        "why": say(f"whistle.refused.{why}", lang, state=say(f"whistle.state.{at.state}", lang)),
        "legal": names_text or say("lifecycle.nothing", lang),
    }
    members = {"state": at.state, "reason": why, "legal": list(legal)}
    raise MoveRefusedError("lifecycle.illegal", members=members, **facts)


def _write(
    connection: Connection,
    who: Principal,
    case: Case,
    sent: Mapping[str, Any],
    step: Step,
    asked: StepRequest,
    *,
    proxy: bool,
) -> StepResult:
    effect = step_effects.effect_of_step(step, asked, sent, case, proxy=proxy)
    row, version = case.row, case.row["version"] + 1
    state = str(effect.incident.get("state", row["state"]))
    stored_moves.update_row(connection, "dispatch", sent["id"], effect.dispatch)
    stored_moves.update_row(connection, "incident", row["id"], effect.incident)
    entry = {
        **step_effects.history_of(who, case, sent, step, asked, effect),
        "version": version,
        "to_state": state,
        "proxy_for": sent["unit_code"] if proxy else None,
        "client_id": asked.client_id,
    }
    stored_moves.insert_row(connection, "incident_move", entry)
    if step.name == "urge_unit":
        number = f"{sent['id']}:{sent['urged'] + 1}"
        unit = sent["unit_code"]
        stored_clocks.write_notification(connection, row["id"], "urged", number, unit)
    clocks.write_alarms(connection, row["id"])
    incident_events.tell_moved(connection, case, step.name, state, version)
    facts = {"step": step.name, "dispatch": str(sent["id"]), "unit": sent["unit_code"]}
    audit.record(connection, who, "incident.step", row["code"], facts=facts)
    after = str(effect.dispatch.get("state", sent["state"]))
    return _stepped(sent, after, sent["version"] + 1, step)


def _stepped(
    sent: Mapping[str, Any], state: str, version: int, step: Step, *, again: bool = False
) -> StepResult:
    return StepResult(
        sent["id"],
        sent["incident"],
        sent["incident_code"],
        sent["unit_code"],
        state,
        version,
        step.name,
        again,
    )
