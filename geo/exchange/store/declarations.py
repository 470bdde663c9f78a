"""Declarations about the files of a source: the rows of ``import_mapping``."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.base.json_objects import SavedOptions
from geo.store import frames, statements

if TYPE_CHECKING:
    import pandas as pd

_UPSERT: Final = text(
    "INSERT INTO govgrid.import_mapping (layer, source, options, by_whom)"
    " VALUES (:layer, :source, CAST(:options AS jsonb), :by_whom)"
    " ON CONFLICT (layer, source) DO UPDATE"
    " SET options = excluded.options, by_whom = excluded.by_whom, at = govgrid.now()"
)
_LIST: Final = (
    "SELECT layer, source, options, by_whom, at FROM govgrid.import_mapping"
    " WHERE layer <> ALL(:without) ORDER BY layer, source"
)
_OF_LAYER: Final = text(
    "SELECT source, options FROM govgrid.import_mapping WHERE layer = :layer ORDER BY source"
)
_DELETE: Final = text(
    "DELETE FROM govgrid.import_mapping WHERE layer = :layer AND source = :source"
)


def store_declaration(
    connection: Connection, layer: str, source: str, options: SavedOptions, *, by_whom: str
) -> None:
    """Store the declarations of a source; older ones are replaced.

    Parameters
    ----------
    connection
        Open transaction.
    layer
        Layer that the source delivers.
    source
        Its name.
    options
        Declared options of an import, as JSON values.
    by_whom
        Account or local user.
    """
    row = {"layer": layer, "source": source, "by_whom": by_whom}
    connection.execute(_UPSERT, {**row, "options": statements.to_json(options)})


def list_declarations(connection: Connection, *, without: Collection[str] = ()) -> pd.DataFrame:
    """Return declarations: layer, source, options, by_whom, at.

    Parameters
    ----------
    connection
        Inside a transaction.
    without
        Layers whose declarations are left out.
    """
    return frames.read_frame(connection, _LIST, {"without": list(without)})


def declarations_of(connection: Connection, layer: str) -> dict[str, SavedOptions]:
    """Return the declarations of the sources of a layer: name → options.

    Parameters
    ----------
    connection
        Open transaction.
    layer
        Name of the layer.
    """
    return {row.source: row.options for row in connection.execute(_OF_LAYER, {"layer": layer})}


def delete_declaration(connection: Connection, layer: str, source: str) -> None:
    """Delete the declarations of a source.

    Parameters
    ----------
    connection
        Open transaction.
    layer
        Layer that the source delivers.
    source
        Its name.
    """
    connection.execute(_DELETE, {"layer": layer, "source": source})
