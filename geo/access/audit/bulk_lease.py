"""Rows that an account may read without asking the database for each: counted there in advance."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from sqlalchemy import Engine

from geo.access.audit import export_log
from geo.access.principal import Principal

SHARE: Final = 8
"""A lease is one part in so many of what is left, so that near the limit each read is counted."""
REGISTERED: Final = 5_000
"""Rows counted in advance of a read that is in the register: it has no limit any more."""


@dataclass
class BulkLease:
    """Rows that are counted and not read yet, until the end of the hour that they count for."""

    left: int
    until: datetime


class BulkLeases:
    """Counts bulk reads as :func:`geo.access.audit.export_log.count_bulk_read`, some in advance.

    What a process counted and did not use when it ends counts as read.
    """

    def __init__(self, engine: Engine, *, most: int) -> None:
        self._engine, self._most = engine, most
        self._held: dict[tuple[str | None, str], BulkLease] = {}
        self._lock = Lock()

    def spend(self, reader: Principal, what: str, rows: int) -> bool:
        """Use rows that are counted already, without waiting; return False if there are too few."""
        if reader.system or rows == 0:
            return True
        with self._lock:
            lease = self._held.get((reader.id, what))
            if lease is None or lease.left < rows or lease.until <= datetime.now(UTC):
                return False
            lease.left -= rows
            return True

    def count(self, reader: Principal, what: str, rows: int, *, reason: str | None) -> None:
        """Count rows, and some in advance.

        Raises
        ------
        ForbiddenError
            If it is too much for reading, and no reason is given or exporting is not permitted.
        DiskFullError
            If it is too much for reading, and the row of the export cannot be written.
        """
        if self.spend(reader, what, rows):
            return
        counted = export_log.count_bulk_read(
            self._engine, reader, what, rows, most=self._most, reason=reason
        )
        if counted is None:
            return
        ahead = REGISTERED if counted.registered else (self._most - counted.rows) // SHARE
        if ahead < rows:
            return
        more = export_log.count_bulk_read(
            self._engine, reader, what, ahead, most=self._most, reason=reason
        )
        if more is not None and more.hour == counted.hour:
            with self._lock:
                self._held[reader.id, what] = BulkLease(ahead, more.hour + timedelta(hours=1))
