"""Log-in: password, second factor, and steps due before a session is complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping

from geo.access import passwords, principal, throttle, transaction
from geo.access.accounts import sessions
from geo.access.accounts.sessions import Session
from geo.access.audit import record as audit
from geo.access.login import factors
from geo.access.principal import Principal
from geo.access.store import logins as stored_logins
from geo.access.store import sessions as stored_sessions
from geo.base.errors import InputError, StateError, TooManyError, UnknownReaderError
from geo.base.settings import Settings
from geo.store import db

# A name that long is none; it is counted as one all the same.
MOST_NAME: Final = 64


@dataclass(frozen=True)
class LoggedIn:
    """A step of the log-in that was taken: the new session's token, and what is owed next."""

    token: str
    stage: str


def log_in(
    engine: Engine,
    name: str,
    password: str,
    *,
    config: Settings,
    address: str = "",
    agent: str = "",
    certificate: str = "",
) -> LoggedIn:
    """Return the session that a name and a password begin.

    An unknown name, a disabled account, one without a password and a wrong password are answered
    alike, after the same time.

    Parameters
    ----------
    name, password
        As typed.
    config
        Says what is due before the session is complete.
    address, agent
        Of the client.
    certificate
        What the proxy says of the client's certificate, "" for none.

    Raises
    ------
    UnknownReaderError
        If they do not match.
    TooManyError
        After too many failures of this name or address; also with the right password.
    """
    known = passwords.normalize_password(name).strip().lower()[:MOST_NAME]
    stranger = Principal(known, address=address)
    counter, place = (
        throttle.name_bucket(known),
        throttle.address_bucket(address) if address else None,
    )
    count_attempt(engine, stranger, counter, *([place] if place else []))
    row = _by_name(engine, known)
    stored = row["password_hash"] if row is not None and row["kind"] != "service" else None
    if not passwords.password_matches(stored, password) or row is None or stored is None:
        record_refusal(engine, stranger, "password")
        raise UnknownReaderError("login.wrong")
    again = passwords.hash_password(password) if passwords.needs_rehash(stored) else None
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "login")
        throttle.record_success(connection, counter, place)
        if again is not None:
            stored_logins.store_rehashed(connection, row["id"], again)
        owed = factors.owed_factor(row, certificate)
        by = "password" if owed or row["certificate"] is None else "certificate"
        return _let_in(connection, row, config, address, agent, owed=owed, by=by)


def second_factor(
    engine: Engine,
    session: Session,
    code: str,
    *,
    config: Settings,
    address: str = "",
    agent: str = "",
) -> LoggedIn:
    """Return the session after a code of the authenticator or the card, each accepted once.

    Parameters
    ----------
    session
        Session of the step before.
    code
        As typed: six digits of the authenticator, or eight of the card.
    config
        Says where the key of the installation is.
    address, agent
        Of the client.

    Raises
    ------
    UnknownReaderError
        If the code is wrong or was used.
    TooManyError
        After too many failures.
    """
    who = session.reader
    count_attempt(engine, who, throttle.code_bucket(who.account))
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, who, "login")
        row = _by_id(connection, who)
        by = factors.accept_factor(connection, row, code, config=config)
        if by is not None:
            throttle.record_success(connection, throttle.code_bucket(who.account))
            _end(connection, session)
            return _let_in(connection, row, config, address, agent, by=by)
    record_refusal(engine, who, "code")
    raise factors.wrong_code(factors.asked_factors(engine, session))


def log_in_external(
    engine: Engine,
    issuer: str,
    subject: str,
    *,
    config: Settings,
    address: str = "",
    agent: str = "",
    certificate: str = "",
) -> LoggedIn:
    """Return the session of an account that the identity provider authenticated.

    Parameters
    ----------
    issuer, subject
        Claims ``iss`` and ``sub`` of the verified token.
    config
        Says what is due before the session is complete.
    address, agent, certificate
        Of the client; see :func:`log_in`.

    Raises
    ------
    UnknownReaderError
        If no account is linked to the identity.
    """
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "login")
        row = stored_logins.login_by_identity(connection, issuer, subject)
        if row is not None and row["kind"] != "service":
            owed = factors.owed_factor(row, certificate)
            external = {**row, "must_change": False, "password_changed_at": None}
            return _let_in(connection, external, config, address, agent, owed=owed, by="oidc")
    record_refusal(engine, Principal("", address=address), "unbound")
    raise UnknownReaderError("login.unbound")


def change_password(
    engine: Engine,
    session: Session,
    old: str,
    new: str,
    *,
    config: Settings,
    address: str = "",
    agent: str = "",
) -> LoggedIn:
    """Change the own password and return a new session; all others of the account end.

    Parameters
    ----------
    session
        Present session.
    old, new
        Passwords as typed.
    config
        Rules of passwords.
    address, agent
        Of the client.

    Raises
    ------
    UnknownReaderError
        If the present password is wrong.
    InputError
        If the new one is weak, or equals the present one.
    StateError
        If the account has no password here.
    TooManyError
        After too many failures.
    """
    who = session.reader
    require_password(engine, who, old)
    if passwords.normalize_password(old) == passwords.normalize_password(new):
        raise InputError("password.same")
    names = (who.account, who.holder, who.unit_name)
    passwords.require_strong(
        new, names=names, min_length=config.password_min_length, kinds=config.password_kinds
    )
    kept = passwords.hash_password(new)
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, who, "login")
        stored_logins.store_password(connection, who.id, kept)
        sessions.end_all(connection, str(who.id))
        audit.record(connection, who, "account.password", who.account)
        return _let_in(connection, _by_id(connection, who), config, address, agent)


def require_password(engine: Engine, who: Principal, password: str) -> None:
    """Raise unless the present password was typed once more.

    Parameters
    ----------
    who
        Account that is logged in.
    password
        As typed.

    Raises
    ------
    UnknownReaderError
        If it is wrong.
    StateError
        If the account has no password here.
    TooManyError
        After too many failures.
    """
    counter = throttle.name_bucket(who.account)
    count_attempt(engine, who, counter)
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, who, "login")
        stored = _by_id(connection, who)["password_hash"]
    if stored is None:
        raise StateError("password.none")
    if not passwords.password_matches(stored, password):
        record_refusal(engine, who, "password")
        raise UnknownReaderError("login.wrong_password")
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, who, "login")
        throttle.record_success(connection, counter)


def go_on(
    connection: Connection, session: Session, config: Settings, address: str, agent: str
) -> LoggedIn:
    """Return the session that follows another one, which ends.

    Parameters
    ----------
    connection
        Open transaction with the action "login".
    session
        Session of the step before.
    config
        Says what is due before the session is complete.
    address, agent
        Of the client.
    """
    _end(connection, session)
    row = _by_id(connection, session.reader)
    return _let_in(connection, row, config, address, agent)


def log_out(engine: Engine, session: Session, token: str) -> None:
    """End a session, for every copy of its token.

    Parameters
    ----------
    session
        Present session, for the audit.
    token
        From the cookie.
    """
    sessions.end_session(engine, token)
    audit.note_apart(engine, session.reader, "logout", session.reader.account, outcome="done")


def _let_in(
    connection: Connection,
    row: RowMapping | Mapping[str, Any],
    config: Settings,
    address: str,
    agent: str,
    *,
    owed: str | None = None,
    by: str = "",
) -> LoggedIn:
    """Begin a session of an account: a full one, or one in which something is owed."""
    stage = owed or factors.owed_step(connection, row, config)
    lasts = timedelta(hours=config.session_hours)
    token = sessions.begin_session(
        connection, str(row["id"]), stage=stage, lasts=lasts, address=address, agent=agent
    )
    if by:
        stored_logins.record_login(connection, row["id"])
        who = Principal(row["name"], unit_name=row["unit_name"], address=address)
        facts = {"by": by, "stage": stage}
        audit.record(connection, who, "login", row["name"], facts=facts)
    return LoggedIn(token, stage)


def _by_name(engine: Engine, name: str) -> RowMapping | None:
    if "\x00" in name:  # no text of the database; no account has it
        return None
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, principal.NOBODY, "login")
        return stored_logins.login_by_name(connection, name)


def _by_id(connection: Connection, who: Principal) -> RowMapping:
    row = stored_logins.login_by_id(connection, who.id)
    if row is None:
        raise UnknownReaderError("access.unknown")
    return row


def _end(connection: Connection, session: Session) -> None:
    stored_sessions.delete_session(connection, session.id)


def count_attempt(engine: Engine, who: Principal, *counters: throttle.Counter) -> None:
    """Count an attempt before it is made; one that is locked out is audited.

    Parameters
    ----------
    who
        Account that is tried.
    *counters
        Of the name, the address or the code.

    Raises
    ------
    TooManyError
        After too many failures.
    """
    try:
        throttle.record_attempt(engine, counters)
    except TooManyError:
        record_refusal(engine, who, "locked")
        raise


def record_refusal(engine: Engine, who: Principal, reason: str) -> None:
    """Audit a refused log-in, without anything typed as a password.

    Parameters
    ----------
    who
        Account that was tried.
    reason
        "password", "code", "locked" or "unbound".
    """
    facts = {"reason": reason}
    audit.note_apart(engine, who, "login", who.account, outcome="refused", facts=facts)
