"""Accounts: the rows of the table ``account``."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

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
    " CASE WHEN a.card_at IS NOT NULL THEN (SELECT count(*) FROM govgrid.login_code c"
    " WHERE c.account = a.id AND c.used_at IS NULL) END AS codes_left,"
    " CASE WHEN a.disabled_at IS NOT NULL THEN 'disabled'"
    " WHEN EXISTS (SELECT FROM govgrid.login_failure f WHERE f.until > now() AND f.key IN"
    " (sha256(convert_to('name:' || a.name, 'UTF8')), sha256(convert_to('code:' || a.name,"
    " 'UTF8')))) THEN 'locked' WHEN a.must_change THEN 'first' ELSE 'works' END AS state"
    " FROM govgrid.account a ORDER BY a.name"
)
_NAMED: Final = text("SELECT name FROM govgrid.account WHERE starts_with(name, :start)")
_WITH_FACTOR: Final = text(
    "SELECT name FROM govgrid.account WHERE totp_secret IS NOT NULL"
    " OR (to_jsonb(account) ->> 'card_at') IS NOT NULL ORDER BY name"
)
_FIND: Final = text(
    "SELECT id, name, kind, holder, unit_code, unit_name FROM govgrid.account WHERE name = :name"
)
_WORKING: Final = text(
    "SELECT id, name, holder, kind, unit_code, unit_name FROM govgrid.account"
    " WHERE name = :name AND disabled_at IS NULL"
)
_LOCK: Final = text(
    "SELECT id, kind, holder, unit_name FROM govgrid.account WHERE name = :name FOR UPDATE"
)
_RESET: Final = text(
    "UPDATE govgrid.account SET password_hash = :kept, must_change = true, totp_secret = NULL,"
    " totp_step = 0, card_at = NULL WHERE id = :id"
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
_CERTIFICATE: Final = text(
    "UPDATE govgrid.account SET certificate = :certificate,"
    " factor_owed = factor_owed OR CAST(:certificate AS text) IS NOT NULL WHERE id = :id"
)
_SKIP_CHANGE: Final = text("UPDATE govgrid.account SET must_change = false WHERE id = :id")
_KNOWN: Final = text(
    "SELECT id, name, kind, holder, unit_code, unit_name FROM govgrid.account"
    " WHERE name = ANY(CAST(:names AS text[]))"
)


@dataclass(frozen=True)
class ListedAccount:
    """An account as administrators see it.

    `state` is works, locked, disabled or first (password); `watching`: it holds a role whose
    accounts administrators do not take over; `codes_left` on its card, None without one.
    """

    name: str
    kind: str
    holder: str
    unit_code: str | None
    unit_name: str
    last_login_at: datetime | None
    watching: bool
    codes_left: int | None
    state: str


@dataclass(frozen=True)
class NewAccount:
    """An account to be made; `kept` is the hash of its password, None for a program."""

    name: str
    kind: str
    holder: str
    unit_code: str | None
    unit_name: str
    kept: str | None
    by: str


def insert_account(connection: Connection, row: NewAccount) -> str:
    """Insert an account and return its id (uuid).

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        Account to be made.
    """
    return str(connection.execute(_INSERT, vars(row)).scalar_one())


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


def names_with_factor(connection: Connection) -> list[str]:
    """Return the names of the accounts with an authenticator or a code card."""
    return list(connection.execute(_WITH_FACTOR).scalars())


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


def reset_password(connection: Connection, account: str, kept: str) -> None:
    """Set a one-time password and remove authenticator and card.

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


def set_certificate(connection: Connection, account: str, certificate: str | None) -> None:
    """Set the client certificate of an account; a second factor is owed from then on.

    Parameters
    ----------
    connection
        Open transaction of who manages accounts.
    account
        Id (uuid).
    certificate
        Fingerprint or subject, which belongs to one account at most; None removes it.
    """
    connection.execute(_CERTIFICATE, {"certificate": certificate, "id": account})
