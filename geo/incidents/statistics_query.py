"""What figures are asked for: a period, areas, conditions; and of which rows that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError
from geo.incidents.rules import periods
from geo.incidents.rules.periods import Period, Scope
from geo.incidents.statistics_scopes import require_areas
from geo.incidents.store import statistics as stored
from geo.incidents.store.statistics import StatisticsQuestion

WANTED: Final = ("category", "grade", "level", "unit", "source")
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


def resolve_query(
    connection: Connection, who: Principal, query: StatisticsQuery, timezone: str, starts: int
) -> tuple[Period, StatisticsQuestion]:
    """Return the period that is asked for, and of which incidents figures are made.

    Parameters
    ----------
    connection
        Open transaction with row-level security set.
    who
        Who asks: the areas in which figures are granted.
    query
        Period, key and conditions.
    timezone
        IANA name: whose days.
    starts
        Day of the month on which a statistics month starts.

    Raises
    ------
    InputError
        If the period, an area, a word or a scope is none.
    """
    scopes = _scopes(connection, query)
    period = _period(query, scopes, clock.today(timezone), starts)
    return period, _asked(connection, who, query, scopes, period, starts)


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
) -> StatisticsQuestion:
    reader = who.cut("statistics")
    codes, by_grid = (
        (None, False) if reader.everything else stored.codes_of(connection, reader.areas)
    )
    lists: list[tuple[str, ...]] = [(query.area,)] if query.area else []
    lists += [scope.areas for scope in scopes if scope.areas]
    known = require_areas(connection, [code for each in lists for code in each])
    # the district itself limits nothing
    within = tuple(each for each in lists if "district" not in {known[code] for code in each})
    by_grid = by_grid or any(known[code] == "grid" for each in within for code in each)
    wanted = {
        name: _word(connection, name, str(getattr(query, name)))
        for name in WANTED
        if getattr(query, name) is not None
    }
    return StatisticsQuestion(
        query.by, period.since, period.until, starts, wanted, within, codes, by_grid=by_grid
    )


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
