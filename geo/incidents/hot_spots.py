"""Hot spots by grid and hour, and the matters that no camera could see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine

from geo.access.principal import Principal
from geo.access.roles import CLASSES
from geo.base.words import say
from geo.incidents.rules.hot_spots import Cell, HotSpot, find_hot_spots, make_spot
from geo.incidents.rules.rates import FEWEST
from geo.incidents.rules.small_cells import LEAST
from geo.incidents.statistics_query import StatisticsQuery, open_one_state, resolve_query
from geo.incidents.store import spots as stored
from geo.incidents.store import statistics as stored_statistics
from geo.incidents.store.spots import HourRow


@dataclass(frozen=True)
class NamedSpot(HotSpot):
    """A place with its name and rank; `few` cases are not ranked.

    Without a grid it is what is known of the community alone: sensitive matters are, whoever asks.
    """

    name: str
    rank: int | None
    few: bool


@dataclass(frozen=True)
class UnseenShare:
    """How many of the matters whose cameras were answered no camera could see."""

    numerator: int | None
    denominator: int | None
    share: float | None
    definition: str


@dataclass(frozen=True)
class HotSpots:
    """Incidents of a period by place and hour; counts under `least` are null.

    `unseen` is None where gaps of coverage are not granted in all of what is asked for.
    """

    since: date
    until: date
    month: str | None
    area: str | None
    scopes: list[str]
    only: dict[str, str]
    least: int
    fewest: int
    rows: list[NamedSpot]
    total: HotSpot
    unseen: UnseenShare | None


def read_hot_spots(
    engine: Engine,
    who: Principal,
    query: StatisticsQuery,
    *,
    timezone: str,
    month_starts: int,
    lang: str = "zh",
) -> HotSpots:
    """Return the incidents of a period by grid and hour of the day, the most at the head.

    A matter counts at the hour at which it happened, else was reported. What cameras could not see
    is shown where gaps of coverage are granted.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks: the areas in which figures are granted.
    query
        Period, area, scopes and conditions.
    timezone
        IANA name: whose hours.
    month_starts
        Day of the month on which a statistics month starts.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If the period, an area, a word or a scope is none.
    """
    who.require("statistics")
    with open_one_state(engine, who) as connection:
        period, asked = resolve_query(connection, who, query, timezone, month_starts)
        rows = stored.count_hours(connection, asked)
        open_codes = gap_codes(connection, who)
        codes = [code for row in rows for code in (row.grid, row.community) if code]
        names = stored_statistics.area_levels(connection, codes)
    cells = [_cell(row, open_codes) for row in rows]
    spots = find_hot_spots(cells)
    total = make_spot(("", ""), cells, sum(cell.collected for cell in cells))
    return HotSpots(
        period.since,
        period.until,
        period.month,
        query.area or None,
        list(query.scopes),
        dict(asked.wanted),
        LEAST,
        FEWEST,
        _named(spots, {code: name for code, (_, name) in names.items()}, lang),
        total,
        _share(total, lang) if total.asked is not None else None,
    )


def gap_codes(connection: Connection, who: Principal) -> frozenset[str] | None:
    """Return the codes of areas in which an account may know what no camera sees; None: of all.

    Parameters
    ----------
    connection
        Open transaction.
    who
        Who asks.
    """
    reader = who.exact().deep("gaps")
    for kind in sorted(CLASSES):
        reader = reader.of_class(kind)
    if reader.everything:
        return None
    return frozenset(stored_statistics.codes_of(connection, reader.areas)[0])


def _is_open(row: HourRow, open_codes: frozenset[str] | None) -> bool:
    return open_codes is None or row.community in open_codes or row.grid in open_codes


def _cell(row: HourRow, open_codes: frozenset[str] | None) -> Cell:
    return Cell(
        row.community or "",
        row.grid or "",
        row.hour,
        row.collected,
        row.asked,
        row.unseen,
        row.ticked,
        gaps=_is_open(row, open_codes),
    )


def _named(spots: Sequence[HotSpot], names: Mapping[str, str], lang: str) -> list[NamedSpot]:
    ranked = [spot for spot in spots if spot.grid and (spot.collected or 0) >= FEWEST]
    return [
        NamedSpot(
            **vars(spot),
            name=_name(spot, names, lang),
            rank=1 + sum((o.collected or 0) > (spot.collected or 0) for o in ranked)
            if spot in ranked
            else None,
            few=(spot.collected or 0) < FEWEST,
        )
        for spot in spots
    ]


def _name(spot: HotSpot, names: Mapping[str, str], lang: str) -> str:
    if not spot.community and not spot.grid:
        return say("statistics.nowhere", lang)
    if spot.grid:
        return names.get(spot.grid, spot.grid)
    name = names.get(spot.community, spot.community)
    return say("statistics.without_grid", lang, name=name)


def _share(total: HotSpot, lang: str) -> UnseenShare:
    share = None if total.unseen is None or not total.asked else total.unseen / total.asked
    return UnseenShare(total.unseen, total.asked, share, say("statistics.meaning.unseen", lang))
