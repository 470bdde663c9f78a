"""The life cycle of an incident as data: states, moves, who may make them and what they need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

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

DECISION_AFTER: Final = 2
"""After so many returns the district decides who must go."""

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
        """All fields that it knows; note and how it was told belong to every move."""
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
    Move("close", _states("done", "checked"), "closed", ("incident",), ("outcome",)),
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

RECORDED: Final = ("report", "imported", "corrected", "recomputed", "resumed", "merged")
"""Entries of the history that the program makes itself; nobody can ask for them as a move."""


@dataclass(frozen=True)
class Situation:
    """What decides which moves an incident allows.

    `pending` are the approvals that are asked for, with who asked; `unsigned` whether one given by
    telephone waits for its signature. `sent_by` is who sent the lead's dispatch and `return_until`
    when it can no longer be returned; `done_by` the unit that did the work.
    """

    state: str
    on_hold: bool = False
    returns: int = 0
    needs_check: bool = False
    emergency: bool = False
    unit: str | None = None
    sent_by: str | None = None
    sent_unit: str | None = None
    return_until: datetime | None = None
    done_by: str | None = None
    pending: Mapping[str, str] = field(default_factory=dict)
    unsigned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """Who wants to move: permissions at the place of the incident, unit, and reach.

    `district` says whether the grants reach the whole district; `telephone` that the approval of
    somebody else is written down.
    """

    account: str
    actions: frozenset[str]
    unit: str | None = None
    district: bool = False
    telephone: bool = False


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
    return _GUARDS[move.name](at, who, now) if move.name in _GUARDS else _approval(move, at, who)


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


def _recall(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001 - one form
    same = at.sent_by == who.account or (who.unit is not None and at.sent_unit == who.unit)
    return None if same else "sender"


def _return(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return "window" if at.return_until is not None and now > at.return_until else None


def _assign(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return "decision" if at.state == "returned" and at.returns >= DECISION_AFTER else None


def _decide(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    if at.returns < DECISION_AFTER:
        return "returned_once"
    return None if who.district else "district"


def _own_work(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return "own_work" if who.unit is not None and who.unit == at.done_by else None


def _close(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return "check" if at.needs_check and at.state == "done" else None


def _sign(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    if not at.unsigned:
        return "nothing_to_sign"
    return "asker" if set(at.unsigned.values()) == {who.account} else None


def _resume(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return None if at.on_hold else "not_on_hold"


def _emergency(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return None if at.emergency else "no_emergency"


_GUARDS: Final = MappingProxyType(
    {
        "recall": _recall,
        "return": _return,
        "assign": _assign,
        "decide": _decide,
        "check": _own_work,
        "send_back": _own_work,
        "close": _close,
        "sign": _sign,
        "resume": _resume,
        "hand_to_emergency": _emergency,
    }
)
