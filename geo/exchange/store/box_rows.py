"""Rows of a layer that meet a box, as the tiles of the layer show them to who asks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.access.roles import depth_no
from geo.base.json_objects import LayerRow
from geo.exchange.store.tile_rows import SOURCES, Source

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

# the rows of tiles are asked of a box named `tile`
_WITHIN: Final = (
    "WITH tile AS MATERIALIZED (SELECT ST_MakeEnvelope(:west, :south, :east, :north, 4326)"
    " AS lonlat), given AS MATERIALIZED ({rows}),"
    " here AS (SELECT g.* FROM given g, tile t WHERE g.geom && t.lonlat)"
)


def count_within(connection: Connection, layer: str, box: Box, given: Mapping[str, Any]) -> int:
    """Return how many rows of a layer meet a box.

    Parameters
    ----------
    connection
        Of a transaction whose row-level security fits the layer: `Source.fenced`.
    layer
        One of `SOURCES` whose rows are selected in degrees.
    box
        Of the ground.
    given
        ``Principal.parameters`` of who asks.
    """
    source = SOURCES[layer]
    statement = text(_WITHIN.format(rows=source.rows) + " SELECT count(*) FROM here")
    return int(connection.execute(statement, _values(source, box, given)).scalar_one())


def select_within(
    connection: Connection, layer: str, box: Box, given: Mapping[str, Any]
) -> Sequence[LayerRow]:
    """Return the rows of a layer that meet a box, in order of codes; ``shape`` is WKB, lon/lat.

    Parameters
    ----------
    connection, layer, box, given
        As for :func:`count_within`.
    """
    source = SOURCES[layer]
    names = ", ".join(source.full)
    statement = text(
        _WITHIN.format(rows=source.rows)
        + f" SELECT {names}, ST_AsBinary(geom) AS shape FROM here ORDER BY code"
    )
    found = connection.execute(statement, _values(source, box, given)).mappings()
    return [dict(row) for row in found]


def _values(source: Source, box: Box, given: Mapping[str, Any]) -> dict[str, Any]:
    sides = dict(zip(("west", "south", "east", "north"), box, strict=True))
    return {**given, **sides, "depth": depth_no(source.depth)}
