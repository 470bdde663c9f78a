"""The life cycle of an incident as data: states, moves, who may make them and what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from geo.incidents.rules.guards import GUARDS, Actor, Situation

STATES: Final = (
    "draft",
    "reported",
    "accepted",
    "not_accepted",
    "assigned",
    "acknowledged",
    "arrived",
    "in_progress",
    "done",
    "checked",
    "closed",
    "returned",
    "duplicate",
    "cancelled",
)
FINAL: Final = frozenset({"not_accepted", "closed", "duplicate", "cancelled"})
OPEN: Final = frozenset(STATES) - FINAL
_WITH_UNIT: Final = frozenset({"assigned", "acknowledged", "arrived", "in_progress"})
_UNDER_WAY: Final = _WITH_UNIT | {"accepted", "returned"}
DUE_STATES: Final = _WITH_UNIT | {"done", "checked", "closed"}
"""States that an incident has with, or after, a unit in charge."""

BEFORE: Final = "before"
"""Target of a move that leads back to the state before the incident was returned."""

OUTCOMES: Final = ("resolved", "planned", "explained", "not_competent", "other")
RETURN_KINDS: Final = ("duty", "power", "place", "repeated")
APPROVALS: Final = ("hold", "extend", "cancel")


@dataclass(frozen=True)
class Move:
    """One row of the table of moves.

    `target` is the state that it leads to; None: the state stays. `actions` are permissions of
    which one is needed; `own` says that "respond" does for the unit in charge, and that the others
    write it down for that unit (代登记). `needs` are the fields that must be given, `takes` those
    that may be. `held` says whether it is open while the incident is on hold.
    """

    name: str
    sources: frozenset[str]
    target: str | None
    actions: tuple[str, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    own: bool = False
    held: bool = False
    approval: str = ""
    step: str = ""

    @property
    def fields(self) -> frozenset[str]:
        """All fields that it knows; note and how it was announced belong to every move."""
        return frozenset({*self.needs, *self.takes, "note", *NOTICE})


NOTICE: Final = ("notified", "notified_post", "notified_at")
_PROXY: Final = ("incident", "assign", "dispatch")
_ANY: Final = ("incident", "assign", "dispatch", "respond")


def _unit_moves() -> Iterator[Move]:
    """Yield the moves of the unit in charge; each may be skipped forward."""
    steps = ("assigned", "acknowledged", "arrived", "in_progress", "done")
    names = ("acknowledge", "arrive", "start", "finish")
    for n, name in enumerate(names, start=1):
        needs = ("result",) if name == "finish" else ()
        sources = frozenset(steps[:n])
        yield Move(name, sources, steps[n], _PROXY, needs, own=True)


def _approval_moves() -> Iterator[Move]:
    """Yield asking for, approving and refusing a hold, an extension, a cancellation."""
    for kind in APPROVALS:
        sources = OPEN - {"draft"} if kind == "cancel" else _UNDER_WAY
        needs = ("reason",) if kind == "cancel" else ("reason", "until")
        held = kind == "cancel"
        yield Move(
            f"request_{kind}",
            sources,
            None,
            _ANY,
            needs,
            own=True,
            held=held,
            approval=kind,
            step="request",
        )
        target = "cancelled" if kind == "cancel" else None
        yield Move(
            f"approve_{kind}",
            sources,
            target,
            ("approve_incident",),
            takes=("until", "telephone_post"),
            held=held,
            approval=kind,
            step="approve",
        )
        yield Move(
            f"refuse_{kind}",
            sources,
            None,
            ("approve_incident",),
            ("reason",),
            takes=("telephone_post",),
            held=held,
            approval=kind,
            step="refuse",
        )


def _whistle_moves() -> Iterator[Move]:
    """Yield asking for a whistle, blowing it, calling more units, calling it off, ending it."""
    yield Move(
        "request_whistle",
        _UNDER_WAY,
        None,
        _PROXY,
        ("reason",),
        approval="whistle",
        step="request",
    )
    yield Move(
        "refuse_whistle",
        _UNDER_WAY,
        None,
        ("dispatch",),
        ("reason",),
        approval="whistle",
        step="refuse",
    )
    takes = ("report_at", "within_minutes", "place", "paired", "level", "reason")
    yield Move(
        "whistle", _UNDER_WAY, "assigned", ("dispatch",), ("whistle_kind", "units"), takes=takes
    )
    called = ("report_at", "within_minutes", "reason")
    yield Move("add_units", _WITH_UNIT | {"done"}, None, ("dispatch",), ("units",), takes=called)
    yield Move("call_off_whistle", _WITH_UNIT, "accepted", ("dispatch",), ("reason",), held=True)
    sources = OPEN - {"draft"}
    yield Move("end_whistle", sources, None, ("dispatch",), ("ratings",), held=True)


def _hotline_moves() -> Iterator[Move]:
    """Yield what belongs to the hotline 12345: its order, more of the same, what people said."""
    yield Move(
        "register_order",
        OPEN - {"draft"},
        None,
        ("incident",),
        ("hotline_number",),
        takes=("hotline_due", "hotline_return_by"),
        held=True,
    )
    any_open = frozenset(STATES) - {"draft", "cancelled"}
    yield Move("supplement", any_open, None, ("incident", "report"), ("note",), held=True)
    closed = frozenset({"closed"})
    yield Move("hear_satisfied", closed, None, ("incident",), takes=("satisfaction",))
    yield Move(
        "hear_dissatisfied",
        closed,
        "accepted",
        ("incident",),
        ("reason",),
        takes=("satisfaction",),
    )


def _states(*names: str) -> frozenset[str]:
    return frozenset(names)


_MOVES: Final = (
    Move("submit", _states("draft"), "reported", ("incident", "report")),
    Move("accept", _states("reported"), "accepted", ("incident",)),
    Move("reject", _states("reported"), "not_accepted", ("incident",), ("reason",)),
    Move(
        "assign", _states("accepted", "returned"), "assigned", ("assign",), ("unit",), ("reason",)
    ),
    Move("recall", _states("assigned"), "accepted", ("assign",), takes=("reason",)),
    *_unit_moves(),
    Move("self_handle", _states("reported", "accepted"), "done", ("incident",), ("result",)),
    Move("check", _states("done"), "checked", ("incident", "report")),
    Move(
        "send_back", _states("done", "checked"), "in_progress", ("incident", "report"), ("reason",)
    ),
    Move(
        "close",
        _states("done", "checked"),
        "closed",
        ("incident",),
        ("outcome",),
        takes=("satisfaction",),
    ),
    *_hotline_moves(),
    Move("return", _WITH_UNIT, "returned", _PROXY, ("kind", "reason"), own=True),
    Move("refuse_return", _states("returned"), BEFORE, ("dispatch",), ("reason",)),
    Move(
        "decide",
        _states("returned"),
        "assigned",
        ("dispatch",),
        ("unit", "basis"),
        ("routing_row",),
    ),
    *_approval_moves(),
    Move("sign", frozenset(STATES), None, ("approve_incident",), held=True, step="sign"),
    Move(
        "resume",
        _UNDER_WAY,
        None,
        _ANY,
        takes=("reason",),
        own=True,
        held=True,
        approval="hold",
        step="end",
    ),
    Move("refer_up", _UNDER_WAY, "assigned", ("dispatch",), ("reason",)),
    Move("refer_down", _UNDER_WAY, "assigned", ("dispatch",), ("reason",), ("area",)),
    Move(
        "mark_duplicate",
        OPEN - {"draft"},
        "duplicate",
        ("dispatch",),
        ("target",),
        ("reason",),
        held=True,
    ),
    Move("reopen", FINAL, "accepted", ("dispatch",), ("reason",)),
    Move("supervise", OPEN - {"draft"}, None, ("dispatch",), ("reason",), held=True),
    *_whistle_moves(),
    Move("urge", _WITH_UNIT, None, ("assign", "dispatch"), held=True),
    Move(
        "hand_to_emergency",
        OPEN - {"draft"},
        None,
        ("incident", "report"),
        ("call",),
        ("at",),
        held=True,
    ),
)
MOVES: Final[Mapping[str, Move]] = MappingProxyType({move.name: move for move in _MOVES})

RECORDED: Final = (
    *("report", "created", "imported", "corrected", "recomputed", "resumed", "merged"),
)
"""Entries of the history that the program makes itself; nobody can ask for them as a move."""


def is_proxy(move: Move, at: Situation, who: Actor) -> bool:
    """Return whether the move would be written down for the unit in charge (代登记).

    Parameters
    ----------
    move
        A row of the table.
    at
        Where the incident stands.
    who
        Who would move.
    """
    return move.own and move.step in {"", "request"} and not _is_in_charge(at, who)


def find_refusal(move: Move, at: Situation, who: Actor, now: datetime) -> str | None:
    """Return why a move is refused, a word of ``lifecycle.refused.*``; None where it is legal.

    Parameters
    ----------
    move
        A row of the table.
    at
        Where the incident stands.
    who
        Who would move.
    now
        The present moment, for the window of returns.
    """
    if at.state not in move.sources:
        return "state"
    if at.on_hold and not move.held:
        return "hold"
    if not _may(move, at, who):
        return "right"
    why = GUARDS[move.name](at, who, now) if move.name in GUARDS else None
    return why or _approval(move, at, who)


def legal_moves(at: Situation, who: Actor, now: datetime) -> tuple[str, ...]:
    """Return the names of the moves that are legal, in the order of the table.

    Parameters
    ----------
    at
        Where the incident stands.
    who
        Who would move.
    now
        The present moment.
    """
    return tuple(m.name for m in _MOVES if find_refusal(m, at, who, now) is None)


def _is_in_charge(at: Situation, who: Actor) -> bool:
    return "respond" in who.actions and who.unit is not None and who.unit == at.unit


def _may(move: Move, at: Situation, who: Actor) -> bool:
    if move.own and _is_in_charge(at, who):
        return True
    asked = set(move.actions) - {"respond"} if move.own else set(move.actions)
    if move.step in {"approve", "refuse"} and who.telephone:
        asked |= set(_PROXY)
    return bool(asked & who.actions)


def _approval(move: Move, at: Situation, who: Actor) -> str | None:
    """Return why a move of an approval is refused: asked for once, decided by another."""
    if move.step == "request":
        return "asked" if move.approval in at.pending else None
    if move.step in {"approve", "refuse"}:
        if move.approval not in at.pending:
            return "not_asked"
        return "asker" if at.pending[move.approval] == who.account and not who.telephone else None
    return None
