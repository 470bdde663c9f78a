"""Weekly hours of work of the site and of units, and the limits that follow from them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import ConditionError, InputError, NotFoundError, StaleError
from geo.incidents import alarms
from geo.incidents.rules.week_hours import WeekHours, require_usable
from geo.incidents.store import working_hours as stored
from geo.incidents.vocabularies import ACTION
from geo.store import outbox
from geo.store.outbox import Event

MOVING = ("incident", "assign", "dispatch")
"""Permissions of the program itself where it writes limits anew."""


@dataclass(frozen=True)
class Week:
    """The own hours of a unit, or of the site (`unit` None), and the name of this version of them.

    Without rows the hours of the site count for a unit. `recomputed`: incidents that got another
    limit by the change.
    """

    unit: str | None
    rows: tuple[WeekHours, ...]
    version: str
    shipped: bool = False
    recomputed: int = 0


def read_week(engine: Engine, who: Principal, unit: str | None = None) -> Week:
    """Return the own hours of a unit, or those of the site.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    unit
        Code of the unit; None: the site.

    Raises
    ------
    NotFoundError
        If there is no such unit.
    """
    with transaction.open_as(engine, who) as connection:
        return _week(connection, unit)


def replace_week(
    engine: Engine,
    who: Principal,
    rows: Sequence[WeekHours],
    *,
    unit: str | None,
    version: str | None,
    timezone: str,
) -> Week:
    """Replace the hours of a unit or of the site, with the limits that follow from them.

    Limits in working time of incidents that are being worked on are computed anew, each with a
    move; what is done, on hold or has a limit from elsewhere keeps its own.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who edits: the permission ``routing`` for the whole district.
    rows
        All rows; none for a unit gives it the hours of the site.
    unit
        Code of the unit; None: the site.
    version
        The version that was seen; None is refused.
    timezone
        IANA name.

    Raises
    ------
    NotFoundError
        If there is no such unit.
    ConditionError, StaleError
        If no version, or not the newest, was given.
    InputError
        If limits could not be counted by them.
    """
    who.require(ACTION)
    who.cut(ACTION).require_whole()
    require_usable(rows)
    if unit is None and not rows:
        raise InputError("working_hours.none")
    with transaction.open_as(engine, who) as connection:
        transaction.set_row_security(connection, who.cut(ACTION), *MOVING)
        stored.lock_hours(connection, unit)
        before = _week(connection, unit)
        _require_version(before, version)
        stored.replace_week(connection, unit, rows)
        count = alarms.recompute_working(connection, unit, timezone=timezone)
        return _record_edit(connection, who, before, count)


def _week(connection: Connection, unit: str | None) -> Week:
    if unit is not None and not stored.is_unit(connection, unit):
        raise NotFoundError("working_hours.no_unit", code=unit[:100])
    rows = tuple(stored.read_week(connection, unit))
    written = "\n".join(map(str, rows))
    version = hashlib.sha256(f"{unit or ''}\n{written}".encode()).hexdigest()[:32]
    return Week(unit, rows, version, stored.is_shipped(connection, unit))


def _require_version(week: Week, version: str | None) -> None:
    if version is None:
        raise ConditionError("edit.unconditional")
    if version != week.version:
        code = week.unit or "working-hours"
        raise StaleError("edit.stale", code=code, members={"version": week.version})


def _record_edit(connection: Connection, who: Principal, before: Week, count: int) -> Week:
    week = _week(connection, before.unit)
    facts = {
        "before": list(map(str, before.rows)),
        "after": list(map(str, week.rows)),
        "recomputed": count,
    }
    audit.record(connection, who, "working_hours", before.unit or "", facts=facts)
    outbox.add_event(connection, Event("working-hours", "changed", before.unit))
    return Week(week.unit, week.rows, week.version, week.shipped, count)
