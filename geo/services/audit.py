"""The audit: one row for every write, log-in, export, grant and refused access."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, text

from geo.services import access
from geo.services.access import Reader
from geo.store import frames

MOST_TEXT = 2000
_WRITE = text(
    "INSERT INTO govgrid.audit"
    " (account, unit, address, action, object, outcome, facts, note, note_sha256)"
    " VALUES (:account, :unit, :address, :action, :object, :outcome, CAST(:facts AS jsonb), :note,"
    " :note_sha256)"
)


def record(
    connection: Connection,
    who: Reader,
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
        A dotted word: ``login``, ``import.cameras``, ``grant.give``.
    target
        What it was done to: a code, a name, a file.
    outcome
        done, refused or failed.
    facts
        Values of JSON; nothing secret, nothing that may have to be removed one day.
    note
        Free text by people. It is sealed by its hash only, so that it can be redacted.
    """
    connection.execute(
        _WRITE,
        {
            "account": who.account[:200],
            "unit": who.unit_name[:200],
            "address": who.address[:100],
            "action": action,
            "object": _plain(target),
            "outcome": outcome,
            "facts": frames.to_json(dict(facts or {})),
            "note": _plain(note),
            "note_sha256": hashlib.sha256(_plain(note).encode()).digest(),
        },
    )


def note_apart(
    engine: Engine,
    who: Reader,
    action: str,
    target: str = "",
    *,
    outcome: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write a row in a transaction of its own: for what was refused or failed."""
    with access.opened(engine, who) as connection:
        record(connection, who, action, target, outcome=outcome, facts=facts)


def _plain(written: str) -> str:
    """Return text without line ends and control characters: a row of the log is one line."""
    return "".join(c if c.isprintable() else " " for c in written)[:MOST_TEXT]
