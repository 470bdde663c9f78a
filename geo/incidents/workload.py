"""Workload of communities, and what each would get by factors (因素法测算, for reference only)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access.principal import Principal
from geo.base.words import say
from geo.incidents.hot_spots import gap_codes
from geo.incidents.rules.allocation import Allotment, Share, share_out
from geo.incidents.statistics_query import StatisticsQuery, open_one_state, resolve_query
from geo.incidents.store import statistics as stored_statistics
from geo.incidents.store import workload as stored
from geo.incidents.store.statistics import StatisticsQuestion
from geo.incidents.store.workload import CommunityRow

SQUARE_KM: Final = 1e6


@dataclass(frozen=True)
class Workload:
    """What a community has to do with; None: not known, or (gaps) not granted.

    Households, residents and `estates_reported` are an office's numbers of the day `counted_on`;
    `estates` is that, else how many places of the kind 无物管小区 there are. `matters` were
    collected in the period, `closed` of them are closed.
    """

    key: str
    name: str
    households: int | None
    residents: int | None
    estates_reported: int | None
    counted_on: date | None
    source: str | None
    estates_located: int
    estates: int
    grids: int
    area_km2: float
    matters: int
    closed: int
    gaps: int | None
    gap_m2: float | None

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures by factor."""
        return {
            "households": self.households,
            "residents": self.residents,
            "grids": self.grids,
            "matters": self.matters,
            "area": self.area_km2,
            "estates": self.estates,
            "gaps": self.gap_m2,
        }


@dataclass(frozen=True)
class Allocation:
    """What is shared out, and what each community gets of it."""

    total: float
    base: float
    weights: Mapping[str, float]
    note: str
    shares: list[Share]


@dataclass(frozen=True)
class WorkloadTable:
    """Communities of a period with their workload; `allocation` where one is asked for."""

    since: date
    until: date
    month: str | None
    area: str | None
    scopes: list[str]
    rows: list[Workload]
    allocation: Allocation | None


def read_workload(
    engine: Engine,
    who: Principal,
    query: StatisticsQuery,
    allotment: Allotment | None = None,
    *,
    timezone: str,
    month_starts: int,
    lang: str = "zh",
) -> WorkloadTable:
    """Return the workload of each community of today, and what it gets of an amount.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks: the areas in which figures are granted.
    query
        Period, area and scopes.
    allotment
        What is shared out by which factors; None: nothing.
    timezone
        IANA name: whose days.
    month_starts
        Day of the month on which a statistics month starts.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If the period, an area or a scope is none, or the allotment cannot be.
    """
    who.require("statistics")
    with open_one_state(engine, who) as connection:
        period, asked = resolve_query(connection, who, query, timezone, month_starts)
        rows = _rows(connection, who, asked)
    shared = None if allotment is None else _shared(allotment, rows, lang)
    return WorkloadTable(
        period.since,
        period.until,
        period.month,
        query.area or None,
        list(query.scopes),
        rows,
        shared,
    )


def _rows(connection: Connection, who: Principal, asked: StatisticsQuestion) -> list[Workload]:
    counted = {row.key: row for row in stored_statistics.count_incidents(connection, asked)}
    gaps, granted = stored.read_gaps(connection), gap_codes(connection, who)
    rows = []
    for each in stored.read_communities(connection, asked):
        matters = counted[each.code].counts if each.code in counted else {}
        known = gaps is not None and (granted is None or each.code in granted)
        gap = (gaps or {}).get(each.code, (0, 0.0)) if known else (None, None)
        rows.append(_workload(each, matters, gap))
    return rows


def _workload(
    row: CommunityRow, matters: Mapping[str, int], gap: tuple[int | None, float | None]
) -> Workload:
    reported = row.estates_reported
    return Workload(
        row.code,
        row.name,
        row.households,
        row.residents,
        reported,
        row.counted_on,
        row.source,
        row.estates_located,
        row.estates_located if reported is None else reported,
        row.grids,
        row.area_m2 / SQUARE_KM,
        matters.get("collected", 0),
        matters.get("closed", 0),
        *gap,
    )


def _shared(allotment: Allotment, rows: Sequence[Workload], lang: str) -> Allocation:
    figures = {row.key: row.figures for row in rows}
    shares = list(share_out(allotment, figures))
    note = say("workload.reference", lang)
    return Allocation(allotment.total, allotment.base, dict(allotment.weights), note, shares)
