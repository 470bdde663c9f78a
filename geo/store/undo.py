"""Undo: rows changed by an import are restored, unless a later import changed them again."""

from dataclasses import dataclass
from datetime import datetime

from psycopg2 import sql
from sqlalchemy import Connection, text

from geo.store import statements

_FIRST = (
    "SELECT DISTINCT ON (table_name, key) table_name, key, before FROM govgrid.import_change"
    " WHERE import_run = :run ORDER BY table_name, key, id"
)
_CODES = (
    "SELECT DISTINCT key ->> 'code' FROM govgrid.import_change"
    " WHERE import_run = :run AND table_name = :table"
)
_LATER = (
    "SELECT r.id AS run, r.layer, r.source, r.at, count(DISTINCT (c.table_name, c.key)) AS rows"
    " FROM govgrid.import_change c"
    " JOIN govgrid.import_change own ON own.import_run = :run"
    "  AND own.table_name = c.table_name AND own.key = c.key"
    " JOIN govgrid.import_run r ON r.id = c.import_run AND r.state = 'done'"
    " WHERE c.import_run > :run GROUP BY r.id ORDER BY r.id DESC"
)
_KEYS = (
    "SELECT table_name, array_agg(DISTINCT k ORDER BY k) AS key FROM undone,"
    " LATERAL jsonb_object_keys(key) AS k GROUP BY table_name ORDER BY table_name"
)
_COUNTS = (
    "SELECT count(*) FILTER (WHERE before IS NULL) AS removed,"
    " count(*) FILTER (WHERE before IS NOT NULL) AS restored FROM undone"
)
_COLUMNS = (
    "SELECT column_name FROM information_schema.columns"
    " WHERE table_schema = 'govgrid' AND table_name = :table ORDER BY ordinal_position"
)
_FORGET = (
    "UPDATE govgrid.import_run SET undo_gone_at = govgrid.now() WHERE undo_gone_at IS NULL"
    " AND coalesce(undone_at, at) < govgrid.now() - make_interval(days => :days)"
)
_DELETE_OLD = (
    "WITH gone AS (DELETE FROM govgrid.import_change c USING govgrid.import_run r"
    "  WHERE r.id = c.import_run AND r.undo_gone_at IS NOT NULL RETURNING r.at)"
    " SELECT count(*) AS number, min(at) AS oldest, max(at) AS newest FROM gone"
)
_FORGOTTEN = "SELECT undo_gone_at IS NOT NULL FROM govgrid.import_run WHERE id = :run"


@dataclass(frozen=True)
class UndoCounts:
    """How many rows an undo took away, and how many it brought back as they were."""

    removed: int
    restored: int


@dataclass(frozen=True)
class LaterRun:
    """A run that changed rows of an earlier one, and how many of them."""

    run: int
    layer: str
    source: str
    at: datetime
    rows: int


def later_runs(connection: Connection, run: int) -> list[LaterRun]:
    """Return the later runs that changed the same rows as a run, the newest first.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run to undo.
    """
    _as_a_whole(connection)
    rows = connection.execute(text(_LATER), {"run": run}).mappings()
    return [LaterRun(**row) for row in rows]


def delete_old_changes(
    connection: Connection, days: int
) -> tuple[int, datetime | None, datetime | None]:
    """Delete the rows as they were before runs of long ago; return how many, and of what time.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    days
        Since the run.
    """
    connection.execute(text(_FORGET), {"days": days})
    row = connection.execute(text(_DELETE_OLD)).one()
    return int(row.number), row.oldest, row.newest


def is_forgotten(connection: Connection, run: int) -> bool:
    """Return whether the rows as they were before a run were deleted: nothing restores them.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    """
    return bool(connection.execute(text(_FORGOTTEN), {"run": run}).scalar_one())


def changed_codes(connection: Connection, run: int, table: str) -> list[str]:
    """Return the codes of the rows of a table that a run inserted or changed.

    Parameters
    ----------
    connection
        Open transaction.
    run
        Number of the run.
    table
        Name without schema.
    """
    return list(connection.execute(text(_CODES), {"run": run, "table": table}).scalars())


def undo_changes(connection: Connection, run: int) -> UndoCounts:
    """Restore each row that a run changed and delete each that it inserted; return the counts.

    Parameters
    ----------
    connection
        Open transaction; the caller has checked that no later run changed the same rows.
    run
        Number of the run.
    """
    _as_a_whole(connection)
    _say(connection, run)
    connection.execute(text(f"CREATE TEMP TABLE undone ON COMMIT DROP AS {_FIRST}"), {"run": run})
    keys = connection.execute(text(_KEYS)).all()
    tables = [_Table(connection, name, list(key)) for name, key in keys]
    removed, restored = connection.execute(text(_COUNTS)).one()
    # what is there goes back before what is gone comes back: views hang on their cameras
    for step in (_Table.remove, _Table.put_back, _Table.bring_back):
        for table in tables:
            step(table)
    statements.execute(connection, sql.SQL("DROP TABLE undone"))
    _say(connection, None)
    return UndoCounts(removed, restored)


def _say(connection: Connection, run: int | None) -> None:
    """Say that what changes from here on is the undoing of `run`, which is no news; None: stop."""
    named = {"run": "" if run is None else str(run)}
    connection.execute(text("SELECT set_config('govgrid.undoing', :run, true)"), named)


def _as_a_whole(connection: Connection) -> None:
    """Have tables joined as wholes in this transaction.

    Of rows that have just come the server has no statistics: it takes them for a handful, and would
    look through all rows of one table for each of the other.
    """
    connection.execute(text("SET LOCAL enable_nestloop = off"))


class _Table:
    """One table that a run changed, with the columns that tell its rows apart."""

    def __init__(self, connection: Connection, name: str, key: list[str]) -> None:
        self._connection = connection
        columns = connection.execute(text(_COLUMNS), {"table": name})
        self._columns = list(columns.scalars())
        self._key = key
        pairs = [part for k in key for part in (sql.Literal(k), sql.Identifier("t", k))]
        self._parts = {
            "table": sql.Identifier("govgrid", name),
            "name": sql.Literal(name),
            "same": sql.SQL("jsonb_build_object({}) = u.key").format(sql.SQL(", ").join(pairs)),
        }

    def remove(self) -> None:
        """Delete what the run inserted."""
        self._do(
            "DELETE FROM {table} AS t USING undone u"
            " WHERE u.table_name = {name} AND u.before IS NULL AND {same}"
        )

    def put_back(self) -> None:
        """Give the rows that are there the values they had."""
        values = [name for name in self._columns if name not in self._key]
        assigned = [sql.SQL("{0} = b.{0}").format(sql.Identifier(name)) for name in values]
        self._do(
            "UPDATE {table} AS t SET {assigned} FROM undone u,"
            " LATERAL jsonb_populate_record(NULL::{table}, u.before) AS b"
            " WHERE u.table_name = {name} AND u.before IS NOT NULL AND {same}",
            assigned=sql.SQL(", ").join(assigned),
        )

    def bring_back(self) -> None:
        """Insert the rows that the run deleted."""
        self._do(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT b.* FROM undone u,"
            " LATERAL jsonb_populate_record(NULL::{table}, u.before) AS b"
            " WHERE u.table_name = {name} AND u.before IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM {table} AS t WHERE {same})"
        )

    def _do(self, statement: str, **more: sql.Composable) -> None:
        statements.execute(self._connection, sql.SQL(statement).format(**self._parts, **more))
