"""Vocabularies of incidents that a site edits: which there are, their fields, what fits a field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from geo.base.errors import InputError
from geo.incidents.rules.guards import LEVELS
from geo.incidents.rules.lifecycle import MOVES

LONGEST: Final = 100
MOST_NUMBER: Final = 1_000_000
UNITS: Final = ("working_hours", "working_days", "hours", "days")
CLOCK_STARTS: Final = ("reported", "accepted", "assigned")
WITH_REASON: Final = tuple(sorted(name for name, move in MOVES.items() if "reason" in move.fields))
_YES, _NO = ("true", "1", "yes", "是"), ("false", "0", "no", "否")


@dataclass(frozen=True)
class Field:
    """A field of a vocabulary; `column` is its name in the table.

    `kind` is text, flag, number, count or word (one of `words`); `needed`: never empty.
    """

    name: str
    column: str
    kind: str
    words: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """A table that a site edits: the columns of its key, its fields, whether rows can be added."""

    name: str
    table: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    grows: bool = True

    @property
    def label(self) -> str:
        """Column of the Chinese name."""
        return next(field.column for field in self.fields if field.name == "zh")

    def field(self, name: str) -> Field:
        """Return a field by its name.

        Raises
        ------
        InputError
            With the fields that there are.
        """
        found = next((each for each in self.fields if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.fields)
            raise InputError("vocabulary.field", found=name[:40], known=known)
        return found


def _named(zh: str = "zh") -> tuple[Field, ...]:
    return (
        Field("zh", zh, "text", needed=True),
        Field("en", "en", "text", needed=zh == "zh"),
        Field("active", "active", "flag", needed=True),
    )


_RANK: Final = Field("rank", "rank", "count", needed=True)
_LIMIT: Final = (
    Field("limit_amount", "limit_amount", "number"),
    Field("limit_unit", "limit_unit", "word", UNITS),
)
MOST_REPORTED: Final = 12
"""Categories on the form of a reporter."""

_CATEGORY: Final = (
    Field("upper_code", "upper_code", "text"),
    Field("grade", "grade", "text", needed=True),
    *_LIMIT,
    Field("clock_start", "clock_start", "word", CLOCK_STARTS, needed=True),
    *(Field(n, n, "flag", needed=True) for n in ("emergency", "sensitive", "needs_check")),
    *(
        Field(f"{n}_minutes", f"{n}_minutes", "count")
        for n in ("accept", "acknowledge", "arrive", "return")
    ),
    Field("duplicate_radius_m", "duplicate_radius_m", "number"),
    Field("duplicate_days", "duplicate_days", "count"),
    Field("gbt30428_class", "gbt30428_class", "text"),
    Field("report_rank", "report_rank", "count"),
)
_ALL: Final = (
    Vocabulary("categories", "category", ("code",), (*_named("name"), *_CATEGORY)),
    Vocabulary("sources", "incident_source", ("code",), (*_named(), _RANK)),
    Vocabulary("reasons", "incident_reason", ("move", "code"), (*_named(), _RANK)),
    Vocabulary("results", "incident_result", ("code",), (*_named(), _RANK)),
    Vocabulary(
        "grades",
        "incident_grade",
        ("code",),
        (*_named(), *_LIMIT, Field("first_level", "first_level", "word", LEVELS, needed=True)),
        grows=False,
    ),
)
VOCABULARIES: Final[Mapping[str, Vocabulary]] = MappingProxyType({v.name: v for v in _ALL})


def find_vocabulary(name: str) -> Vocabulary:
    """Return a vocabulary by its name.

    Raises
    ------
    InputError
        With those that there are.
    """
    found = VOCABULARIES.get(name)
    if found is None:
        raise InputError("vocabulary.unknown", found=name[:40], known=", ".join(VOCABULARIES))
    return found


def split_key(vocabulary: Vocabulary, code: str) -> dict[str, str]:
    """Return the columns of a key as it is written: a code, of a reason MOVE/CODE.

    Parameters
    ----------
    vocabulary
        Which.
    code
        As written.

    Raises
    ------
    InputError
        If it is no key of the vocabulary.
    """
    parts = [each.strip() for each in code.split("/", len(vocabulary.key) - 1)]
    if len(parts) != len(vocabulary.key) or not all(parts) or len(code) > LONGEST:
        raise InputError("vocabulary.key", found=code[:LONGEST], form="/".join(vocabulary.key))
    if "move" in vocabulary.key and parts[0] not in WITH_REASON:
        raise InputError("vocabulary.move", found=parts[0], known=", ".join(WITH_REASON))
    return dict(zip(vocabulary.key, parts, strict=True))


def check_values(vocabulary: Vocabulary, given: Mapping[str, object]) -> dict[str, object]:
    """Return the columns of what was given, each as what it is.

    Parameters
    ----------
    vocabulary
        Which.
    given
        By the names of fields; texts, as typed on a command line, are read as what they stand for.

    Raises
    ------
    InputError
        With the first that does not fit, and what does.
    """
    return {
        field.column: _checked(field, value)
        for field, value in ((vocabulary.field(name), value) for name, value in given.items())
    }


def require_report_rank(row: Mapping[str, object], others: Iterable[Mapping[str, object]]) -> None:
    """Refuse a place on the form of a reporter that is beyond its twelve, or taken.

    Parameters
    ----------
    row
        A category.
    others
        All other categories; what was shipped gives way.

    Raises
    ------
    InputError
        With who has the place.
    """
    rank = row.get("report_rank")
    if rank is None:
        return
    if not isinstance(rank, int) or rank > MOST_REPORTED:
        known = f"1 … {MOST_REPORTED}"
        raise InputError("vocabulary.value", field="report_rank", found=str(rank), known=known)
    holder = next(
        (each for each in others if each["report_rank"] == rank and not each["shipped"]), None
    )
    if holder is not None:
        raise InputError("vocabulary.report_rank", found=rank, name=str(holder["name"]))


def require_whole_limit(row: Mapping[str, object]) -> None:
    """Refuse a limit with an amount and no unit, or the other way round.

    Raises
    ------
    InputError
        With what to give.
    """
    if (row.get("limit_amount") is None) != (row.get("limit_unit") is None):
        raise InputError("vocabulary.limit", known=", ".join(UNITS))


def _checked(field: Field, value: object) -> object:
    if value is None or (isinstance(value, str) and not value.strip()):
        if field.needed:
            raise InputError("vocabulary.empty", field=field.name)
        return None
    found = _read(field, value)
    if found is None:
        shown = str(value)[:40]
        known = ", ".join(field.words) or field.kind
        raise InputError("vocabulary.value", field=field.name, found=shown, known=known)
    return found


def _read(field: Field, value: object) -> object | None:
    """Return a value as what its field takes, None where it cannot be."""
    if field.kind == "flag":
        return _flag(value)
    if field.kind in {"number", "count"}:
        return _number(value, whole=field.kind == "count")
    if not isinstance(value, str):
        return None
    text = value.strip()
    fits = text in field.words if field.words else len(text) <= LONGEST and text.isprintable()
    return text if fits else None


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


def _number(value: object, *, whole: bool) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    if not math.isfinite(found) or not 0 < found <= MOST_NUMBER:
        return None
    if not whole:
        return found
    return int(found) if found == int(found) else None
