"""What is asked of an incident: a move with its fields, held against the table of moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from geo.base.errors import InputError
from geo.base.words import say
from geo.incidents.rules import whistle
from geo.incidents.rules.guards import LEVELS
from geo.incidents.rules.lifecycle import MOVES, NOTICE, OUTCOMES, RETURN_KINDS, Move
from geo.incidents.rules.whistle import CalledUnit, Rating

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": RETURN_KINDS,
    "outcome": OUTCOMES,
    "notified": ("system", "telephone", "sms", "paper"),
    "whistle_kind": whistle.KINDS,
    "level": LEVELS,
}
FREE_TEXTS: Final = (
    *("reason", "note", "result", "basis", "telephone_post", "notified_post", "place"),
    "hotline_number",
)
TIMES: Final = (*("until", "at", "notified_at", "report_at", "hotline_due", "hotline_return_by"),)
SATISFACTION: Final = range(1, 6)


@dataclass(frozen=True)
class MoveRequest:
    """A move as asked for; which fields it needs and takes says the table of moves."""

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
    note: str | None = None
    notified: str | None = None
    notified_post: str | None = None
    notified_at: datetime | None = None
    client_id: UUID | None = field(default=None, compare=False)
    redact: bool = False
    not_personal: bool = False

    @property
    def given(self) -> dict[str, Any]:
        """Return the fields that were given."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        rest = {"move", "client_id", "redact", "not_personal"}
        return {k: v for k, v in named.items() if k not in rest and v not in (None, "", ())}

    @property
    def texts(self) -> dict[str, str]:
        """Return the free texts that were given, by field."""
        return {k: v for k, v in self.given.items() if k in FREE_TEXTS}


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
    given = asked.given
    named = {"move": say(f"lifecycle.move.{move.name}", lang)}
    missing = [name for name in move.needs if name not in given]
    if missing:
        raise InputError("lifecycle.missing", fields=_names(missing), **named)
    strange = [name for name in given if name not in move.fields]
    if strange:
        known = _names([*move.needs, *move.takes, "note", *NOTICE])
        raise InputError("lifecycle.strange", fields=_names(strange), known=known, **named)
    for name, choices in CHOICES.items():
        if name in given and given[name] not in choices:
            found = str(given[name])[:40]
            raise InputError("lifecycle.value", field=name, found=found, known=", ".join(choices))
    for name in TIMES:
        if name in given and given[name].tzinfo is None:
            found = given[name].isoformat()
            raise InputError(
                "lifecycle.value", field=name, found=found, known="2026-09-30T21:40+08:00"
            )
    grade = given.get("satisfaction")
    if grade is not None and grade not in SATISFACTION:
        raise InputError("lifecycle.value", field="satisfaction", found=grade, known="1 … 5")
    return move


def _names(fields_: list[str]) -> str:
    return ", ".join(fields_)
