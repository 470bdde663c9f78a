"""Grids of today with what lies above them, without frames."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

_AREAS: Final = text(
    "SELECT unit_id, code, level, path::text AS path,"
    " CASE WHEN level = 'grid' THEN geom END AS geom FROM govgrid.area_now"
    " WHERE level IN ('grid', 'community', 'township') ORDER BY level, code"
)
_SINCE: Final = text(
    "SELECT max(day) FROM (SELECT lower(valid) AS day FROM govgrid.area"
    " UNION ALL SELECT upper(valid) FROM govgrid.area) AS bounds WHERE day <= govgrid.today()"
)


@dataclass(frozen=True)
class StoredArea:
    """An area of today; `path` holds the unit_ids down to it, `geom` hex EWKB of a grid."""

    unit_id: int
    code: str
    level: str
    path: tuple[int, ...]
    geom: str | None


def read_areas(connection: Connection) -> list[StoredArea]:
    """Return the grids, communities and townships of today."""
    return [
        StoredArea(
            row.unit_id, row.code, row.level, tuple(map(int, (row.path or "").split("."))), row.geom
        )
        for row in connection.execute(_AREAS)
        if row.path
    ]


def areas_since(connection: Connection) -> date | None:
    """Return the day from which the areas are as today, None if they never changed."""
    found: date | None = connection.execute(_SINCE).scalar()
    return found
