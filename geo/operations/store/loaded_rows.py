"""How much of each layer is loaded."""

from typing import Final

from sqlalchemy import Connection, text

_COUNTS: Final = text("SELECT layer, rows FROM govgrid.loaded_rows")


def count_rows(connection: Connection) -> dict[str, int]:
    """Return how many rows of each layer of the checklist there are."""
    return {row.layer: int(row.rows) for row in connection.execute(_COUNTS)}
