"""Transactions in which the database itself knows who asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from geo.access.principal import Reader
from geo.access.store import row_security
from geo.store import db


@contextmanager
def open_as(engine: Engine, reader: Reader, *, keep: bool = True) -> Iterator[Connection]:
    """Open a transaction with row-level security set for `reader`."""
    with db.open_transaction(engine, keep=keep) as connection:
        set_row_security(connection, reader)
        yield connection


def set_row_security(connection: Connection, reader: Reader, *actions: str) -> None:
    """Tell the database who asks, until the end of the transaction.

    `actions` are such that the reader has not, but the program needs for it, as "login".
    """
    granted = "all" if reader.everything else ",".join(map(str, reader.areas))
    row_security.set_principal(
        connection,
        {
            "granted": granted,
            "account": reader.id or "",
            "unit": reader.unit_code or "",
            "actions": ",".join(sorted(reader.actions | set(actions))),
        },
    )


@contextmanager
def open_read_only(engine: Engine, reader: Reader) -> Iterator[Connection]:
    """Open a transaction that sees all ground and equipment, but no account, register or incident.

    For what is to be cut by predicates (:mod:`geo.access.predicates`) or computed from all
    cameras: row-level security would keep the spatial index from being used. Only the service
    steps down; the owner of the tables, as which the command line works, stays what it is.
    """
    with open_as(engine, reader) as connection:
        step_down(connection)
        yield connection


def step_down(connection: Connection) -> None:
    """See all ground and equipment from here on, and nothing else; see :func:`open_read_only`."""
    row_security.use_reading_role(connection)
