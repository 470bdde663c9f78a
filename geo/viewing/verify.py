"""Verification of the viewing register against the audit: each row must be unchanged."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection
from typing_extensions import TypedDict

from geo.access.principal import Principal
from geo.access.store import audit as stored_audit
from geo.access.store.audit import ViewingHash
from geo.viewing.store import register as stored
from geo.viewing.store.register import SEALED, SealedRow


@dataclass(frozen=True)
class Defect:
    """A row of the register that is not what was written: changed, slipped in, or taken away."""

    id: str
    kind: str
    at: datetime
    camera: str


@dataclass(frozen=True)
class Proof:
    """How many rows were compared, and those that do not match."""

    rows: int
    defects: tuple[Defect, ...]

    @property
    def whole(self) -> bool:
        """Whether every row is the one that was written."""
        return not self.defects

    def as_plain(self) -> "ProofAnswer":
        """Return the proof as JSON tells it."""
        return {"rows": self.rows, "whole": self.whole, "defects": [*self.defects]}


class ProofAnswer(TypedDict):
    """A proof as the interface tells it."""

    rows: int
    whole: bool
    defects: list[Defect]


def row_digest(row: SealedRow) -> str:
    """Return the SHA-256 of a row of the register, hexadecimal."""
    written = {name: _cell(getattr(row, name)) for name in SEALED}
    body = json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def verify_rows(
    connection: Connection,
    who: Principal,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Proof:
    """Compare rows of the register with their hashes in the audit; return the differences.

    A principal limited to some areas compares the rows of these; only one that sees all rows can
    notice deleted ones. The audit itself is verified by ``audit verify``.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal whose grants apply.
    since, until
        Moments with zone; None without bound.
    """
    asked = {**who.parameters, "since": since, "until": until}
    rows = {str(row.id): row for row in stored.rows_between(connection, asked)}
    noted = {row.id: row for row in stored_audit.viewing_hashes(connection, asked)}
    found = [
        _defect(row, "changed" if number in noted else "unknown")
        for number, row in rows.items()
        if number not in noted or noted[number].sha256 != row_digest(row)
    ]
    if who.everything:
        gone = (row for number, row in noted.items() if number not in rows)
        found += [_defect(row, "gone") for row in gone if until is None or row.at < until]
    return Proof(len(rows), tuple(sorted(found, key=lambda defect: (defect.at, defect.id))))


def _defect(row: SealedRow | ViewingHash, kind: str) -> Defect:
    return Defect(str(row.id), kind, row.at, row.camera_code)


def _cell(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else str(value)
