"""Keys of programs: the rows of the table ``api_key``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

_FIND: Final = text(
    "SELECT k.id AS key, k.scopes, k.used_at IS NULL OR k.used_at < now() - interval '1 minute'"
    " AS unseen, least(k.expires_at - now(), interval '1 minute') AS holds,"
    " a.id, a.name, a.holder, a.kind, a.unit_code, a.unit_name"
    " FROM govgrid.api_key k JOIN govgrid.account a ON a.id = k.account"
    " WHERE k.key_sha256 = :hash AND k.revoked_at IS NULL AND k.expires_at > now()"
    " AND a.disabled_at IS NULL"
)
_USED: Final = text("UPDATE govgrid.api_key SET used_at = now() WHERE id = :key")
_INSERT: Final = text(
    "INSERT INTO govgrid.api_key (account, name, key_sha256, hint, scopes, created_by, expires_at)"
    " VALUES (:account, :name, :hash, :hint, :scopes, :by, now() + make_interval(days => :days))"
)
_COUNT: Final = text(
    "SELECT count(*) FROM govgrid.api_key WHERE account = :account AND revoked_at IS NULL"
    " AND expires_at > now()"
)
_LIST: Final = text(
    "SELECT k.id, k.name, k.hint, k.scopes, k.expires_at, k.used_at,"
    " k.revoked_at IS NULL AND k.expires_at > now() AS works FROM govgrid.api_key k"
    " WHERE k.account = :account ORDER BY k.created_at DESC"
)
_REVOKE: Final = text(
    "UPDATE govgrid.api_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = :id"
    " AND (account = CAST(:own AS uuid) OR :any) RETURNING name"
)


@dataclass(frozen=True)
class ListedKey:
    """A key as its owner sees it: never the key itself; `works`: it holds now."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    expires_at: datetime
    used_at: datetime | None
    works: bool


def find_key(connection: Connection, hashed: bytes) -> RowMapping | None:
    """Return a valid key with its account, None if there is none.

    ``unseen``: not used within the last minute; ``holds``: for how long the answer may be cached.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    hashed
        SHA-256 of the key.
    """
    return connection.execute(_FIND, {"hash": hashed}).mappings().first()


def record_use(connection: Connection, key: str) -> None:
    """Record that a key is used now.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    key
        Id (uuid).
    """
    connection.execute(_USED, {"key": key})


def insert_key(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a key.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``account``, ``name``, ``hash``, ``hint``, ``scopes``, ``by`` and ``days`` of validity.
    """
    connection.execute(_INSERT, row)


def count_working(connection: Connection, account: str) -> int:
    """Return the number of valid keys of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return int(connection.execute(_COUNT, {"account": account}).scalar_one())


def list_keys(connection: Connection, account: str | None) -> list[ListedKey]:
    """Return the keys of an account, the newest first; ``works``: valid now.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return [ListedKey(**row) for row in connection.execute(_LIST, {"account": account}).mappings()]


def revoke_key(connection: Connection, key: str, *, own: str | None, of_any: bool) -> str | None:
    """Revoke a key and return its name, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    key
        Id (uuid).
    own
        Account (uuid) whose keys may be revoked.
    of_any
        Whether any account's key may be revoked.
    """
    asked = {"id": key, "own": own, "any": of_any}
    name: str | None = connection.execute(_REVOKE, asked).scalar_one_or_none()
    return name
