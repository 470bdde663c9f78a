"""What a reader is granted of the cameras and of the ground, without frames."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, text

from geo.access import predicates
from geo.access.principal import Principal

_CAMERAS: Final = text(f"SELECT code, depth, exact, distance_m FROM {predicates.CAMERAS}")
_GROUND: Final = text("SELECT geom FROM govgrid.area_now WHERE unit_id = ANY(:areas)")

Row = tuple[str, int | None, bool, float]


def granted_rows(connection: Connection, reader: Principal) -> list[Row]:
    """Return code, depth, exact and distance as :func:`geo.access.predicates.visible_cameras`.

    Parameters
    ----------
    connection
        Transaction that sees all cameras.
    reader
        Whose grants cut.
    """
    return [tuple(row) for row in connection.execute(_CAMERAS, reader.parameters)]


def granted_ground(connection: Connection, areas: Collection[int]) -> list[str]:
    """Return the geometries (hex EWKB, EPSG:4326) of areas of today.

    Parameters
    ----------
    connection
        Open transaction.
    areas
        Their unit_ids.
    """
    return list(connection.execute(_GROUND, {"areas": list(areas)}).scalars())
