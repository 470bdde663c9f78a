"""Writing a move: columns of the incident, dispatches, approvals, history, alarms, audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import (
    InputError,
)
from geo.incidents import case_reading, clocks, incident_events
from geo.incidents.case import Case, Effect
from geo.incidents.effects import effect_of
from geo.incidents.rules import lifecycle
from geo.incidents.rules.guards import Actor, Situation
from geo.incidents.rules.lifecycle import Move
from geo.incidents.rules.limits import SIGN_WITHIN
from geo.incidents.store import clocks as stored_clocks
from geo.incidents.store import hotline as stored_hotline
from geo.incidents.store import moves as stored


@dataclass(frozen=True)
class Moved:
    """An incident after a move: `again` where the same move had come before."""

    id: UUID
    code: str
    state: str
    version: int
    move: str
    again: bool = False


def apply_move(
    connection: Connection,
    who: Principal,
    move: Move,
    case: Case,
    at: Situation,
    actor: Actor,
    timezone: str,
) -> Moved:
    """Write a move that is legal and complete, with all that follows from it, and return it.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal that moves.
    move
        Row of the table of moves.
    case
        The incident, locked, with what was asked.
    at
        Its situation before.
    actor
        Who moves, as the table of moves knows actors.
    timezone
        IANA name of the district.
    """
    case = replace(case, proxy=lifecycle.is_proxy(move, at, actor))
    effect = effect_of(case)
    state = _target(connection, move, case)
    written = _written(connection, case, effect)
    columns: dict[str, Any] = {"state": state, **effect.incident}
    if move.name == "mark_duplicate":
        columns["duplicate_of"] = _merge(connection, who, case)
    changed = clocks.settled_clock(
        connection, case, columns, timezone=timezone, restart=effect.restart
    )
    stored.update_row(connection, "incident", case.row["id"], changed)
    if move.name in {"decide"} and case.asked.routing_row:
        _routing_row(connection, who, effect, case)
    version = case.row["version"] + 1
    entry = {
        **_entry(who, move, case, at),
        **written,
        "version": version,
        "to_state": state,
        "due_after": changed.get("due_at", case.row["due_at"]),
        "facts": _plain(effect.facts),
        "client_id": case.asked.client_id,
    }
    stored.insert_row(connection, "incident_move", entry)
    clocks.write_alarms(connection, case.row["id"])
    if move.name == "urge":
        step = case.now.isoformat()
        unit = case.row["unit_code"]
        stored_clocks.write_notification(connection, case.row["id"], "urged", step, unit)
    incident_events.tell_moved(connection, case, move.name, state, version)
    facts = {"move": move.name, "version": version, "from": at.state, "to": state}
    audit.record(connection, who, "incident.move", case.row["code"], facts=facts)
    return Moved(case.row["id"], case.row["code"], state, version, move.name)


def _target(connection: Connection, move: Move, case: Case) -> str:
    """Return the state that the move leads to."""
    if move.target != lifecycle.BEFORE:
        return move.target or case.row["state"]
    done = [m for m in stored.read_moves(connection, case.row["id"]) if m["move"] == "return"]
    return str(done[-1]["from_state"]) if done else "assigned"


def _written(connection: Connection, case: Case, effect: Effect) -> dict[str, Any]:
    """Write dispatches and approvals; return which of them the move is about."""
    named: dict[str, Any] = {"dispatch": effect.of_dispatch, "approval": effect.of_approval}
    if effect.dispatch and effect.of_dispatch is not None:
        stored.update_row(connection, "dispatch", effect.of_dispatch, effect.dispatch)
    if effect.new_dispatch:
        named["dispatch"] = _send(connection, case, effect)
    elif effect.called:
        _send_more(connection, case, effect)
    for dispatch, columns in effect.others:
        stored.update_row(connection, "dispatch", dispatch, columns)
    if effect.whistle and case.open_whistle is not None:
        stored.update_row(connection, "whistle", case.open_whistle["id"], effect.whistle)
    if effect.approval and effect.of_approval is not None:
        values = dict(effect.approval)
        if values.get("by_telephone"):
            values["sign_by"] = case.now + SIGN_WITHIN
        stored.update_row(connection, "approval", effect.of_approval, values)
    if effect.new_approval:
        named["approval"] = stored.insert_row(connection, "approval", effect.new_approval)
    if case.asked.move == "sign":
        _sign(connection, case)
    if "reopened" in effect.incident:
        stored_hotline.forget_reply(connection, case.row["id"])
    if effect.order and not stored_hotline.write_order(connection, case.row["id"], **effect.order):
        raise InputError("hotline.taken", number=effect.order["number"][:60])
    return named


def _send(connection: Connection, case: Case, effect: Effect) -> str:
    """Write the dispatch of the unit in charge, and of a whistle all others; return its id."""
    limits: dict[str, Any] = dict(clocks.dispatch_limits(case.row, case.now))
    if effect.new_whistle:
        report_by = effect.new_whistle["report_by"]
        limits |= {"whistle": stored.insert_row(connection, "whistle", effect.new_whistle)}
        sign_by = min(limits["acknowledge_due"], report_by)
        limits |= {"acknowledge_due": sign_by, "arrive_due": report_by}
    for row in effect.called:
        stored.insert_row(connection, "dispatch", {**row, **limits})
    return stored.insert_row(connection, "dispatch", {**effect.new_dispatch, **limits})


def _send_more(connection: Connection, case: Case, effect: Effect) -> None:
    """Write the dispatches of units that are added to an open whistle, each with its own times."""
    sign_by = clocks.dispatch_limits(case.row, case.now)["acknowledge_due"]
    for row in effect.called:
        times = [at for at in (sign_by, row["arrive_due"]) if at is not None]
        stored.insert_row(connection, "dispatch", {**row, "acknowledge_due": min(times)})


def _sign(connection: Connection, case: Case) -> None:
    signed = {"signed_at": case.now, "signed_by": case.account}
    for each in case.approvals:
        mine = each["asked_by"] == case.account
        if each["by_telephone"] and each["signed_at"] is None and not mine:
            stored.update_row(connection, "approval", each["id"], signed)


def _merge(connection: Connection, who: Principal, case: Case) -> UUID:
    """Count the reports with the target, which says so in its own history; return its id."""
    target = case_reading.find_incident(connection, who, str(case.asked.target))
    reports = case.row["reports"]
    version, state = stored.merge_into(connection, case.row["id"], target, reports)
    entry = {
        "incident": target,
        "version": version,
        "move": "merged",
        "from_state": state,
        "to_state": state,
        "at": case.now,
        "account": who.account,
        "unit_code": who.unit_code,
        "target": case.row["id"],
        "facts": {"code": case.row["code"], "reports": reports},
    }
    stored.insert_row(connection, "incident_move", entry)
    return target


def _routing_row(connection: Connection, who: Principal, effect: Effect, case: Case) -> None:
    """Make a decision a row of the routing table, for whoever may edit that."""
    who.require("routing")
    row = effect.facts["routing_row"]
    if row["area"] is None:
        raise InputError("lifecycle.no_area", code=case.row["code"])
    code = f"裁定-{case.row['code']}"
    duty = {**row, "code": code, "incident": case.row["id"], "by": who.account}
    stored.insert_duty(connection, duty)


def _entry(who: Principal, move: Move, case: Case, at: Situation) -> dict[str, Any]:
    """Return the row of the history: who, for whom, how it was announced."""
    asked = case.asked
    return {
        "incident": case.row["id"],
        "move": move.name,
        "from_state": at.state,
        "at": case.now,
        "account": who.account,
        "post": who.unit_name or None,
        "unit_code": who.unit_code,
        "proxy_for": at.unit if case.proxy else None,
        "target_unit": asked.unit or case.desk,
        "reason": asked.reason or asked.basis,
        "note": asked.note,
        "result": asked.result,
        "outcome": asked.outcome,
        "until": asked.until,
        "notified": asked.notified,
        "notified_post": asked.notified_post or asked.telephone_post,
        "notified_at": asked.notified_at,
        "due_before": case.row["due_at"],
    }


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as JSON has them."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in facts.items()}
