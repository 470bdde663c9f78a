"""Audit log: rows are added, sealed once, and at most lose their note."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text

from geo.store import frames

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE: Final = 2_000
LINK: Final = (
    "id, CAST(extract(epoch FROM at) AS text), account, unit, address, action, object, outcome,"
    " CAST(facts AS text), encode(note_sha256, 'hex'), note"
)
"""The columns of a link of the chain, as text that depends on no setting of the session."""
_INSERT: Final = text(
    "INSERT INTO govgrid.audit"
    " (account, unit, address, action, object, outcome, facts, note, note_sha256)"
    " VALUES (:account, :unit, :address, :action, :object, :outcome, CAST(:facts AS jsonb), :note,"
    " :note_sha256)"
)
_CHOSEN: Final = (
    "(:account = '' OR account = :account)"
    " AND (:action = '' OR action = :action OR starts_with(action, :action || '.'))"
    " AND (:outcome = '' OR outcome = :outcome)"
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"
)
_PAGE: Final = text(
    "SELECT id, at, account, unit, address, action, object, outcome, facts, note, seal_no"
    f" FROM govgrid.audit WHERE id < :before AND {_CHOSEN} ORDER BY id DESC LIMIT :limit"
)
_ROWS: Final = (
    "SELECT seal_no, id, at, account, unit, address, action, object, outcome,"
    " CAST(facts AS text) AS facts, note, encode(note_sha256, 'hex') AS note_sha256,"
    f" encode(seal, 'hex') AS seal FROM govgrid.audit WHERE {_CHOSEN}"
    " ORDER BY seal_no, id LIMIT :limit"
)
_VERIFIED: Final = text(
    "SELECT at, account, facts FROM govgrid.audit WHERE action = 'audit.verify'"
    " ORDER BY id DESC LIMIT 1"
)
_NOTE: Final = text("SELECT note FROM govgrid.audit WHERE id = :id FOR UPDATE")
_REDACT: Final = text("UPDATE govgrid.audit SET note = NULL WHERE id = :id")
_REDACTED: Final = text("SELECT object FROM govgrid.audit WHERE action = 'audit.redact'")
_UNSEALED: Final = text(
    f"SELECT {LINK} FROM govgrid.audit WHERE seal_no IS NULL ORDER BY audit.id LIMIT :most"
)
_TAIL: Final = text(
    "SELECT count(*), min(at), coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)"
    " FROM govgrid.audit WHERE seal_no IS NULL"
)
_SEALED: Final = text(
    f"SELECT {LINK}, seal_no, seal FROM govgrid.audit WHERE seal_no IS NOT NULL"
    " ORDER BY audit.seal_no"
)
_LAST: Final = text(
    "SELECT seal_no, seal FROM govgrid.audit WHERE seal_no IS NOT NULL"
    " ORDER BY seal_no DESC LIMIT 1"
)
_SEAL: Final = text(
    "UPDATE govgrid.audit a SET seal_no = :last + s.nth, seal = s.seal"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:seals AS bytea[])) WITH ORDINALITY"
    " AS s(id, seal, nth) WHERE a.id = s.id"
)

_REFUSALS: Final = text(
    "SELECT facts ->> 'reason' AS refusal, count(*) AS count FROM govgrid.audit"
    " WHERE at >= :since AND at < :until AND outcome = 'refused'"
    " AND starts_with(facts ->> 'reason', 'viewing.') GROUP BY 1 ORDER BY 2 DESC, 1"
)
# The audit's row is written a moment after the register's, in the same transaction: an hour of
# grace finds it whatever the load.
_VIEWING_HASHES: Final = text(
    "SELECT facts ->> 'register' AS id, facts ->> 'sha256' AS sha256, at, object AS camera_code"
    " FROM govgrid.audit WHERE action IN ('viewing.view', 'viewing.retrieve')"
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL"
    " OR at < CAST(:until AS timestamptz) + interval '1 hour')"
)


@dataclass(frozen=True)
class AuditRow:
    """A row of the audit as people read it; without `seal_no` it is not sealed yet."""

    id: int
    at: datetime
    account: str
    unit: str
    address: str
    action: str
    object: str
    outcome: str
    facts: dict[str, Any]
    note: str | None
    seal_no: int | None


@dataclass(frozen=True)
class Verification:
    """When the chain was verified, by whom, and what was found."""

    at: datetime
    account: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class RefusalCount:
    """How often viewing was refused for a reason, a key of the catalogue."""

    refusal: str
    count: int


@dataclass(frozen=True)
class ViewingHash:
    """Hash of a row of the viewing register, as it was written; `id` is that of the row."""

    id: str
    sha256: str
    at: datetime
    camera_code: str


def insert_row(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a row to the audit log.

    Parameters
    ----------
    connection
        The transaction of the audited change.
    row
        ``account``, ``unit``, ``address``, ``action``, ``object``, ``outcome``, ``facts`` (text of
        a JSON object), ``note`` and ``note_sha``.
    """
    connection.execute(_INSERT, row)


def read_page(connection: Connection, asked: Mapping[str, Any]) -> list[AuditRow]:
    """Return a page of the audit log, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Filters ``account``, ``action``, ``outcome``, ``since``, ``until``; ids below ``before``, at
        most ``limit`` rows.
    """
    return [AuditRow(**row) for row in connection.execute(_PAGE, asked).mappings()]


def read_rows(connection: Connection, asked: Mapping[str, Any]) -> "pd.DataFrame":
    """Return rows of the audit log with their seals, in the order of the chain.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Filters as in :func:`read_page` and ``limit``.
    """
    return frames.read_frame(connection, _ROWS, dict(asked))


def last_verification(connection: Connection) -> Verification | None:
    """Return the last verification of the chain, None if there was none."""
    row = connection.execute(_VERIFIED).mappings().first()
    return None if row is None else Verification(**row)


def lock_note(connection: Connection, number: int) -> tuple[str | None] | None:
    """Return the note of a row, locked until the end of the transaction; None if there is no row.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    number
        Id of the row.
    """
    row = connection.execute(_NOTE, {"id": number}).first()
    return None if row is None else (row.note,)


def delete_note(connection: Connection, number: int) -> None:
    """Delete the note of a row; its hash stays, so the seal still holds.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    number
        Id of the row.
    """
    connection.execute(_REDACT, {"id": number})


def redacted_objects(connection: Connection) -> set[str]:
    """Return the rows whose notes were taken away, as they were named then."""
    return set(connection.execute(_REDACTED).scalars())


def unsealed_links(connection: Connection, most: int) -> Sequence[Any]:
    """Return rows without a seal, ordered by id.

    Parameters
    ----------
    connection
        Open transaction.
    most
        Most rows.
    """
    return connection.execute(_UNSEALED, {"most": most}).all()


def unsealed_tail(connection: Connection) -> tuple[int, datetime | None, float]:
    """Return how many rows are not sealed, since when, and how many seconds that is."""
    count, oldest, age_s = connection.execute(_TAIL).one()
    return int(count), oldest, float(age_s)


def sealed_links(connection: Connection) -> Iterator[Sequence[Any]]:
    """Return the rows of the chain with number and seal, a part of them at a time."""
    options = {"stream_results": True, "yield_per": _AT_ONCE}
    with connection.execute(_SEALED, execution_options=options) as rows:
        yield from rows


def last_seal(connection: Connection) -> tuple[int, bytes] | None:
    """Return number and seal of the last sealed row."""
    row = connection.execute(_LAST).first()
    return None if row is None else (int(row.seal_no), bytes(row.seal))


def write_seals(
    connection: Connection, ids: Sequence[int], seals: Sequence[bytes], *, last: int
) -> None:
    """Write the seals of rows.

    Parameters
    ----------
    connection
        Open transaction.
    ids, seals
        Rows in the order of the chain, and the seal of each.
    last
        Number of the last seal before them.
    """
    connection.execute(_SEAL, {"last": last, "ids": list(ids), "seals": list(seals)})


def count_refusals(connection: Connection, asked: Mapping[str, Any]) -> list[RefusalCount]:
    """Return how often viewing was refused, by reason.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``since`` and ``until``, moments with zone.
    """
    return [RefusalCount(**row) for row in connection.execute(_REFUSALS, asked).mappings()]


def viewing_hashes(connection: Connection, asked: Mapping[str, Any]) -> list[ViewingHash]:
    """Return the hashes of rows of the viewing register.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``since`` and ``until``, moments with zone or None.
    """
    return [ViewingHash(**row) for row in connection.execute(_VIEWING_HASHES, asked).mappings()]
