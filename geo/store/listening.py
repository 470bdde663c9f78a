"""One connection that is woken by the database and reads events of the outbox."""

import select
import socket
from contextlib import closing
from typing import Any, Final

import psycopg2
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from geo.base.errors import InputError, StoreError, UnavailableError
from geo.store import outbox
from geo.store.cluster import cluster
from geo.store.driver_errors import translate_error
from geo.store.outbox import Position, StoredEvent

_ROLE: Final = text("SELECT current_user = :role")


class Listener:
    """Waits for messages of the database and reads the events behind them.

    Whatever is committed after this is made is either waited for or read: it listens first.

    Raises
    ------
    UnavailableError
        Here and in each method, if the database cannot be reached.
    """

    def __init__(self, engine: Engine) -> None:
        self._woken, self._waker = socket.socketpair()
        self._connection: Connection | None = None
        try:
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.exec_driver_sql(f"LISTEN {outbox.CHANNEL}")
            if self._connection.execute(_ROLE, {"role": cluster.SERVICE_ROLE}).scalar_one():
                self._connection.exec_driver_sql(f"SET ROLE {cluster.READING_ROLE}")
        except (psycopg2.Error, DBAPIError, PoolTimeout) as error:
            self.close()
            raise _translated(error) from error

    def wait(self, seconds: float) -> frozenset[str]:
        """Return the layers that messages name, as soon as one comes or after a time without."""
        try:
            driver = self._driver
            select.select([driver, self._woken], [], [], seconds)
            driver.poll()
        except (psycopg2.Error, DBAPIError, OSError, ValueError) as error:
            raise _translated(error) from error
        layers = frozenset(each.payload.partition(" ")[0] for each in driver.notifies)
        driver.notifies.clear()
        return layers

    def wake(self) -> None:
        """End a wait, from any thread."""
        self._waker.send(b"x")

    def read(self, after: Position, *, limit: int) -> tuple[StoredEvent, ...]:
        """Return events; see :func:`geo.store.outbox.read_events`.

        Parameters
        ----------
        after
            Position of the last event that was read.
        limit
            Most events.
        """
        return self._asked(lambda connection: outbox.read_events(connection, after, limit=limit))  # type: ignore[no-any-return]

    def is_behind(self, position: Position) -> bool:
        """Return whether events after a position are written, whether they can be read or not."""
        return bool(self._asked(lambda connection: outbox.is_behind(connection, position)))

    def recent_position(self, number: int) -> Position:
        """Return the position before the newest events, so many of them at most."""
        found: Position = self._asked(lambda connection: outbox.recent_position(connection, number))
        return found

    def close(self) -> None:
        """Let go of the connection; it is used no more, as its role is another now."""
        if self._connection is not None:
            with closing(self._connection):
                self._connection.invalidate()
        self._woken.close()
        self._waker.close()

    @property
    def _driver(self) -> Any:  # noqa: ANN401 - psycopg2's own connection
        if self._connection is None:
            raise UnavailableError("store.unavailable", reason="closed")
        return self._connection.connection.driver_connection

    def _asked(self, ask: Any) -> Any:  # noqa: ANN401 - whatever `ask` returns
        if self._connection is None:
            raise UnavailableError("store.unavailable", reason="closed")
        try:
            return ask(self._connection)
        except (psycopg2.Error, DBAPIError) as error:
            raise _translated(error) from error


def _translated(error: Exception) -> StoreError | InputError:
    if isinstance(error, psycopg2.Error | DBAPIError):
        return translate_error(error)
    if isinstance(error, PoolTimeout):
        return UnavailableError("store.busy")
    return UnavailableError("store.unavailable", reason=str(error))
