"""The table of moves with its words, for those who draw buttons and forms from it."""

from typing_extensions import TypedDict

from geo.base.words import say
from geo.incidents.move_request import CHOICES
from geo.incidents.rules.lifecycle import FINAL, MOVES, NOTICE, STATES, Move
from geo.incidents.rules.whistle import ROLES, STEPS, Step
from geo.incidents.step_request import CHOICES as STEP_CHOICES

_WORDS = {
    "kind": "lifecycle.return_kind",
    "outcome": "lifecycle.outcome",
    "notified": "lifecycle.notified",
    "whistle_kind": "whistle.kind",
    "level": "whistle.level",
}
_STEP_WORDS = {
    "answer": "whistle.answer",
    "known_by": "whistle.known_by",
    "decision": "whistle.decision",
    "notified": "lifecycle.notified",
}


MoveAnswer = TypedDict(
    "MoveAnswer",
    {
        "move": str,
        "label": str,
        "from": list[str],
        "to": str | None,
        "by": list[str],
        "own_unit": bool,
        "needs": list[str],
        "takes": list[str],
        "held": bool,
    },
)
"""A row of the table of moves."""
StepAnswer = TypedDict(
    "StepAnswer",
    {
        "step": str,
        "label": str,
        "from": list[str],
        "to": str | None,
        "by": list[str],
        "own_unit": bool,
        "needs": list[str],
        "takes": list[str],
    },
)
"""A row of the table of steps."""


class StateAnswer(TypedDict):
    """A state of an incident."""

    state: str
    label: str
    open: bool


class Lifecycle(TypedDict):
    """The tables of moves and steps, and the words of their fields and choices."""

    states: list[StateAnswer]
    moves: list[MoveAnswer]
    fields: dict[str, str]
    choices: dict[str, dict[str, str]]
    notice: list[str]
    steps: list[StepAnswer]
    step_choices: dict[str, dict[str, str]]
    roles: dict[str, str]


def describe_lifecycle(lang: str) -> Lifecycle:
    """Return states, moves, fields and choices, each with its word in a language."""
    rows: tuple[Move | Step, ...] = (*MOVES.values(), *STEPS.values())
    return {
        "states": [
            {"state": state, "label": say(f"map.state.{state}", lang), "open": state not in FINAL}
            for state in STATES
        ],
        "moves": [_move(move, lang) for move in MOVES.values()],
        "fields": {
            name: say(f"lifecycle.field.{name}", lang)
            for name in sorted({name for row in rows for name in (*row.needs, *row.takes, "note")})
        },
        "choices": {
            name: {word: say(f"{_WORDS[name]}.{word}", lang) for word in words}
            for name, words in CHOICES.items()
        },
        "notice": list(NOTICE),
        "steps": [_step(step, lang) for step in STEPS.values()],
        "step_choices": {
            name: {word: say(f"{_STEP_WORDS[name]}.{word}", lang) for word in words}
            for name, words in STEP_CHOICES.items()
        },
        "roles": {role: say(f"whistle.role.{role}", lang) for role in (*ROLES, "paired")},
    }


def _move(move: Move, lang: str) -> MoveAnswer:
    return {
        "move": move.name,
        "label": say(f"lifecycle.move.{move.name}", lang),
        "from": [state for state in STATES if state in move.sources],
        "to": move.target,
        "by": list(move.actions),
        "own_unit": move.own,
        "needs": list(move.needs),
        "takes": [*move.takes, "note"],
        "held": move.held,
    }


def _step(step: Step, lang: str) -> StepAnswer:
    return {
        "step": step.name.replace("_", "-"),
        "label": say(f"lifecycle.move.{step.name}", lang),
        "from": sorted(step.sources),
        "to": step.target,
        "by": list(step.actions),
        "own_unit": step.own,
        "needs": list(step.needs),
        "takes": [*step.takes, "note"],
    }
