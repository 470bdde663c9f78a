"""Single rows of the layers that are edited: read with their version, deleted.

The name of the table comes from the layer that is edited, as with an undo.
"""

from dataclasses import dataclass
from typing import Any, Final

from psycopg2 import sql
from sqlalchemy import Connection

from geo.store import statements

# What follows from other columns, or comes by messages: it makes no other version of a row.
DERIVED: Final = ("connection", "coarse_geom", "grid_code")


@dataclass(frozen=True)
class StoredRow:
    """A row as it is: its columns, its place as WKB (lon/lat), and the name of this version."""

    values: dict[str, Any]
    shape: bytes | None
    version: str


def read_row(
    connection: Connection, table: str, key: str, code: str, *, parts: str | None = None
) -> StoredRow | None:
    """Return a row and lock it until the end of the transaction; None if there is none.

    Parameters
    ----------
    connection
        Open transaction.
    table, key
        Name of the table without schema, and of its key.
    code
        Key of the row.
    parts
        Table whose rows with this ``camera_code`` belong to it; None for none.
    """
    shaped = _has_shape(connection, table)
    found = statements.execute(
        connection,
        sql.SQL(
            "SELECT to_jsonb(t) - ARRAY['geom', 'reported_geom', 'coarse_geom'], {shape},"
            " md5(concat_ws('|', to_jsonb(t) - {derived}::text[], {shape}, {parts}))"
            " FROM {table} AS t WHERE t.{key}::text = {code}"
        ).format(
            shape=sql.SQL("ST_AsBinary(t.geom)") if shaped else sql.SQL("NULL::bytea"),
            derived=sql.Literal(list(DERIVED)),
            parts=_parts(parts, code),
            table=sql.Identifier("govgrid", table),
            key=sql.Identifier(key),
            code=sql.Literal(code),
        ),
    )
    if not found:
        return None
    values, shape, version = found[0]
    return StoredRow(values, None if shape is None else bytes(shape), version)


def delete_row(connection: Connection, table: str, key: str, code: str) -> None:
    """Delete a row, and with it what belongs to it.

    Parameters
    ----------
    connection
        Open transaction.
    table, key
        Name of the table without schema, and of its key.
    code
        Key of the row.
    """
    statements.execute(
        connection,
        sql.SQL("DELETE FROM {table} AS t WHERE t.{key}::text = {code}").format(
            table=sql.Identifier("govgrid", table),
            key=sql.Identifier(key),
            code=sql.Literal(code),
        ),
    )


def _has_shape(connection: Connection, table: str) -> bool:
    found = statements.execute(
        connection,
        sql.SQL(
            "SELECT 1 FROM information_schema.columns WHERE table_schema = 'govgrid'"
            " AND table_name = {name} AND column_name = 'geom'"
        ).format(name=sql.Literal(table)),
    )
    return bool(found)


def _parts(table: str | None, code: str) -> sql.Composable:
    if table is None:
        return sql.SQL("''")
    return sql.SQL(
        "(SELECT string_agg(p::text, '|' ORDER BY p::text) FROM {table} AS p"
        " WHERE p.camera_code = {code})"
    ).format(table=sql.Identifier("govgrid", table), code=sql.Literal(code))
