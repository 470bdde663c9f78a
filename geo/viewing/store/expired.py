"""Viewings and requests beyond their time: what something open cites stays."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_UNCITED: Final = (
    "NOT EXISTS (SELECT FROM govgrid.open_incident i WHERE i.code = gone.incident_code)"
)
_DELETE_VIEWINGS: Final = text(
    "WITH old AS (DELETE FROM govgrid.access_register gone"
    f"  WHERE at < govgrid.now() - make_interval(days => :days) AND {_UNCITED} RETURNING at)"
    " SELECT count(*) AS number, min(at) AS oldest, max(at) AS newest FROM old"
)
# A request that nobody decided is open, and one that a viewing refers to goes with it.
_DELETE_REQUESTS: Final = text(
    "WITH old AS (DELETE FROM govgrid.access_request gone"
    f"  WHERE asked_at < govgrid.now() - make_interval(days => :days) AND {_UNCITED}"
    "  AND decision IS NOT NULL"
    "  AND NOT EXISTS (SELECT FROM govgrid.access_register r WHERE r.request = gone.id)"
    "  RETURNING asked_at)"
    " SELECT count(*) AS number, min(asked_at) AS oldest, max(asked_at) AS newest FROM old"
)
_OLDEST: Final = text("SELECT min(at) FROM govgrid.access_register")
DeletedRows = tuple[int, datetime | None, datetime | None]
"""How many rows were deleted, and from when they were."""


def delete_old_viewings(connection: Connection, days: int) -> DeletedRows:
    """Delete rows of the viewing register; return what was deleted.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables that may destroy.
    days
        That a row is kept.
    """
    number, oldest, newest = connection.execute(_DELETE_VIEWINGS, {"days": days}).one()
    return int(number), oldest, newest


def delete_old_requests(connection: Connection, days: int) -> DeletedRows:
    """Delete requests for viewing; return what was deleted.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables that may destroy.
    days
        That a decided request is kept.
    """
    number, oldest, newest = connection.execute(_DELETE_REQUESTS, {"days": days}).one()
    return int(number), oldest, newest


def oldest_viewing(connection: Connection) -> datetime | None:
    """Return the time of the oldest row of the viewing register; None where it is empty."""
    found: datetime | None = connection.execute(_OLDEST).scalar_one()
    return found
