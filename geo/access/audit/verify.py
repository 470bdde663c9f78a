"""Proof of the audit: the whole chain computed again, from the first row to the last."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import chain
from geo.access.audit import record as audit
from geo.access.audit.chain import ChainWalk, Head, Link
from geo.access.principal import Principal
from geo.access.store import audit as stored
from geo.access.store import expired_records
from geo.base import clock
from geo.base.errors import StoreError

LATE_S: Final = 10.0
"""The worker seals each second; an older row that is not sealed says that none runs."""

KEPT_AT_LEAST: Final = 180
"""Days; a head that is younger and is not in the chain tells of rows that went too early."""


@dataclass(frozen=True)
class UnsealedTail:
    """Rows that are not sealed yet; `age_s` is that of the oldest."""

    count: int
    oldest: datetime | None
    age_s: float

    @property
    def late(self) -> bool:
        """Whether no worker seals."""
        return self.age_s > LATE_S


@dataclass(frozen=True)
class Proof:
    """What a verification found; `noted` is whether the audit takes a row about it."""

    walk: ChainWalk
    tail: UnsealedTail
    noted: bool = True

    @property
    def head(self) -> Head | None:
        """The last sound seal."""
        return Head(self.walk.rows, self.walk.seal) if self.walk.rows else None

    def as_plain(self) -> dict[str, Any]:
        """Return it as values of JSON."""
        walk, broken, head = self.walk, self.walk.broken, self.head
        return {
            "whole": walk.whole,
            "noted": self.noted,
            "rows": walk.rows,
            "redacted": walk.redacted,
            "destroyed": walk.destroyed,
            "head": head and {"seal_no": head.seal_no, "hash": head.seal.hex()},
            "broken": broken
            and {
                "seal_no": broken.seal_no,
                "id": broken.id,
                "kind": broken.kind,
                "count": broken.count,
            },
            "unsealed": {
                "count": self.tail.count,
                "oldest": self.tail.oldest and self.tail.oldest.isoformat(),
                "age_s": round(self.tail.age_s, 1),
                "late": self.tail.late,
            },
            "heads": [
                {"date": h.day, "seal_no": h.seal_no, "hash": h.seal.hex(), "stands": stands}
                for h, stands in walk.stands.items()
            ],
        }


def verify_chain(engine: Engine, who: Principal, *, expected: Collection[Head] = ()) -> Proof:
    """Compute the chain again, in constant memory, and write into the audit what was found.

    Parameters
    ----------
    expected
        Heads that were written down: rows cut off at the end, and a chain that was computed anew
        after a change, are found by them only.

    Raises
    ------
    ForbiddenError
        If the reader may not read the audit.
    """
    who.require("audit")
    with transaction.open_as(engine, who) as connection:
        explained = {int(o) for o in stored.redacted_objects(connection) if o.isdecimal()}
        anchor = _anchor(connection)
        due = [head for head in expected if not _is_past(head, anchor)]
        found = chain.walk_chain(
            _links(connection), expected=due, explained=explained, anchor=anchor
        )
        proof = Proof(found, unsealed_rows(connection))
    try:
        _note(engine, who, proof)
    except (
        StoreError
    ):  # a table that was tampered with may accept no row: the result is returned anyway
        return replace(proof, noted=False)
    return proof


def unsealed_rows(connection: Connection) -> UnsealedTail:
    """Return what is not sealed yet."""
    count, oldest, age_s = stored.unsealed_tail(connection)
    return UnsealedTail(count, oldest, max(age_s, 0.0))


def _anchor(connection: Connection) -> Head | None:
    found = expired_records.newest_anchor(connection)
    return None if found is None else Head(*found)


def _is_past(head: Head, anchor: Head | None) -> bool:
    """Return whether a head was of rows that were destroyed, and old enough for that."""
    if anchor is None or head.seal_no is None or head.seal_no >= (anchor.seal_no or 0):
        return False
    written = date.fromisoformat(head.day) if head.day else None
    return written is None or written <= clock.now().date() - timedelta(days=KEPT_AT_LEAST)


def _links(connection: Connection) -> Iterator[Link]:
    for *values, seal in stored.sealed_links(connection):
        # the driver's views of memory equal no bytes
        yield Link._make([*values, b"" if seal is None else bytes(seal)])


def _note(engine: Engine, who: Principal, proof: Proof) -> None:
    said = proof.as_plain()
    facts = {name: said[name] for name in ("whole", "rows", "redacted", "head", "broken")}
    facts["heads"] = len(said["heads"])
    outcome = "done" if proof.walk.whole else "failed"
    with transaction.open_as(engine, who) as connection:
        audit.record(connection, who, "audit.verify", outcome=outcome, facts=facts)
