"""The ledger (民情账本) of an area: a row for each incident of a period, with what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import InputError
from geo.base.words import say
from geo.incidents import listing
from geo.incidents.rules import periods
from geo.incidents.rules.periods import Period
from geo.incidents.store import ledger as stored
from geo.incidents.store import statistics as stored_statistics

READING: Final = ("statistics", "incident")
COLUMNS: Final = (
    *("no", "day", "source", "title", "grid", "category", "grade", "level", "unit", "claimed"),
    *("result", "outcome", "closed_on", "rating", "remark"),
)
_APART: Final = ("duplicate", "cancelled")
_FREE: Final = {  # columns of old ledgers, kept as a file wrote them
    "claimed": ("认领支部/岗位", "认领支部", "认领岗位"),
    "rating": ("评价", "群众评价", "满意度"),
    "remark": ("备注",),
}
_ENDINGS: Final = re.compile("(社区|村)?(居民委员会|村民委员会|居委会|村委会)$|社区$|(?<=.)村$")


@dataclass(frozen=True)
class LedgerQuery:
    """Which ledger: an area (community, grid, township), a period, and the number of the paper."""

    area: str
    month: str | None = None
    year: str | None = None
    since: date | None = None
    until: date | None = None
    number: int | None = None


@dataclass(frozen=True)
class LedgerRow:
    """One incident, every cell as it is printed."""

    no: int
    day: str
    source: str
    title: str
    grid: str
    category: str
    grade: str
    level: str
    unit: str
    claimed: str
    result: str
    outcome: str
    closed_on: str
    rating: str
    remark: str
    code: str

    @property
    def cells(self) -> tuple[str | int, ...]:
        """The cells in the order of `COLUMNS`."""
        return tuple(getattr(self, name) for name in COLUMNS)


@dataclass(frozen=True)
class Ledger:
    """A ledger with its heads: collected, closed and of these solved; others counted apart."""

    area: str
    name: str
    number: str
    period: Period
    as_of: datetime
    rows: tuple[LedgerRow, ...]
    closed: int
    resolved: int
    duplicates: int
    cancelled: int

    @property
    def collected(self) -> int:
        """How many rows it has."""
        return len(self.rows)


def read_ledger(
    engine: Engine,
    who: Principal,
    query: LedgerQuery,
    *,
    timezone: str,
    month_starts: int,
    lang: str,
) -> Ledger:
    """Return the ledger of an area as far as its incidents are granted to `who`.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Whose grants apply.
    query
        Area, period, number.
    timezone
        IANA name: whose days.
    month_starts
        Day of the month on which a statistics month starts.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If the area or the period is none.
    """
    today = clock.today(timezone)
    named = (query.month, query.year, query.since, query.until)
    period = periods.choose_period(*named, today=today, starts=month_starts)
    asked: dict[str, Any] = {
        "area": query.area,
        "since": period.since,
        "until": period.until,
    }
    with transaction.open_as(engine, who) as connection:
        known = stored_statistics.area_levels(connection, [query.area])
        if query.area not in known:
            raise InputError("statistics.area_unknown", found=query.area[:60])
        issue = stored_statistics.find_issue(connection, period.since, period.until)
        asked["issued_at"] = issued_at = None if issue is None else issue.issued_at
        level, name = known[query.area]
        rows = stored.ledger_rows(connection, level, {**listing.seen_by(who), **asked})
        codes = {row["grid_code"] for row in rows} | {row["community_code"] for row in rows}
        areas = stored_statistics.area_levels(connection, sorted(filter(None, codes)))
        grades = stored_statistics.names_of(connection, "grade")
        as_of = stored_statistics.present_moment(connection)
    words = _Words(
        lang, ZoneInfo(timezone), {c: n for c, (_, n) in areas.items()}, grades, issued_at
    )
    listed = [row for row in rows if row["state"] not in _APART]
    closed = [row for row in listed if row["state"] == "closed"]
    return Ledger(
        query.area,
        name,
        ledger_number(name, period, query.number),
        period,
        as_of,
        tuple(_row(n, row, words) for n, row in enumerate(listed, start=1)),
        len(closed),
        sum(row["outcome"] == "resolved" for row in closed),
        sum(row["state"] == "duplicate" for row in rows),
        sum(row["state"] == "cancelled" for row in rows),
    )


def ledger_number(name: str, period: Period, number: int | None) -> str:
    """Return the number of a ledger, such as 先锋〔2026〕12号; of a month it is the month.

    Parameters
    ----------
    name
        Of the area; endings such as 社区 are left out.
    period
        Whose year and month count.
    number
        Another number; None: the month, and a blank to fill in for other periods.
    """
    year = period.month[:4] if period.month else f"{period.until.year}"
    numeral = number if number is not None else int(period.month[5:]) if period.month else "　"
    return f"{_ENDINGS.sub('', name) or name}〔{year}〕{numeral}号"


@dataclass(frozen=True)
class _Words:
    lang: str
    zone: ZoneInfo
    areas: Mapping[str, str]
    grades: Mapping[str, tuple[str, str]]
    issued_at: datetime | None

    def day(self, moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(self.zone):%Y-%m-%d}"

    def word(self, kind: str, value: str | None) -> str:
        return "" if value is None else say(f"{kind}.{value}", self.lang)


def _row(number: int, row: Mapping[str, Any], words: _Words) -> LedgerRow:
    grade = words.grades.get(row["grade"])
    grid = words.areas.get(row["grid_code"] or "", row["grid_code"] or "")
    return LedgerRow(
        number,
        words.day(row["known_at"]),
        (row["source_en"] if words.lang == "en" else row["source_zh"]) or "",
        row["title"] or "",
        grid,
        row["category"] or "",
        row["grade"] if grade is None else grade[words.lang == "en"],
        words.word("level", row["level"]),
        row["unit"] or "",
        _free(row, "claimed") or row["duty_post"] or "",
        row["result"]
        or (words.word("map.state", row["state"]) if row["closed_at"] is None else ""),
        words.word("lifecycle.outcome", row["outcome"]),
        words.day(row["closed_at"]),
        _rating(row, words.lang) or _free(row, "rating"),
        "；".join(_remarks(row, words)),
        row["code"],
    )


def _free(row: Mapping[str, Any], name: str) -> str:
    found = (row["attributes"].get(header) for header in _FREE[name])
    return next((str(value) for value in found if value not in (None, "")), "")


def _rating(row: Mapping[str, Any], lang: str) -> str:
    """Return how satisfied people were: 1 to 5, and what they said when asked afterwards."""
    marks, heard = row["satisfaction"], row["heard"]
    parts = [say("ledger.marks", lang, marks=marks)] if marks else []
    parts += [say(f"ledger.heard.{heard}", lang)] if heard else []
    return "；".join(parts)


def _remarks(row: Mapping[str, Any], words: _Words) -> Iterable[str]:
    """Yield what stands in the last column: flags, then what an old ledger said."""
    lang = words.lang
    if words.issued_at is not None and row["created_at"] > words.issued_at:
        yield say("ledger.flag.after_issue", lang)
    elif row["changed_at"] is not None:
        yield say("ledger.flag.changed_after_issue", lang, day=words.day(row["changed_at"]))
    for flag in ("on_hold", "supervised", "self_handled"):
        if row[flag]:
            yield say(f"ledger.flag.{flag}", lang)
    if row["reopened"]:
        yield say("ledger.flag.reopened", lang, times=row["reopened"])
    if row["reports"] > 1:
        yield say("ledger.flag.reports", lang, times=row["reports"])
    if row["state"] == "not_accepted":
        yield say("map.state.not_accepted", lang)
    if _free(row, "remark"):
        yield _free(row, "remark")
