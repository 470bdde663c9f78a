"""Whistles as they are read: sheets with who came, what is open, attendance by month and unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError, NotFoundError
from geo.base.words import say
from geo.incidents import case_reading, listing, moves, unit_steps
from geo.incidents.rules.attendance import (
    Attendance,
    Called,
    Sheet,
    count_attendance,
    count_by_unit,
)
from geo.incidents.rules.guards import Actor
from geo.incidents.rules.whistle import legal_steps
from geo.incidents.store import listing as stored_listing
from geo.incidents.store import moves as stored_moves
from geo.incidents.store import whistles as stored

MOST: Final = 200
RATES: Final = ("came", "in_time", "all_in_time", "paired")
_SHOWN: Final = (
    *("unit_code", "unit_name", "duty_phone", "role", "state", "version", "notified"),
    *("notified_post", "notified_at", "answer", "expected_at", "acknowledged_at"),
    *("reported_in_at", "reported_proxy", "reported_post", "known_by", "done_at", "disputed_at"),
    *("dispute_claim", "dispute_decision", "urged", "supervised_at"),
    *("rated_present", "rated_solved"),
)
_TEXTS: Final = ("answer_post", "answer_reason", "dispute_reason", "result")
_WHISTLE: Final = (
    *("id", "kind", "level", "state", "blown_at", "blown_unit", "report_by", "within_minutes"),
    *("ended_at",),
)


def read_whistles(engine: Engine, who: Principal, named: str) -> list[dict[str, Any]]:
    """Return the whistles of an incident, each with its units and who came.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    named
        Id or number of the incident.

    Raises
    ------
    NotFoundError
        If it is not seen.
    """
    with transaction.open_as(engine, who) as connection:
        incident = case_reading.find_incident(connection, who, named)
        return whistles_of(connection, who, incident)


def whistles_of(connection: Connection, who: Principal, incident: UUID) -> list[dict[str, Any]]:
    """Return what :func:`read_whistles` does, within a transaction.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Principal whose grants apply.
    incident
        Its id.
    """
    shown = stored_listing.read_shown(connection, listing.seen_by(who), incident)
    row = stored_moves.read_incident(connection, case_reading.seen_parameters(who), incident)
    if shown is None or row is None:
        raise NotFoundError("lifecycle.no_incident", id=incident)
    if shown["sensitive"] and not shown["exact"]:
        return []  # the units that were called may be those of a grid
    actor = moves.actor_of(connection, who, row)
    found = stored.read_whistles(connection, incident)
    called = _by_whistle(connection, found)
    return [
        _sheet(whistle, called[whistle["id"]], row, actor, exact=shown["exact"])
        for whistle in found
    ]


def list_whistles(engine: Engine, who: Principal) -> dict[str, Any]:
    """Return the open whistles with who came, and what communities ask for.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    """
    now = clock.now()
    asked = listing.seen_by(who)
    with transaction.open_as(engine, who) as connection:
        found = stored.open_whistles(connection, asked, MOST)
        called = _by_whistle(connection, found)
        waiting = stored.asked_whistles(connection, asked, MOST)
    rows = [
        {
            **{name: whistle[name] for name in _WHISTLE},
            **_incident_of(whistle),
            **_counted(whistle, called[whistle["id"]], now),
        }
        for whistle in found
    ]
    keys = ("id", "asked_at", "asked_unit", "reason")
    return {
        "whistles": rows,
        "asked": [{**{k: row[k] for k in keys}, **_incident_of(row)} for row in waiting],
    }


def count_attendance_of_month(
    engine: Engine,
    who: Principal,
    month: str,
    *,
    timezone: str,
    township: str | None = None,
    lang: str = "zh",
) -> dict[str, Any]:
    """Return who came to the whistles of a month, by unit, the longest absent first.

    Whistles count whose time to report in is over or that have ended; those called off do not.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Principal whose grants apply.
    month
        As 2026-10.
    timezone
        IANA name of the district.
    township
        Code; None for all.
    lang
        Language of the definitions.

    Raises
    ------
    InputError
        If it is no month.
    """
    since, until = month_bounds(month, timezone)
    asked = case_reading.seen_parameters(who)
    with transaction.open_as(engine, who) as connection:
        found = stored.whistles_of_period(connection, asked, since, until, township)
        called = _by_whistle(connection, found)
    now = clock.now()
    sheets = [_counting(whistle, called[whistle["id"]]) for whistle in found]
    names = {d["unit_code"]: d["unit_name"] for rows in called.values() for d in rows}
    rows = [{**asdict(row), "name": names[row.unit]} for row in count_by_unit(sheets, now)]
    return {
        "month": month,
        "township": township,
        "whistles": len(sheets),
        "rows": rows,
        "rates": _rates(sheets, now, lang),
    }


def month_bounds(month: str, timezone: str) -> tuple[datetime, datetime]:
    """Return the first moment of a calendar month and of the next one.

    Parameters
    ----------
    month
        As 2026-10.
    timezone
        IANA name.

    Raises
    ------
    InputError
        If it is no month.
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise InputError("whistle.no_month", found=month[:20]) from error
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    zone = ZoneInfo(timezone)
    start, end = (datetime.combine(day, time(), tzinfo=zone) for day in (first, following))
    return start, end


def _by_whistle(
    connection: Connection, found: Sequence[Mapping[str, Any]]
) -> defaultdict[Any, list[Mapping[str, Any]]]:
    units: defaultdict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for dispatch in stored.read_called(connection, [row["id"] for row in found]):
        units[dispatch["whistle"]].append(dispatch)
    return units


def _sheet(
    whistle: Mapping[str, Any],
    called: Sequence[Mapping[str, Any]],
    row: Mapping[str, Any],
    actor: Actor,
    *,
    exact: bool,
) -> dict[str, Any]:
    """Return one whistle as people read it; its texts only where the incident itself is told."""
    now = clock.now()
    units = [_unit(d, whistle, row, actor, now, exact=exact) for d in called]
    told = {name: whistle[name] for name in _WHISTLE}
    told["place"] = whistle["place"] if exact else None
    return {**told, **_counted(whistle, called, now), "units": units}


def _unit(
    sent: Mapping[str, Any],
    whistle: Mapping[str, Any],
    row: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    *,
    exact: bool,
) -> dict[str, Any]:
    at = unit_steps.called_state({**sent, "whistle_state": whistle["state"]}, row, now)
    came = sent["reported_in_at"]
    told = {"dispatch": sent["id"], **{name: sent[name] for name in _SHOWN}}
    told |= {name: sent[name] if exact else None for name in _TEXTS}
    told["late"] = came is not None and came > whistle["report_by"]
    told["steps"] = list(legal_steps(at, actor.actions, actor.unit))
    return told


def _counting(whistle: Mapping[str, Any], called: Sequence[Mapping[str, Any]]) -> Sheet:
    units = tuple(Called(d["unit_code"], d["role"], d["reported_in_at"]) for d in called)
    return Sheet(whistle["blown_at"], whistle["report_by"], units)


def _attendance(sheet: Sheet, now: datetime) -> Attendance:
    return count_attendance(sheet.called, sheet.blown_at, sheet.report_by, now)


def _counted(
    whistle: Mapping[str, Any], called: Sequence[Mapping[str, Any]], now: datetime
) -> dict[str, Any]:
    return asdict(_attendance(_counting(whistle, called), now))


def _incident_of(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("incident", "code", "category", "community_code", "township_code")
    return {name: row[name] for name in names}


def _rates(sheets: Sequence[Sheet], now: datetime, lang: str) -> list[dict[str, Any]]:
    """Return shares of the period, each with numerator, denominator and definition."""
    counts = [_attendance(sheet, now) for sheet in sheets]
    expected = sum(each.expected for each in counts)
    parts = {
        "came": (sum(each.came for each in counts), expected),
        "in_time": (sum(each.in_time for each in counts), expected),
        "all_in_time": (sum(bool(each.all_in_time) for each in counts), len(counts)),
        "paired": (
            sum(each.paired_came for each in counts),
            sum(each.paired_expected for each in counts),
        ),
    }
    return [
        {
            "name": name,
            "numerator": parts[name][0],
            "denominator": parts[name][1],
            "share": parts[name][0] / parts[name][1] if parts[name][1] else None,
            "definition": say(f"whistle.rate.{name}", lang),
        }
        for name in RATES
    ]
