"""What speaks against a move beside state and right: where the incident stands, who moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

DECISION_AFTER: Final = 2
"""After so many returns the district decides who must go."""

LEVELS: Final = ("grid", "community", "township", "district")
"""Levels of areas, from the smallest."""


@dataclass(frozen=True)
class Situation:
    """What decides which moves an incident allows.

    `pending` are the approvals that are asked for, with who asked; `unsigned` whether one given by
    telephone waits for its signature. `sent_by` is who sent the lead's dispatch and `return_until`
    when it can no longer be returned; `done_by` the unit that did the work. `whistle` is the level
    of the whistle that is open, `whistle_in` how many units reported in to it, `whistle_from` the
    lowest level whose dispatchers blow one.
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
    whistle: str = ""
    whistle_in: int = 0
    whistle_from: str = "township"


@dataclass(frozen=True)
class Actor:
    """Who wants to move: permissions at the place of the incident, unit, and reach.

    `level` is that of the largest area around it in which it may dispatch; `telephone` says that
    the approval of somebody else is written down.
    """

    account: str
    actions: frozenset[str]
    unit: str | None = None
    level: str | None = None
    telephone: bool = False

    @property
    def district(self) -> bool:
        """Whether the grants to dispatch reach the whole district."""
        return self.level == LEVELS[-1]

    def reaches(self, level: str) -> bool:
        """Return whether it dispatches at a level or above."""
        return self.level is not None and LEVELS.index(self.level) >= LEVELS.index(level)


def _no_whistle(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001 - one form
    return "whistle" if at.whistle else None


def _may_blow(at: Situation, who: Actor, now: datetime) -> str | None:
    low = None if who.reaches(at.whistle_from) else "whistle_level"
    return low or _no_whistle(at, who, now)


def _refuse_whistle(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return None if who.reaches(at.whistle_from) else "whistle_level"


def _of_whistle(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    if not at.whistle:
        return "no_whistle"
    return None if who.reaches(at.whistle) else "whistle_level"


def _call_off(at: Situation, who: Actor, now: datetime) -> str | None:
    return _of_whistle(at, who, now) or ("reported_in" if at.whistle_in else None)


def _recall(at: Situation, who: Actor, now: datetime) -> str | None:
    if at.whistle:
        return _no_whistle(at, who, now)
    same = at.sent_by == who.account or (who.unit is not None and at.sent_unit == who.unit)
    return None if same else "sender"


def _return(at: Situation, who: Actor, now: datetime) -> str | None:
    if at.whistle:
        return _no_whistle(at, who, now)
    return "window" if at.return_until is not None and now > at.return_until else None


def _assign(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return "decision" if at.state == "returned" and at.returns >= DECISION_AFTER else None


def _decide(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    if at.returns < DECISION_AFTER:
        return "returned_once"
    return None if who.district else "district"


def _own_work(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return "own_work" if who.unit is not None and who.unit == at.done_by else None


def _close(at: Situation, who: Actor, now: datetime) -> str | None:
    unchecked = at.needs_check and at.state == "done"
    return "check" if unchecked else _no_whistle(at, who, now)


def _sign(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    if not at.unsigned:
        return "nothing_to_sign"
    return "asker" if set(at.unsigned.values()) == {who.account} else None


def _resume(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return None if at.on_hold else "not_on_hold"


def _emergency(at: Situation, who: Actor, now: datetime) -> str | None:  # noqa: ARG001
    return None if at.emergency else "no_emergency"


Guard = Callable[[Situation, Actor, datetime], str | None]
GUARDS: Final[Mapping[str, Guard]] = MappingProxyType(
    {
        "whistle": _may_blow,
        "request_whistle": _no_whistle,
        "refuse_whistle": _refuse_whistle,
        "add_units": _of_whistle,
        "call_off_whistle": _call_off,
        "end_whistle": _of_whistle,
        "refer_up": _no_whistle,
        "refer_down": _no_whistle,
        "mark_duplicate": _no_whistle,
        "approve_cancel": _no_whistle,
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
"""Why a move is refused beside state and right: a word of ``lifecycle.refused.*``, or None."""
