"""The table of moves with its words, for those who draw buttons and forms from it."""

from typing import Any

from geo.base.words import say
from geo.incidents.move_request import CHOICES
from geo.incidents.rules.lifecycle import FINAL, MOVES, NOTICE, STATES, Move

_WORDS = {"kind": "return_kind", "outcome": "outcome", "notified": "notified"}


def describe_lifecycle(lang: str) -> dict[str, Any]:
    """Return states, moves, fields and choices, each with its word in a language."""
    return {
        "states": [
            {"state": state, "label": say(f"map.state.{state}", lang), "open": state not in FINAL}
            for state in STATES
        ],
        "moves": [_move(move, lang) for move in MOVES.values()],
        "fields": {
            name: say(f"lifecycle.field.{name}", lang)
            for name in sorted({name for move in MOVES.values() for name in move.fields})
        },
        "choices": {
            name: {word: say(f"lifecycle.{_WORDS[name]}.{word}", lang) for word in words}
            for name, words in CHOICES.items()
        },
        "notice": list(NOTICE),
    }


def _move(move: Move, lang: str) -> dict[str, Any]:
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
