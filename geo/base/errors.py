"""What can go wrong for a user, said in the user's terms.

::

    GovgridError                 exit code 2: one sentence, nothing was done
    ├── InputError               a file, a value or an option that cannot be used
    │   ├── SourceError          the file cannot be read as what it claims to be
    │   ├── CRSError             no, an unknown or an impossible coordinate system
    │   ├── LayerError           unknown layer or column
    │   ├── PersonalDataError    it holds numbers of persons: nothing of it is kept
    │   ├── ReusedKeyError       a key that was used for something else
    │   ├── RowError             a row that cannot be taken, with its findings
    │   └── MarkedError          it carries the marking of a state secret: nothing of it is kept
    ├── UnknownReaderError       nobody knows who asks: not logged in, a key that holds no more
    ├── ForbiddenError           who asks is known and may not
    ├── TooManyError             too much in too short a time
    ├── NotFoundError            a code that stands nowhere
    ├── StateError               right request, wrong moment (nothing computed yet, …)
    │   ├── StaleError           somebody else changed it since it was seen
    │   └── KeyBusyError         the same is being done for an earlier request
    └── StoreError               the database
        ├── ClusterError         the private cluster cannot be made or started
        ├── DiskFullError        nothing more can be written; reading goes on
        └── UnavailableError     the database does not answer now
            └── UncertainError   it broke while saving: it may hold or not (exit code 4)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from geo.base.words import say


class GovgridError(Exception):
    """A failure with its sentence in the catalogue: `key` names it, `facts` fill it."""

    exit_code = 2

    def __init__(self, key: str, **facts: object) -> None:
        self.key = key
        # what a program reads beside the sentence: further members of the problem document
        self.members: dict[str, object] = dict(facts.pop("members", None) or {})  # type: ignore[call-overload]
        self.facts = facts
        super().__init__(key)

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`: what was found, what was expected, what to do."""
        return say(self.key, lang, **self.facts)

    def __str__(self) -> str:
        return self.text("en")


class InputError(GovgridError):
    """A file, a value or an option that cannot be used."""


class SourceError(InputError):
    """A file cannot be read as what it claims to be."""


class CRSError(InputError):
    """No, an unknown or an impossible coordinate system."""


class LayerError(InputError):
    """An unknown layer or column."""


class MarkedError(InputError):
    """A text or a file carries the marking of a state secret; nothing of it is repeated or kept."""

    def __init__(self, grade: str, place: str, **at: object) -> None:
        super().__init__("marking.MARKED_SECRET", grade=grade, place=place, **at)

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`: the grade and where it stands."""
        where = say(f"marking_place.{self.facts['place']}", lang, **self.facts)
        return say(self.key, lang, grade=self.facts["grade"], where=where)


class PersonalDataError(InputError):
    """A text holds numbers of persons; `spans` say where, nothing of it is repeated or kept."""

    def __init__(self, spans: Sequence[Mapping[str, object]]) -> None:
        super().__init__("personal-data")
        self.spans = [dict(span) for span in spans]

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`: which kinds of numbers, and the two ways on."""
        kinds = dict.fromkeys(str(span["kind"]) for span in self.spans)
        said = "、".join(say(f"personal.{kind}", lang) for kind in kinds)
        return say(self.key, lang, kinds=said)


class ReusedKeyError(InputError):
    """The key of a repeated request was used for another one."""


class RowError(InputError):
    """A row cannot be taken; `findings` say why, each with advice in both languages."""

    def __init__(self, findings: Sequence[Any]) -> None:
        super().__init__("edit.refused", number=len(findings))
        self.findings = tuple(findings)


class UnknownReaderError(GovgridError):
    """The principal is unknown: not logged in, or with an invalid session, key or code."""


class ForbiddenError(GovgridError):
    """The principal is known and not permitted to do this."""

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`, with the lacking action in words."""
        facts = dict(self.facts)
        if "action" in facts:
            facts["action"] = say(f"action.{facts['action']}", lang)
        return say(self.key, lang, **facts)


class TooManyError(GovgridError):
    """Too much in too short a time; the fact `retry_after_s` says when to come again."""


class NotFoundError(GovgridError):
    """A code that stands nowhere."""


class StateError(GovgridError):
    """The right request at the wrong moment."""


class MoveRefusedError(StateError):
    """An incident does not allow this move now; its `members` name those that are legal."""


class StaleError(StateError):
    """Somebody else changed it since it was seen; its `members` say how."""


class ConditionError(StateError):
    """It is not said which version was seen."""


class KeyBusyError(StateError):
    """What was asked for with the same key is still being done."""


class StoreError(GovgridError):
    """The database refused or failed."""


class ClusterError(StoreError):
    """The private cluster cannot be made or started."""


class DiskFullError(StoreError):
    """Nothing more can be written; reading goes on."""


class UnavailableError(StoreError):
    """The database does not answer now, or the service has no room for one more question."""


class UncertainError(UnavailableError):
    """The connection broke while COMMIT was under way: it may hold or not."""

    exit_code = 4
