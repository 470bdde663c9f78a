"""Viewing register: the rows of ``access_register``, and what they are checked against."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from geo.access import predicates

COMMON: Final = (
    *("account", "account_name", "holder", "unit_code", "unit_name", "camera_code", "camera_name"),
    *("owner_kind", "management_unit", "place", "act", "reason_kind", "reason", "content"),
    *("legal_basis", "incident_code"),
)
"""The columns that a row of the register and a request have in common."""


@dataclass(frozen=True)
class RegisterRow:
    """A row of the register as people read it."""

    at: datetime
    holder: str
    unit_name: str
    account_name: str
    camera_code: str
    camera_name: str
    owner_kind: str | None
    management_unit: str | None
    act: str
    reason: str
    content: str
    legal_basis: str
    incident_code: str | None
    request: UUID | None
    expires_at: datetime
    id: UUID


@dataclass(frozen=True)
class SealedRow:
    """A row of the register with all that its hash covers; `place` is WKB, hexadecimal."""

    id: UUID
    at: datetime
    account: UUID
    account_name: str
    holder: str
    unit_code: str | None
    unit_name: str
    camera_code: str
    camera_name: str
    owner_kind: str | None
    management_unit: str | None
    act: str
    reason_kind: str
    reason: str
    content: str
    legal_basis: str
    incident_code: str | None
    request: UUID | None
    idempotency_key: str | None
    expires_at: datetime
    place: str | None


@dataclass(frozen=True)
class IncidentViewing:
    """A viewing that was registered for an incident."""

    at: datetime
    unit_name: str
    holder: str
    camera_code: str
    act: str
    reason: str


SHOWN: Final = tuple(field.name for field in fields(RegisterRow))
"""The columns that people read."""
SEALED: Final = tuple(field.name for field in fields(SealedRow))
"""The columns whose hash the audit keeps: all of them."""
_WHOLE: Final = ", ".join(
    "encode(ST_AsBinary(place), 'hex') AS place" if name == "place" else name for name in SEALED
)
_GRANTED: Final = predicates.PLACE.format(geom="place")
_CAMERA: Final = text(
    "SELECT c.code, c.name, c.owner_kind, c.management_unit, c.duty_phone,"
    " CAST(c.geom AS text) AS place, g.depth FROM govgrid.camera_contact c"
    f" LEFT JOIN {predicates.CAMERAS} g ON g.code = c.code WHERE c.code = :code"
)
_INCIDENT: Final = text(
    "SELECT FROM govgrid.incident_place i WHERE i.code = :code AND "
    + predicates.INCIDENT.format(geom="i.geom", code="i.code")
)
_VIEWINGS: Final = text(
    f"SELECT {', '.join(field.name for field in fields(IncidentViewing))}"
    " FROM govgrid.access_register WHERE incident_code = :code ORDER BY at, id LIMIT 500"
)
_OCCURRED: Final = text(
    "SELECT coalesce(occurred_at, reported_at) FROM govgrid.incident_place WHERE code = :code"
)
# A second camera of one incident needs no new reason, but a row of its own.
_EARLIER: Final = text(
    "SELECT reason_kind, reason FROM govgrid.access_register WHERE account = :account"
    " AND incident_code = :incident AND at > govgrid.now() - interval '12 hours'"
    " ORDER BY at DESC LIMIT 1"
)
_WRITTEN: Final = (*COMMON, "request", "idempotency_key", "expires_at")
_VALUES: Final = {
    "place": "CAST(:place AS geometry)",
    # an approval that ends sooner ends the viewing
    "expires_at": (
        "least(govgrid.now() + make_interval(mins => :minutes), CAST(:until AS timestamptz))"
    ),
}
_INSERT: Final = text(
    f"INSERT INTO govgrid.access_register ({', '.join(_WRITTEN)})"
    f" VALUES ({', '.join(_VALUES.get(name, f':{name}') for name in _WRITTEN)})"
    f" RETURNING {_WHOLE}"
)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:account || ' ' || :key, 799))")
_REPEATED: Final = text(
    f"SELECT {_WHOLE} FROM govgrid.access_register WHERE account = :account"
    " AND idempotency_key = :key AND at > govgrid.now() - interval '1 day' ORDER BY at DESC LIMIT 1"
)
_ROW: Final = text(f"SELECT {_WHOLE} FROM govgrid.access_register WHERE id = :id")
_ROWS: Final = text(
    f"SELECT {_WHOLE} FROM govgrid.access_register WHERE {_GRANTED}"
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"
)
_CHOSEN: Final = (
    "(:camera = '' OR camera_code = :camera) AND (:account = '' OR account_name = :account)"
    " AND (:unit = '' OR unit_code = :unit OR position(:unit IN unit_name) > 0)"
    " AND (:act = '' OR act = :act) AND (:incident = '' OR incident_code = :incident)"
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"
)
_BEFORE: Final = (
    "(CAST(:before AS uuid) IS NULL OR (at, id) < (SELECT b.at, b.id"
    " FROM govgrid.access_register b WHERE b.id = :before))"
)
_PAGE: Final = (
    f"SELECT {', '.join(SHOWN)} FROM govgrid.access_register"
    f" WHERE {{whose}} AND {_CHOSEN} AND {_BEFORE} ORDER BY at DESC, id DESC LIMIT :limit"
)
_GRANTED_PAGE: Final = text(_PAGE.format(whose=_GRANTED))
_OWN_PAGE: Final = text(_PAGE.format(whose="account = :me"))


def find_camera(
    connection: Connection, code: str, parameters: Mapping[str, Any]
) -> RowMapping | None:
    """Return a camera with the columns of the register and its granted ``depth``, None if unknown.

    Parameters
    ----------
    connection
        As from :func:`geo.access.transaction.open_read_only`.
    code
        Code of the camera.
    parameters
        Grants of the principal as SQL parameters.
    """
    return connection.execute(_CAMERA, {**parameters, "code": code}).mappings().first()


def is_incident(connection: Connection, code: str, parameters: Mapping[str, Any]) -> bool:
    """Return whether a granted incident has a code.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    code
        Code of the incident.
    parameters
        Grants of the principal as SQL parameters.
    """
    return connection.execute(_INCIDENT, {**parameters, "code": code}).first() is not None


def viewings_of(connection: Connection, code: str) -> list[IncidentViewing]:
    """Return the viewings that were registered for an incident, as far as they may be read.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    code
        Code of the incident.
    """
    rows = connection.execute(_VIEWINGS, {"code": code}).mappings()
    return [IncidentViewing(**row) for row in rows]


def occurrence_of(connection: Connection, code: str) -> datetime | None:
    """Return when an incident happened, else was reported; None if that is not known.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    code
        Code of the incident.
    """
    found: datetime | None = connection.execute(_OCCURRED, {"code": code}).scalar()
    return found


def earlier_reason(
    connection: Connection, account: str | None, incident: str | None
) -> tuple[str, str] | None:
    """Return kind and text of the reason that an account gave for an incident within twelve hours.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    incident
        Code of the incident.
    """
    row = connection.execute(_EARLIER, {"account": account, "incident": incident}).first()
    return None if row is None else (row.reason_kind, row.reason)


def insert_viewing(connection: Connection, row: Mapping[str, Any]) -> SealedRow:
    """Insert a row and return all its columns.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Columns of the entry, ``place``, ``minutes`` of validity and ``until``.
    """
    return SealedRow(**connection.execute(_INSERT, row).mappings().one())


def find_repeated(connection: Connection, account: str, key: str) -> SealedRow | None:
    """Return the row written with an idempotency key within a day, None if there is none.

    The key is locked until the end of the transaction.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    key
        Idempotency key of the client.
    """
    asked = {"account": account, "key": key}
    connection.execute(_LOCK, asked)
    found = connection.execute(_REPEATED, asked).mappings().first()
    return None if found is None else SealedRow(**found)


def find_viewing(connection: Connection, number: object) -> SealedRow | None:
    """Return a row of the register, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    number
        Id (uuid).
    """
    found = connection.execute(_ROW, {"id": number}).mappings().first()
    return None if found is None else SealedRow(**found)


def rows_between(connection: Connection, asked: Mapping[str, Any]) -> list[SealedRow]:
    """Return the granted rows of a period with all columns.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, ``since`` and ``until`` (None without bound).
    """
    return [SealedRow(**row) for row in connection.execute(_ROWS, asked).mappings()]


def granted_page(connection: Connection, asked: Mapping[str, Any]) -> list[RegisterRow]:
    """Return a page of rows for granted places, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, filters, ``limit`` and ``before`` (id of a row, or None).
    """
    return [RegisterRow(**row) for row in connection.execute(_GRANTED_PAGE, asked).mappings()]


def own_page(connection: Connection, asked: Mapping[str, Any]) -> list[RegisterRow]:
    """Return a page of rows of one account, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``me`` (id of the account), filters, ``limit`` and ``before`` (id of a row, or None).
    """
    return [RegisterRow(**row) for row in connection.execute(_OWN_PAGE, asked).mappings()]
