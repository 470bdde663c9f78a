"""What intake looks up: categories, sources, duties, units, assets and the areas of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from geo.incidents.rules.duplicates import DuplicateReach
from geo.incidents.rules.routing import DESK, Asset, Duty
from geo.incidents.rules.working_time import Hours

_CATEGORIES: Final = text(
    "SELECT code, name, upper_code, grade, limit_amount, limit_unit, emergency, sensitive, active,"
    " clock_start, accept_minutes, duplicate_radius_m, duplicate_days FROM govgrid.category"
    " ORDER BY shipped, code"
)
_SOURCES: Final = text(
    "SELECT code, zh, en FROM govgrid.incident_source WHERE active ORDER BY rank"
)
_GRADES: Final = text(
    "SELECT code, zh, en, limit_amount, limit_unit, first_level FROM govgrid.incident_grade"
)
_DUTIES: Final = text(
    "SELECT code, unit_code, area_code, category, valid_from, valid_until FROM govgrid.unit_duty"
)
# The last day of a range is the one before its end.
_HOURS: Final = text(
    "SELECT unit_code, weekday, starts, ends, lower(valid) AS since, upper(valid) - 1 AS until"
    " FROM govgrid.working_hours"
)
_DAYS: Final = text("SELECT day, kind FROM govgrid.calendar")
_UNITS: Final = text("SELECT code, name, kind, area_code, duty_phone FROM govgrid.unit")
_PAIRINGS: Final = text("SELECT area_code, unit_code FROM govgrid.pairing")
_AREAS: Final = text("SELECT unit_id, code, name, level, path::text AS path FROM govgrid.area_now")
_ASSETS: Final = text(
    "SELECT code, coalesce(name, code) AS name, unit_code FROM govgrid.own_unit_asset"
)

_SPELLED: Final = text(
    "SELECT n.name, array_to_string(govgrid.spell_text(govgrid.fold_text(n.name)), ' ') AS spelled"
    " FROM unnest(CAST(:names AS text[])) AS n (name)"
)


@dataclass(frozen=True)
class Category:
    """A category of incidents, what it asks for, and whether it hides place and text."""

    code: str
    name: str
    upper_code: str | None
    grade: str
    limit_amount: float | None
    limit_unit: str | None
    emergency: bool
    sensitive: bool
    active: bool
    clock_start: str
    accept_minutes: int | None
    reach: DuplicateReach


@dataclass(frozen=True)
class Source:
    """Where incidents come from."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Grade:
    """How urgent: its limit where the category has none, and the level that begins."""

    code: str
    zh: str
    en: str
    limit_amount: float | None
    limit_unit: str | None
    first_level: str


@dataclass(frozen=True)
class Unit:
    """An organisation that can be sent, with its office phone."""

    code: str
    name: str
    kind: str | None
    area_code: str | None
    duty_phone: str | None


@dataclass(frozen=True)
class KnownArea:
    """An area of today; `path` holds the unit_ids down to it."""

    unit_id: int
    code: str
    name: str
    level: str
    path: tuple[int, ...]


@dataclass(frozen=True)
class BookRows:
    """All rows that intake looks up."""

    categories: tuple[Category, ...]
    sources: tuple[Source, ...]
    grades: tuple[Grade, ...]
    duties: tuple[Duty, ...]
    units: tuple[Unit, ...]
    desks: tuple[tuple[str, str], ...]
    pairings: tuple[tuple[str, str], ...]
    areas: tuple[KnownArea, ...]
    assets: tuple[Asset, ...]
    hours: tuple[tuple[str | None, Hours], ...] = ()
    days: tuple[tuple[date, str], ...] = ()


def read_book(connection: Connection) -> BookRows:
    """Return all rows that intake looks up."""
    units = tuple(Unit(**row._mapping) for row in connection.execute(_UNITS))
    return BookRows(
        categories=_categories(connection),
        sources=tuple(Source(*row) for row in connection.execute(_SOURCES)),
        grades=tuple(Grade(*row) for row in connection.execute(_GRADES)),
        duties=tuple(
            Duty(r.unit_code, r.area_code, r.category, r.code, r.valid_from, r.valid_until)
            for r in connection.execute(_DUTIES)
        ),
        units=units,
        desks=tuple((u.area_code, u.code) for u in units if u.kind == DESK and u.area_code),
        pairings=tuple((r.area_code, r.unit_code) for r in connection.execute(_PAIRINGS)),
        areas=tuple(
            KnownArea(r.unit_id, r.code, r.name, r.level, tuple(map(int, r.path.split("."))))
            for r in connection.execute(_AREAS)
            if r.path
        ),
        assets=tuple(Asset(*row) for row in connection.execute(_ASSETS)),
        hours=tuple(
            (
                r.unit_code,
                Hours(r.weekday, r.starts, r.ends, r.since or date.min, r.until or date.max),
            )
            for r in connection.execute(_HOURS)
        ),
        days=tuple((r.day, r.kind) for r in connection.execute(_DAYS)),
    )


def spell_names(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Return the pinyin of names, initials first, by name.

    Parameters
    ----------
    connection
        Open transaction.
    names
        In Chinese; what is in no Chinese is spelled by nothing.
    """
    return {row.name: row.spelled for row in connection.execute(_SPELLED, {"names": list(names)})}


def _categories(connection: Connection) -> tuple[Category, ...]:
    plain = (
        *("code", "name", "upper_code", "grade", "limit_amount", "limit_unit", "emergency"),
        *("sensitive", "active", "clock_start", "accept_minutes"),
    )
    return tuple(
        Category(
            **{name: row._mapping[name] for name in plain},
            reach=DuplicateReach(
                **{
                    name: float(value)
                    for name, value in (
                        ("radius_m", row.duplicate_radius_m),
                        ("days", row.duplicate_days),
                    )
                    if value is not None
                }
            ),
        )
        for row in connection.execute(_CATEGORIES)
    )
