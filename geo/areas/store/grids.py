"""Grids of today with what lies above them, without frames."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

_AREAS: Final = text(
    "SELECT unit_id, code, level, path::text AS path,"
    " CASE WHEN level = 'grid' THEN geom END AS geom FROM govgrid.area_now"
    " WHERE level IN ('grid', 'community', 'township') ORDER BY level, code"
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
