"""Audit and register of exports beyond their time: destroyed by those who own the tables."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

_DESTROYING: Final = text("SELECT set_config('govgrid.destroying', 'expired', true)")
# The last row stays in any case: the chain goes on from it.
_LAST_EXPIRED: Final = text(
    "SELECT a.seal_no, a.seal, a.at FROM govgrid.audit a WHERE a.seal_no = (SELECT coalesce("
    " (SELECT min(young.seal_no) FROM govgrid.audit young WHERE young.at >= :before),"
    " max(every.seal_no)) - 1 FROM govgrid.audit every)"
)
_ADD_ANCHOR: Final = text(
    "INSERT INTO govgrid.audit_anchor (seal_no, seal, newest) VALUES (:seal_no, :seal, :newest)"
)
_DELETE_AUDIT: Final = text(
    "WITH gone AS (DELETE FROM govgrid.audit WHERE seal_no <= :seal_no RETURNING at)"
    " SELECT count(*) AS number, min(at) AS oldest, max(at) AS newest FROM gone"
)
_DELETE_EXPORTS: Final = text(
    "WITH gone AS (DELETE FROM govgrid.export_register"
    "  WHERE at < govgrid.now() - make_interval(days => :days) RETURNING at)"
    " SELECT count(*) AS number, min(at) AS oldest, max(at) AS newest FROM gone"
)
_ANCHOR: Final = text(
    "SELECT seal_no, seal FROM govgrid.audit_anchor ORDER BY seal_no DESC LIMIT 1"
)


class DeletedRows(NamedTuple):
    """How many rows were deleted, and from when they were."""

    number: int
    oldest: datetime | None
    newest: datetime | None


def allow_destruction(connection: Connection) -> None:
    """Let this transaction delete records that are older than the law wants them kept."""
    connection.execute(_DESTROYING)


def last_expired_seal(connection: Connection, before: datetime) -> Any:  # noqa: ANN401 - a row
    """Return ``seal_no``, ``seal`` and ``at`` of the last row that is older, with all before it.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    before
        Moment with zone.

    Returns
    -------
    Row or None
        None where the first row is younger.
    """
    return connection.execute(_LAST_EXPIRED, {"before": before}).first()


def delete_sealed(connection: Connection, last: Any) -> DeletedRows:  # noqa: ANN401 - a row
    """Delete the audit up to a seal, which the chain goes on from; return what was deleted.

    Parameters
    ----------
    connection
        Transaction in which :func:`allow_destruction` was called.
    last
        Of :func:`last_expired_seal`.
    """
    anchor = {"seal_no": last.seal_no, "seal": bytes(last.seal), "newest": last.at}
    connection.execute(_ADD_ANCHOR, anchor)
    return DeletedRows(*connection.execute(_DELETE_AUDIT, {"seal_no": last.seal_no}).one())


def delete_old_exports(connection: Connection, days: int) -> DeletedRows:
    """Delete rows of the register of exports; return what was deleted.

    Parameters
    ----------
    connection
        Transaction in which :func:`allow_destruction` was called.
    days
        That a row is kept.
    """
    return DeletedRows(*connection.execute(_DELETE_EXPORTS, {"days": days}).one())


def newest_anchor(connection: Connection) -> tuple[int, bytes] | None:
    """Return number and seal that the chain goes on from; None where nothing was destroyed."""
    row = connection.execute(_ANCHOR).first()
    return None if row is None else (int(row.seal_no), bytes(row.seal))
