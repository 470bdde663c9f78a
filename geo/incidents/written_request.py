"""What moves and steps have in common: fields that everything written of an incident may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from geo.base.errors import InputError

NOTIFIED: Final = ("system", "telephone", "sms", "paper")
"""How somebody is notified."""
_EXAMPLE: Final = "2026-09-30T21:40+08:00"


@dataclass(frozen=True, kw_only=True)
class WrittenRequest:
    """A note, how somebody was notified, and how texts with numbers of persons are taken.

    `not_fields` name what is asked for and how the fields are taken; `free_texts` are checked for
    numbers of persons, `choices` hold the words of some fields, `times` must state their zone.
    """

    not_fields: ClassVar[frozenset[str]] = frozenset({"client_id", "redact", "not_personal"})
    free_texts: ClassVar[Collection[str]]
    choices: ClassVar[Mapping[str, Collection[str]]]
    times: ClassVar[Collection[str]]

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
        return {
            k: v for k, v in named.items() if k not in self.not_fields and v not in (None, "", ())
        }

    @property
    def texts(self) -> dict[str, str]:
        """Return the free texts that were given, by field."""
        return {k: v for k, v in self.given.items() if k in self.free_texts}

    def require(self, needed: Collection[str], known: Collection[str], *, move: str) -> None:
        """Refuse fields that lack or do not belong, and values that cannot be.

        Raises
        ------
        InputError
            With the fields, and those or the values that are known.
        """
        given = self.given
        if missing := [name for name in needed if name not in given]:
            raise InputError("lifecycle.missing", fields=", ".join(missing), move=move)
        if strange := [name for name in given if name not in known]:
            facts = {"fields": ", ".join(strange), "known": ", ".join(known)}
            raise InputError("lifecycle.strange", **facts, move=move)
        for name, words in self.choices.items():
            if name in given and given[name] not in words:
                facts = {"field": name, "found": str(given[name])[:40], "known": ", ".join(words)}
                raise InputError("lifecycle.value", **facts)
        for name in self.times:
            if name in given and given[name].tzinfo is None:
                facts = {"field": name, "found": given[name].isoformat(), "known": _EXAMPLE}
                raise InputError("lifecycle.value", **facts)
