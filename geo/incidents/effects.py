"""What each move changes: columns of the incident, of the dispatch in charge, approvals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from geo.incidents import whistle_effects
from geo.incidents.case import Case, Effect, count_wrong_dispatch, sent_dispatch


def effect_of(case: Case) -> Effect:
    """Return what the move of a case changes, the state apart."""
    effect = Effect(of_dispatch=case.lead and case.lead["id"])
    verb, _, kind = case.asked.move.partition("_")
    if kind in _BY_KIND and verb in _APPROVAL:
        _APPROVAL[verb](case, effect, kind)
    elif case.asked.move in _EFFECTS:
        _EFFECTS[case.asked.move](case, effect)
    return effect


def _accept(case: Case, effect: Effect) -> None:
    effect.incident = {"accepted_at": case.now}
    effect.restart = case.row["clock_start"] == "accepted"


def _assign(case: Case, effect: Effect) -> None:
    unit, row = case.asked.unit, case.row
    effect.incident = {"unit_code": unit, "assigned_at": case.now, "acknowledged_at": None}
    effect.incident["arrived_at"] = None
    kind = "decide" if case.asked.move == "decide" else "assign"
    effect.new_dispatch = sent_dispatch(case, unit, kind)
    effect.restart = row["clock_start"] == "assigned" and row["clock_from"] is None
    count_wrong_dispatch(case, effect, unit)
    if not case.dispatches and row["proposed_unit_code"] not in (None, unit):
        effect.incident["override_reason"] = case.asked.reason
        effect.facts["overridden"] = row["routing"]


def _recall(case: Case, effect: Effect) -> None:
    effect.incident = {"unit_code": None}
    effect.dispatch = {"state": "recalled", "ended_at": case.now}


def _acknowledge(case: Case, effect: Effect) -> None:
    effect.incident = {"acknowledged_at": case.now}
    effect.dispatch = {"state": "acknowledged", "acknowledged_at": case.now}


def _arrive(case: Case, effect: Effect) -> None:
    first = case.row["acknowledged_at"] or case.now
    effect.incident = {"arrived_at": case.now, "acknowledged_at": first}
    effect.dispatch = {
        "state": "reported_in",
        "reported_in_at": case.now,
        "reported_proxy": case.proxy,
    }


def _start(case: Case, effect: Effect) -> None:
    first = case.row["acknowledged_at"] or case.now
    effect.incident = {"acknowledged_at": first}
    if case.lead is not None and case.lead["state"] == "sent":
        effect.dispatch = {"state": "acknowledged", "acknowledged_at": case.now}


def _finish(case: Case, effect: Effect) -> None:
    effect.incident = {
        "result": case.asked.result,
        "done_at": case.now,
        "first_done_at": case.row["first_done_at"] or case.now,
    }
    effect.dispatch = {"state": "done", "done_at": case.now}


def _self_handle(case: Case, effect: Effect) -> None:
    _finish(case, effect)
    effect.dispatch = {}
    first = case.row["accepted_at"] or case.now
    effect.incident |= {"self_handled": True, "accepted_at": first, "unit_code": case.unit}


def _send_back(case: Case, effect: Effect) -> None:
    effect.incident = {"done_at": None}
    if case.lead is not None:
        came = "acknowledged" if case.lead["reported_in_at"] is None else "reported_in"
        effect.dispatch = {"state": came, "done_at": None}


def _close(case: Case, effect: Effect) -> None:
    effect.incident = {"closed_at": case.now, "outcome": case.asked.outcome}
    effect.incident["satisfaction"] = case.asked.satisfaction


def _return(case: Case, effect: Effect) -> None:
    effect.incident = {"returns": case.row["returns"] + 1, "unit_code": None}
    effect.dispatch = {
        "state": "returned",
        "ended_at": case.now,
        "return_kind": case.asked.kind,
    }
    effect.facts = {"kind": case.asked.kind, "unit": case.row["unit_code"]}


def _refuse_return(case: Case, effect: Effect) -> None:
    back = case.returned
    effect.incident = {"returns": case.row["returns"] - 1}
    if back is not None:
        effect.incident["unit_code"] = back["unit_code"]
        effect.of_dispatch = back["id"]
        came = "sent" if back["acknowledged_at"] is None else "acknowledged"
        came = came if back["reported_in_at"] is None else "reported_in"
        effect.dispatch = {"state": came, "ended_at": None, "return_kind": None}


def _decide(case: Case, effect: Effect) -> None:
    _assign(case, effect)
    effect.facts["basis"] = case.asked.basis
    effect.facts["routing_row"] = {
        "unit": case.asked.unit,
        "area": case.row["grid_code"] or case.row["community_code"],
        "category": case.row["category"],
    }


def _request(case: Case, effect: Effect, kind: str) -> None:
    effect.new_approval = {
        "incident": case.row["id"],
        "kind": kind,
        "asked_at": case.now,
        "asked_by": case.account,
        "asked_unit": case.unit,
        "reason": case.asked.reason,
        "until": case.asked.until,
    }


def _decided(case: Case, effect: Effect, kind: str, state: str) -> None:
    found = case.pending(kind)
    effect.of_approval = found and found["id"]
    effect.approval = {
        "state": state,
        "decided_at": case.now,
        "decided_by": case.account,
        "decided_post": case.asked.telephone_post or case.unit,
        "decided_note": case.asked.reason or case.asked.note,
        "by_telephone": case.asked.telephone_post is not None,
    }


def _approve(case: Case, effect: Effect, kind: str) -> None:
    found = case.pending(kind)
    until = case.asked.until or (found and found["until"])
    _decided(case, effect, kind, "approved")
    effect.approval["until"] = until
    if kind == "hold":
        effect.incident = {"on_hold": True, "hold_until": until}
    elif kind == "extend":
        effect.incident = {"extensions": case.row["extensions"] + 1}
        effect.approval |= {"amount": case.extra / 60 or None, "unit": _hours(case.row)}
    else:
        effect.incident = {"unit_code": None}
        effect.dispatch = {"state": "recalled", "ended_at": case.now}


def _refuse(case: Case, effect: Effect, kind: str) -> None:
    _decided(case, effect, kind, "refused")


def _hours(row: Mapping[str, Any]) -> str:
    return "working_hours" if str(row["limit_unit"]).startswith("working") else "hours"


def _resume(case: Case, effect: Effect) -> None:
    effect.incident = {"on_hold": False, "hold_until": None}
    effect.of_approval = case.hold and case.hold["id"]
    effect.approval = {"ended_at": case.now}


def _refer(case: Case, effect: Effect) -> None:
    effect.incident = {
        "unit_code": case.desk,
        "level": case.level,
        "assigned_at": case.now,
        "acknowledged_at": None,
        "arrived_at": None,
    }
    effect.dispatch = {"state": "recalled", "ended_at": case.now}
    effect.new_dispatch = sent_dispatch(case, case.desk, case.asked.move)
    effect.restart = case.row["clock_start"] == "assigned" and case.row["clock_from"] is None


def _mark_duplicate(case: Case, effect: Effect) -> None:
    effect.dispatch = {"state": "recalled", "ended_at": case.now}


def _reopen(case: Case, effect: Effect) -> None:
    row = case.row
    kept = ("due_at", "first_done_at", "done_at", "closed_at", "outcome", "result", "clock_from")
    effect.facts = {name: row[name] for name in kept if row[name] is not None}
    effect.incident = {
        **dict.fromkeys(("closed_at", "outcome", "result", "done_at", "first_done_at")),
        **dict.fromkeys(("assigned_at", "acknowledged_at", "arrived_at", "duplicate_of")),
        "unit_code": None,
        "accepted_at": case.now,
        "reopened": row["reopened"] + 1,
        "returns": 0,
        "self_handled": False,
        "on_hold": False,
        "due_given": False,
    }
    effect.dispatch = {"state": "recalled", "ended_at": case.now}
    effect.restart = row["clock_start"] != "assigned"


def _register_order(case: Case, effect: Effect) -> None:
    asked = case.asked
    effect.incident = {"source_ref": asked.hotline_number}
    effect.order = {
        "number": asked.hotline_number,
        "due_at": asked.hotline_due,
        "return_by": asked.hotline_return_by,
    }
    effect.facts = {k: v for k, v in effect.order.items() if v is not None}


def _supplement(case: Case, effect: Effect) -> None:
    effect.incident = {"reports": case.row["reports"] + 1}


def _hear(case: Case, effect: Effect) -> None:
    """Keep what people said; who is dissatisfied has it done again."""
    said = case.asked.move.removeprefix("hear_")
    if said == "dissatisfied":
        _reopen(case, effect)
    grade = case.asked.satisfaction
    effect.incident |= {"heard": said, "heard_at": case.now}
    if grade is not None or said == "dissatisfied":
        effect.incident["satisfaction"] = grade
    effect.facts |= {"heard": said} | ({} if grade is None else {"satisfaction": grade})


def _supervise(case: Case, effect: Effect) -> None:  # noqa: ARG001 - one form for all
    effect.incident = {"supervised": True}


def _hand_to_emergency(case: Case, effect: Effect) -> None:
    called = case.asked.at or case.now
    effect.incident = {"emergency_call": case.asked.call, "emergency_call_at": called}
    effect.facts = {"call": case.asked.call, "at": called}


_EFFECTS: Final[Mapping[str, Callable[[Case, Effect], None]]] = {
    "accept": _accept,
    "assign": _assign,
    "recall": _recall,
    "acknowledge": _acknowledge,
    "arrive": _arrive,
    "start": _start,
    "finish": _finish,
    "self_handle": _self_handle,
    "send_back": _send_back,
    "close": _close,
    "return": _return,
    "refuse_return": _refuse_return,
    "decide": _decide,
    "resume": _resume,
    "refer_up": _refer,
    "refer_down": _refer,
    "mark_duplicate": _mark_duplicate,
    "reopen": _reopen,
    "register_order": _register_order,
    "supplement": _supplement,
    "hear_satisfied": _hear,
    "hear_dissatisfied": _hear,
    "supervise": _supervise,
    "hand_to_emergency": _hand_to_emergency,
    **whistle_effects.EFFECTS,
}
_APPROVAL: Final[Mapping[str, Callable[[Case, Effect, str], None]]] = {
    "request": _request,
    "approve": _approve,
    "refuse": _refuse,
}
_BY_KIND: Final = frozenset({"hold", "extend", "cancel", "whistle"})
