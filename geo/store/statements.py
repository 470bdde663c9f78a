"""Statements composed of identifiers, and values as text of a jsonb cell."""

import json
from collections.abc import Sequence
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection


def execute(connection: Connection, statement: sql.Composable) -> list[tuple[Any, ...]]:
    """Run a statement whose identifiers were composed; return its rows, if any.

    Parameters
    ----------
    connection
        Open transaction.
    statement
        Composed by ``psycopg2.sql``; it takes no parameters.
    """
    with driver_connection(connection).cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def columns_of(names: Sequence[str], *, prefix: str | None = None) -> sql.Composable:
    """Return the quoted list of column names, for a statement.

    Parameters
    ----------
    names
        Columns in order.
    prefix
        Table or alias in front of each; None for none.
    """
    quoted = [sql.Identifier(prefix, n) if prefix else sql.Identifier(n) for n in names]
    return sql.SQL(", ").join(quoted)


def to_json(value: object) -> str:
    """Return `value` as the text of a jsonb cell."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value != {} else "{}"


def driver_connection(connection: Connection) -> Any:  # noqa: ANN401 - psycopg2's own connection
    """Return the driver's connection below one of the pool."""
    return connection.connection.driver_connection
