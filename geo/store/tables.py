"""Rows of the ordinary layers: staged, compared, then inserted or updated in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg2 import sql
from sqlalchemy import Connection

from geo.store import frames, statements

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Change:
    """How many rows an import inserted, updated and found unchanged."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Change) -> Change:
        return Change(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


def upsert_rows(
    connection: Connection,
    table: str,
    rows: pd.DataFrame,
    *,
    key: Sequence[str] = ("code",),
    run: int | None = None,
) -> Change:
    """Insert or update rows of a table; return the counts.

    A row that is equal in all given columns is left alone, so that importing the same file twice
    changes nothing.

    Parameters
    ----------
    connection
        Open transaction.
    table
        Name without schema.
    rows
        Columns of the table; those that it lacks stay as they are.
    key
        Columns by which rows are matched.
    run
        Number of the import run that changed rows are marked with; None for none.
    """
    return change_of(rows, merge_rows(connection, table, rows, key=key, run=run))


def merge_rows(
    connection: Connection,
    table: str,
    rows: pd.DataFrame,
    *,
    key: Sequence[str] = ("code",),
    run: int | None = None,
) -> pd.DataFrame:
    """Insert or update rows as :func:`upsert_rows` does; return the rows that changed.

    Parameters
    ----------
    connection
        Open transaction.
    table
        Name without schema.
    rows
        Columns of the table; those that it lacks stay as they are.
    key
        Columns by which rows are matched.
    run
        Number of the import run that changed rows are marked with; None for none.

    Returns
    -------
    pd.DataFrame
        The key and ``is_new`` of each row that changed.
    """
    import pandas as pd

    from geo.store.csv_cells import column_names

    if rows.empty:
        return pd.DataFrame(columns=[*key, "is_new"])
    names = column_names(rows)
    _stage(connection, table, names, rows)
    changed = statements.execute(connection, _merge(table, names, key, run))
    statements.execute(connection, sql.SQL("DROP TABLE stage"))
    return pd.DataFrame(changed, columns=[*key, "is_new"])


def change_of(rows: pd.DataFrame, changed: pd.DataFrame) -> Change:
    """Return the counts of inserted, updated and unchanged rows.

    Parameters
    ----------
    rows
        All rows.
    changed
        Those that changed, with ``is_new``, as from :func:`merge_rows`.
    """
    inserted = int(changed["is_new"].astype(bool).sum())
    return Change(inserted, len(changed) - inserted, len(rows) - len(changed))


def _stage(connection: Connection, table: str, names: list[str], rows: pd.DataFrame) -> None:
    statement = sql.SQL(
        "CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
    ).format(statements.columns_of(names), sql.Identifier("govgrid", table))
    statements.execute(connection, statement)
    frames.copy_in(connection, "stage", rows, schema=None)


def _merge(table: str, names: list[str], key: Sequence[str], run: int | None) -> sql.Composable:
    values = [name for name in names if name not in key]
    marked = [*names, "import_run"] if run is not None else names
    assignments = [
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
        for name in marked
        if name not in key
    ]
    return sql.SQL(
        "INSERT INTO {table} AS old ({columns}) SELECT {source} FROM stage"
        " ON CONFLICT ({key}) DO UPDATE SET {assignments}"
        " WHERE ROW({old}) IS DISTINCT FROM ROW({new})"
        " RETURNING {returned}, xmax = 0"
    ).format(
        table=sql.Identifier("govgrid", table),
        columns=statements.columns_of(marked),
        source=sql.SQL(", ").join(
            [
                statements.columns_of(names),
                *([sql.Literal(run)] if run is not None else []),
            ]
        ),
        key=statements.columns_of(key),
        returned=statements.columns_of(key, prefix="old"),
        assignments=sql.SQL(", ").join(assignments),
        old=statements.columns_of(values, prefix="old"),
        new=statements.columns_of(values, prefix="excluded"),
    )
