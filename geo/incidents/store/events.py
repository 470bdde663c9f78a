"""Where an incident is, for events of it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

_PLACE: Final = text(
    "SELECT i.id, i.code, i.state, i.version, i.unit_code, i.area_unit_id, ST_X(i.geom) AS lon,"
    " ST_Y(i.geom) AS lat, coalesce(k.sensitive, false) AS sensitive FROM govgrid.incident i"
    " LEFT JOIN LATERAL (SELECT c.sensitive FROM govgrid.category c"
    "  WHERE c.code = i.category OR c.name = i.category ORDER BY c.shipped, c.code LIMIT 1) k"
    "  ON true"
    " WHERE i.id = :id"
)
_BOX: Final = text(
    "SELECT ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM govgrid.area_now"
    " WHERE unit_id = :area LIMIT 1"
)


def read_place(connection: Connection, incident: UUID) -> Mapping[str, Any]:
    """Return what an event says of an incident and decides who receives it.

    Parameters
    ----------
    connection
        Open transaction.
    incident
        Its id.
    """
    return dict(connection.execute(_PLACE, {"id": incident}).mappings().one())


def area_box(connection: Connection, area: int | None) -> tuple[float, float, float, float] | None:
    """Return the box of an area (unit_id) of today, None where it is not known.

    Parameters
    ----------
    connection
        Open transaction.
    area
        unit_id.
    """
    if area is None:
        return None
    row = connection.execute(_BOX, {"area": area}).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])
