"""Texts of incidents without numbers of persons: refused with where they stand, or left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.errors import PersonalDataError
from geo.base.personal_numbers import (
    Named,
    Span,
    find_named,
    find_numbers,
    number_digits,
    redact_spans,
)
from geo.base.words import say
from geo.incidents.store import intake as stored


@dataclass(frozen=True)
class CheckedTexts:
    """Texts as they may be kept, and what was found in them.

    `left_out` are the kinds of numbers that were replaced, `stated` those that somebody stated to
    be of things; `named` are plates and surnames, which are reported and kept.
    """

    texts: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()
    named: tuple[Named, ...] = field(default=())

    def audited(self) -> dict[str, Any]:
        """Return what the audit keeps of it: kinds, never the text."""
        facts: dict[str, Any] = {}
        if self.stated:
            facts["not_personal"] = sorted(set(self.stated))
        if self.left_out:
            facts["left_out"] = sorted(set(self.left_out))
        return facts


def check_texts(
    engine: Engine,
    who: Principal,
    texts: Mapping[str, str],
    *,
    redact: bool = False,
    not_personal: bool = False,
) -> CheckedTexts:
    """Return texts that may be kept.

    Parameters
    ----------
    who
        Who wrote them.
    texts
        By the name of their field.
    redact
        Whether numbers of persons are left out.
    not_personal
        Whether somebody states that they are none, for which he answers.

    Raises
    ------
    PersonalDataError
        With the places of the numbers if neither holds; it carries nothing of the text.
    """
    found = _found(engine, who, texts)
    named = tuple(each for text in texts.values() for each in find_named(text))
    kinds = tuple(span.kind for spans in found.values() for span in spans)
    if not kinds:
        return CheckedTexts(texts, named=named)
    if not_personal:
        return CheckedTexts(texts, stated=kinds, named=named)
    if not redact:
        raise PersonalDataError(
            [
                {"field": name, "start": span.start, "end": span.end, "kind": span.kind}
                for name, spans in found.items()
                for span in spans
            ]
        )
    kept = {name: redact_spans(text, found.get(name, ())) for name, text in texts.items()}
    return CheckedTexts(kept, left_out=kinds, named=named)


def describe_named(named: tuple[Named, ...], lang: str) -> list[dict[str, str]]:
    """Return plates and surnames as the answer names them.

    Parameters
    ----------
    named
        As found.
    lang
        "zh" or "en".
    """
    return [
        {"kind": each.kind, "text": each.text, "note": say(f"personal.{each.kind}", lang)}
        for each in named
    ]


def _found(engine: Engine, who: Principal, texts: Mapping[str, str]) -> dict[str, tuple[Span, ...]]:
    """Return the spans by field; the database is asked only where something looks like one."""
    suspect = {name: text for name, text in texts.items() if find_numbers(text)}
    if not suspect:
        return {}
    numbers = sorted(frozenset().union(*map(number_digits, suspect.values())))
    with transaction.open_as(engine, who) as connection:
        known = stored.known_numbers(connection, numbers)
    spans = {name: find_numbers(text, known) for name, text in suspect.items()}
    return {name: each for name, each in spans.items() if each}
