"""What is asked of one unit's dispatch: a step with its fields, held against the table of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from geo.base.errors import InputError
from geo.base.words import say
from geo.incidents.move_request import CHOICES as MOVE_CHOICES
from geo.incidents.rules.whistle import (
    ANSWERS,
    DECISIONS,
    KNOWN_BY,
    NEEDED_BY_ANSWER,
    STEPS,
    Step,
)

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "answer": ANSWERS,
    "known_by": KNOWN_BY,
    "decision": DECISIONS,
    "notified": MOVE_CHOICES["notified"],
}
FREE_TEXTS: Final = ("reason", "note", "result", "post", "notified_post")
TIMES: Final = ("expected_at", "at", "notified_at")


@dataclass(frozen=True)
class StepRequest:
    """A step as asked for; which fields it needs and takes says the table of steps."""

    step: str
    answer: str | None = None
    expected_at: datetime | None = None
    post: str | None = None
    reason: str | None = None
    at: datetime | None = None
    known_by: str | None = None
    result: str | None = None
    decision: str | None = None
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
        rest = {"step", "client_id", "redact", "not_personal"}
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {k: v for k, v in named.items() if k not in rest and v not in (None, "")}

    @property
    def texts(self) -> dict[str, str]:
        """Return the free texts that were given, by field."""
        return {k: v for k, v in self.given.items() if k in FREE_TEXTS}


def known_step(name: str) -> Step:
    """Return the row of the table of steps; words may be joined by ``-`` or ``_``.

    Raises
    ------
    InputError
        If there is no such step; those there are, are named.
    """
    found = STEPS.get(name.replace("-", "_"))
    if found is None:
        known = ", ".join(each.replace("_", "-") for each in STEPS)
        raise InputError("lifecycle.unknown_move", found=name[:40], known=known)
    return found


def require_step_fields(asked: StepRequest, lang: str = "zh") -> Step:
    """Return the row of the table of steps, once the fields are those that it needs and takes.

    Parameters
    ----------
    asked
        A step with its fields.
    lang
        Language of its name.

    Raises
    ------
    InputError
        If a field lacks, does not belong, or has a value that cannot be.
    """
    step = known_step(asked.step)
    given, named = asked.given, {"move": say(f"lifecycle.move.{step.name}", lang)}
    needed = [*step.needs, *filter(None, [NEEDED_BY_ANSWER.get(asked.answer or "")])]
    if missing := [name for name in needed if name not in given]:
        raise InputError("lifecycle.missing", fields=", ".join(missing), **named)
    known = [*step.needs, *step.takes, "note"]
    if strange := [name for name in given if name not in known]:
        told = {"fields": ", ".join(strange), "known": ", ".join(known)}
        raise InputError("lifecycle.strange", **told, **named)
    for name, choices in CHOICES.items():
        if name in given and given[name] not in choices:
            found = str(given[name])[:40]
            raise InputError("lifecycle.value", field=name, found=found, known=", ".join(choices))
    for name in TIMES:
        if name in given and given[name].tzinfo is None:
            told = {"field": name, "found": given[name].isoformat()}
            raise InputError("lifecycle.value", **told, known="2026-10-08T09:12+08:00")
    return step
