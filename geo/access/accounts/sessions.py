"""Sessions: kept in the database, known to the browser by a token of which we keep the hash."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, text

from geo.access import transaction
from geo.access.accounts import grants
from geo.access.principal import NOBODY, Reader
from geo.store import db

# A wall shows figures for months; it can do nothing else.
DISPLAY_LASTS = timedelta(days=365)
SEEN_EVERY = timedelta(seconds=60)
_BEGIN = text(
    "INSERT INTO govgrid.session"
    " (token_sha256, account, csrf, stage, expires_at, address, agent)"
    " SELECT :hash, a.id, :csrf, :stage,"
    " now() + CASE WHEN a.kind = 'display' THEN :display ELSE :lasts END, :address, :agent"
    " FROM govgrid.account a WHERE a.id = :account"
)
_FIND = text(
    "SELECT s.id AS session, s.csrf, s.stage, now() - s.seen_at AS quiet, s.expires_at, a.id,"
    " a.name, a.holder, a.kind, a.unit_code, a.unit_name FROM govgrid.session s"
    " JOIN govgrid.account a ON a.id = s.account"
    " WHERE s.token_sha256 = :hash AND s.expires_at > now() AND a.disabled_at IS NULL"
)
_SEEN = text("UPDATE govgrid.session SET seen_at = now() WHERE id = :id")
_seen_unwritten: dict[str, float] = {}
"""When sessions were seen that could not be written down (time.monotonic), by their number."""


@dataclass(frozen=True)
class Session:
    """A session that holds: who it is, what forms must bring along, what is still owed.

    `stage` is full, or what has to be done first: totp (second factor), enrol (set one up), change
    (choose a new password).
    """

    id: str
    reader: Reader
    csrf: str
    stage: str
    expires_at: datetime


def begin_session(
    connection: Connection,
    account: str,
    *,
    stage: str = "full",
    lasts: timedelta = timedelta(hours=12),
    address: str = "",
    agent: str = "",
) -> str:
    """Begin a session of an account (uuid) and return its token: nobody else ever knows it.

    Each log-in, and each step of it, begins a new one: a token set by somebody before is worth
    nothing.
    """
    token = secrets.token_urlsafe(32)
    connection.execute(
        _BEGIN,
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
    engine: Engine, token: str, *, idle: timedelta = timedelta(minutes=30), address: str = ""
) -> Session | None:
    """Return the session of a token with the grants of this moment; None if it holds no more."""
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, NOBODY, "login")
        row = connection.execute(_FIND, {"hash": hash_token(token)}).mappings().first()
        if row is None:
            return None
        number = str(row["session"])
        quiet = min(row["quiet"], _quiet(number))
        if quiet >= idle and row["kind"] != "display":
            return None
        reader = reader_of(connection, row, address=address)
        found = Session(number, reader, row["csrf"], row["stage"], row["expires_at"])
    if quiet > SEEN_EVERY:
        _seen(engine, number)
    return found


def reader_of(connection: Connection, row: RowMapping | dict[str, Any], *, address: str) -> Reader:
    """Return the holder of an account's row (id, name, holder, kind, unit_code, unit_name)."""
    return Reader(
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
    """End the session of a token; nothing happens if there is none."""
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, NOBODY, "login")
        connection.execute(
            text("DELETE FROM govgrid.session WHERE token_sha256 = :hash"),
            {"hash": hash_token(token)},
        )


def end_all(connection: Connection, account: str, *, but: str | None = None) -> int:
    """End every session of an account (uuid), but one; return how many ended."""
    return connection.execute(
        text(
            "DELETE FROM govgrid.session WHERE account = :account"
            " AND id IS DISTINCT FROM CAST(:but AS uuid)"
        ),
        {"account": account, "but": but},
    ).rowcount


def hash_token(token: str) -> bytes:
    """Return what is kept of a token: it is random enough to need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _seen(engine: Engine, number: str) -> None:
    """Write down that a session was used; where the disk is full, keep it in mind."""
    _seen_unwritten[number] = time.monotonic()
    with db.skip_if_disk_full("session seen"):
        with db.open_transaction(engine) as connection:
            transaction.set_row_security(connection, NOBODY, "login")
            connection.execute(_SEEN, {"id": number})
        _seen_unwritten.clear()


def _quiet(number: str) -> timedelta:
    """Return how long ago a session was seen that could not be written down."""
    seen = _seen_unwritten.get(number)
    return timedelta.max if seen is None else timedelta(seconds=time.monotonic() - seen)
