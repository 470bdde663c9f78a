"""Keys of programs: hashed, limited to some actions, valid until a day."""

import secrets
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import principal, transaction
from geo.access.accounts import managed, separation_of_duties, sessions
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.roles import ACTIONS
from geo.access.store import accounts as stored_accounts
from geo.access.store import api_keys as stored
from geo.access.store.api_keys import ListedKey as ListedKey
from geo.base.errors import ForbiddenError, InputError, NotFoundError, StateError
from geo.store import db

SIGN: Final = "gg_"
"""How a key begins: it is recognised where it was left lying about."""
HINT: Final = 8
MOST_DAYS: Final = 366
MOST_KEYS: Final = 20
MOST_NAME: Final = 100


def find_owner(engine: Engine, key: str, *, address: str = "") -> Principal | None:
    """Return the owner of a key, limited to the scopes of the key; None if it is not valid.

    Parameters
    ----------
    key
        Key as sent by the program.
    address
        Address of the client, for the audit.
    """
    found = find_key(engine, key, address=address)
    return None if found is None else found[0]


def find_key(engine: Engine, key: str, *, address: str = "") -> tuple[Principal, float] | None:
    """Return the owner of a key, and for how many seconds the answer may be cached.

    Parameters
    ----------
    key
        Key as sent by the program; None comes back if it is not valid.
    address
        Address of the client, for the audit.
    """
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "login")
        row = stored.find_key(connection, sessions.hash_token(key))
        if row is None:
            return None
        found = sessions.reader_of(connection, row, address=address)
    if row["unseen"]:
        with db.skip_if_disk_full("key used"), db.open_transaction(engine) as connection:
            transaction.set_row_security(connection, principal.NOBODY, "login")
            stored.record_use(connection, row["key"])
    cut = {"scopes": frozenset(row["scopes"]), "sees_restricted": None}
    return Principal(**{**found.__dict__, **cut}), row["holds"].total_seconds()


def make_key(
    engine: Engine,
    reader: Principal,
    name: str,
    *,
    scopes: Collection[str],
    days: int,
    account: str | None = None,
) -> str:
    """Create a key and return it: it is never shown again.

    Parameters
    ----------
    name
        What it is for.
    scopes
        Actions it is cut to; it never may more than its account.
    days
        How long it holds, 1 to 366.
    account
        Name of a program's account, for which administrators make it; None: the own one.

    Raises
    ------
    ForbiddenError
        If a key asks, or somebody for another account without being administrator.
    InputError
        If name, scopes or days cannot be.
    StateError
        If the account has too many keys, or can have none.
    """
    if reader.scopes is not None:
        raise ForbiddenError("key.by_key")
    _require_scopes(reader, scopes, own=account is None)
    said = audit.one_line(name).strip()
    if not 0 < len(said) <= MOST_NAME:
        raise InputError("key.name", most=MOST_NAME)
    if not 1 <= days <= MOST_DAYS:
        raise InputError("key.days", found=days, most=MOST_DAYS)
    key = SIGN + secrets.token_urlsafe(32)
    with transaction.open_as(engine, reader) as connection:
        owner = _owner(connection, reader, account)
        row = {"account": owner, "name": said, "hash": sessions.hash_token(key), "hint": key[:HINT]}
        terms = {"scopes": sorted(set(scopes)), "by": reader.account, "days": days}
        stored.insert_key(connection, {**row, **terms})
        facts = {"key": key[:HINT], "scopes": sorted(set(scopes)), "days": days}
        audit.record(connection, reader, "key.make", account or reader.account, facts=facts)
    return key


def revoke(engine: Engine, reader: Principal, key: str) -> None:
    """Revoke a key.

    Parameters
    ----------
    reader
        Its owner, or an administrator of accounts.
    key
        Id of the key (uuid).

    Raises
    ------
    NotFoundError
        If there is no such key.
    """
    try:
        number = str(UUID(key))
    except ValueError as error:
        raise NotFoundError("key.unknown") from error
    with transaction.open_as(engine, reader) as connection:
        any_ = reader.may("accounts") and reader.cut("accounts").everything
        name = stored.revoke_key(connection, number, own=reader.id, of_any=any_)
        if name is None:
            raise NotFoundError("key.unknown")
        audit.record(connection, reader, "key.revoke", name, facts={"key": number})


def list_keys(engine: Engine, reader: Principal, *, account: str | None = None) -> list[ListedKey]:
    """Return own keys, or as an administrator those of an account; never the secrets.

    Parameters
    ----------
    account
        Name of an account, None for the principal's own keys.

    Raises
    ------
    NotFoundError
        If there is no such account.
    """
    with transaction.open_as(engine, reader) as connection:
        owner = reader.id
        if account is not None:
            managed.require_manager(reader)
            owner = str(_account(connection, account)["id"])
        return stored.list_keys(connection, owner)


def _require_scopes(reader: Principal, scopes: Collection[str], *, own: bool) -> None:
    if not own:
        managed.require_manager(reader)
    known = reader.actions if own else frozenset(ACTIONS)
    if not scopes or not set(scopes) <= known:
        strange = ", ".join(sorted(set(scopes) - known)) or "—"
        raise InputError("key.scopes", found=strange, known=", ".join(sorted(known)))


def _owner(connection: Connection, reader: Principal, account: str | None) -> str:
    """Return the number of the account that a key is made for, if it can have one more."""
    kind, number = reader.kind, reader.id
    if account is not None:
        row = _account(connection, account)
        kind, number = row["kind"], str(row["id"])
        if kind != "service":
            raise StateError("key.not_own", name=account)
        separation_of_duties.require_apart(connection, reader, str(number), account)
    if number is None or kind == "display":
        raise StateError("key.none", name=account or reader.account)
    if stored.count_working(connection, number) >= MOST_KEYS:
        raise StateError("key.many", most=MOST_KEYS)
    return number


def _account(connection: Connection, name: str) -> dict[str, Any]:
    known = audit.one_line(name.strip().lower())
    row = stored_accounts.find_account(connection, known)
    if row is None:
        raise NotFoundError("access.no_account", name=name)
    return dict(row)
