"""Which second factor a log-in owes, and whether what was typed is one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping

from geo.access import transaction
from geo.access.accounts import grants
from geo.access.accounts.sessions import Session
from geo.access.login import code_card, second_factor
from geo.access.login.client_certificate import is_certificate_of
from geo.access.roles import SECOND_FACTOR
from geo.access.store import logins as stored
from geo.access.store.logins import Factors as Factors
from geo.base.errors import UnknownReaderError
from geo.base.settings import Settings

Row = RowMapping | Mapping[str, Any]


def asked_factors(engine: Engine, session: Session) -> Factors:
    """Return by what the log-in of a session may go on.

    Parameters
    ----------
    session
        That owes its second factor.
    """
    with transaction.open_as(engine, session.reader) as connection:
        return stored.read_factors(connection, session.reader.id)


def owed_factor(row: Row, certificate: str) -> str | None:
    """Return "totp" where a second factor is owed after the password, else None.

    Parameters
    ----------
    row
        Of the account that logs in.
    certificate
        What the proxy said of the client's certificate, "" for none.
    """
    if is_certificate_of(row["certificate"], certificate):
        return None
    return "totp" if _has_factor(row) else None


def owed_step(connection: Connection, row: Row, config: Settings) -> str:
    """Return "change" or "enrol" where that is due after the second factor, else "full".

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    row
        Of the account that logs in.
    config
        Says how old a password may be.
    """
    if row["must_change"] or _is_too_old(row["password_changed_at"], config):
        return "change"
    if _has_factor(row):
        return "full"
    roles = {grant.role for grant in grants.current_grants(connection, str(row["id"]))}
    return "enrol" if row["factor_owed"] or roles & SECOND_FACTOR else "full"


def accept_factor(connection: Connection, row: Row, typed: str, *, config: Settings) -> str | None:
    """Return which factor a code is right for ("totp", "card"), None if for none; it is used then.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    row
        Of the account that logs in.
    typed
        Six digits of an authenticator, or eight of a card.
    config
        Says where the key of the installation is.
    """
    if code_card.accept_code(connection, row, typed, config=config):
        return "card"
    return "totp" if second_factor.accept_code(connection, row, typed, config=config) else None


def wrong_code(found: Factors) -> UnknownReaderError:
    """Return the refusal of a code, in words for what the account has.

    Parameters
    ----------
    found
        Factors of the account after the attempt.
    """
    if found.card is None or found.authenticator:
        return UnknownReaderError("login.wrong_code")
    if found.card.number is None:
        return UnknownReaderError("login.card_over")
    return UnknownReaderError("login.wrong_card", number=found.card.number)


def _has_factor(row: Row) -> bool:
    return any(row[name] is not None for name in ("totp_secret", "card_at", "certificate"))


def _is_too_old(changed_at: datetime | None, config: Settings) -> bool:
    days = config.password_max_days
    return bool(days and changed_at and datetime.now(UTC) - changed_at > timedelta(days=days))
