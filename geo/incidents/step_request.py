"""What is asked of one unit's dispatch: a step with its fields, held against the table of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from geo.base.errors import InputError
from geo.base.words import say
from geo.incidents.rules.whistle import (
    ANSWERS,
    DECISIONS,
    KNOWN_BY,
    NEEDED_BY_ANSWER,
    STEPS,
    Step,
)
from geo.incidents.written_request import NOTIFIED, WrittenRequest

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "answer": ANSWERS,
    "known_by": KNOWN_BY,
    "decision": DECISIONS,
    "notified": NOTIFIED,
}
TIMES: Final = ("expected_at", "at", "notified_at")


@dataclass(frozen=True)
class StepRequest(WrittenRequest):
    """A step as asked for; which fields it needs and takes says the table of steps."""

    not_fields = WrittenRequest.not_fields | {"step"}
    choices, times = CHOICES, TIMES
    free_texts = ("reason", "note", "result", "post", "notified_post")

    step: str
    answer: str | None = None
    expected_at: datetime | None = None
    post: str | None = None
    reason: str | None = None
    at: datetime | None = None
    known_by: str | None = None
    result: str | None = None
    decision: str | None = None


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
    needed = [*step.needs, *filter(None, [NEEDED_BY_ANSWER.get(asked.answer or "")])]
    known = (*step.needs, *step.takes, "note")
    asked.require(needed, known, move=say(f"lifecycle.move.{step.name}", lang))
    return step
