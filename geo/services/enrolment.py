"""An authenticator set up: at the first log-in of a role that needs one, or by choice."""

from sqlalchemy import Engine

from geo.base.errors import UnknownReaderError
from geo.base.settings import Settings
from geo.services import audit, failures, login, transaction
from geo.services import second_factor as codes
from geo.services.login import LoggedIn
from geo.services.second_factor import Enrolment
from geo.services.sessions import Session
from geo.store import db


def begin(session: Session) -> Enrolment:
    """Return a new key for the authenticator of whose session it is; nothing is kept of it."""
    return codes.new(session.reader)


def confirm(
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
    """Keep the key of an authenticator once it shows the right code.

    In a full session the present `password` is asked for: a screen left alone is not enough to
    take an account over.

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
    login.count(engine, who, failures.code(who.account))
    with db.transaction(engine) as connection:
        transaction.fence(connection, who, "login")
        if codes.confirmed(connection, who, secret, code, config=config):
            failures.succeeded(connection, failures.code(who.account))
            audit.record(connection, who, "account.totp", who.account)
            return login.go_on(connection, session, config, address, agent)
    login.refused(engine, who, "code")
    raise UnknownReaderError("login.wrong_code")
