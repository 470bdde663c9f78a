"""Throttle of log-ins: failures counted by name and address, across all processes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from geo.access import principal, transaction
from geo.access.store import login_failures as stored
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
    """Return the counter of codes tried for a name: a right password does not reset it."""
    return Counter("code", value, 5, 60.0, 3600.0, 86_400.0)


def address_bucket(value: str) -> Counter:
    """Return what counts the log-ins in vain of an address: many people may share it."""
    return Counter("address", value, 50, 900.0, 900.0, 900.0)


def record_attempt(engine: Engine, counters: Sequence[Counter]) -> None:
    """Count an attempt as failed before it is made, so that parallel attempts are counted too.

    Parameters
    ----------
    counters
        Of the name, the address or the code.

    Raises
    ------
    TooManyError
        After too many failures; the fact ``retry_after_s`` says when to try again.
    """
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "login")
        wait_s = max((_try(connection, each) for each in counters), default=0.0)
    if wait_s:
        raise TooManyError("login.locked", retry_after_s=round(wait_s), minutes=_minutes(wait_s))


def record_success(
    connection: Connection, counter: Counter, address_of: Counter | None = None
) -> None:
    """Delete the failures of a name, and one failure of its address.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    counter
        Of the name or the code.
    address_of
        Of the address, None if unknown.
    """
    forget_failures(connection, counter)
    if address_of is not None:
        stored.take_back(connection, address_of.key, address_of.free)


def forget_failures(connection: Connection, *counters: Counter) -> None:
    """Delete failures and the locks for them.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    *counters
        Of names, addresses or codes.
    """
    stored.delete_failures(connection, [each.key for each in counters])


def _try(connection: Connection, counter: Counter) -> float:
    """Return for how many seconds it is locked; 0 where it was counted and may be tried."""
    failed = stored.count_failure(connection, counter.key, counter.forgotten_s)
    if failed is None:
        return stored.seconds_left(connection, counter.key)
    if failed >= counter.free:
        doubled = counter.lock_s * 2 ** min(failed - counter.free, 20)
        lock_s = min(doubled, counter.longest_s)
        stored.lock_for(connection, counter.key, lock_s)
    return 0.0


def _minutes(wait_s: float) -> int:
    return -int(-wait_s // 60)
