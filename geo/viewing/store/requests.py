"""Requests for viewing: the rows of ``access_request``."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, text

from geo.access import predicates
from geo.viewing.store.register import COMMON


@dataclass(frozen=True)
class OwnRequest:
    """A request as its applicant sees it: nothing that the register knew of the camera."""

    id: UUID
    asked_at: datetime
    account_name: str
    holder: str
    unit_name: str
    camera_code: str
    act: str
    reason: str
    content: str
    legal_basis: str
    incident_code: str | None
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    decision_note: str | None
    until: datetime | None


@dataclass(frozen=True)
class CameraRequest(OwnRequest):
    """A request with the camera as the register knew it."""

    camera_name: str
    owner_kind: str | None
    management_unit: str | None


@dataclass(frozen=True)
class ListedRequest(CameraRequest):
    """A request as it is decided on; `there` says whether there is such a camera."""

    there: bool


@dataclass(frozen=True)
class RequestCounts:
    """Requests of a period: how many were made, approved, refused, and wait."""

    asked: int
    approved: int
    refused: int
    waiting: int


_OWN_COLUMNS: Final = ", ".join(field.name for field in fields(OwnRequest))
_COLUMNS: Final = ", ".join(field.name for field in fields(CameraRequest))
_GRANTED: Final = predicates.PLACE.format(geom="place")
_VALUES: Final = ", ".join(
    "CAST(:place AS geometry)" if name == "place" else f":{name}" for name in COMMON
)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 799))")
_INSERT: Final = text(
    f"INSERT INTO govgrid.access_request ({', '.join(COMMON)}) VALUES ({_VALUES})"
    f" RETURNING {_OWN_COLUMNS}"
)
_SAME: Final = text(
    f"SELECT {_OWN_COLUMNS} FROM govgrid.access_request WHERE account = :account"
    " AND decision IS NULL AND camera_code = :camera_code AND act = :act AND reason = :reason"
    " AND content = :content AND legal_basis = :legal_basis"
    " AND incident_code IS NOT DISTINCT FROM :incident_code ORDER BY asked_at LIMIT 1"
)
_LIVE: Final = text(
    "SELECT id, until FROM govgrid.access_request WHERE account = :account"
    " AND camera_code = :camera AND act = :act AND decision = 'approved' AND until > govgrid.now()"
    " AND (CAST(:id AS uuid) IS NULL OR id = :id) ORDER BY until DESC LIMIT 1"
)
_WAITING: Final = text(
    f"SELECT {_COLUMNS}, place IS NOT NULL AS there FROM govgrid.access_request WHERE {_GRANTED}"
    " AND (decision IS NULL OR :decided) ORDER BY decision IS NOT NULL,"
    " CASE WHEN decision IS NULL THEN asked_at END, asked_at DESC LIMIT :limit"
)
_OWN: Final = text(
    f"SELECT {_OWN_COLUMNS} FROM govgrid.access_request WHERE account = :account"
    " ORDER BY asked_at DESC LIMIT :limit"
)
_FIND: Final = text(
    "SELECT account, camera_code, act, decision, place IS NOT NULL AS there"
    f" FROM govgrid.access_request WHERE id = :id AND {_GRANTED}"
)
_DECIDE: Final = text(
    "UPDATE govgrid.access_request SET decision = :decision, decided_at = govgrid.now(),"
    " decided_by = :by, decision_note = :note, until = CASE WHEN :decision = 'approved'"
    " THEN least(CAST(:until AS timestamptz), govgrid.now() + interval '24 hours') END"
    f" WHERE id = :id AND decision IS NULL RETURNING {_COLUMNS}"
)
_COUNTS: Final = text(
    "SELECT count(*) AS asked, count(*) FILTER (WHERE decision = 'approved') AS approved,"
    " count(*) FILTER (WHERE decision = 'refused') AS refused,"
    " count(*) FILTER (WHERE decision IS NULL) AS waiting FROM govgrid.access_request"
    f" WHERE asked_at >= :since AND asked_at < :until AND {_GRANTED}"
)


def find_same(connection: Connection, row: Mapping[str, Any]) -> OwnRequest | None:
    """Return an open request equal to another one, None if there is none.

    Requests of the account are locked until the end of the transaction.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Columns of the request to look for.
    """
    connection.execute(_LOCK, {"account": row["account"]})
    found = connection.execute(_SAME, row).mappings().first()
    return None if found is None else OwnRequest(**found)


def insert_request(connection: Connection, row: Mapping[str, Any]) -> OwnRequest:
    """Insert a request and return it.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Columns of the entry and ``place``.
    """
    return OwnRequest(**connection.execute(_INSERT, row).mappings().one())


def live_approval(connection: Connection, asked: Mapping[str, Any]) -> Row[Any] | None:
    """Return id and end of the valid approval that ends last, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``account``, ``camera``, ``act``, and ``id`` of one approval or None.
    """
    return connection.execute(_LIVE, asked).first()


def waiting_requests(connection: Connection, asked: Mapping[str, Any]) -> list[ListedRequest]:
    """Return requests for granted places, open ones first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, ``decided`` (whether decided ones are included) and ``limit``.
    """
    return [ListedRequest(**row) for row in connection.execute(_WAITING, asked).mappings()]


def own_requests(connection: Connection, account: str | None, limit: int) -> list[OwnRequest]:
    """Return the requests of an account, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    limit
        Most rows.
    """
    rows = connection.execute(_OWN, {"account": account, "limit": limit}).mappings()
    return [OwnRequest(**row) for row in rows]


def find_request(connection: Connection, asked: Mapping[str, Any]) -> RowMapping | None:
    """Return ``account``, ``camera_code``, ``act``, ``decision`` and ``there`` of a request.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, and ``id``: only requests for granted places are found.
    """
    return connection.execute(_FIND, asked).mappings().first()


def decide_request(connection: Connection, decided: Mapping[str, Any]) -> CameraRequest | None:
    """Write a decision and return the request, None if it was decided before.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    decided
        ``id``, ``decision``, ``by``, ``note`` and ``until``.
    """
    found = connection.execute(_DECIDE, decided).mappings().first()
    return None if found is None else CameraRequest(**found)


def count_requests(connection: Connection, asked: Mapping[str, Any]) -> RequestCounts:
    """Return how many requests of a period were made, approved, refused and are open.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, ``since`` and ``until``.
    """
    return RequestCounts(**connection.execute(_COUNTS, asked).mappings().one())
