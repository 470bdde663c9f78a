"""A whistle as it is ordered: units that exist, one of them the lead, a time that can be kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from geo.base.errors import InputError
from geo.base.local_time import local_minute
from geo.incidents.case import Case
from geo.incidents.move_request import CHOICES
from geo.incidents.rules.guards import LEVELS, Actor
from geo.incidents.rules.whistle import MOST_MINUTES, MOST_UNITS, ROLES, CalledUnit, Whistle
from geo.incidents.store import whistles as stored

_AREAS: Final = ("grid_code", "community_code", "township_code")


def complete_order(
    connection: Connection, case: Case, actor: Actor, *, lowest: str, timezone: str
) -> Case:
    """Return a case with the whistle that is ordered, once it can be blown as it is.

    Parameters
    ----------
    connection
        Open transaction.
    case
        The incident with what was asked.
    actor
        Who blows it.
    lowest
        Lowest level whose dispatchers blow one.
    timezone
        IANA name, for what a refusal says.

    Raises
    ------
    InputError
        If a unit is unknown or named twice, no or several lead, or the time cannot be.
    """
    units = case.asked.units or ()
    _require_units(connection, units)
    _require_lead(units)
    level = _level(case.asked.level, actor, lowest)
    report_by = _report_by(case, timezone)
    order = Whistle(level, report_by, case.asked.within_minutes, _paired(connection, case))
    return replace(case, whistle=order)


def complete_addition(connection: Connection, case: Case, *, timezone: str) -> Case:
    """Return a case with the units that are added to its open whistle (增派), once they can be.

    Their time to report in is their own; where none is given it is the whistle's.

    Parameters
    ----------
    connection
        Open transaction.
    case
        The incident with what was asked.
    timezone
        IANA name, for what a refusal says.

    Raises
    ------
    InputError
        If a unit is unknown, called already or named as the lead, they would be too many, or the
        time cannot be.
    """
    open_whistle, units = case.open_whistle or {}, case.asked.units or ()
    _require_units(connection, units)
    if not units:
        raise InputError("whistle.nobody")
    if any(each.role == "lead" for each in units):
        raise InputError("whistle.second_lead")
    called = {d["unit_code"] for d in case.called}
    if again := sorted(called & {each.unit for each in units}):
        raise InputError("whistle.called_already", units=", ".join(again))
    if len(called) + len(units) > MOST_UNITS:
        raise InputError("whistle.many", found=len(called) + len(units), most=MOST_UNITS)
    own = case.asked.report_at is not None or case.asked.within_minutes is not None
    report_by = _report_by(case, timezone) if own else open_whistle["report_by"]
    if report_by <= case.now:
        raise InputError("whistle.over", at=local_minute(report_by, timezone))
    order = Whistle(open_whistle["level"], report_by, case.asked.within_minutes)
    return replace(case, whistle=order)


def require_ratings(case: Case) -> None:
    """Refuse ratings that are not one for each unit that was called; paired ones may be left out.

    Raises
    ------
    InputError
        With the units whose rating lacks, or that were not called.
    """
    rated = [each.unit for each in case.asked.ratings or ()]
    called = {d["unit_code"] for d in case.called}
    due = {d["unit_code"] for d in case.called if d["kind"] != "paired"}
    if strange := sorted({*rated} - called):
        raise InputError("whistle.not_called", units=", ".join(strange)[:200])
    if missing := sorted(due - {*rated}):
        raise InputError("whistle.unrated", units=", ".join(missing))
    _require_once(rated)


def _require_units(connection: Connection, units: tuple[CalledUnit, ...]) -> None:
    if len(units) > MOST_UNITS:
        raise InputError("whistle.many", found=len(units), most=MOST_UNITS)
    for name, known, given in (
        ("role", ROLES, [each.role for each in units]),
        ("notified", CHOICES["notified"], [each.notified for each in units if each.notified]),
    ):
        if strange := [word for word in given if word not in known]:
            facts = {"field": name, "found": strange[0][:40], "known": ", ".join(known)}
            raise InputError("lifecycle.value", **facts)
    codes = [each.unit for each in units]
    _require_once(codes)
    if strange := sorted({*codes} - stored.known_units(connection, codes)):
        raise InputError("lifecycle.no_unit", code=strange[0][:40])


def _require_lead(units: tuple[CalledUnit, ...]) -> None:
    leads = sum(each.role == "lead" for each in units)
    if leads != 1:
        raise InputError("whistle.lead", found=leads)


def _require_once(codes: Iterable[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise InputError("whistle.twice", unit=code[:40])
        seen.add(code)


def _level(asked: str | None, actor: Actor, lowest: str) -> str:
    """Return the level of a whistle: that of who blows it, or a lower one that was named."""
    level = asked or actor.level or lowest
    known = LEVELS[LEVELS.index(lowest) : LEVELS.index(actor.level or lowest) + 1]
    if level not in known:
        raise InputError("lifecycle.value", field="level", found=level, known=", ".join(known))
    return level


def _report_by(case: Case, timezone: str) -> datetime:
    at, minutes = case.asked.report_at, case.asked.within_minutes
    if (at is None) == (minutes is None):
        raise InputError("whistle.time")
    if minutes is not None and not 0 < minutes <= MOST_MINUTES:
        raise InputError("whistle.minutes", found=minutes, most=MOST_MINUTES)
    found = at if at is not None else case.now + timedelta(minutes=minutes or 0)
    if found <= case.now:
        raise InputError("lifecycle.until_past", until=local_minute(found, timezone))
    return found


def _paired(connection: Connection, case: Case) -> tuple[str, ...]:
    """Return the units that are paired with the areas of the incident and not called otherwise."""
    if case.asked.paired is False:
        return ()
    areas = [case.row[name] for name in _AREAS if case.row[name]]
    called = {each.unit for each in case.asked.units or ()}
    return tuple(u for u in stored.paired_units(connection, areas) if u not in called)
