"""Code cards: a second factor on paper, thirty codes that are each good once, in their order."""

import hmac
import re
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping

from geo.access import transaction
from geo.access.accounts import managed, sessions
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import code_cards as stored
from geo.base import clock, secrets
from geo.base.errors import StateError
from geo.base.settings import Settings

PURPOSE: Final = "login card"
CODES: Final = 30
DIGITS: Final = 8
CODE: Final = re.compile(f"[0-9]{{{DIGITS}}}")
FEW: Final = 5
"""So few codes left, and the holder is asked to fetch another card."""


@dataclass(frozen=True)
class CodeCard:
    """A new card: whose it is, and its codes in their order, which are kept nowhere."""

    account: str
    holder: str
    unit_name: str
    issued_at: datetime
    codes: tuple[str, ...]


def issue_card(engine: Engine, reader: Principal, name: str, *, config: Settings) -> CodeCard:
    """Return a new card for an account; the one before holds no more.

    Log-ins of the account that are not complete end: they go on with the card.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Name of the account.
    config
        Says where the key is with which codes are kept.

    Raises
    ------
    ForbiddenError
        See :func:`geo.access.accounts.managed.lock_managed`.
    NotFoundError
        If there is no such account.
    StateError
        If it is a program's, which logs in by key.
    """
    codes = tuple(f"{random.randbelow(10**DIGITS):0{DIGITS}d}" for _ in range(CODES))
    with transaction.open_as(engine, reader) as connection:
        found = managed.lock_managed(connection, reader, name)
        if found.kind == "service":
            raise StateError("account.no_card", name=found.name)
        key = secrets.derive_key(config, PURPOSE)
        kept = {n: _hmac(key, found.id, n, code) for n, code in enumerate(codes, start=1)}
        stored.replace_codes(connection, found.id, kept)
        sessions.end_unfinished(connection, found.id)
        audit.record(connection, reader, "account.card", found.name, facts={"codes": CODES})
    return CodeCard(found.name, found.holder, found.unit_name, clock.now(), codes)


def revoke_card(engine: Engine, reader: Principal, name: str) -> None:
    """Make the codes of an account's card worthless; without another factor it is locked out.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Name of the account.

    Raises
    ------
    ForbiddenError
        See :func:`geo.access.accounts.managed.lock_managed`.
    NotFoundError
        If there is no such account.
    StateError
        If there is no code to revoke.
    """
    with transaction.open_as(engine, reader) as connection:
        found = managed.lock_managed(connection, reader, name)
        gone = stored.delete_codes(connection, found.id)
        if not gone:
            raise StateError("account.card_none", name=found.name)
        audit.record(connection, reader, "account.card_revoke", found.name)


def accept_code(
    connection: Connection, row: RowMapping | Mapping[str, Any], typed: str, *, config: Settings
) -> bool:
    """Return whether what was typed is the next code of the card; it is used then.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    row
        ``id`` and ``card_at`` of the account.
    typed
        As typed, with or without blanks.
    config
        Says where the key is with which codes are kept.
    """
    code = re.sub(r"\s", "", typed)
    if row["card_at"] is None or not CODE.fullmatch(code):
        return False
    account = str(row["id"])
    number = stored.next_number(connection, account)
    if number is None:
        return False
    key = secrets.derive_key(config, PURPOSE)
    return stored.use_code(connection, account, number, _hmac(key, account, number, code))


def _hmac(key: bytes, account: str, number: int, code: str) -> bytes:
    """Return what is kept of a code: worth nothing for another account or place on the card."""
    return hmac.digest(key, f"{account} {number} {code}".encode(), "sha256")
