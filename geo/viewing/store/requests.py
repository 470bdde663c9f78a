"""Requests for viewing: the rows of ``access_request``."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, RowMapping, text

from geo.access import predicates
from geo.viewing.store.register import COMMON

COLUMNS: Final = (
    *("id", "asked_at", "account_name", "holder", "unit_name", "camera_code", "camera_name"),
    *("owner_kind", "management_unit", "act", "reason", "content", "legal_basis", "incident_code"),
    *("decision", "decided_at", "decided_by", "decision_note", "until"),
)
_SHOWN: Final = (
    f"SELECT {', '.join(COLUMNS)}, place IS NOT NULL AS there FROM govgrid.access_request"
)
_GRANTED: Final = predicates.PLACE.format(geom="place")
_VALUES: Final = ", ".join(
    "CAST(:place AS geometry)" if name == "place" else f":{name}" for name in COMMON
)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 799))")
_INSERT: Final = text(
    f"INSERT INTO govgrid.access_request ({', '.join(COMMON)}) VALUES ({_VALUES})"
    f" RETURNING {', '.join(COLUMNS)}"
)
_SAME: Final = text(
    f"{_SHOWN} WHERE account = :account AND decision IS NULL AND camera_code = :camera_code"
    " AND act = :act AND reason = :reason AND content = :content AND legal_basis = :legal_basis"
    " AND incident_code IS NOT DISTINCT FROM :incident_code ORDER BY asked_at LIMIT 1"
)
_LIVE: Final = text(
    "SELECT id, until FROM govgrid.access_request WHERE account = :account"
    " AND camera_code = :camera AND act = :act AND decision = 'approved' AND until > govgrid.now()"
    " AND (CAST(:id AS uuid) IS NULL OR id = :id) ORDER BY until DESC LIMIT 1"
)
_WAITING: Final = text(
    f"{_SHOWN} WHERE {_GRANTED}"
    " AND (decision IS NULL OR :decided) ORDER BY decision IS NOT NULL,"
    " CASE WHEN decision IS NULL THEN asked_at END, asked_at DESC LIMIT :limit"
)
_OWN: Final = text(f"{_SHOWN} WHERE account = :account ORDER BY asked_at DESC LIMIT :limit")
_FIND: Final = text(
    "SELECT account, camera_code, act, decision, place IS NOT NULL AS there"
    f" FROM govgrid.access_request WHERE id = :id AND {_GRANTED}"
)
_DECIDE: Final = text(
    "UPDATE govgrid.access_request SET decision = :decision, decided_at = govgrid.now(),"
    " decided_by = :by, decision_note = :note, until = CASE WHEN :decision = 'approved'"
    " THEN least(CAST(:until AS timestamptz), govgrid.now() + interval '24 hours') END"
    f" WHERE id = :id AND decision IS NULL RETURNING {', '.join(COLUMNS)}"
)
_COUNTS: Final = text(
    "SELECT count(*) AS asked, count(*) FILTER (WHERE decision = 'approved') AS approved,"
    " count(*) FILTER (WHERE decision = 'refused') AS refused,"
    " count(*) FILTER (WHERE decision IS NULL) AS waiting FROM govgrid.access_request"
    f" WHERE asked_at >= :since AND asked_at < :until AND {_GRANTED}"
)


def find_same(connection: Connection, row: Mapping[str, Any]) -> RowMapping | None:
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
    return connection.execute(_SAME, row).mappings().first()


def insert_request(connection: Connection, row: Mapping[str, Any]) -> RowMapping:
    """Insert a request and return it.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Columns of the entry and ``place``.
    """
    return connection.execute(_INSERT, row).mappings().one()


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


def waiting_requests(connection: Connection, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return requests for granted places, open ones first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, ``decided`` (whether decided ones are included) and ``limit``.
    """
    return [dict(row) for row in connection.execute(_WAITING, asked).mappings()]


def own_requests(connection: Connection, account: str | None, limit: int) -> list[dict[str, Any]]:
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
    return [dict(row) for row in rows]


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


def decide_request(connection: Connection, decided: Mapping[str, Any]) -> RowMapping | None:
    """Write a decision and return the request, None if it was decided before.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    decided
        ``id``, ``decision``, ``by``, ``note`` and ``until``.
    """
    return connection.execute(_DECIDE, decided).mappings().first()


def count_requests(connection: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many requests of a period were made, approved, refused and are open.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        Grants as SQL parameters, ``since`` and ``until``.
    """
    return dict(connection.execute(_COUNTS, asked).mappings().one())
