"""Events of cameras; who receives them depends on the owner kind and both places of a camera."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from geo.store import outbox
from geo.store.outbox import Event

LAYER: Final = "cameras"
MOST: Final = 200
_PLACES: Final = text(
    "SELECT code, coalesce(owner_kind, 'unknown') AS kind, ST_X(geom) AS lon, ST_Y(geom) AS lat"
    " FROM govgrid.camera WHERE code = ANY(CAST(:codes AS text[])) ORDER BY code"
)
_KINDS: Final = text(
    "SELECT DISTINCT coalesce(owner_kind, 'unknown') FROM govgrid.camera"
    " WHERE code = ANY(CAST(:codes AS text[])) ORDER BY 1"
)


def add_camera_events(connection: Connection, kind: str, codes: Sequence[str]) -> None:
    """Write an event for each camera; of more than 200 one for each owner kind, without a place.

    Parameters
    ----------
    connection
        Transaction of what happened to them.
    kind
        What happened.
    codes
        Codes of the cameras.
    """
    asked = {"codes": list(codes)}
    if len(codes) > MOST:
        kinds = connection.execute(_KINDS, asked).scalars()
        outbox.add_events(connection, [Event(LAYER, kind, owner_kind=each) for each in kinds])
        return
    outbox.add_events(
        connection,
        [
            Event(LAYER, kind, row.code, boxes=[(row.lon, row.lat) * 2], owner_kind=row.kind)
            for row in connection.execute(_PLACES, asked)
        ],
    )
