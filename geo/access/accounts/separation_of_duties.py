"""Separation of duties among administrators, who never hold or take over each other's roles."""

from typing import Final

from sqlalchemy import Connection

from geo.access.principal import Principal
from geo.access.roles import PERMISSIONS
from geo.access.store import grants as stored
from geo.base.errors import ForbiddenError, StateError
from geo.store import db

# Without them nobody could make accounts, or give rights, but by the server's own command line.
NEEDED: Final = ("administrator", "security_administrator")
WATCHING: Final = frozenset(
    role for role, actions in PERMISSIONS.items() if actions & {"grants", "audit"}
)
"""Roles whose accounts administrators make, but do not reset, link, change or disable."""


def lock_duties(connection: Connection) -> None:
    """Lock changes of duties until the end of the transaction, waiting for whoever holds it."""
    db.lock_work(connection, db.GRANTING)


def require_others(connection: Connection, account: str, name: str) -> None:
    """Raise if only one account holds a necessary role.

    Parameters
    ----------
    connection
        Open transaction; the lock of duties is taken.
    account
        Id (uuid) of the account that is to lose its roles.
    name
        Its name, for the message.

    Raises
    ------
    StateError
        With the role that would be lost.
    """
    lock_duties(connection)
    role = stored.held_alone(connection, account, NEEDED)
    if role is not None:
        raise StateError(f"account.last_{role}", name=name)


def held_by_somebody(connection: Connection, role: str) -> bool:
    """Return whether a working account holds a role without limit of area today.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    role
        Name of the role.
    """
    return stored.is_held(connection, role)


def roles_of(connection: Connection, account: str) -> set[str]:
    """Return the roles of an account in any area, ended ones included.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return stored.roles_of(connection, account)


def require_apart(connection: Connection, reader: Principal, account: str, name: str) -> None:
    """Separation of duties: raise if an administrator acts on security administrators or auditors.

    The system itself may.

    Parameters
    ----------
    reader
        Who acts.
    account, name
        Id (uuid) and name of the account that is changed.

    Raises
    ------
    ForbiddenError
        If the account holds such a role.
    """
    if reader.system:
        return
    if roles_of(connection, account) & WATCHING:
        raise ForbiddenError("account.apart", name=name)
