"""Statistics of incidents: counts and rates of a period by a key, as they stand or as issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access.principal import Principal
from geo.access.roles import PERMISSIONS
from geo.base.errors import InputError, StateError
from geo.incidents.listing import HANDLING
from geo.incidents.rules import periods, rates, small_cells
from geo.incidents.rules.periods import Issue, Period
from geo.incidents.rules.rates import FigureRow
from geo.incidents.statistics_query import StatisticsQuery, open_one_state, resolve_query
from geo.incidents.store import statistics as stored
from geo.incidents.store.statistics import StatisticsQuestion

BY: Final = (
    *("district", "township", "community", "grid", "category", "grade", "level", "unit"),
    *("paired", "source", "month"),
)


@dataclass(frozen=True)
class Compared:
    """The total of another period; `spring_festival` marks one that meets these days."""

    period: Period
    total: FigureRow
    spring_festival: bool


@dataclass(frozen=True)
class Figures:
    """Counts of a period by key, and their total.

    `as_of` is until when closures count: the present moment, or when the period was issued; then
    `issue` says so and `corrections` what came later (补报), by key.
    """

    by: str
    period: Period
    as_of: datetime
    rows: tuple[FigureRow, ...]
    total: FigureRow
    names: Mapping[str, tuple[str, str]]
    wanted: Mapping[str, str] = field(default_factory=dict)
    area: str | None = None
    area_name: str = ""
    scopes: tuple[str, ...] = ()
    issue: Issue | None = None
    corrections: tuple[FigureRow, ...] = ()
    spring_festival: bool = False
    previous: Compared | None = None
    year_before: Compared | None = None


def read_statistics(
    engine: Engine,
    who: Principal,
    query: StatisticsQuery,
    *,
    timezone: str,
    month_starts: int,
    outgoing: bool = False,
) -> Figures:
    """Return counts of incidents as they stand, or as they went out where the period was issued.

    Fewer than three incidents of a sensitive category have no key of their own, except for who
    handles incidents, and in no file.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks: the areas in which figures are granted.
    query
        Period, key and conditions.
    timezone
        IANA name: whose days.
    month_starts
        Day of the month on which a statistics month starts.
    outgoing
        Whether they go into a file or paper.

    Raises
    ------
    InputError
        If the period, a key, an area, a word or a scope is none.
    StateError
        If all that is asked for are fewer than three incidents of a sensitive category.
    """
    who.require("statistics")
    if query.by not in BY:
        raise InputError("statistics.by", found=query.by[:40], known=", ".join(BY))
    with open_one_state(engine, who) as connection:
        period, asked = resolve_query(connection, who, query, timezone, month_starts)
        found = _counted(connection, query, asked, period)
        if query.compare:
            found = _compared(connection, found, asked, month_starts)
        if outgoing or not _handles(who):
            found = _without_few(connection, found)
        return found


def _counted(
    connection: Connection, query: StatisticsQuery, asked: StatisticsQuestion, period: Period
) -> Figures:
    live = stored.count_incidents(connection, asked)
    issue = stored.find_issue(connection, period.since, period.until)
    frozen = issue is not None and not asked.wanted and asked.by != "month"
    rows, later, as_of = live, [], stored.present_moment(connection)
    if issue is not None and frozen:
        rows, as_of = stored.read_issued(connection, issue.id, asked), issue.issued_at
        later = _corrections(live, rows)
    named = _names(connection, asked.by, [row.key for row in (*rows, *later)])
    return Figures(
        asked.by,
        period,
        as_of,
        tuple(rows),
        _total(connection, rows, asked, issue if frozen else None),
        named,
        asked.wanted,
        query.area,
        _area_name(connection, query.area),
        query.scopes,
        issue if frozen else None,
        tuple(later),
        periods.has_spring_festival(period),
    )


def _total(
    connection: Connection, rows: list[FigureRow], asked: StatisticsQuestion, issue: Issue | None
) -> FigureRow:
    """Return the total; by paired units an incident counts in each, so that it is counted apart."""
    if asked.by != "paired":
        return rates.sum_rows(rows)
    whole = replace(asked, by="district")
    if issue is not None:
        return rates.sum_rows(stored.read_issued(connection, issue.id, whole))
    return rates.sum_rows(stored.count_incidents(connection, whole))


def _corrections(live: list[FigureRow], issued: list[FigureRow]) -> list[FigureRow]:
    """Return what came after an issue, by key; keys without a difference are left out."""
    now, then = ({row.key: row for row in rows} for rows in (live, issued))
    differences = [
        rates.subtract_rows(now.get(key, FigureRow(key, {})), then.get(key, FigureRow(key, {})))
        for key in sorted(now.keys() | then.keys())
    ]
    return [row for row in differences if any(row.counts.values()) or any(row.flow.values())]


def _handles(who: Principal) -> bool:
    """Return whether a principal handles incidents wherever it reads figures."""
    if who.system:
        return True
    handling = frozenset(HANDLING) & who.actions
    return all(PERMISSIONS[grant.role] & handling for grant in who.cut("statistics").grants)


def _without_few(connection: Connection, found: Figures) -> Figures:
    """Return figures in which few incidents of sensitive categories have no key of their own."""
    sensitive = stored.sensitive_categories(connection)
    wanted = found.wanted.get("category")
    if found.by != "category" and wanted not in sensitive:
        return found
    keys = None if wanted in sensitive else sensitive
    if keys is None and small_cells.is_small(found.total):
        raise StateError("statistics.few_asked", name=wanted, least=small_cells.LEAST)
    all_keys = {row.key for row in found.rows}
    rows = small_cells.merge_small(found.rows, keys)
    merged = all_keys - {row.key for row in rows}
    return replace(
        found,
        rows=rows,
        corrections=small_cells.merge_small(found.corrections, keys, merged),
        previous=_large(found.previous) if keys is None else found.previous,
        year_before=_large(found.year_before) if keys is None else found.year_before,
    )


def _large(other: Compared | None) -> Compared | None:
    return None if other is None or small_cells.is_small(other.total) else other


def _compared(
    connection: Connection, found: Figures, asked: StatisticsQuestion, starts: int
) -> Figures:
    others = (
        periods.period_before(found.period, starts),
        periods.year_before(found.period, starts),
    )
    compared = []
    for period in others:
        whole = replace(asked, by="district", since=period.since, until=period.until)
        total = rates.sum_rows(stored.count_incidents(connection, whole))
        compared.append(Compared(period, total, periods.has_spring_festival(period)))
    return replace(found, previous=compared[0], year_before=compared[1])


def _area_name(connection: Connection, code: str | None) -> str:
    return "" if not code else stored.area_levels(connection, [code])[code][1]


def _names(connection: Connection, by: str, keys: list[str]) -> dict[str, tuple[str, str]]:
    if by in stored.AREA_LEVELS:
        known = stored.area_levels(connection, keys)
        return {code: (name, name) for code, (_, name) in known.items()}
    return stored.names_of(connection, by)
