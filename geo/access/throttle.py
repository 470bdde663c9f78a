"""Log-ins in vain: counted by name and by address, for all processes, before anything is tried."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, text

from geo.access import principal, transaction
from geo.base.errors import TooManyError
from geo.store import db


@dataclass(frozen=True)
class Counter:
    """What is counted together, how often it may fail in a row, and how long it is locked then.

    With `doubling` each failure beyond locks for twice as long, `longest_s` at most. Failures
    longer ago than `forgotten_s` count no more.
    """

    kind: str
    value: str
    free: int
    lock_s: float
    longest_s: float
    forgotten_s: float

    @property
    def key(self) -> bytes:
        """What is kept of it: who reads the table learns no names."""
        return hashlib.sha256(f"{self.kind}:{self.value}".encode("utf-8", "replace")).digest()


# Whether there is such an account or not: else a lock would tell.
def name_bucket(value: str) -> Counter:
    """Return what counts the passwords tried for a name: 5, then 1 minute doubling to 60."""
    return Counter("name", value, 5, 60.0, 3600.0, 86_400.0)


def code_bucket(value: str) -> Counter:
    """Return what counts the codes tried for a name: a right password does not begin it anew."""
    return Counter("code", value, 5, 60.0, 3600.0, 86_400.0)


def address_bucket(value: str) -> Counter:
    """Return what counts the log-ins in vain of an address: many people may share it."""
    return Counter("address", value, 50, 900.0, 900.0, 900.0)


_TRY: Final = text(
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
_FORGET: Final = text("DELETE FROM govgrid.login_failure WHERE key = ANY (:keys)")
_TAKE_BACK: Final = text(
    "UPDATE govgrid.login_failure SET failed = greatest(failed - 1, 0),"
    " until = CASE WHEN failed > :free THEN until END WHERE key = :key"
)


def record_attempt(engine: Engine, counters: Sequence[Counter]) -> None:
    """Count an attempt as failed before it is made, so that many at once are no way around.

    Raises
    ------
    TooManyError
        If too many failed; the fact ``retry_after_s`` says when to come again.
    """
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "login")
        wait_s = max((_try(connection, each) for each in counters), default=0.0)
    if wait_s:
        raise TooManyError("login.locked", retry_after_s=round(wait_s), minutes=_minutes(wait_s))


def record_success(
    connection: Connection, counter: Counter, address_of: Counter | None = None
) -> None:
    """Forget the failures of a name, and that the attempt of its address was counted as one."""
    forget_failures(connection, counter)
    if address_of is not None:
        connection.execute(_TAKE_BACK, {"key": address_of.key, "free": address_of.free})


def forget_failures(connection: Connection, *counters: Counter) -> None:
    """Forget failures, and locks for them."""
    connection.execute(_FORGET, {"keys": [each.key for each in counters]})


def _try(connection: Connection, counter: Counter) -> float:
    """Return for how many seconds it is locked; 0 where it was counted and may be tried."""
    asked = {"key": counter.key, "forgotten": counter.forgotten_s}
    failed = connection.execute(_TRY, asked).scalar_one_or_none()
    if failed is None:
        return float(connection.execute(_LEFT, {"key": counter.key}).scalar_one())
    if failed >= counter.free:
        doubled = counter.lock_s * 2 ** min(failed - counter.free, 20)
        lock_s = min(doubled, counter.longest_s)
        connection.execute(_LOCK, {"key": counter.key, "lock_s": lock_s})
    return 0.0


def _minutes(wait_s: float) -> int:
    return -int(-wait_s // 60)
