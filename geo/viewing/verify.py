"""The viewing register held against the audit: each row must be the one that was written."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.principal import Reader

_COLUMNS: Final = (
    *("id", "at", "account", "account_name", "holder", "unit_code", "unit_name", "camera_code"),
    *("camera_name", "owner_kind", "management_unit", "act", "reason_kind", "reason", "content"),
    *("legal_basis", "incident_code", "request", "idempotency_key", "expires_at"),
)
SEALED: Final = f"{', '.join(_COLUMNS)}, encode(ST_AsBinary(place), 'hex') AS place"
"""The columns of a row that :func:`row_digest` is made of: all of them."""

WRITES: Final = ("viewing.view", "viewing.retrieve")
_ROWS: Final = (
    f"SELECT {SEALED} FROM govgrid.access_register WHERE {predicates.PLACE.format(geom='place')}"
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"
)
# The audit's row is written a moment after the register's, in the same transaction: an hour of
# grace finds it whatever the load.
_NOTED: Final = (
    "SELECT facts ->> 'register' AS id, facts ->> 'sha256' AS sha256, at, object AS camera_code"
    " FROM govgrid.audit WHERE action IN ('viewing.view', 'viewing.retrieve')"
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL"
    " OR at < CAST(:until AS timestamptz) + interval '1 hour')"
)


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

    def as_plain(self) -> dict[str, Any]:
        """Return the proof as JSON tells it."""
        return {
            "rows": self.rows,
            "whole": self.whole,
            "defects": [vars(defect) for defect in self.defects],
        }


def row_digest(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row's columns (:data:`SEALED`), in hexadecimal digits."""
    written = {name: _cell(row[name]) for name in (*_COLUMNS, "place")}
    body = json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def verify_rows(
    connection: Connection,
    who: Reader,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Proof:
    """Compare the rows of a time with their hashes in the audit.

    Who is limited to some areas compares the rows of these; only who sees all of them can tell that
    one is gone. The audit itself is proved by ``audit verify``.
    """
    asked = {**who.parameters, "since": since, "until": until}
    rows = {str(row["id"]): dict(row) for row in connection.execute(text(_ROWS), asked).mappings()}
    noted = {row["id"]: dict(row) for row in connection.execute(text(_NOTED), asked).mappings()}
    found = [
        _defect(row, "changed" if number in noted else "unknown")
        for number, row in rows.items()
        if number not in noted or noted[number]["sha256"] != row_digest(row)
    ]
    if who.everything:
        gone = (row for number, row in noted.items() if number not in rows)
        found += [_defect(row, "gone") for row in gone if until is None or row["at"] < until]
    return Proof(len(rows), tuple(sorted(found, key=lambda defect: (defect.at, defect.id))))


def _defect(row: Mapping[str, Any], kind: str) -> Defect:
    return Defect(str(row["id"]), kind, row["at"], row["camera_code"])


def _cell(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else str(value)
