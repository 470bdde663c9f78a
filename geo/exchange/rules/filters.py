"""Filters (CQL2, text and JSON) parsed, within limits, into expressions of its JSON form."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, Literal

import cql2

from geo.base.errors import InputError
from geo.base.storable_text import is_text

Language = Literal["cql2-text", "cql2-json"]
Expression = Any
"""A node of CQL2 JSON: a literal, a property, or an operation with its arguments."""

MOST_LETTERS: Final = 4000
MOST_DEPTH: Final = 40
_SIGNS: Final = re.compile(r"(?:-\s*){4,}|(?:\bnot\b[\s(]*){20,}", re.IGNORECASE)
_AT: Final = re.compile(r"--> (\d+:\d+)")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'")


def parse_filter(written: str, language: Language = "cql2-text") -> Expression:
    """Return a filter as an expression; it is not yet held against a layer.

    Depth is limited before the parser reads it, which would not end well on a very deep one.

    Parameters
    ----------
    written
        As in a request.
    language
        In which it is written.

    Raises
    ------
    InputError
        If it is no CQL2, too long or too deep, or holds a text that is none.
    """
    if len(written) > MOST_LETTERS:
        raise InputError("ogc.filter_long", found=len(written), most=MOST_LETTERS)
    if not is_text(written):
        raise InputError("ogc.no_text", name="filter")
    try:
        found = _of_json(written) if language == "cql2-json" else _of_text(written)
    except (cql2.ParseError, cql2.ValidationError, ValueError, TypeError) as error:
        at = _AT.search(str(error))
        raise InputError("ogc.filter_syntax", at=at[1] if at else "1:1") from error
    except RecursionError as error:
        raise _too_deep() from error
    _require_modest(found)
    return found


def _of_text(written: str) -> Expression:
    bare = _QUOTED.sub("''", written)
    depth = deepest = 0
    for letter in bare:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    if deepest > MOST_DEPTH or _SIGNS.search(bare):
        raise _too_deep()
    return cql2.parse_text(written).to_json()


def _of_json(written: str) -> Expression:
    given = json.loads(written)
    if not isinstance(given, dict | bool):
        raise InputError("ogc.filter_syntax", at="1:1")
    _require_modest(given)
    return cql2.parse_json(json.dumps(given)).to_json()


def _require_modest(expression: Expression) -> None:
    """Refuse what nests deeply or holds a text that is none."""
    for node, depth in _walk(expression):
        if depth > MOST_DEPTH:
            raise _too_deep()
        if isinstance(node, str) and not is_text(node):
            raise InputError("ogc.no_text", name="filter")


def _walk(expression: Expression) -> Iterator[tuple[Expression, int]]:
    waiting = [(expression, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        waiting += [(part, depth + 1) for part in parts]


def _too_deep() -> InputError:
    return InputError("ogc.filter_deep", most=MOST_DEPTH)
