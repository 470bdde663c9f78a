"""Time that returns cost: the clock does not stop for them, so it is stated apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from geo.incidents.rules.working_time import WORKING, Calendar, count_minutes

SENDING: Final = frozenset({"assign", "decide", "refer_up", "refer_down", "whistle"})
"""Moves that send a unit."""


@dataclass(frozen=True)
class LostSpan:
    """From when a unit was sent that returned it, until another was; `end` None: still waiting.

    Where the return was refused only the time until then is lost: the unit had to go.
    """

    unit: str | None
    since: datetime
    end: datetime | None


def find_lost(moves: Sequence[Mapping[str, Any]]) -> list[LostSpan]:
    """Return the spans that returns cost, the oldest first.

    Parameters
    ----------
    moves
        The history, the oldest first, with ``move``, ``at``, ``from_state``, ``to_state``,
        ``unit_code`` and ``target_unit``.
    """
    found: list[LostSpan] = []
    sent: Mapping[str, Any] | None = None
    returned: tuple[datetime, str | None, datetime] | None = None
    for move in moves:
        if move["move"] == "return":
            begin = move if sent is None else sent
            unit = begin.get("target_unit") or move.get("unit_code")
            returned = (begin["at"], unit, move["at"])
        elif returned is not None and move["to_state"] != "returned":
            since = returned[2] if move["move"] == "refuse_return" else returned[0]
            found.append(LostSpan(returned[1], since, move["at"]))
            returned = None
        if move["move"] in SENDING:
            sent = move
    if returned is not None:
        found.append(LostSpan(returned[1], returned[0], None))
    return found


def count_lost(spans: Sequence[LostSpan], calendar: Calendar, now: datetime, unit: str) -> float:
    """Return how many minutes returns cost, in the time that the limit counts in.

    Parameters
    ----------
    spans
        As found.
    calendar
        When work is done.
    now
        Until when a span that goes on counts.
    unit
        Unit of the limit.
    """
    working = unit in WORKING
    return sum(
        count_minutes(calendar, span.since, span.end or now, working=working) for span in spans
    )
