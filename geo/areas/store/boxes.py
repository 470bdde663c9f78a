"""Granted areas of today above the grid: code, name, what they lie in, and their bounding box."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access import predicates

_GRANTED: Final = predicates.AREA.format(path="a.path")
_BOXES: Final = text(
    "SELECT a.level, a.code, a.name, p.code AS parent_code, ST_XMin(b.box) AS west,"
    " ST_YMin(b.box) AS south, ST_XMax(b.box) AS east, ST_YMax(b.box) AS north,"
    " ST_X(b.spot) AS lon, ST_Y(b.spot) AS lat"
    " FROM govgrid.area_now a LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
    " CROSS JOIN LATERAL (SELECT Box2D(a.geom) AS box,"
    " ST_PointOnSurface(a.geom) AS spot) b"
    " WHERE a.level IN ('district', 'township', 'community', 'grid')"
    " AND NOT a.attributes ? 'made'"
    f" AND {_GRANTED} ORDER BY a.level, a.code"
)


@dataclass(frozen=True)
class NamedArea:
    """An area with its bounding box (west, south, east, north) and a point inside (lon, lat).

    All in degrees, EPSG:4326.
    """

    level: str
    code: str
    name: str
    parent_code: str | None
    box: tuple[float, float, float, float]
    spot: tuple[float, float]


def read_boxes(connection: Connection, parameters: Mapping[str, Any]) -> list[NamedArea]:
    """Return the granted areas of today, of all levels.

    Parameters
    ----------
    connection
        Open transaction.
    parameters
        Grants of the principal as SQL parameters.
    """
    return [
        NamedArea(
            row.level,
            row.code,
            row.name,
            row.parent_code,
            (row.west, row.south, row.east, row.north),
            (row.lon, row.lat),
        )
        for row in connection.execute(_BOXES, parameters)
    ]
