"""Statistics of incidents: counts and rates of a period by a key, as they stand or as issued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError, NotFoundError, StateError
from geo.incidents.rules import periods, rates
from geo.incidents.rules.periods import Issue, Period, Scope
from geo.incidents.rules.rates import FigureRow
from geo.incidents.store import statistics as stored
from geo.incidents.store.statistics import Asked
from geo.store import db

BY: Final = (
    *("district", "township", "community", "grid", "category", "grade", "level", "unit"),
    *("paired", "source", "month"),
)
WANTED: Final = ("category", "grade", "level", "unit", "source")
DAYS_AT_ONCE: Final = 31
LEVELS: Final = ("grid", "community", "township", "district")


@dataclass(frozen=True)
class StatisticsQuery:
    """What is asked: a period (a statistics month, a year, or days), by what, of what.

    Without a period it is the present statistics month; `compare` asks for the period before and
    the same a year before.
    """

    by: str = "community"
    month: str | None = None
    year: str | None = None
    since: date | None = None
    until: date | None = None
    area: str | None = None
    category: str | None = None
    grade: str | None = None
    level: str | None = None
    unit: str | None = None
    source: str | None = None
    scopes: tuple[str, ...] = ()
    compare: bool = False


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
    scopes: tuple[str, ...] = ()
    issue: Issue | None = None
    corrections: tuple[FigureRow, ...] = ()
    spring_festival: bool = False
    previous: Compared | None = None
    year_before: Compared | None = None


def read_statistics(
    engine: Engine, who: Principal, query: StatisticsQuery, *, timezone: str, month_starts: int
) -> Figures:
    """Return counts of incidents as they stand, or as they went out where the period was issued.

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

    Raises
    ------
    InputError
        If the period, a key, an area, a word or a scope is none.
    """
    who.require("statistics")
    if query.by not in BY:
        raise InputError("statistics.by", found=query.by[:40], known=", ".join(BY))
    with open_one_state(engine, who) as connection:
        scopes = _scopes(connection, query)
        period = _period(query, scopes, clock.today(timezone), month_starts)
        asked = _asked(connection, who, query, scopes, period, month_starts)
        found = _counted(connection, query, asked, period)
        return _compared(connection, found, asked, month_starts) if query.compare else found


def issue_period(engine: Engine, who: Principal, period: Period, *, month_starts: int) -> Issue:
    """Let the figures of a period go out: they stay from then on, whatever is changed later.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who issues: statistics of everything there is.
    period
        Days that are over.
    month_starts
        Day of the month on which a statistics month starts.

    Raises
    ------
    ForbiddenError
        If areas limit the account.
    StateError
        If the period goes on, or went out before.
    """
    who.require("statistics")
    who.cut("statistics").require_whole()
    with open_one_state(engine, who) as connection:
        if stored.present_moment(connection) < _end_of(connection, period):
            raise StateError("statistics.goes_on", until=period.until)
        asked = Asked("district", period.since, period.until, month_starts, {})
        if stored.freeze_period(connection, asked, who.account) is None:
            raise StateError("statistics.issued", since=period.since, until=period.until)
        days = {"since": str(period.since), "until": str(period.until)}
        audit.record(connection, who, "statistics.issue", str(period.since), facts=days)
        issue = stored.find_issue(connection, period.since, period.until)
    if issue is None:
        raise NotFoundError("statistics.no_issue", since=period.since, until=period.until)
    return issue


def list_issues(engine: Engine, who: Principal) -> list[Issue]:
    """Return the issued periods, the newest first.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks.
    """
    who.require("statistics")
    with transaction.open_as(engine, who) as connection:
        return stored.list_issues(connection)


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
        _require_areas(connection, named.areas or ())
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


def sum_changed_days(engine: Engine) -> int:
    """Sum the days anew that were written since, so that figures of a year stay quick.

    One worker at a time, some days in a transaction; figures are the same before and after.

    Parameters
    ----------
    engine
        A pool of the owner of the tables.

    Returns
    -------
    int
        How many days were summed.
    """
    apart, done = engine.execution_options(isolation_level="REPEATABLE READ"), 0
    while True:
        with db.open_transaction(apart) as connection:
            free = db.try_lock_work(connection, db.SUMMING)
            days = stored.refresh_tally(connection, DAYS_AT_ONCE) if free else 0
        done += days
        if days < DAYS_AT_ONCE:
            return done


@contextmanager
def open_one_state(engine: Engine, who: Principal) -> Iterator[Connection]:
    """Open a transaction whose questions are all answered from one state of the database.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Whose grants apply.
    """
    apart = engine.execution_options(isolation_level="REPEATABLE READ")
    with transaction.open_as(apart, who) as connection:
        yield connection


def _counted(
    connection: Connection, query: StatisticsQuery, asked: Asked, period: Period
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
        query.scopes,
        issue if frozen else None,
        tuple(later),
        periods.has_spring_festival(period),
    )


def _total(
    connection: Connection, rows: list[FigureRow], asked: Asked, issue: Issue | None
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


def _compared(connection: Connection, found: Figures, asked: Asked, starts: int) -> Figures:
    others = (
        periods.period_before(found.period, starts),
        periods.year_before(found.period, starts),
    )
    told = []
    for period in others:
        whole = replace(asked, by="district", since=period.since, until=period.until)
        total = rates.sum_rows(stored.count_incidents(connection, whole))
        told.append(Compared(period, total, periods.has_spring_festival(period)))
    return replace(found, previous=told[0], year_before=told[1])


def _scopes(connection: Connection, query: StatisticsQuery) -> list[Scope]:
    known = stored.read_scopes(connection) if query.scopes else {}
    for name in query.scopes:
        if name not in known:
            raise InputError(
                "statistics.scope_unknown", found=name[:60], known="、".join(known) or "–"
            )
    return [known[name] for name in query.scopes]


def _period(query: StatisticsQuery, scopes: list[Scope], today: date, starts: int) -> Period:
    """Return the days that are asked for, cut to those of the scopes."""
    named = (query.month, query.year, query.since, query.until)
    timed = any(scope.since or scope.until for scope in scopes)
    if timed and named == (None,) * 4:
        period = Period(periods.FIRST_DAY, today)
    else:
        period = periods.choose_period(*named, today=today, starts=starts)
    for scope in scopes:
        since = max(period.since, scope.since or period.since)
        until = min(period.until, scope.until or period.until)
        month = period.month if (since, until) == (period.since, period.until) else None
        period = Period(since, until, month)
    periods.require_order(period.since, period.until)
    return period


def _asked(
    connection: Connection,
    who: Principal,
    query: StatisticsQuery,
    scopes: list[Scope],
    period: Period,
    starts: int,
) -> Asked:
    reader = who.cut("statistics")
    codes, by_grid = (
        (None, False) if reader.everything else stored.codes_of(connection, reader.areas)
    )
    lists: list[tuple[str, ...]] = [(query.area,)] if query.area else []
    lists += [scope.areas for scope in scopes if scope.areas]
    known = _require_areas(connection, [code for each in lists for code in each])
    # the district itself limits nothing
    within = tuple(each for each in lists if "district" not in {known[code] for code in each})
    by_grid = by_grid or any(known[code] == "grid" for each in within for code in each)
    wanted = {
        name: _word(connection, name, str(getattr(query, name)))
        for name in WANTED
        if getattr(query, name) is not None
    }
    return Asked(
        query.by, period.since, period.until, starts, wanted, within, codes, by_grid=by_grid
    )


def _require_areas(connection: Connection, codes: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Return the level of each area; refuse what is none."""
    known = stored.area_levels(connection, codes)
    for code in codes:
        if code not in known:
            raise InputError("statistics.area_unknown", found=code[:60])
    return {code: level for code, (level, _) in known.items()}


def _word(connection: Connection, what: str, word: str) -> str:
    """Return the key that a word stands for; what no table knows counts as it is written."""
    if what == "level":
        if word not in LEVELS:
            raise InputError("statistics.level", found=word[:40], known=", ".join(LEVELS))
        return word
    found = stored.find_word(connection, what, word)
    if found is None and what in ("grade", "unit"):
        raise InputError("statistics.word", what=what, found=word[:60])
    return word if found is None else found


def _names(connection: Connection, by: str, keys: list[str]) -> dict[str, tuple[str, str]]:
    if by in stored.AREA_LEVELS:
        known = stored.area_levels(connection, keys)
        return {code: (name, name) for code, (_, name) in known.items()}
    return stored.names_of(connection, by)


def _end_of(connection: Connection, period: Period) -> datetime:
    return stored.start_of(connection, period.until + timedelta(days=1))
