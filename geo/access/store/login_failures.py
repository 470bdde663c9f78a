"""Failed log-ins: the rows of the table ``login_failure``."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, text

_COUNT: Final = text(
    "INSERT INTO govgrid.login_failure AS f (key, failed) VALUES (:key, 1)"
    " ON CONFLICT (key) DO UPDATE SET at = now(),"
    " failed = CASE WHEN f.at < now() - make_interval(secs => :forgotten) THEN 1"
    " ELSE f.failed + 1 END"
    " WHERE coalesce(f.until, '-infinity') <= now() RETURNING failed"
)
_LOCK: Final = text(
    "UPDATE govgrid.login_failure SET until = now() + make_interval(secs => :lock_s)"
    " WHERE key = :key"
)
_LEFT: Final = text(
    "SELECT greatest(extract(epoch FROM until - now()), 1) FROM govgrid.login_failure"
    " WHERE key = :key"
)
_DELETE: Final = text("DELETE FROM govgrid.login_failure WHERE key = ANY (:keys)")
_TAKE_BACK: Final = text(
    "UPDATE govgrid.login_failure SET failed = greatest(failed - 1, 0),"
    " until = CASE WHEN failed > :free THEN until END WHERE key = :key"
)


def count_failure(connection: Connection, key: bytes, forgotten_s: float) -> int | None:
    """Count a failure; return the failures in a row, None while the counter is locked.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    key
        Counter: hash of a name or an address.
    forgotten_s
        Seconds after which earlier failures no longer count.
    """
    asked = {"key": key, "forgotten": forgotten_s}
    failed: int | None = connection.execute(_COUNT, asked).scalar_one_or_none()
    return failed


def lock_for(connection: Connection, key: bytes, lock_s: float) -> None:
    """Lock a counter from now on.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    key
        Counter.
    lock_s
        Seconds.
    """
    connection.execute(_LOCK, {"key": key, "lock_s": lock_s})


def seconds_left(connection: Connection, key: bytes) -> float:
    """Return the remaining seconds of a lock, at least one.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    key
        Counter.
    """
    return float(connection.execute(_LEFT, {"key": key}).scalar_one())


def delete_failures(connection: Connection, keys: Collection[bytes]) -> None:
    """Delete failures and locks.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    keys
        Counters.
    """
    connection.execute(_DELETE, {"keys": list(keys)})


def take_back(connection: Connection, key: bytes, free: int) -> None:
    """Subtract one failure from a counter.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    key
        Counter.
    free
        Failures without a lock: a lock stays while there are more.
    """
    connection.execute(_TAKE_BACK, {"key": key, "free": free})
