"""Rows of files that belong to incidents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from geo.access import predicates

_INSERT: Final = text(
    "INSERT INTO govgrid.attachment (incident, client_id, kind, name, media_type, sha256, bytes,"
    " has_persons, keep_reason, added_by, added_unit) VALUES (:incident, :client_id, :kind, :name,"
    " :media_type, :sha256, :bytes, :has_persons, :keep_reason, :added_by, :added_unit)"
    " ON CONFLICT (client_id) DO NOTHING RETURNING id"
)
_COLUMNS: Final = (
    "id, incident, kind, name, media_type, sha256, bytes, has_persons, keep_reason, added_at,"
    " added_by, added_unit"
)
_SAME: Final = text(
    f"SELECT {_COLUMNS} FROM govgrid.attachment WHERE client_id = :client_id AND deleted_at IS NULL"
)
_ONE: Final = text(
    f"SELECT {_COLUMNS} FROM govgrid.attachment WHERE incident = :incident AND id = :id"
    " AND deleted_at IS NULL"
)
_LIST: Final = text(
    f"SELECT {_COLUMNS} FROM govgrid.attachment WHERE incident = :incident"
    " AND deleted_at IS NULL ORDER BY added_at, id"
)
_MAY: Final = text(
    "SELECT i.created_account = CAST(:account AS uuid) AS own, EXISTS (SELECT FROM"
    "  govgrid.dispatch d WHERE d.incident_code = i.code AND d.unit_code = :unit"
    "  AND d.state NOT IN ('returned', 'recalled')) AS sent,"
    " :handling_everything OR govgrid.intersects_areas(i.geom, CAST(:handling_areas AS bigint[]))"
    "  OR (i.geom IS NULL AND EXISTS (SELECT FROM govgrid.area_now n WHERE n.unit_id ="
    "   i.area_unit_id AND string_to_array(ltree2text(n.path), '.')::bigint[]"
    "   && CAST(:handling_areas AS bigint[]))) AS handled"
    f", i.sensitive, {predicates.EXACT.format(geom='i.geom')} AS exact"
    " FROM govgrid.incident i WHERE i.id = :incident"
)
_KNOWN: Final = text("SELECT DISTINCT sha256 FROM govgrid.attachment WHERE deleted_at IS NULL")
_EXPIRED: Final = text(
    "UPDATE govgrid.attachment a SET deleted_at = govgrid.now() FROM govgrid.incident i"
    " WHERE i.id = a.incident AND a.deleted_at IS NULL AND a.keep_reason IS NULL"
    " AND i.closed_at < govgrid.now() - make_interval(days => :days) RETURNING a.id"
)


@dataclass(frozen=True)
class Attachment:
    """A file of an incident."""

    id: UUID
    incident: UUID
    kind: str
    name: str
    media_type: str
    sha256: bytes
    bytes: int
    has_persons: bool
    keep_reason: str | None
    added_at: datetime
    added_by: str
    added_unit: str | None


@dataclass(frozen=True)
class Access:
    """Why somebody may see the files of an incident: took it, is sent to it, handles its area."""

    own: bool
    sent: bool
    handled: bool
    sensitive: bool = False
    exact: bool = False

    @property
    def handles(self) -> bool:
        """Whether it is for one of these reasons."""
        return self.own or self.sent or self.handled

    @property
    def shows_place(self) -> bool:
        """Whether its exact place is granted, and what follows from it."""
        return self.handles or (self.exact and not self.sensitive)


def insert_attachment(connection: Connection, row: Mapping[str, Any]) -> UUID | None:
    """Write the row of a file; return its id, None where its client_id is there already.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Its columns.
    """
    found: UUID | None = connection.execute(_INSERT, dict(row)).scalar()
    return found


def same_attachment(connection: Connection, client_id: UUID) -> Attachment | None:
    """Return the file of a client_id, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    client_id
        Made where it was taken.
    """
    row = connection.execute(_SAME, {"client_id": client_id}).one_or_none()
    return None if row is None else Attachment(*_plain(row))


def find_attachment(connection: Connection, incident: UUID, number: UUID) -> Attachment | None:
    """Return a file of an incident, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    number
        Id of the file.
    """
    row = connection.execute(_ONE, {"incident": incident, "id": number}).one_or_none()
    return None if row is None else Attachment(*_plain(row))


def list_attachments(connection: Connection, incident: UUID) -> list[Attachment]:
    """Return the files of an incident, the oldest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    """
    rows = connection.execute(_LIST, {"incident": incident})
    return [Attachment(*_plain(row)) for row in rows]


def find_access(connection: Connection, asked: Mapping[str, Any]) -> Access | None:
    """Return why somebody may see the files of an incident, None if it is none or not granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``incident``, ``account``, ``handling_everything``, ``handling_areas`` and the grants of
        the principal as SQL parameters.
    """
    row = connection.execute(_MAY, dict(asked)).one_or_none()
    return None if row is None else Access(*map(bool, row))


def known_files(connection: Connection) -> frozenset[bytes]:
    """Return the SHA-256 of all files that rows name."""
    return frozenset(bytes(each) for each in connection.execute(_KNOWN).scalars())


def delete_expired(connection: Connection, days: int) -> int:
    """Mark the files of incidents that are closed for so many days as deleted; return how many.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    days
        After closure.
    """
    return len(connection.execute(_EXPIRED, {"days": days}).all())


def _plain(row: Any) -> list[Any]:  # noqa: ANN401 - a row
    return [bytes(each) if isinstance(each, memoryview) else each for each in row]
