"""The audit: one row for every write, log-in, export, grant and refused access."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.access.store import audit as stored
from geo.store import statements

MOST_TEXT: Final = 2000
MOST_DIGITS: Final = 1000  # jsonb holds a hundred times as many; no fact needs them


def record(
    connection: Connection,
    who: Principal,
    action: str,
    target: str = "",
    *,
    outcome: str = "done",
    facts: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Write what `who` did, in the transaction in which it is done: both hold or neither.

    Parameters
    ----------
    action
        A dotted word: ``login``, ``import.cameras``, ``grant.give``; its name for people stands in
        the catalogue under ``audit_action``.
    target
        What it was done to: a code, a name, a file.
    outcome
        done, refused or failed.
    facts
        Values of JSON; nothing secret, nothing that may have to be removed one day. What JSON does
        not know is written as text.
    note
        Free text by people. It is sealed by its hash only, so that it can be redacted.
    """
    written = one_line(note)
    stored.insert_row(
        connection,
        {
            "account": one_line(who.account)[:200],
            "unit": one_line(who.unit_name)[:200],
            "address": one_line(who.address)[:100],
            "action": action,
            "object": one_line(target),
            "outcome": outcome,
            "facts": statements.to_json(_values(facts or {})),
            "note": written,
            "note_sha256": hashlib.sha256(written.encode()).digest(),
        },
    )


def note_apart(
    engine: Engine,
    who: Principal,
    action: str,
    target: str = "",
    *,
    outcome: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write an audit row in a transaction of its own, for what was refused or failed.

    Parameters
    ----------
    who
        Principal that acted.
    action
        As ``family.word``.
    target
        What it was done to, "" for nothing.
    outcome
        "refused", "failed" or "done".
    facts
        Further JSON values.
    """
    with transaction.open_as(engine, who) as connection:
        record(connection, who, action, target, outcome=outcome, facts=facts)


def one_line(written: str) -> str:
    """Return text without line ends and control characters: a row of the log is one line."""
    if not written.isprintable():
        written = "".join(c if c.isprintable() else " " for c in written)
    return written[:MOST_TEXT]


def _values(value: object) -> Any:  # noqa: ANN401 - a value of JSON
    """Return a value as a jsonb cell takes it, whoever gave it: no NUL, no infinity."""
    if isinstance(value, Mapping):
        return {one_line(str(name)): _values(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_values(each) for each in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 10**MOST_DIGITS:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return one_line(value if isinstance(value, str) else _spelled(value))


def _spelled(value: object) -> str:
    return hex(value) if isinstance(value, int) else str(value)
