"""Named sets of areas (试点) and named periods (专项) that statistics are cut to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import InputError, NotFoundError
from geo.incidents.rules import periods
from geo.incidents.rules.periods import Scope
from geo.incidents.store import statistics as stored


def list_scopes(engine: Engine, who: Principal) -> list[Scope]:
    """Return the named sets of areas and named periods.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    """
    who.require("statistics")
    with transaction.open_as(engine, who) as connection:
        return list(stored.read_scopes(connection).values())


def write_scope(engine: Engine, who: Principal, scope: Scope) -> None:
    """Name a set of areas, a period, or both.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who names it.
    scope
        With areas, days, or both.

    Raises
    ------
    InputError
        If it limits nothing, ends before it begins, or an area is none.
    """
    who.require("statistics")
    if not 1 <= len(scope.name.strip()) <= 40:
        raise InputError("statistics.scope_name", found=scope.name[:60])
    if not scope.areas and scope.since is None and scope.until is None:
        raise InputError("statistics.scope_empty", name=scope.name)
    periods.require_order(scope.since, scope.until)
    named = replace(scope, name=scope.name.strip(), areas=scope.areas or None)
    with transaction.open_as(engine, who) as connection:
        require_areas(connection, named.areas or ())
        stored.write_scope(connection, named, who.account)
        audit.record(connection, who, "statistics.scope", named.name)


def delete_scope(engine: Engine, who: Principal, name: str) -> None:
    """Delete a named scope.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who deletes it.
    name
        Of the scope.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    who.require("statistics")
    with transaction.open_as(engine, who) as connection:
        if not stored.delete_scope(connection, name):
            raise NotFoundError("statistics.no_scope", found=name[:60])
        audit.record(connection, who, "statistics.scope", name, facts={"deleted": True})


def require_areas(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Return the level of each area.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Of areas of any time.

    Raises
    ------
    InputError
        With the first that is none.
    """
    known = stored.area_levels(connection, codes)
    for code in codes:
        if code not in known:
            raise InputError("statistics.area_unknown", found=code[:60])
    return {code: level for code, (level, _) in known.items()}
