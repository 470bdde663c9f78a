"""Grants: the role of an account in an area, its camera classes and its depth."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.accounts import separation_of_duties
from geo.access.audit import record as audit
from geo.access.principal import Grant, Principal
from geo.access.roles import (
    APART,
    CLASSES,
    DEFAULT_DEPTH,
    DEPTHS,
    PERMISSIONS,
    default_classes,
)
from geo.access.store import accounts as stored_accounts
from geo.access.store import grants as stored
from geo.access.store.grants import ListedGrant as ListedGrant
from geo.base.errors import ForbiddenError, InputError, NotFoundError


def current_grants(connection: Connection, account: str) -> tuple[Grant, ...]:
    """Return today's grants of an account.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    account
        Id (uuid).
    """
    rows = stored.current_grants(connection, account)
    return tuple(
        Grant(role, area, code, frozenset(classes), depth)
        for role, area, code, classes, depth in rows
        if role in PERMISSIONS
    )


def give_grant(
    engine: Engine,
    reader: Principal,
    account: str,
    role: str,
    area: str | None = None,
    *,
    classes: Collection[str] | None = None,
    depth: str | None = None,
    until: date | None = None,
) -> None:
    """Give an account a role in an area; the same once more changes classes, depth and end.

    Parameters
    ----------
    account, role
        Name of the account, one of ``geo.access.roles.PERMISSIONS``.
    area
        Code of an area; None: everything there is.
    classes
        Classes of cameras; None: as the level of the area has it, without 天网 below the district.
    depth
        How deep; None: as the role has it.
    until
        The last day; None: no end.

    Raises
    ------
    ForbiddenError
        If the reader may not grant, not there, or would grant to himself.
    NotFoundError
        If there is no such account or area.
    InputError
        If role, class, depth or day cannot be, or the role does not go with the account.
    """
    reader.require("grants")
    _require_known(role, classes, depth)
    with transaction.open_as(engine, reader) as connection:
        separation_of_duties.lock_duties(connection)
        insert_grant(
            connection, reader, account, role, area, classes=classes, depth=depth, until=until
        )


def insert_grant(
    connection: Connection,
    reader: Principal,
    account: str,
    role: str,
    area: str | None,
    *,
    classes: Collection[str] | None = None,
    depth: str | None = None,
    until: date | None = None,
) -> None:
    """Give a grant in the caller's transaction; see :func:`give_grant` for errors.

    Parameters
    ----------
    reader
        Administrator of grants, who cannot grant to himself.
    account
        Name of the account.
    role
        Name of a role.
    area
        Code of an area, None for no limit.
    classes
        Camera classes; None: the default of the area's level.
    depth
        Access level; None: the default of the role.
    until
        Last day, None for no end.
    """
    _require_known(role, classes, depth)
    name = account.strip().lower()
    found = stored_accounts.find_account(connection, audit.one_line(name))
    if found is None:
        raise NotFoundError("access.no_account", name=account)
    number = str(found["id"])
    if number == reader.id:
        raise ForbiddenError("grant.own", account=account)
    _require_fit(connection, number, name, found["kind"], role)
    where = _area(connection, reader, area)
    _require_day(connection, until)
    row = {
        "account": number,
        "role": role,
        "area": where.get("unit_id"),
        "classes": sorted(
            default_classes(role, where.get("level")) if classes is None else classes
        ),
        "depth": depth or DEFAULT_DEPTH[role],
        "by": reader.account,
        "until": until,
    }
    stored.upsert_grant(connection, row)
    facts = {"role": role, "area": area or "", "classes": row["classes"], "depth": row["depth"]}
    facts["until"] = str(until or "")
    audit.record(connection, reader, "grant.give", name, facts=facts)


def revoke_grant(engine: Engine, reader: Principal, grant: str) -> None:
    """Revoke a grant, with immediate effect.

    Parameters
    ----------
    reader
        Administrator of grants.
    grant
        Id (uuid).

    Raises
    ------
    ForbiddenError
        If the principal may not grant, or it is his own grant.
    NotFoundError
        If there is no such grant in his areas.
    StateError
        If nobody else would hold a necessary role.
    """
    reader.require("grants")
    granting = reader.cut("grants")
    with transaction.open_as(engine, reader) as connection:
        separation_of_duties.lock_duties(connection)
        number = _number(grant)
        row = stored.find_grant(connection, number, granting.parameters)
        if row is None:
            raise NotFoundError("grant.unknown", number=grant[:40])
        if str(row["account"]) == reader.id:
            raise ForbiddenError("grant.own", account=row["name"])
        if row["role"] in separation_of_duties.NEEDED and row["area_unit_id"] is None:
            separation_of_duties.require_others(connection, str(row["account"]), row["name"])
        stored.delete_grant(connection, number)
        facts = {"role": row["role"], "area": row["code"] or ""}
        audit.record(connection, reader, "grant.take", row["name"], facts=facts)


def list_grants(
    engine: Engine, reader: Principal, *, account: str | None = None
) -> list[ListedGrant]:
    """Return the grants in the principal's areas; ``over``: ended.

    Parameters
    ----------
    reader
        Administrator of grants.
    account
        Name of an account, None for all.
    """
    reader.require("grants")
    name = None if account is None else audit.one_line(account.strip().lower())
    with transaction.open_as(engine, reader) as connection:
        return stored.list_grants(connection, name, reader.cut("grants").parameters)


def _require_known(role: str, classes: Collection[str] | None, depth: str | None) -> None:
    if role not in PERMISSIONS:
        raise InputError("grant.role", found=role, known=", ".join(PERMISSIONS))
    strange = sorted(set(classes or ()) - set(CLASSES))
    if strange:
        raise InputError("grant.class", found=", ".join(strange), known=", ".join(CLASSES))
    if depth is not None and depth not in DEPTHS:
        raise InputError("grant.depth", found=depth, known=", ".join(DEPTHS))


def _require_fit(connection: Connection, account: str, name: str, kind: str, role: str) -> None:
    """Refuse a role that does not go with the kind of the account, or with its other roles."""
    if (role == "display") != (kind == "display"):
        raise InputError("grant.display", name=name)
    for other in sorted(separation_of_duties.roles_of(connection, account)):
        if frozenset({role, other}) in APART:
            raise InputError("grant.apart", name=name, held=other, role=role)


def _area(connection: Connection, reader: Principal, code: str | None) -> dict[str, Any]:
    """Return unit_id and level of an area in which the reader may grant; {} for everything."""
    granting = reader.cut("grants")
    if code is None:
        if not granting.everything:
            raise ForbiddenError("grant.beyond", area="—")
        return {}
    row = stored.find_area(connection, audit.one_line(code))
    if row is None:
        raise NotFoundError("grant.area", code=code)
    inside = {str(area) for area in granting.areas} & set(str(row["path"]).split("."))
    if not granting.everything and not inside:
        raise ForbiddenError("grant.beyond", area=code)
    return dict(row)


def _require_day(connection: Connection, until: date | None) -> None:
    today = stored.district_today(connection)
    if until is not None and until < today:
        raise InputError("grant.past", found=until.isoformat(), today=today.isoformat())


def _number(written: str) -> str | None:
    try:
        return str(UUID(written))
    except ValueError:
        return None
