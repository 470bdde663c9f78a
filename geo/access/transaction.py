"""Transactions in which row-level security knows the principal."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from geo.access.principal import Principal
from geo.access.store import row_security
from geo.store import db


@contextmanager
def open_as(engine: Engine, reader: Principal, *, keep: bool = True) -> Iterator[Connection]:
    """Open a transaction with row-level security set for a principal.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    keep
        Whether it is committed at the end; False rolls it back.
    """
    with db.open_transaction(engine, keep=keep) as connection:
        set_row_security(connection, reader)
        yield connection


def set_row_security(connection: Connection, reader: Principal, *actions: str) -> None:
    """Set the principal of row-level security until the end of the transaction.

    Parameters
    ----------
    connection
        Open transaction.
    reader
        Principal whose grants apply.
    *actions
        Permissions of the program itself beyond the principal's, as "login".
    """
    row_security.set_principal(connection, _settings(reader, *actions))


@contextmanager
def open_read_only(engine: Engine, reader: Principal) -> Iterator[Connection]:
    """Open a transaction that reads ground and equipment of all areas, and nothing else.

    For rows that are limited by predicates (:mod:`geo.access.predicates`) or computed from all
    cameras: row-level security would keep the spatial index from being used. The service changes to
    the read-only role; the command line stays the owner of the tables.

    Parameters
    ----------
    reader
        Principal, for the settings of the transaction.
    """
    with db.open_transaction(engine) as connection:
        row_security.set_reading_principal(connection, _settings(reader))
        yield connection


def step_down(connection: Connection) -> None:
    """See all ground and equipment from here on, and nothing else; see :func:`open_read_only`."""
    row_security.use_reading_role(connection)


def step_up(connection: Connection) -> None:
    """See and write from here on as the principal; the other way round than :func:`step_down`."""
    row_security.leave_reading_role(connection)


def _settings(reader: Principal, *actions: str) -> dict[str, str]:
    return {
        "granted": "all" if reader.everything else ",".join(map(str, reader.areas)),
        "account": reader.id or "",
        "unit": reader.unit_code or "",
        "actions": ",".join(sorted(reader.actions | set(actions))),
    }
