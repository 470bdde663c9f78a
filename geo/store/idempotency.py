"""Writes that are asked for twice with one key are done once.

In the transaction of the write, before it::

    kept = find_answer(connection, asked)
    if kept is not None:
        return kept  # what it led to; read it again by the rights of today
    ...  # the write itself
    keep_answer(connection, asked, {"code": code})

The key and what came of it are committed with the write or not at all. Keys hold for a day.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from geo.base.errors import KeyBusyError, ReusedKeyError
from geo.base.json_objects import WriteKeys
from geo.store import statements

LASTS: Final = timedelta(hours=24)
_OWN: Final = "account = :account AND method = :method AND path = :path AND key = :key"
_TRY: Final = text("SELECT pg_try_advisory_xact_lock(:lock)")
_FIND: Final = text(
    f"SELECT body_hash, answer FROM govgrid.idempotency_key WHERE {_OWN}"  # noqa: S608 - constant
    " AND at > clock_timestamp() - :lasts"
)
_KEEP: Final = text(
    "INSERT INTO govgrid.idempotency_key (account, method, path, key, body_hash, answer)"
    " VALUES (:account, :method, :path, :key, :body_hash, CAST(:answer AS jsonb))"
    " ON CONFLICT (account, method, path, key) DO UPDATE SET at = clock_timestamp(),"
    " body_hash = EXCLUDED.body_hash, answer = EXCLUDED.answer"
)
_DELETE: Final = text("DELETE FROM govgrid.idempotency_key WHERE at < clock_timestamp() - :lasts")


@dataclass(frozen=True)
class KeyedRequest:
    """What a client asks for once: by account, method, path and its key; `body` tells it apart."""

    account: str
    method: str
    path: str
    key: str
    body: bytes = b""

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "account": self.account,
            "method": self.method,
            "path": self.path,
            "key": self.key,
            "body_hash": hashlib.sha256(self.body).digest(),
        }


def find_answer(connection: Connection, asked: KeyedRequest) -> WriteKeys | None:
    """Return what the same request led to before, None if it is new.

    Until the end of the transaction nobody else does the same.

    Parameters
    ----------
    connection
        Transaction of the write.
    asked
        What is asked for.

    Raises
    ------
    KeyBusyError
        If another transaction is doing it.
    ReusedKeyError
        If the key stands for another body.
    """
    values = asked._values
    named = "\0".join((asked.account, asked.method, asked.path, asked.key)).encode()
    lock = int.from_bytes(hashlib.sha256(named).digest()[:8], signed=True)
    if not connection.execute(_TRY, {"lock": lock}).scalar_one():
        raise KeyBusyError("idempotency.busy")
    row = connection.execute(_FIND, {**values, "lasts": LASTS}).one_or_none()
    if row is None:
        return None
    if bytes(row.body_hash) != values["body_hash"]:
        raise ReusedKeyError("idempotency.reused")
    found: WriteKeys = row.answer
    return found


def keep_answer(connection: Connection, asked: KeyedRequest, answer: WriteKeys) -> None:
    """Keep what a request led to: codes, by which the answer is read again.

    Parameters
    ----------
    connection
        Transaction of the write.
    asked
        As for :func:`find_answer`, which was called before.
    answer
        JSON values; no texts of rows, as the rights of the account may change.
    """
    values = asked._values
    connection.execute(_KEEP, {**values, "answer": statements.to_json(dict(answer))})


def delete_old_keys(connection: Connection) -> int:
    """Delete the keys that hold no more; return how many.

    Parameters
    ----------
    connection
        Transaction of the owner of the tables.
    """
    return int(connection.execute(_DELETE, {"lasts": LASTS}).rowcount)
