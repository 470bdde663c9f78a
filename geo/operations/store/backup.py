"""What a backup asks of the database: a snapshot that others see as well, and how many rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg2 import sql
from sqlalchemy import Connection, text

from geo.store import db, statements

_NO_LIMIT: Final = text("SET LOCAL statement_timeout = 0")
_SNAPSHOT: Final = text(
    "SELECT pg_export_snapshot() AS name, transaction_timestamp() AS at,"
    " split_part(current_setting('server_version'), ' ', 1) AS server,"
    " (SELECT extversion FROM pg_extension WHERE extname = 'postgis') AS postgis"
)
_TABLES: Final = text(
    "SELECT schemaname || '.' || tablename FROM pg_tables"
    " WHERE schemaname = ANY(:schemas) ORDER BY 1"
)
_SCHEMAS: Final = text(
    "SELECT nspname FROM pg_namespace WHERE nspname = ANY(:schemas) ORDER BY nspname"
)
_EXISTS: Final = text("SELECT to_regclass(:name) IS NOT NULL")


@dataclass(frozen=True)
class Snapshot:
    """A state of the database that other connections can see while the transaction lasts."""

    name: str
    at: datetime
    server: str
    postgis: str


def export_snapshot(connection: Connection) -> Snapshot:
    """Return the name of the state that a transaction sees, which must be REPEATABLE READ."""
    connection.execute(_NO_LIMIT)
    row = connection.execute(_SNAPSHOT).one()
    return Snapshot(row.name, row.at, row.server, row.postgis or "")


def list_schemas(connection: Connection) -> list[str]:
    """Return the names of the product's schemas that there are."""
    known = [db.SCHEMA, db.QUEUE_SCHEMA]
    return list(connection.execute(_SCHEMAS, {"schemas": known}).scalars())


def list_tables(connection: Connection) -> list[str]:
    """Return the tables of the product as ``schema.name``."""
    known = [db.SCHEMA, db.QUEUE_SCHEMA]
    return list(connection.execute(_TABLES, {"schemas": known}).scalars())


def count_rows(connection: Connection, tables: Sequence[str]) -> dict[str, int]:
    """Return the number of rows of tables.

    Parameters
    ----------
    connection
        Open transaction.
    tables
        As from :func:`list_tables`.
    """
    connection.execute(_NO_LIMIT)
    asked = sql.SQL("SELECT count(*) FROM {}")
    found = {}
    for each in tables:
        counted = asked.format(sql.Identifier(*each.split(".", 1)))
        found[each] = int(statements.execute(connection, counted)[0][0])
    return found


def has_table(connection: Connection, name: str) -> bool:
    """Return whether there is a table; older revisions lack some.

    Parameters
    ----------
    connection
        Open transaction.
    name
        As ``schema.name``.
    """
    return bool(connection.execute(_EXISTS, {"name": name}).scalar_one())
