"""What is asked of an incident: a move with its fields, held against the table of moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from geo.base.errors import InputError
from geo.base.words import say
from geo.incidents.rules import whistle
from geo.incidents.rules.guards import LEVELS
from geo.incidents.rules.lifecycle import MOVES, NOTICE, OUTCOMES, RETURN_KINDS, Move
from geo.incidents.rules.whistle import CalledUnit, Rating
from geo.incidents.written_request import NOTIFIED, WrittenRequest

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": RETURN_KINDS,
    "outcome": OUTCOMES,
    "notified": NOTIFIED,
    "whistle_kind": whistle.KINDS,
    "level": LEVELS,
}
TIMES: Final = (*("until", "at", "notified_at", "report_at", "hotline_due", "hotline_return_by"),)
SATISFACTION: Final = range(1, 6)


@dataclass(frozen=True)
class MoveRequest(WrittenRequest):
    """A move as asked for; which fields it needs and takes says the table of moves."""

    not_fields = WrittenRequest.not_fields | {"move"}
    choices, times = CHOICES, TIMES
    free_texts = (
        *("reason", "note", "result", "basis", "telephone_post", "notified_post", "place"),
        "hotline_number",
    )

    move: str
    unit: str | None = None
    reason: str | None = None
    result: str | None = None
    outcome: str | None = None
    kind: str | None = None
    basis: str | None = None
    routing_row: bool | None = None
    until: datetime | None = None
    telephone_post: str | None = None
    area: str | None = None
    target: str | None = None
    call: str | None = None
    at: datetime | None = None
    whistle_kind: str | None = None
    units: tuple[CalledUnit, ...] | None = None
    ratings: tuple[Rating, ...] | None = None
    report_at: datetime | None = None
    within_minutes: int | None = None
    place: str | None = None
    paired: bool | None = None
    level: str | None = None
    hotline_number: str | None = None
    hotline_due: datetime | None = None
    hotline_return_by: datetime | None = None
    satisfaction: int | None = None


def known_move(name: str) -> Move:
    """Return the row of the table of moves.

    Raises
    ------
    InputError
        If there is no such move; those there are, are named.
    """
    if name not in MOVES:
        raise InputError("lifecycle.unknown_move", found=name[:40], known=", ".join(MOVES))
    return MOVES[name]


def require_fields(asked: MoveRequest, lang: str = "zh") -> Move:
    """Return the row of the table of moves, once the fields are those that it needs and takes.

    Parameters
    ----------
    asked
        A move with its fields.
    lang
        Language of the names of fields.

    Raises
    ------
    InputError
        If a field lacks, does not belong, or has a value that cannot be.
    """
    move = known_move(asked.move)
    known = (*move.needs, *move.takes, "note", *NOTICE)
    asked.require(move.needs, known, move=say(f"lifecycle.move.{move.name}", lang))
    grade = asked.satisfaction
    if grade is not None and grade not in SATISFACTION:
        raise InputError("lifecycle.value", field="satisfaction", found=grade, known="1 … 5")
    return move
