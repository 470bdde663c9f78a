"""Sessions: the rows of the table ``session``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

_INSERT: Final = text(
    "INSERT INTO govgrid.session"
    " (token_sha256, account, csrf, stage, expires_at, address, agent)"
    " SELECT :hash, a.id, :csrf, :stage,"
    " now() + CASE WHEN a.kind = 'display' THEN :display ELSE :lasts END, :address, :agent"
    " FROM govgrid.account a WHERE a.id = :account"
)
_FIND: Final = text(
    "SELECT s.id AS session, s.csrf, s.stage, now() - s.seen_at AS quiet, s.expires_at,"
    " s.expires_at - now() AS left, a.id,"
    " s.visitors, a.name, a.holder, a.kind, a.unit_code, a.unit_name FROM govgrid.session s"
    " JOIN govgrid.account a ON a.id = s.account"
    " WHERE s.token_sha256 = :hash AND s.expires_at > now() AND a.disabled_at IS NULL"
)
_SEEN: Final = text("UPDATE govgrid.session SET seen_at = now() WHERE id = :id")
_HIDE: Final = text("UPDATE govgrid.session SET visitors = true WHERE account = :account")
_LIST: Final = text(
    "SELECT id, created_at, seen_at, address, agent, id = CAST(:own AS uuid) AS own"
    " FROM govgrid.session WHERE account = :account AND stage = 'full' AND expires_at > now()"
    " AND (:lasting OR seen_at > now() - make_interval(mins => :idle_min))"
    " ORDER BY seen_at DESC"
)
_DELETE_TOKEN: Final = text("DELETE FROM govgrid.session WHERE token_sha256 = :hash")
_DELETE: Final = text("DELETE FROM govgrid.session WHERE id = :id")
_DELETE_UNFINISHED: Final = text(
    "DELETE FROM govgrid.session WHERE account = :account AND stage <> 'full'"
)
_DELETE_ALL: Final = text(
    "DELETE FROM govgrid.session WHERE account = :account"
    " AND id IS DISTINCT FROM CAST(:but AS uuid)"
)


@dataclass(frozen=True)
class ListedSession:
    """Where an account is logged in; `own`: the session that asks."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    own: bool


def insert_session(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a session.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    row
        ``hash``, ``account``, ``csrf``, ``stage``, ``display``, ``lasts``, ``address`` and
        ``agent``.
    """
    connection.execute(_INSERT, row)


def find_session(connection: Connection, hashed: bytes) -> RowMapping | None:
    """Return a valid session with its account; ``quiet`` since last use, ``left`` until its end.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    hashed
        SHA-256 of the token.
    """
    return connection.execute(_FIND, {"hash": hashed}).mappings().first()


def record_seen(connection: Connection, session: str) -> None:
    """Record that a session is used now.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    session
        Id (uuid).
    """
    connection.execute(_SEEN, {"id": session})


def hide_from_visitors(connection: Connection, account: str | None) -> int:
    """Mark the sessions of an account as looked at by visitors; return how many there are.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return connection.execute(_HIDE, {"account": account}).rowcount


def list_sessions(connection: Connection, asked: Mapping[str, Any]) -> list[ListedSession]:
    """Return the sessions of an account, the last used first.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    asked
        ``account``, ``own`` (id of the present session), ``lasting`` (no limit of idle time) and
        ``idle_min``.
    """
    return [ListedSession(**row) for row in connection.execute(_LIST, asked).mappings()]


def delete_session(connection: Connection, session: str) -> None:
    """Delete one session.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    session
        Id (uuid).
    """
    connection.execute(_DELETE, {"id": session})


def delete_by_token(connection: Connection, hashed: bytes) -> None:
    """Delete the session of a token, if there is one.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    hashed
        SHA-256 of the token.
    """
    connection.execute(_DELETE_TOKEN, {"hash": hashed})


def delete_all(connection: Connection, account: str, *, but: str | None) -> int:
    """Delete the sessions of an account; return how many there were.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    but
        Session (uuid) to keep, None for none.
    """
    return connection.execute(_DELETE_ALL, {"account": account, "but": but}).rowcount


def delete_unfinished(connection: Connection, account: str) -> None:
    """Delete the sessions of an account in which something is owed.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    connection.execute(_DELETE_UNFINISHED, {"account": account})
