"""Figures that went out stay: issued periods, and the sums of days that keep figures quick."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.audit import record as audit
from geo.access.principal import Principal
from geo.base.errors import NotFoundError, StateError
from geo.incidents.rules.periods import Issue, Period
from geo.incidents.statistics_query import open_one_state
from geo.incidents.store import statistics as stored
from geo.incidents.store.statistics import StatisticsQuestion
from geo.store import db

DAYS_AT_ONCE: Final = 31


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
        asked = StatisticsQuestion("district", period.since, period.until, month_starts, {})
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


def _end_of(connection: Connection, period: Period) -> datetime:
    return stored.start_of(connection, period.until + timedelta(days=1))
