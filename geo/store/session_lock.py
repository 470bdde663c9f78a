"""Sessions: their locks, held until they end by whatever end, and messages that they wait for."""

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geo.base.errors import UnavailableError
from geo.store import db
from geo.store.driver_errors import translate_error


@contextmanager
def open_session(engine: Engine) -> Iterator[Connection]:
    """Give a connection on which each statement is a transaction of its own; closed at the end.

    It is not handed to others afterwards, so that its locks end with it.

    Raises
    ------
    UnavailableError
        If the database cannot be reached, or the connection breaks inside.
    """
    try:
        with engine.connect() as found:
            connection = found.execution_options(isolation_level="AUTOCOMMIT")
            try:
                yield connection
            finally:
                connection.invalidate()
    except PoolTimeout as error:
        raise UnavailableError("store.busy") from error
    except DBAPIError as error:
        raise translate_error(error) from error


def try_session_lock(connection: Connection, work: int) -> bool:
    """Take an advisory lock until the end of the session if it is free; return whether it was.

    Parameters
    ----------
    connection
        As from :func:`open_session`.
    work
        Kind of work: a constant of :mod:`geo.store.db`, as `ENGINE`.
    """
    taken = text("SELECT pg_try_advisory_lock(:locks, :work)")
    found = connection.execute(taken, {"locks": db.LOCKS, "work": work})
    return bool(found.scalar_one())


def try_named_lock(connection: Connection, name: str) -> bool:
    """Take the lock of a name until the end of the session if it is free; return whether it was.

    Parameters
    ----------
    connection
        As from :func:`open_session`.
    name
        Distinguishes it from others.
    """
    taken = text("SELECT pg_try_advisory_lock(hashtextextended(:name, :locks))")
    return bool(connection.execute(taken, {"name": name, "locks": db.LOCKS}).scalar_one())


def listen_to(connection: Connection, channel: str) -> None:
    """Begin to listen to the messages (NOTIFY) of a channel.

    Parameters
    ----------
    connection
        As from :func:`open_session`.
    channel
        Name of the channel.
    """
    connection.execute(text(f"LISTEN {channel}"))


def wait_message(connection: Connection, seconds: float) -> bool:
    """Wait for messages, forget what they say, and return whether any came.

    Messages only wake: what was written stands in the tables.

    Parameters
    ----------
    connection
        Listens.
    seconds
        How long at most.

    Raises
    ------
    UnavailableError
        If the connection has ended.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        raise UnavailableError("store.busy")
    if not driver.notifies and not select.select([driver], [], [], seconds)[0]:
        return False
    try:
        driver.poll()
    except psycopg2.Error as error:
        raise translate_error(error) from error
    came = bool(driver.notifies)
    driver.notifies.clear()
    return came
