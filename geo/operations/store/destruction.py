"""The register of what was destroyed because its time was over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

_INSERT: Final = text(
    "INSERT INTO govgrid.destruction (kind, number, oldest, newest, kept_days)"
    " VALUES (:kind, :number, :oldest, :newest, :kept_days)"
)
_LIST: Final = text(
    "SELECT at, kind, number, oldest, newest, kept_days FROM govgrid.destruction"
    " ORDER BY id DESC LIMIT :limit"
)


@dataclass(frozen=True)
class Destruction:
    """One entry: how many of a kind were destroyed, from when they were, and by which rule."""

    kind: str
    number: int
    oldest: datetime | None
    newest: datetime | None
    kept_days: int
    at: datetime | None = None


def insert_destruction(connection: Connection, entry: Destruction) -> None:
    """Add an entry, in the transaction that destroys.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    entry
        Without its time.
    """
    connection.execute(_INSERT, vars(entry))


def list_destructions(connection: Connection, limit: int) -> list[Destruction]:
    """Return the entries, the newest first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    limit
        Most entries.
    """
    rows = connection.execute(_LIST, {"limit": limit}).mappings()
    return [Destruction(**row) for row in rows]
