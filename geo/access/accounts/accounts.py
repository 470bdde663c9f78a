"""Accounts: created, reset and disabled by administrators; grants are given by others."""

from itertools import chain, count
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from geo.access import passwords, principal, throttle, transaction
from geo.access.accounts import grants, separation_of_duties, sessions
from geo.access.accounts.managed import MOST_TEXT, NAME, lock_managed, require_manager
from geo.access.accounts.separation_of_duties import WATCHING, require_others
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import accounts as stored
from geo.access.store import code_cards
from geo.access.store.accounts import ListedAccount as ListedAccount
from geo.access.store.accounts import NewAccount as NewAccount
from geo.base.errors import InputError, StateError
from geo.store import db

KINDS: Final = ("person", "display", "service")
FIRST: Final = "admin"
ADMINISTRATOR: Final = "administrator"
SYSTEM: Final = principal.system_principal("system")


def add_account(
    engine: Engine,
    reader: Principal,
    name: str,
    *,
    kind: str = "person",
    holder: str = "",
    unit_code: str | None = None,
    unit_name: str = "",
    grant: tuple[str, str | None] | None = None,
) -> str:
    """Create an account and return its one-time password; "" for a program, which uses a key.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Log-in name; stored in lower case.
    kind
        "person", "display" or "service" (a program).
    holder, unit_code, unit_name
        Who uses it, and in which unit.
    grant
        Role and code of an area (None: no limit) granted in the same transaction.

    Raises
    ------
    ForbiddenError
        If the reader may not make accounts, or not grant.
    InputError
        If the name, the kind or a text cannot be used, or the name is taken; or role and area
        cannot be granted, see :func:`geo.access.accounts.grants.give_grant`.
    NotFoundError
        If there is no such area.
    """
    require_manager(reader)
    if grant is not None:
        reader.require("grants")
    known = checked_name(name)
    if kind not in KINDS:
        raise InputError("account.kind", found=kind, known=", ".join(KINDS))
    words = _texts(holder=holder, unit_code=unit_code, unit_name=unit_name)
    password = "" if kind == "service" else passwords.one_time()
    kept = passwords.hash_password(password) if password else None
    row = NewAccount(
        known,
        kind,
        words["holder"] or "",
        words["unit_code"],
        words["unit_name"] or "",
        kept,
        reader.account,
    )
    with transaction.open_as(engine, reader) as connection:
        separation_of_duties.lock_duties(connection)
        insert_account(connection, row)
        facts = {"kind": kind, "unit": row.unit_code or ""}
        audit.record(connection, reader, "account.add", known, facts=facts)
        if grant is not None:
            grants.insert_grant(connection, reader, known, *grant)
    return password


def insert_account(connection: Connection, row: NewAccount) -> str:
    """Insert an account and return its id (uuid).

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Account to be made.

    Raises
    ------
    InputError
        If its name is taken.
    """
    try:
        with connection.begin_nested():
            return stored.insert_account(connection, row)
    except IntegrityError as error:
        raise InputError("account.taken", name=row.name) from error


def reset_password(engine: Engine, reader: Principal, name: str) -> str:
    """Return a new one-time password; password, authenticator, card, sessions and locks end.

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
        If it is a program's, which has no password.
    """
    password = passwords.one_time()
    kept = passwords.hash_password(password)
    with transaction.open_as(engine, reader) as connection:
        found = lock_managed(connection, reader, name)
        if found.kind == "service":
            raise StateError("account.no_password", name=found.name)
        stored.reset_password(connection, found.id, kept)
        code_cards.delete_codes(connection, found.id)
        sessions.end_all(connection, found.id)
        _unlock(connection, found.name)
        audit.record(connection, reader, "account.reset", found.name)
    return password


def disable(engine: Engine, reader: Principal, name: str) -> None:
    """Disable an account: its sessions end and its keys become invalid.

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
        If it is the reader's own, or the last one that may do what is needed.
    """
    with transaction.open_as(engine, reader) as connection:
        found = lock_managed(connection, reader, name)
        if found.id == reader.id:
            raise StateError("account.own")
        require_others(connection, found.id, found.name)
        stored.set_disabled(connection, found.id, disabled=True)
        sessions.end_all(connection, found.id)
        audit.record(connection, reader, "account.disable", found.name)


def enable(engine: Engine, reader: Principal, name: str) -> None:
    """Enable a disabled account again.

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
    """
    with transaction.open_as(engine, reader) as connection:
        found = lock_managed(connection, reader, name)
        stored.set_disabled(connection, found.id, disabled=False)
        audit.record(connection, reader, "account.enable", found.name)


def unlock(engine: Engine, reader: Principal, name: str) -> None:
    """Remove the lock of an account after too many failed log-ins.

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
    """
    with transaction.open_as(engine, reader) as connection:
        found = lock_managed(connection, reader, name, apart=False)
        _unlock(connection, found.name)
        audit.record(connection, reader, "account.unlock", found.name)


def change(
    engine: Engine,
    reader: Principal,
    name: str,
    *,
    holder: str | None = None,
    unit_code: str | None = None,
    unit_name: str | None = None,
) -> None:
    """Change the holder of an account.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Name of the account.
    holder, unit_code, unit_name
        New values; None leaves one unchanged.

    Raises
    ------
    ForbiddenError
        See :func:`geo.access.accounts.managed.lock_managed`.
    NotFoundError
        If there is no such account.
    InputError
        If a text is too long.
    """
    words = _texts(holder=holder, unit_code=unit_code, unit_name=unit_name)
    with transaction.open_as(engine, reader) as connection:
        found = lock_managed(connection, reader, name)
        stored.change_account(connection, found.id, words)
        facts = {"changed": sorted(key for key, value in words.items() if value is not None)}
        audit.record(connection, reader, "account.change", found.name, facts=facts)


def link_identity(engine: Engine, reader: Principal, name: str, issuer: str, subject: str) -> None:
    """Link an account to an identity of the identity provider.

    Parameters
    ----------
    reader
        Administrator of accounts.
    name
        Name of the account.
    issuer, subject
        Claims ``iss`` and ``sub`` of the provider's token.

    Raises
    ------
    ForbiddenError
        See :func:`geo.access.accounts.managed.lock_managed`.
    NotFoundError
        If there is no such account.
    InputError
        If another account is bound to it.
    """
    with transaction.open_as(engine, reader) as connection:
        found = lock_managed(connection, reader, name)
        try:
            with connection.begin_nested():
                stored.link_identity(connection, found.id, issuer, subject)
        except IntegrityError as error:
            raise InputError("account.linked", subject=subject) from error
        audit.record(connection, reader, "account.link", found.name, facts={"issuer": issuer})


def list_accounts(engine: Engine, reader: Principal) -> list[ListedAccount]:
    """Return all accounts by name, with ``state``: works, locked, disabled, first (password).

    ``watching``: see :func:`geo.access.accounts.separation_of_duties.require_apart`.

    Parameters
    ----------
    reader
        Administrator of accounts.

    Raises
    ------
    ForbiddenError
        If the principal may not manage accounts.
    """
    require_manager(reader)
    with transaction.open_as(engine, reader) as connection:
        return stored.list_accounts(connection, WATCHING)


def first_administrator(engine: Engine) -> tuple[str, str] | None:
    """Make an administrator of everything if there is none; return its name and password.

    It makes accounts and brings registers in. Who gives rights and who reads the log are made
    before or after it, by the command line of the server: ``govgrid user add NAME --role …``.
    """
    with db.open_transaction(engine) as connection:
        separation_of_duties.lock_duties(connection)
        if separation_of_duties.held_by_somebody(connection, ADMINISTRATOR):
            return None
        name, password = _free(connection), passwords.one_time()
        kept = passwords.hash_password(password)
        row = NewAccount(name, "person", "", None, "", kept, SYSTEM.account)
        insert_account(connection, row)
        audit.record(connection, SYSTEM, "account.add", name)
        grants.insert_grant(connection, SYSTEM, name, ADMINISTRATOR, None)
    return name, password


def _free(connection: Connection) -> str:
    """Return the name of the first administrator, numbered where somebody has it."""
    taken = stored.names_from(connection, FIRST)
    names = chain([FIRST], (f"{FIRST}{n}" for n in count(2)))
    return next(name for name in names if name not in taken)


def checked_name(name: str) -> str:
    """Return the name of an account as it is stored.

    Raises
    ------
    InputError
        If it can be no name.
    """
    known = passwords.normalize_password(name).strip().lower()
    if not NAME.fullmatch(known):
        raise InputError("account.name", found=name[:MOST_TEXT])
    return known


def _unlock(connection: Connection, name: str) -> None:
    throttle.forget_failures(connection, throttle.name_bucket(name), throttle.code_bucket(name))


def _texts(**words: str | None) -> dict[str, str | None]:
    """Return texts as they are stored: one line, not too long, no blank code."""
    found: dict[str, str | None] = {}
    for key, value in words.items():
        said = None if value is None else audit.one_line(value).strip()
        if said is not None and len(said) > MOST_TEXT:
            raise InputError("account.long", column=key, found=len(said), most=MOST_TEXT)
        found[key] = (said or None) if key == "unit_code" else said
    return found
