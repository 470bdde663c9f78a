"""Separation of duties among administrators, who never hold or take over each other's roles."""

from typing import Final

from sqlalchemy import Connection, text

from geo.access.principal import Reader
from geo.access.roles import PERMISSIONS
from geo.base.errors import ForbiddenError, StateError
from geo.store import db

_LEFT: Final = text(
    "SELECT role FROM unnest(CAST(:roles AS text[])) AS role WHERE EXISTS"
    " (SELECT FROM govgrid.role_grant g WHERE g.account = :id AND g.role = role.role"
    " AND g.area_unit_id IS NULL) AND NOT EXISTS"
    " (SELECT FROM govgrid.role_grant g JOIN govgrid.account a ON a.id = g.account"
    " WHERE g.role = role.role AND g.area_unit_id IS NULL AND a.disabled_at IS NULL"
    " AND (g.until IS NULL OR g.until >= govgrid.today()) AND a.id <> :id)"
)
_HELD: Final = text(
    "SELECT EXISTS (SELECT FROM govgrid.role_grant g JOIN govgrid.account a ON a.id = g.account"
    " WHERE g.role = :role AND g.area_unit_id IS NULL AND a.disabled_at IS NULL"
    " AND (g.until IS NULL OR g.until >= govgrid.today()))"
)
# Without them nobody could make accounts, or give rights, but by the server's own command line.
NEEDED: Final = ("administrator", "security_administrator")
_ROLES: Final = text("SELECT DISTINCT role FROM govgrid.role_grant WHERE account = :account")
WATCHING: Final = frozenset(
    role for role, actions in PERMISSIONS.items() if actions & {"grants", "audit"}
)
"""Roles whose accounts administrators make, but do not reset, link, change or disable."""


def lock_duties(connection: Connection) -> None:
    """Wait until nobody else changes who may do what is needed, until the transaction ends."""
    turn = {"locks": db.LOCKS, "work": db.GRANTING}
    connection.execute(text("SELECT pg_advisory_xact_lock(:locks, :work)"), turn)


def require_others(connection: Connection, account: str, name: str) -> None:
    """Refuse to go on if nobody but `account` (uuid) could do what is needed.

    Raises
    ------
    StateError
        With the role that would be lost.
    """
    lock_duties(connection)
    asked = {"roles": list(NEEDED), "id": account}
    role = connection.execute(_LEFT, asked).scalars().first()
    if role is not None:
        raise StateError(f"account.last_{role}", name=name)


def held_by_somebody(connection: Connection, role: str) -> bool:
    """Tell whether an account that is not disabled holds a role over everything today."""
    return bool(connection.execute(_HELD, {"role": role}).scalar_one())


def roles_of(connection: Connection, account: str) -> set[str]:
    """Return the roles that an account (uuid) holds anywhere, ended ones too."""
    return set(connection.execute(_ROLES, {"account": account}).scalars())


def require_apart(connection: Connection, reader: Reader, account: str, name: str) -> None:
    """Refuse to take over who gives rights or reads the log: only the server itself does.

    Raises
    ------
    ForbiddenError
        If `account` (uuid) holds such a role.
    """
    if reader.system:
        return
    if roles_of(connection, account) & WATCHING:
        raise ForbiddenError("account.apart", name=name)
