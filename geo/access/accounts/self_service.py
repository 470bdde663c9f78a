"""Self-service: an account's own grants, sessions and second factor."""

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.accounts import sessions
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.access.store import grants as stored_grants
from geo.access.store import logins as stored_logins
from geo.access.store import sessions as stored_sessions
from geo.access.store.grants import OwnGrant as OwnGrant
from geo.access.store.logins import Factors
from geo.access.store.sessions import ListedSession as ListedSession


def own_grants(engine: Engine, reader: Principal) -> list[OwnGrant]:
    """Return own grants of today: ``role``, ``area``, ``classes``, ``depth``, ``until``.

    Parameters
    ----------
    reader
        Account that is logged in.
    """
    with transaction.open_as(engine, reader) as connection:
        return stored_grants.own_grants(connection, reader.id)


def own_sessions(
    engine: Engine, reader: Principal, session: str, *, idle_min: int
) -> list[ListedSession]:
    """Return own sessions, the last used first.

    Parameters
    ----------
    session
        Id of the present session, marked ``own``.
    idle_min
        Minutes without use after which a session ends.
    """
    asked = {
        "account": reader.id,
        "own": session,
        "lasting": reader.kind == "display",
        "idle_min": idle_min,
    }
    with transaction.open_as(engine, reader) as connection:
        return stored_sessions.list_sessions(connection, asked)


def own_factors(engine: Engine, reader: Principal) -> Factors:
    """Return the second factors of the account.

    Parameters
    ----------
    reader
        Account that is logged in.
    """
    with transaction.open_as(engine, reader) as connection:
        return stored_logins.read_factors(connection, reader.id)


def hide_from_visitors(engine: Engine, reader: Principal) -> int:
    """Show visitors' view in all sessions of an account (参观模式); return how many those are.

    It ends with each of them: a new log-in begins a session that shows everything.

    Parameters
    ----------
    reader
        Account that is logged in.
    """
    with transaction.open_as(engine, reader) as connection:
        hidden = stored_sessions.hide_from_visitors(connection, reader.id)
        facts = {"sessions": hidden}
        audit.record(connection, reader, "session.visitors", reader.account, facts=facts)
    return hidden


def end_others(engine: Engine, reader: Principal, session: str) -> int:
    """End all own sessions but one; return how many ended.

    Parameters
    ----------
    session
        Id of the session to keep.
    """
    with transaction.open_as(engine, reader) as connection:
        ended = sessions.end_all(connection, str(reader.id), but=session)
        facts = {"ended": ended}
        audit.record(connection, reader, "session.end_others", reader.account, facts=facts)
    return ended
