"""Grants: the rows of the table ``role_grant``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from geo.access import predicates

_HELD: Final = text(
    "SELECT g.role, g.area_unit_id, a.code, g.camera_classes, g.depth FROM govgrid.role_grant g"
    " LEFT JOIN govgrid.area_now a ON a.unit_id = g.area_unit_id"
    " WHERE g.account = :account AND (g.until IS NULL OR g.until >= govgrid.today())"
    " ORDER BY g.role, a.code"
)
_OWN: Final = text(
    "SELECT g.role, g.area_unit_id IS NULL AS whole, a.code AS area_code, a.name AS area_name,"
    " g.camera_classes AS classes, g.depth, g.until"
    " FROM govgrid.role_grant g LEFT JOIN govgrid.area_now a ON a.unit_id = g.area_unit_id"
    " WHERE g.account = :account AND (g.until IS NULL OR g.until >= govgrid.today())"
    " ORDER BY g.role, a.code NULLS FIRST"
)
_AREA: Final = text("SELECT unit_id, level, path FROM govgrid.area_now WHERE code = :code")
_FIRST_AREA: Final = text(
    "SELECT code FROM govgrid.area_now WHERE level = :level ORDER BY code LIMIT 1"
)
_FIRST_UNIT: Final = text("SELECT code, name FROM govgrid.unit_contact ORDER BY code LIMIT 1")
_UPSERT: Final = text(
    "INSERT INTO govgrid.role_grant"
    " (account, role, area_unit_id, camera_classes, depth, granted_by, until)"
    " VALUES (:account, :role, :area, :classes, :depth, :by, :until)"
    " ON CONFLICT (account, role, area_unit_id) DO UPDATE SET camera_classes = :classes,"
    " depth = :depth, granted_by = :by, granted_at = now(), until = :until"
)
_LIST: Final = text(
    "SELECT g.id, c.name AS account, g.role, g.area_unit_id IS NULL AS whole, a.code AS area_code,"
    " a.name AS area_name, g.camera_classes AS classes, g.depth, g.until,"
    " coalesce(g.until < govgrid.today(), false) AS over, g.granted_by, g.granted_at"
    " FROM govgrid.role_grant g JOIN govgrid.account c ON c.id = g.account"
    " LEFT JOIN govgrid.area_now a ON a.unit_id = g.area_unit_id"
    " WHERE (CAST(:name AS text) IS NULL OR c.name = :name)"
    f" AND {predicates.AREA.format(path='a.path')}"
    " ORDER BY c.name, g.role, a.code NULLS FIRST"
)
_FIND: Final = text(
    "SELECT g.account, g.role, g.area_unit_id, c.name, a.code FROM govgrid.role_grant g"
    " JOIN govgrid.account c ON c.id = g.account"
    " LEFT JOIN govgrid.area_now a ON a.unit_id = g.area_unit_id"
    f" WHERE g.id = :id AND {predicates.AREA.format(path='a.path')}"
)
_DELETE: Final = text("DELETE FROM govgrid.role_grant WHERE id = :id")
_TODAY: Final = text("SELECT govgrid.today()")
_ROLES: Final = text("SELECT DISTINCT role FROM govgrid.role_grant WHERE account = :account")
_HOLDER: Final = (
    "SELECT FROM govgrid.role_grant g JOIN govgrid.account a ON a.id = g.account"
    " WHERE g.role = {role} AND g.area_unit_id IS NULL AND a.disabled_at IS NULL"
    " AND (g.until IS NULL OR g.until >= govgrid.today())"
)
_IS_HELD: Final = text(f"SELECT EXISTS ({_HOLDER.format(role=':role')})")
_HELD_ALONE: Final = text(
    "SELECT role FROM unnest(CAST(:roles AS text[])) AS role WHERE EXISTS"
    " (SELECT FROM govgrid.role_grant g WHERE g.account = :id AND g.role = role.role"
    f" AND g.area_unit_id IS NULL) AND NOT EXISTS ({_HOLDER.format(role='role.role')}"
    " AND a.id <> :id)"
)


@dataclass(frozen=True)
class OwnGrant:
    """A grant as its holder reads it; `whole`: of everything there is."""

    role: str
    whole: bool
    area_code: str | None
    area_name: str | None
    classes: list[str]
    depth: str
    until: date | None


@dataclass(frozen=True)
class ListedGrant:
    """A grant as who gives rights sees it; `over`: it has ended."""

    id: UUID
    account: str
    role: str
    whole: bool
    area_code: str | None
    area_name: str | None
    classes: list[str]
    depth: str
    until: date | None
    over: bool
    granted_by: str
    granted_at: datetime


def current_grants(connection: Connection, account: str) -> Sequence[Any]:
    """Return today's grants: ``role``, ``area_unit_id``, ``code``, ``camera_classes``, ``depth``.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return connection.execute(_HELD, {"account": account}).all()


def own_grants(connection: Connection, account: str | None) -> list[OwnGrant]:
    """Return today's grants in the form shown to their holder.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return [OwnGrant(**row) for row in connection.execute(_OWN, {"account": account}).mappings()]


def list_grants(
    connection: Connection, name: str | None, parameters: Mapping[str, Any]
) -> list[ListedGrant]:
    """Return the grants in the areas of a principal; ``over``: ended.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    name
        Name of an account, None for all.
    parameters
        Grants of the principal as SQL parameters.
    """
    asked = {"name": name, **parameters}
    return [ListedGrant(**row) for row in connection.execute(_LIST, asked).mappings()]


def find_grant(
    connection: Connection, grant: str | None, parameters: Mapping[str, Any]
) -> RowMapping | None:
    """Return ``account``, ``role``, ``area_unit_id``, ``name`` and ``code`` of a grant.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    grant
        Id (uuid).
    parameters
        Grants of the principal as SQL parameters: only grants in its areas are found.
    """
    return connection.execute(_FIND, {"id": grant, **parameters}).mappings().first()


def upsert_grant(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a grant; the same role in the same area is changed.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    row
        ``account``, ``role``, ``area``, ``classes``, ``depth``, ``by`` and ``until`` (None: without
        end).
    """
    connection.execute(_UPSERT, row)


def delete_grant(connection: Connection, grant: str | None) -> None:
    """Delete a grant.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    grant
        Id (uuid).
    """
    connection.execute(_DELETE, {"id": grant})


def find_area(connection: Connection, code: str) -> RowMapping | None:
    """Return ``unit_id``, ``level`` and ``path`` of an area valid today, None if there is none.

    Parameters
    ----------
    connection
        Open transaction.
    code
        Code of the area, all its digits.
    """
    return connection.execute(_AREA, {"code": code}).mappings().first()


def first_area(connection: Connection, level: str) -> str | None:
    """Return the smallest area code of a level, None if there is none.

    Parameters
    ----------
    connection
        Open transaction.
    level
        "district", "township", "community" or "grid".
    """
    code: str | None = connection.execute(_FIRST_AREA, {"level": level}).scalar_one_or_none()
    return code


def first_unit(connection: Connection) -> tuple[str, str] | None:
    """Return code and name of the unit with the smallest code."""
    row = connection.execute(_FIRST_UNIT).first()
    return None if row is None else (row.code, row.name)


def district_today(connection: Connection) -> date:
    """Return the day of the district."""
    day: date = connection.execute(_TODAY).scalar_one()
    return day


def roles_of(connection: Connection, account: str) -> set[str]:
    """Return the roles of an account in any area, ended ones included.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    return set(connection.execute(_ROLES, {"account": account}).scalars())


def is_held(connection: Connection, role: str) -> bool:
    """Return whether a working account holds a role without limit of area today.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    role
        Name of the role.
    """
    return bool(connection.execute(_IS_HELD, {"role": role}).scalar_one())


def held_alone(connection: Connection, account: str, roles: Sequence[str]) -> str | None:
    """Return a role that only one account holds without limit of area, None if there is none.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    roles
        Roles to look at.
    """
    asked = {"roles": list(roles), "id": account}
    return connection.execute(_HELD_ALONE, asked).scalars().first()
