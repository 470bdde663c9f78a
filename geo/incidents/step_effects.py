"""What a step of one unit changes: its dispatch, and the incident where it is the one in charge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from geo.access.principal import Principal
from geo.base.errors import InputError
from geo.base.local_time import local_minute
from geo.incidents.case import Case
from geo.incidents.rules.lifecycle import MOVES
from geo.incidents.rules.whistle import DATED, Step
from geo.incidents.step_request import StepRequest

LEADS_TO: Final[Mapping[str, str]] = {
    "answer": "acknowledge",
    "sign_for": "acknowledge",
    "report_in": "arrive",
    "unit_done": "finish",
}
"""The move that the incident makes with a step of the unit in charge, where its state allows."""

Sent = Mapping[str, Any]


@dataclass
class StepEffect:
    """Columns to set of the dispatch and of the incident; `facts` go into the history."""

    dispatch: dict[str, Any] = field(default_factory=dict)
    incident: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def require_times(
    asked: StepRequest, sent: Sent, now: datetime, *, proxy: bool, timezone: str
) -> None:
    """Refuse times that cannot be, and what only who writes down for a unit may say.

    Parameters
    ----------
    asked
        The step.
    sent
        The dispatch.
    now
        The present moment.
    proxy
        Whether it is written down for the unit.
    timezone
        IANA name, for what a refusal says.

    Raises
    ------
    InputError
        If it reported in before it was sent or in the future, or expects what is past; if a unit
        states a time of its own, or how somebody else knows is not said.
    """
    name = asked.step.replace("-", "_")
    if name in DATED:
        must_say = name == "report_in" or asked.at is not None
        if proxy and must_say and asked.known_by is None:
            raise InputError("whistle.how_known")
        if not proxy and (asked.at is not None or asked.known_by is not None):
            raise InputError("whistle.own_time")
    if asked.step == "dispute" and sent["reported_in_at"] is None and asked.at is None:
        raise InputError("whistle.claim")
    since = sent["dispatched_at"]
    if name == "unit_done":
        since = max(since, sent["reported_in_at"] or since)
    if asked.at is not None and not since <= asked.at <= now:
        moments = {"at": asked.at, "since": since, "now": now}
        said = {name: local_minute(moment, timezone) for name, moment in moments.items()}
        raise InputError("whistle.impossible", **said)
    if asked.expected_at is not None and asked.expected_at <= now:
        raise InputError("lifecycle.until_past", until=local_minute(asked.expected_at, timezone))


def effect_of_step(
    step: Step, asked: StepRequest, sent: Sent, case: Case, *, proxy: bool
) -> StepEffect:
    """Return what a step changes.

    Parameters
    ----------
    step
        Row of the table of steps.
    asked
        The step with its fields.
    sent
        The dispatch.
    case
        Its incident.
    proxy
        Whether it is written down for the unit.
    """
    effect = StepEffect()
    _EFFECTS[step.name](asked, sent, case, effect)
    if step.name == "report_in":
        effect.dispatch["reported_proxy"] = proxy
    if sent["lead"] and step.name in LEADS_TO:
        _lead(step.name, asked, case, effect)
    return effect


def history_of(
    who: Principal, case: Case, sent: Sent, step: Step, asked: StepRequest, effect: StepEffect
) -> dict[str, Any]:
    """Return the row of the history of a step, its version and state apart.

    Parameters
    ----------
    who
        Who takes it.
    case
        The incident.
    sent
        The dispatch.
    step
        Row of the table of steps.
    asked
        The step with its fields.
    effect
        What it changes.
    """
    facts = {"unit": sent["unit_code"], **effect.facts}
    return {
        "incident": case.row["id"],
        "move": step.name,
        "from_state": case.row["state"],
        "at": case.now,
        "account": who.account,
        "post": who.unit_name or None,
        "unit_code": who.unit_code,
        "dispatch": sent["id"],
        "target_unit": sent["unit_code"],
        "reason": asked.reason,
        "note": asked.note,
        "result": asked.result,
        "notified": asked.notified,
        "notified_post": asked.notified_post or asked.post,
        "notified_at": asked.notified_at,
        "due_before": case.row["due_at"],
        "due_after": case.row["due_at"],
        "facts": {k: _plain(v) for k, v in facts.items() if v is not None},
    }


def _answer(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:
    effect.dispatch = {
        "state": "acknowledged",
        "acknowledged_at": sent["acknowledged_at"] or case.now,
        "answer": asked.answer,
        "answer_post": asked.post,
        "answer_reason": asked.reason,
        "expected_at": asked.expected_at,
    }
    effect.facts = {"answer": asked.answer, "expected_at": asked.expected_at}


def _sign_for(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:
    at = asked.at or case.now
    effect.dispatch = {"state": "acknowledged", "acknowledged_at": sent["acknowledged_at"] or at}
    effect.facts = {"acknowledged_at": at, "known_by": asked.known_by, "post": asked.post}


def _report_in(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:
    at = asked.at or case.now
    effect.dispatch = {
        "state": "reported_in",
        "reported_in_at": at,
        "acknowledged_at": sent["acknowledged_at"] or at,
        "reported_post": asked.post,
        "known_by": asked.known_by,
    }
    effect.facts = {"reported_in_at": at, "known_by": asked.known_by}


def _done(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:  # noqa: ARG001
    at = asked.at or case.now
    effect.dispatch = {"state": "done", "done_at": at, "result": asked.result}
    if asked.at is not None:
        effect.facts = {"done_at": at, "known_by": asked.known_by, "post": asked.post}


def _dispute(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:
    effect.dispatch = {
        "disputed_at": case.now,
        "dispute_reason": asked.reason,
        "dispute_claim": asked.at,
        "dispute_decision": None,
    }
    effect.facts = {"registered": sent["reported_in_at"], "claimed": asked.at}


def _settle(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:  # noqa: ARG001
    """Where the unit is right, what it says counts: when it came, or that it did not."""
    effect.dispatch = {"dispute_decision": asked.decision}
    effect.facts = {"decision": asked.decision, "registered": sent["reported_in_at"]}
    if asked.decision != "upheld":
        return
    claim = sent["dispute_claim"]
    effect.facts["claimed"] = claim
    effect.dispatch |= {"reported_in_at": claim, "reported_proxy": False, "known_by": None}
    if sent["state"] != "done":
        before = "sent" if sent["acknowledged_at"] is None else "acknowledged"
        effect.dispatch["state"] = before if claim is None else "reported_in"


def _urge(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:
    effect.dispatch = {"urged": sent["urged"] + 1}
    _notify(asked, sent, case, effect)


def _supervise(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:  # noqa: ARG001
    effect.dispatch = {"supervised_at": case.now}
    effect.incident = {"supervised": True}


def _notify(asked: StepRequest, sent: Sent, case: Case, effect: StepEffect) -> None:  # noqa: ARG001
    if asked.notified is not None:
        effect.dispatch |= {
            "notified": asked.notified,
            "notified_post": asked.notified_post,
            "notified_at": asked.notified_at or case.now,
        }


def _lead(step: str, asked: StepRequest, case: Case, effect: StepEffect) -> None:
    """Move the incident with its unit in charge; where it is further already, only times."""
    move = MOVES[LEADS_TO[step]]
    row, sent = case.row, effect.dispatch
    first = row["acknowledged_at"] or sent.get("acknowledged_at") or case.now
    effect.incident = {"acknowledged_at": first}
    if step == "report_in":
        effect.incident["arrived_at"] = sent["reported_in_at"]
    if step == "unit_done":
        effect.incident |= {
            "result": asked.result,
            "done_at": sent["done_at"],
            "first_done_at": row["first_done_at"] or sent["done_at"],
        }
    if row["state"] in move.sources and move.target is not None:
        effect.incident["state"] = move.target


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


_EFFECTS: Final[Mapping[str, Callable[[StepRequest, Sent, Case, StepEffect], None]]] = {
    "answer": _answer,
    "sign_for": _sign_for,
    "report_in": _report_in,
    "unit_done": _done,
    "dispute": _dispute,
    "settle": _settle,
    "urge_unit": _urge,
    "supervise_unit": _supervise,
    "notify_unit": _notify,
}
