"""Passwords, second factors and log-ins of accounts."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, RowMapping, text

_LOGIN: Final = (
    "SELECT id, name, kind, holder, unit_code, unit_name, password_hash, password_changed_at,"
    " must_change, totp_secret, card_at, certificate, factor_owed FROM govgrid.account"
    " WHERE disabled_at IS NULL AND {which}"
)
_LOGIN_BY_NAME: Final = text(_LOGIN.format(which="name = :name"))
_LOGIN_BY_ID: Final = text(_LOGIN.format(which="id = :id"))
_LOGIN_BY_IDENTITY: Final = text(
    _LOGIN.format(which="oidc_issuer = :issuer AND oidc_subject = :subject")
)
_LOGGED_IN: Final = text("UPDATE govgrid.account SET last_login_at = now() WHERE id = :id")
_REHASH: Final = text("UPDATE govgrid.account SET password_hash = :kept WHERE id = :id")
_CHOOSE: Final = text(
    "UPDATE govgrid.account SET password_hash = :kept, must_change = false,"
    " password_changed_at = now() WHERE id = :id"
)
_FACTORS: Final = text(
    "SELECT a.totp_secret IS NOT NULL AS authenticator, a.certificate IS NOT NULL AS certificate,"
    " a.card_at IS NOT NULL AS card, min(c.number) AS number, count(c.number) AS left"
    " FROM govgrid.account a"
    " LEFT JOIN govgrid.login_code c ON c.account = a.id AND c.used_at IS NULL"
    " WHERE a.id = :id GROUP BY a.id"
)
_USE_STEP: Final = text(
    "UPDATE govgrid.account SET totp_step = :step WHERE id = :id AND totp_step < :step"
)
_ENROL: Final = text(
    "UPDATE govgrid.account SET totp_secret = :secret, totp_step = :step WHERE id = :id"
)


@dataclass(frozen=True)
class CardState:
    """A code card: the number that is asked for next, None where none is left, and how many are."""

    number: int | None
    left: int


@dataclass(frozen=True)
class Factors:
    """The second factors of an account."""

    authenticator: bool
    certificate: bool
    card: CardState | None


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


def read_factors(connection: Connection, account: str | None) -> Factors:
    """Return the second factors of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    row = connection.execute(_FACTORS, {"id": account}).one()
    card = CardState(row.number, row.left) if row.card else None
    return Factors(row.authenticator, row.certificate, card)


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
