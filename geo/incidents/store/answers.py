"""Incidents as their answer tells them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

COLUMNS: Final = (
    "id, code, state, version, category, title, description, address, source, source_ref,"
    " emergency, on_hold, status, grid_code, community_code, township_code, candidates,"
    " nearest_code, nearest_m, unit_code, proposed_unit_code, override_reason, routing,"
    " reported_at, occurred_at, occurred_to, amber_at, due_at, due_provisional, done_at,"
    " accuracy_m,"
    " asset_code, located_by, unseen_demand, ST_X(geom) AS lon, ST_Y(geom) AS lat"
)
_ROW: Final = text(f"SELECT {COLUMNS} FROM govgrid.incident WHERE id = :id")


@dataclass(frozen=True)
class AnswerRow:
    """A row of ``incident`` as far as its answer tells it."""

    id: UUID
    code: str
    state: str
    version: int
    category: str | None
    title: str
    description: str | None
    address: str | None
    source: str | None
    source_ref: str | None
    emergency: bool
    on_hold: bool
    status: str | None
    grid_code: str | None
    community_code: str | None
    township_code: str | None
    candidates: list[str]
    nearest_code: str | None
    nearest_m: float | None
    unit_code: str | None
    proposed_unit_code: str | None
    override_reason: str | None
    routing: dict[str, Any]
    reported_at: datetime | None
    occurred_at: datetime | None
    occurred_to: datetime | None
    amber_at: datetime | None
    due_at: datetime | None
    due_provisional: bool
    done_at: datetime | None
    accuracy_m: float | None
    asset_code: str | None
    located_by: str | None
    unseen_demand: bool
    lon: float | None
    lat: float | None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return when it happened: a moment where no end is known."""
        begin = self.occurred_at or self.reported_at
        if begin is None:
            raise ValueError("an incident without any time")
        return begin, self.occurred_to or begin


def read_row(connection: Connection, incident: UUID) -> AnswerRow | None:
    """Return an incident as its answer tells it, None if it is none or not granted.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    incident
        Its id.
    """
    row = connection.execute(_ROW, {"id": incident}).one_or_none()
    return None if row is None else AnswerRow(*row)
