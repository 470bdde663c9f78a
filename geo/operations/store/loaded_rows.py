"""How much of each layer is loaded."""

from typing import Final

from sqlalchemy import Connection, text

_COUNT: Final = text("SELECT sum(rows) FROM govgrid.loaded_rows WHERE layer = :layer")
_COUNTS: Final = text("SELECT layer, rows FROM govgrid.loaded_rows")


def count_layer(connection: Connection, layer: str) -> int:
    """Return how many rows of a layer there are, 0 of one that is not counted.

    Parameters
    ----------
    connection
        Open transaction.
    layer
        Name of the layer.
    """
    return int(connection.execute(_COUNT, {"layer": layer}).scalar() or 0)


def count_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows of each layer of the checklist there are."""
    return {row.layer: int(row.rows) for row in connection.execute(_COUNTS)}
