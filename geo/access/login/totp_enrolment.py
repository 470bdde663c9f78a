"""Enrolment of an authenticator: at the first log-in of a role that needs one, or by choice."""

from sqlalchemy import Engine

from geo.access import throttle, transaction
from geo.access.accounts.sessions import Session
from geo.access.audit import record as audit
from geo.access.login import login
from geo.access.login import second_factor as codes
from geo.access.login.login import LoggedIn
from geo.access.login.second_factor import Enrolment
from geo.base.errors import UnknownReaderError
from geo.base.settings import Settings
from geo.store import db


def begin_enrolment(session: Session) -> Enrolment:
    """Return a new key for the authenticator of whose session it is; nothing is kept of it."""
    return codes.new_key(session.reader)


def confirm_enrolment(
    engine: Engine,
    session: Session,
    secret: str,
    code: str,
    *,
    config: Settings,
    password: str = "",
    address: str = "",
    agent: str = "",
) -> LoggedIn:
    """Store the key of an authenticator that shows the right code; return the next session.

    Parameters
    ----------
    session
        Present session.
    secret
        Key in base 32.
    code
        Six digits as typed.
    config
        Encrypts the key.
    password
        Present password, required in a full session: an unlocked screen must not be enough to take
        an account over.
    address, agent
        Of the client.

    Raises
    ------
    InputError
        If it is no such key.
    UnknownReaderError
        If the code does not fit it, or the password is another.
    TooManyError
        If it failed too often.
    """
    who = session.reader
    if session.stage == "full":
        login.require_password(engine, who, password)
    login.count_attempt(engine, who, throttle.code_bucket(who.account))
    with db.open_transaction(engine) as connection:
        transaction.set_row_security(connection, who, "login")
        if codes.confirm_key(connection, who, secret, code, config=config):
            throttle.record_success(connection, throttle.code_bucket(who.account))
            audit.record(connection, who, "account.totp", who.account)
            return login.go_on(connection, session, config, address, agent)
    login.record_refusal(engine, who, "code")
    raise UnknownReaderError("login.wrong_code")
