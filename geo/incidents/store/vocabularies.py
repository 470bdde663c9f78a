"""Rows of the vocabularies of incidents: their names come from the table of vocabularies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection

from geo.incidents.rules.vocabulary import Vocabulary
from geo.store import statements


@dataclass(frozen=True)
class VocabularyRow:
    """A row: its columns, and the name of this version of it."""

    values: Mapping[str, Any]
    version: str


def read_rows(connection: Connection, vocabulary: Vocabulary) -> list[VocabularyRow]:
    """Return the rows of a vocabulary in their order.

    Parameters
    ----------
    connection
        Open transaction.
    vocabulary
        Which.
    """
    ranked = any(field.name == "rank" for field in vocabulary.fields)
    order = [*(["rank"] if ranked else []), *vocabulary.key]
    statement = sql.SQL("{} ORDER BY {}").format(
        _select(vocabulary), statements.columns_of(order, prefix="t")
    )
    return [VocabularyRow(*row) for row in statements.execute(connection, statement)]


def lock_entry(
    connection: Connection, vocabulary: Vocabulary, key: Mapping[str, str]
) -> VocabularyRow | None:
    """Return a row, locked until the transaction ends; None if there is none.

    Parameters
    ----------
    connection
        Open transaction.
    vocabulary
        Which.
    key
        Columns of its key.
    """
    statement = sql.SQL("{} WHERE {} FOR UPDATE").format(_select(vocabulary), _is(key))
    found = statements.execute(connection, statement)
    return VocabularyRow(*found[0]) if found else None


def insert_entry(connection: Connection, vocabulary: Vocabulary, row: Mapping[str, object]) -> bool:
    """Add a row; False where there is one of its key.

    Parameters
    ----------
    connection
        Open transaction.
    vocabulary
        Which.
    row
        Column → value; what is not named is as the table has it.
    """
    statement = sql.SQL(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING true"
    ).format(
        _table(vocabulary),
        statements.columns_of(list(row)),
        sql.SQL(", ").join(map(sql.Literal, row.values())),
    )
    return bool(statements.execute(connection, statement))


def update_entry(
    connection: Connection,
    vocabulary: Vocabulary,
    key: Mapping[str, str],
    changed: Mapping[str, object],
) -> None:
    """Set columns of a row.

    Parameters
    ----------
    connection
        Open transaction.
    vocabulary
        Which.
    key
        Columns of its key.
    changed
        Column → value.
    """
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in changed.items()
    ]
    statement = sql.SQL("UPDATE {} AS t SET {} WHERE {}").format(
        _table(vocabulary), sql.SQL(", ").join(pairs), _is(key)
    )
    statements.execute(connection, statement)


def next_rank(connection: Connection, vocabulary: Vocabulary) -> int:
    """Return the rank of a row that is to come last.

    Parameters
    ----------
    connection
        Open transaction.
    vocabulary
        Which.
    """
    statement = sql.SQL("SELECT coalesce(max(rank), 0) + 1 FROM {}").format(_table(vocabulary))
    return int(statements.execute(connection, statement)[0][0])


def is_name_used(connection: Connection, name: str) -> bool:
    """Return whether an incident is of the category of this name.

    Parameters
    ----------
    connection
        Open transaction in which all incidents are seen.
    name
        Of the category.
    """
    statement = sql.SQL("SELECT EXISTS (SELECT FROM govgrid.incident WHERE category = {})").format(
        sql.Literal(name)
    )
    return bool(statements.execute(connection, statement)[0][0])


def _select(vocabulary: Vocabulary) -> sql.Composable:
    return sql.SQL("SELECT to_jsonb(t), md5(to_jsonb(t)::text) FROM {} AS t").format(
        _table(vocabulary)
    )


def _table(vocabulary: Vocabulary) -> sql.Composable:
    return sql.Identifier("govgrid", vocabulary.table)


def _is(key: Mapping[str, str]) -> sql.Composable:
    pairs = [
        sql.SQL("t.{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in key.items()
    ]
    return sql.SQL(" AND ").join(pairs)
