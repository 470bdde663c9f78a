"""Sessions: kept in the database; the browser has a token, of which only the hash is stored."""

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping

from geo.access import transaction
from geo.access.accounts import grants
from geo.access.principal import NOBODY, Principal
from geo.access.store import sessions as stored
from geo.store import db

# A wall shows figures for months; it can do nothing else.
DISPLAY_LASTS = timedelta(days=365)
SEEN_EVERY = timedelta(seconds=60)
_seen_unwritten: dict[str, float] = {}
"""When sessions were seen that could not be written down (time.monotonic), by their number."""


@dataclass(frozen=True)
class Session:
    """A session that holds: who it is, what forms must bring along, what is still owed.

    `stage` is full, or what has to be done first: totp (second factor), enrol (set one up), change
    (choose a new password). `holds_s`: for how long it may be answered without being looked up
    again, unless what decides over access is written to.
    """

    id: str
    reader: Principal
    csrf: str
    stage: str
    expires_at: datetime
    holds_s: float = 0.0


def begin_session(
    connection: Connection,
    account: str,
    *,
    stage: str = "full",
    lasts: timedelta = timedelta(hours=12),
    address: str = "",
    agent: str = "",
) -> str:
    """Begin a session and return its token, which is stored nowhere.

    Each step of a log-in begins a new session, so a token planted before is worthless (session
    fixation).

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    stage
        "full", or the step of the log-in that is still missing.
    lasts
        Longest duration, whatever its use.
    address, agent
        Of the client, for the list of own sessions.
    """
    token = secrets.token_urlsafe(32)
    stored.insert_session(
        connection,
        {
            "hash": hash_token(token),
            "account": account,
            "csrf": secrets.token_urlsafe(24),
            "stage": stage,
            "display": DISPLAY_LASTS,
            "lasts": lasts,
            "address": address[:100],
            "agent": agent[:200],
        },
    )
    return token


def find_session(
    engine: Engine,
    token: str,
    *,
    idle: timedelta = timedelta(minutes=30),
    address: str = "",
    used: bool = True,
) -> Session | None:
    """Return the session of a token with today's grants; None if it is not valid.

    Parameters
    ----------
    token
        From the cookie.
    idle
        Time without use after which a session ends; displays have no such limit.
    address
        Address of the client, for the audit.
    used
        Whether this is a use of the session, which postpones its end.
    """
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, NOBODY, "login")
        row = stored.find_session(connection, hash_token(token))
        if row is None:
            return None
        number = str(row["session"])
        quiet = min(row["quiet"], _quiet(number))
        if quiet >= idle and row["kind"] != "display":
            return None
        reader = reader_of(connection, row, address=address)
        reader = reader.shown_to_visitors() if row["visitors"] else reader
        # looked up again when its use is to be written down
        holds = min(row["left"], SEEN_EVERY - quiet if quiet <= SEEN_EVERY else SEEN_EVERY)
        found = Session(
            number, reader, row["csrf"], row["stage"], row["expires_at"], holds.total_seconds()
        )
    if used and quiet > SEEN_EVERY:
        _seen(engine, number)
    return found


def reader_of(
    connection: Connection, row: RowMapping | Mapping[str, Any], *, address: str
) -> Principal:
    """Return the principal of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``id``, ``name``, ``holder``, ``kind``, ``unit_code``, ``unit_name``.
    address
        Address of the client, for the audit.
    """
    return Principal(
        row["name"],
        id=str(row["id"]),
        holder=row["holder"],
        unit_code=row["unit_code"],
        unit_name=row["unit_name"],
        kind=row["kind"],
        grants=grants.current_grants(connection, str(row["id"])),
        address=address,
    )


def end_session(engine: Engine, token: str) -> None:
    """End the session of a token, if there is one.

    Parameters
    ----------
    token
        From the cookie.
    """
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, NOBODY, "login")
        stored.delete_by_token(connection, hash_token(token))


def end_all(connection: Connection, account: str, *, but: str | None = None) -> int:
    """End the sessions of an account; return how many ended.

    Parameters
    ----------
    account
        Id (uuid).
    but
        Session (uuid) to keep, None for none.
    """
    return stored.delete_all(connection, account, but=but)


def end_unfinished(connection: Connection, account: str) -> None:
    """End the log-ins of an account that are not complete.

    Parameters
    ----------
    account
        Id (uuid).
    """
    stored.delete_unfinished(connection, account)


def hash_token(token: str) -> bytes:
    """Return what is kept of a token: it is random enough to need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _seen(engine: Engine, number: str) -> None:
    """Write down that a session was used; where the disk is full, keep it in mind."""
    _seen_unwritten[number] = time.monotonic()
    with db.skip_if_disk_full("session seen"):
        with db.open_transaction(engine) as connection:
            transaction.set_row_security(connection, NOBODY, "login")
            stored.record_seen(connection, number)
        _seen_unwritten.clear()


def _quiet(number: str) -> timedelta:
    """Return how long ago a session was seen that could not be written down."""
    seen = _seen_unwritten.get(number)
    return timedelta.max if seen is None else timedelta(seconds=time.monotonic() - seen)
