"""The whistle (吹哨): its words, whom it calls, the steps of each unit that is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

KINDS: Final = ("enforcement", "key_work", "emergency")
ROLES: Final = ("lead", "joint")
"""What a unit can be called as; those that are paired with the area come beside them."""

ANSWERS: Final = ("coming", "substitute", "unable")
KNOWN_BY: Final = ("telephone", "on_site", "paper")
"""How whoever writes down a report-in for a unit knows of it."""

DECISIONS: Final = ("upheld", "rejected")
DATED: Final = frozenset({"sign_for", "report_in", "unit_done"})
"""Steps that whoever writes them down for a unit can date back; a unit itself takes them now."""

MOST_UNITS: Final = 30
MOST_MINUTES: Final = 7 * 24 * 60
NEEDED_BY_ANSWER: Final[Mapping[str, str]] = MappingProxyType(
    {"coming": "expected_at", "substitute": "post", "unable": "reason"}
)
"""The field that an answer must come with."""


@dataclass(frozen=True)
class CalledUnit:
    """A unit that a whistle calls, and how it was notified."""

    unit: str
    role: str = "joint"
    notified: str | None = None


@dataclass(frozen=True)
class Rating:
    """How a unit is judged at the end (销哨): whether it was there (到位), whether it solved it."""

    unit: str
    present: bool
    solved: bool


@dataclass(frozen=True)
class Whistle:
    """A whistle as it will be blown, or as units are added to it, once all about it is known."""

    level: str
    report_by: datetime
    within_minutes: int | None
    paired: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What is done with one unit's dispatch: a row of the table of steps.

    `target` is the state that it leads to (None: it stays); `actions` are permissions of which one
    is needed. `own`: the unit itself may, and the others write it down for it (代登记); `only_own`:
    nobody else may. `late` says whether it is open after the whistle has ended.
    """

    name: str
    sources: frozenset[str]
    target: str | None
    actions: tuple[str, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    own: bool = False
    only_own: bool = False
    late: bool = False


_COMING: Final = frozenset({"sent", "acknowledged"})
_LIVE: Final = _COMING | {"reported_in"}
_ALL: Final = _LIVE | {"done"}
_PROXY: Final = ("incident", "assign", "dispatch")
_SEND: Final = ("assign", "dispatch")
_STEPS: Final = (
    Step(
        "answer",
        _COMING,
        "acknowledged",
        _PROXY,
        ("answer",),
        ("expected_at", "post", "reason"),
        own=True,
    ),
    Step(
        *("sign_for", frozenset({"sent"}), "acknowledged", _PROXY, ()),
        ("at", "known_by", "post"),
        own=True,
    ),
    Step("report_in", _COMING, "reported_in", _PROXY, (), ("at", "known_by", "post"), own=True),
    Step(
        *("unit_done", _LIVE, "done", _PROXY, ("result",), ("at", "known_by", "post")),
        own=True,
    ),
    Step("dispute", _ALL, None, (), ("reason",), ("at",), own=True, only_own=True, late=True),
    Step("settle", _ALL, None, ("dispatch",), ("decision",), ("reason",), late=True),
    Step("urge_unit", _COMING, None, _SEND, (), ("notified", "notified_post", "notified_at")),
    Step("supervise_unit", _LIVE, None, ("dispatch",), ("reason",)),
    Step("notify_unit", _ALL, None, _SEND, ("notified",), ("notified_post", "notified_at")),
)
STEPS: Final[Mapping[str, Step]] = MappingProxyType({step.name: step for step in _STEPS})


@dataclass(frozen=True)
class CalledState:
    """Where the dispatch of a unit stands: what decides over its steps.

    `over` says whether its whistle has ended; `overdue` whether the unit should have reported in by
    now; `proxy` whether another wrote its report-in down; `disputed` whether a dispute is open.
    """

    state: str
    unit: str | None
    over: bool = False
    on_hold: bool = False
    overdue: bool = False
    proxy: bool = False
    disputed: bool = False


def find_step_refusal(
    step: Step, at: CalledState, actions: frozenset[str], unit: str | None
) -> str | None:
    """Return why a step is refused, a word of ``whistle.refused.*``; None where it is legal.

    Parameters
    ----------
    step
        A row of the table of steps.
    at
        Where the dispatch stands.
    actions
        Permissions of who asks, at the place of the incident.
    unit
        Unit of who asks.
    """
    if at.state not in step.sources:
        return "state"
    if at.over and not step.late:
        return "over"
    if at.on_hold and step.target is not None:
        return "hold"
    mine = "respond" in actions and unit is not None and unit == at.unit
    if not (step.own and mine) and (step.only_own or not actions & set(step.actions)):
        return "right"
    return _dispute_refusal(step.name, at)


def legal_steps(at: CalledState, actions: frozenset[str], unit: str | None) -> tuple[str, ...]:
    """Return the names of the steps that are legal, in the order of the table.

    Parameters
    ----------
    at
        Where the dispatch stands.
    actions
        Permissions of who asks, at the place of the incident.
    unit
        Unit of who asks.
    """
    return tuple(s.name for s in _STEPS if find_step_refusal(s, at, actions, unit) is None)


def is_step_proxy(step: Step, at: CalledState, actions: frozenset[str], unit: str | None) -> bool:
    """Return whether a step is written down for the unit by another (代登记).

    Parameters
    ----------
    step
        A row of the table of steps.
    at
        Where the dispatch stands.
    actions
        Permissions of who asks.
    unit
        Unit of who asks.
    """
    return step.own and not ("respond" in actions and unit is not None and unit == at.unit)


def _dispute_refusal(step: str, at: CalledState) -> str | None:
    """Disputed is what another wrote down, or that the unit did not come."""
    if step == "dispute":
        missing = at.overdue and at.state in _COMING
        return "disputed" if at.disputed else None if at.proxy or missing else "nothing_to_dispute"
    return "not_disputed" if step == "settle" and not at.disputed else None
