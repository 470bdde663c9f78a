"""Exports: the tables ``export_register`` and ``bulk_read``."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, text

_INSERT: Final = text(
    "INSERT INTO govgrid.export_register"
    " (account, account_name, holder, unit_name, what, form, area, rows, reason, coarsened)"
    " VALUES (:account, :name, :holder, :unit, :what, :form, :area, :rows, :reason, :coarsened)"
    " RETURNING id"
)
_COUNT: Final = text(
    "INSERT INTO govgrid.bulk_read AS b (account, what, hour, rows)"
    " VALUES (:account, :what, date_trunc('hour', now()), :rows)"
    " ON CONFLICT (account, what, hour) DO UPDATE SET rows = b.rows + :rows"
    " RETURNING rows, hour, register"
)
_REGISTERED: Final = text(
    "UPDATE govgrid.bulk_read SET register = :number"
    " WHERE account = :account AND what = :what AND hour = :hour"
)
# A page shown again says nothing new: of each part of what is shown the largest number counts.
_SHOWN: Final = text(
    "SELECT coalesce(sum(rows) FILTER (WHERE what NOT IN (:what, :layer || '/')), 0) AS others,"
    " coalesce(max(rows) FILTER (WHERE what = :what), 0) AS own,"
    " coalesce(bool_or(what = :layer || '/'), false) AS whole,"
    " coalesce(bool_or(register IS NOT NULL), false) AS registered FROM govgrid.bulk_read"
    " WHERE account = :account AND hour = date_trunc('hour', now())"
    " AND starts_with(what, :layer || '/')"
)
_SHOW: Final = text(
    "INSERT INTO govgrid.bulk_read AS b (account, what, hour, rows, register)"
    " VALUES (:account, :what, date_trunc('hour', now()), :rows, :number)"
    " ON CONFLICT (account, what, hour) DO UPDATE SET rows = greatest(b.rows, excluded.rows),"
    " register = coalesce(b.register, excluded.register)"
)


def insert_export(connection: Connection, row: Mapping[str, Any]) -> str:
    """Insert an export and return its id (uuid).

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``account``, ``name``, ``holder``, ``unit``, ``what``, ``form``, ``area``, ``rows``,
        ``reason`` and ``coarsened``.
    """
    return str(connection.execute(_INSERT, row).scalar_one())


def count_rows(connection: Connection, account: str | None, what: str, rows: int) -> Row[Any]:
    """Add rows to what an account read this hour; return ``rows``, ``hour`` and ``register``.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    what
        Layer.
    rows
        Rows read now.
    """
    return connection.execute(_COUNT, {"account": account, "what": what, "rows": rows}).one()


def mark_registered(
    connection: Connection, account: str | None, what: str, hour: object, number: str
) -> None:
    """Store the export under which the rows of an hour are registered.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    what
        Layer.
    hour
        Beginning of the hour, from :func:`count_rows`.
    number
        Export (uuid).
    """
    asked = {"account": account, "what": what, "hour": hour, "number": number}
    connection.execute(_REGISTERED, asked)


def shown_rows(connection: Connection, account: str | None, what: str, layer: str) -> Row[Any]:
    """Return the rows of a layer shown to an account this hour.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    what
        Layer and part.
    layer
        Layer of which all parts count.

    Returns
    -------
    Row[Any]
        ``others``, ``own``, ``whole`` and ``registered``.
    """
    return connection.execute(_SHOWN, {"account": account, "what": what, "layer": layer}).one()


def count_shown(
    connection: Connection, account: str | None, what: str, rows: int, number: str | None
) -> None:
    """Record the rows of a part that is shown.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    what
        Layer and part.
    rows
        Rows of the part.
    number
        Export (uuid) under which they are registered, None if not.
    """
    asked = {"account": account, "what": what, "rows": rows, "number": number}
    connection.execute(_SHOW, asked)
