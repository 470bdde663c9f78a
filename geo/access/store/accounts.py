"""Accounts: the rows of the table ``account``."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

_INSERT: Final = text(
    "INSERT INTO govgrid.account (name, kind, holder, unit_code, unit_name, password_hash,"
    " must_change, created_by) VALUES (:name, :kind, :holder, :unit_code, :unit_name, :kept,"
    " :kept IS NOT NULL, :by) RETURNING id"
)
_LIST: Final = text(
    "SELECT a.name, a.kind, a.holder, a.unit_code, a.unit_name, a.last_login_at,"
    " EXISTS (SELECT FROM govgrid.role_grant g WHERE g.account = a.id"
    " AND g.role = ANY(CAST(:watching AS text[]))) AS watching,"
    " CASE WHEN a.disabled_at IS NOT NULL THEN 'disabled'"
    " WHEN EXISTS (SELECT FROM govgrid.login_failure f WHERE f.until > now() AND f.key IN"
    " (sha256(convert_to('name:' || a.name, 'UTF8')), sha256(convert_to('code:' || a.name,"
    " 'UTF8')))) THEN 'locked' WHEN a.must_change THEN 'first' ELSE 'works' END AS state"
    " FROM govgrid.account a ORDER BY a.name"
)
_NAMED: Final = text("SELECT name FROM govgrid.account WHERE starts_with(name, :start)")
_FIND: Final = text(
    "SELECT id, name, kind, holder, unit_code, unit_name FROM govgrid.account WHERE name = :name"
)
_WORKING: Final = text(
    "SELECT id, name, holder, kind, unit_code, unit_name FROM govgrid.account"
    " WHERE name = :name AND disabled_at IS NULL"
)
_LOCK: Final = text("SELECT id, kind FROM govgrid.account WHERE name = :name FOR UPDATE")
_LOGIN: Final = (
    "SELECT id, name, kind, holder, unit_code, unit_name, password_hash, password_changed_at,"
    " must_change, totp_secret FROM govgrid.account WHERE disabled_at IS NULL AND {which}"
)
_LOGIN_BY_NAME: Final = text(_LOGIN.format(which="name = :name"))
_LOGIN_BY_ID: Final = text(_LOGIN.format(which="id = :id"))
_LOGIN_BY_IDENTITY: Final = text(
    _LOGIN.format(which="oidc_issuer = :issuer AND oidc_subject = :subject")
)
_RESET: Final = text(
    "UPDATE govgrid.account SET password_hash = :kept, must_change = true, totp_secret = NULL,"
    " totp_step = 0 WHERE id = :id"
)
_DISABLE: Final = text(
    "UPDATE govgrid.account SET disabled_at = CASE WHEN :disabled"
    " THEN coalesce(disabled_at, now()) END WHERE id = :id"
)
_CHANGE: Final = text(
    "UPDATE govgrid.account SET holder = coalesce(:holder, holder),"
    " unit_code = coalesce(:unit_code, unit_code), unit_name = coalesce(:unit_name, unit_name)"
    " WHERE id = :id"
)
_REPLACE: Final = text(
    "UPDATE govgrid.account SET holder = :holder, unit_code = :unit_code, unit_name = :unit_name"
    " WHERE id = :id"
)
_LINK: Final = text(
    "UPDATE govgrid.account SET oidc_issuer = :issuer, oidc_subject = :subject WHERE id = :id"
)
_SKIP_CHANGE: Final = text("UPDATE govgrid.account SET must_change = false WHERE id = :id")
_LOGGED_IN: Final = text("UPDATE govgrid.account SET last_login_at = now() WHERE id = :id")
_REHASH: Final = text("UPDATE govgrid.account SET password_hash = :kept WHERE id = :id")
_CHOOSE: Final = text(
    "UPDATE govgrid.account SET password_hash = :kept, must_change = false,"
    " password_changed_at = now() WHERE id = :id"
)
_SECOND: Final = text("SELECT totp_secret IS NOT NULL FROM govgrid.account WHERE id = :id")
_USE_STEP: Final = text(
    "UPDATE govgrid.account SET totp_step = :step WHERE id = :id AND totp_step < :step"
)
_ENROL: Final = text(
    "UPDATE govgrid.account SET totp_secret = :secret, totp_step = :step WHERE id = :id"
)
_KNOWN: Final = text(
    "SELECT id, name, kind, holder, unit_code, unit_name FROM govgrid.account"
    " WHERE name = ANY(CAST(:names AS text[]))"
)


@dataclass(frozen=True)
class ListedAccount:
    """An account as administrators see it.

    `state` is works, locked, disabled or first (password); `watching`: it holds a role whose
    accounts administrators do not take over.
    """

    name: str
    kind: str
    holder: str
    unit_code: str | None
    unit_name: str
    last_login_at: datetime | None
    watching: bool
    state: str


def insert_account(connection: Connection, row: Mapping[str, Any]) -> str:
    """Insert an account and return its id (uuid).

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``name``, ``kind``, ``holder``, ``unit_code``, ``unit_name``, ``kept`` (hash of the
        password, or None) and ``by``.
    """
    return str(connection.execute(_INSERT, row).scalar_one())


def list_accounts(connection: Connection, watching: Collection[str]) -> list[ListedAccount]:
    """Return all accounts by name with their ``state``.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    watching
        Roles; ``watching`` says whether an account holds one of them.
    """
    found = connection.execute(_LIST, {"watching": sorted(watching)})
    return [ListedAccount(**row) for row in found.mappings()]


def names_from(connection: Connection, start: str) -> set[str]:
    """Return the account names with a prefix.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    start
        Prefix, lower case.
    """
    return set(connection.execute(_NAMED, {"start": start}).scalars())


def find_account(connection: Connection, name: str) -> RowMapping | None:
    """Return ``id``, ``name``, ``kind``, ``holder``, ``unit_code`` and ``unit_name`` of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    name
        Name in lower case; None comes back for an unknown one.
    """
    return connection.execute(_FIND, {"name": name}).mappings().first()


def find_working(connection: Connection, name: str) -> RowMapping | None:
    """Return the columns of :func:`find_account`, None if the account is unknown or disabled.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    name
        Name in lower case.
    """
    return connection.execute(_WORKING, {"name": name}).mappings().first()


def find_accounts(connection: Connection, names: Collection[str]) -> list[RowMapping]:
    """Return the columns of :func:`find_account` of several accounts.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    names
        Names in lower case; unknown ones are left out.
    """
    return list(connection.execute(_KNOWN, {"names": list(names)}).mappings())


def lock_account(connection: Connection, name: str) -> RowMapping | None:
    """Return ``id`` and ``kind`` of an account, its row locked until the end of the transaction.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    name
        Name in lower case; None comes back for an unknown one.
    """
    return connection.execute(_LOCK, {"name": name}).mappings().first()


def login_by_name(connection: Connection, name: str) -> RowMapping | None:
    """Return the columns that a log-in needs of an account, None if unknown or disabled.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    name
        Name in lower case.
    """
    return connection.execute(_LOGIN_BY_NAME, {"name": name}).mappings().first()


def login_by_id(connection: Connection, account: str | None) -> RowMapping | None:
    """Return the columns of :func:`login_by_name`, None if unknown or disabled.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    """
    return connection.execute(_LOGIN_BY_ID, {"id": account}).mappings().first()


def login_by_identity(connection: Connection, issuer: str, subject: str) -> RowMapping | None:
    """Return the columns of :func:`login_by_name` of the account linked to an identity.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    issuer, subject
        Claims ``iss`` and ``sub`` of the identity provider.
    """
    asked = {"issuer": issuer, "subject": subject}
    return connection.execute(_LOGIN_BY_IDENTITY, asked).mappings().first()


def reset_password(connection: Connection, account: str, kept: str) -> None:
    """Set a one-time password and remove the authenticator.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    kept
        Hash of the password.
    """
    connection.execute(_RESET, {"kept": kept, "id": account})


def set_disabled(connection: Connection, account: str, *, disabled: bool) -> None:
    """Disable or enable an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    disabled
        False enables it again.
    """
    connection.execute(_DISABLE, {"disabled": disabled, "id": account})


def change_account(connection: Connection, account: str, words: Mapping[str, str | None]) -> None:
    """Change the holder of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    words
        ``holder``, ``unit_code`` and ``unit_name``; None leaves a value unchanged.
    """
    connection.execute(_CHANGE, {**words, "id": account})


def replace_holder(connection: Connection, account: str, words: Mapping[str, str | None]) -> None:
    """Set the holder of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    words
        ``holder``, ``unit_code`` and ``unit_name``; None clears a value.
    """
    connection.execute(_REPLACE, {**words, "id": account})


def link_identity(connection: Connection, account: str, issuer: str, subject: str) -> None:
    """Link an account to an identity of the identity provider.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    issuer, subject
        Claims ``iss`` and ``sub``; an identity is linked to one account at most.
    """
    connection.execute(_LINK, {"issuer": issuer, "subject": subject, "id": account})


def keep_first_password(connection: Connection, account: str) -> None:
    """Require no change of the password at the first log-in.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    connection.execute(_SKIP_CHANGE, {"id": account})


def record_login(connection: Connection, account: str) -> None:
    """Record that an account logs in now.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    """
    connection.execute(_LOGGED_IN, {"id": account})


def store_rehashed(connection: Connection, account: str, kept: str) -> None:
    """Store a new hash of the same password; its age stays.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    kept
        Hash.
    """
    connection.execute(_REHASH, {"kept": kept, "id": account})


def store_password(connection: Connection, account: str | None, kept: str) -> None:
    """Store the hash of a password that its owner chose.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    kept
        Hash.
    """
    connection.execute(_CHOOSE, {"kept": kept, "id": account})


def has_second_factor(connection: Connection, account: str | None) -> bool:
    """Return whether an account has an authenticator.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return bool(connection.execute(_SECOND, {"id": account}).scalar_one())


def use_step(connection: Connection, account: str, step: int) -> bool:
    """Mark a time step of the authenticator as used; return whether it was not used before.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    step
        Number of the time step (RFC 6238).
    """
    return connection.execute(_USE_STEP, {"step": step, "id": account}).rowcount == 1


def store_authenticator(
    connection: Connection, account: str | None, secret: str, step: int
) -> None:
    """Store the key of an authenticator.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    account
        Id (uuid).
    secret
        Key, encrypted.
    step
        Time step whose code confirmed it, which is used up.
    """
    connection.execute(_ENROL, {"secret": secret, "step": step, "id": account})
