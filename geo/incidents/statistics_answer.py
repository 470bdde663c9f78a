"""Statistics for answers: names, rates with numerator, denominator and definition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from typing_extensions import TypedDict

from geo.base.local_time import local_minute
from geo.base.words import load_catalogue, say
from geo.incidents.rules import rates
from geo.incidents.rules.periods import Issue
from geo.incidents.rules.rates import COUNTS, FEWEST, FigureRow, Share
from geo.incidents.rules.small_cells import FEW_KEY, LEAST
from geo.incidents.statistics import Compared, Figures
from geo.incidents.whistle_answer import AttendanceFigures


class ShareAnswer(TypedDict):
    """A rate in figures; `few` cases are not ranked."""

    numerator: int
    denominator: int
    share: float | None
    few: bool


class RateAnswer(ShareAnswer):
    """A rate with its name and definition; `basis` is what was collected (cohort) or closed."""

    name: str
    label: str
    basis: str
    definition: str


class IssueAnswer(TypedDict):
    """An issued period."""

    since: date
    until: date
    issued_at: datetime
    issued_by: str


class ComparedAnswer(TypedDict):
    """The total of another period."""

    since: date
    until: date
    spring_festival: bool
    total: Mapping[str, object]
    rates: list[RateAnswer]


class StatisticsAnswer(TypedDict):
    """Figures of a period; a row has a number by each name of a count, `flow` and `rates`."""

    by: str
    since: date
    until: date
    month: str | None
    as_of: datetime
    area: str | None
    scopes: list[str]
    only: Mapping[str, str]
    spring_festival: bool
    fewest: int
    columns: Mapping[str, str]
    rows: list[Mapping[str, object]]
    total: Mapping[str, object]
    rates: list[RateAnswer]
    frozen: IssueAnswer | None
    corrections: list[Mapping[str, object]]
    previous: ComparedAnswer | None
    year_before: ComparedAnswer | None
    attendance: AttendanceFigures | None


def describe_statistics(
    found: Figures, lang: str, attendance: AttendanceFigures | None = None
) -> StatisticsAnswer:
    """Return figures for an answer: rows by key, rates of the total, what came later.

    Parameters
    ----------
    found
        As read.
    lang
        "zh" or "en".
    attendance
        Who came to whistles, where that is asked for.
    """
    places = rates.rank_rows(found.rows)
    return {
        "by": found.by,
        "since": found.period.since,
        "until": found.period.until,
        "month": found.period.month,
        "as_of": found.as_of,
        "area": found.area,
        "scopes": list(found.scopes),
        "only": dict(found.wanted),
        "spring_festival": found.spring_festival,
        "fewest": FEWEST,
        "columns": {name: say(f"statistics.count.{name}", lang) for name in COUNTS},
        "rows": [
            {**_row(row, key_name(found, row.key, lang)), "rank": places.get(row.key)}
            for row in found.rows
        ],
        "total": _row(found.total, say("statistics.total", lang)),
        "rates": describe_rates(found.total, lang),
        "frozen": None if found.issue is None else describe_issue(found.issue),
        "corrections": [_row(row, key_name(found, row.key, lang)) for row in found.corrections],
        "previous": _compared(found.previous, lang),
        "year_before": _compared(found.year_before, lang),
        "attendance": attendance,
    }


def describe_rates(row: FigureRow, lang: str) -> list[RateAnswer]:
    """Return the rates of a row, each with its numerator, denominator and definition.

    Parameters
    ----------
    row
        Counts.
    lang
        "zh" or "en".
    """
    shares = [*((share, "cohort") for share in row.shares)]
    shares += [(share, "flow") for share in row.flow_shares]
    return [
        {
            "name": share.name,
            "label": say(f"statistics.rate.{share.name}", lang),
            "basis": basis,
            **_share(share),
            "definition": say(f"statistics.meaning.{share.name}", lang),
        }
        for share, basis in shares
    ]


def describe_issue(issue: Issue) -> IssueAnswer:
    """Return an issued period for an answer."""
    return {
        "since": issue.since,
        "until": issue.until,
        "issued_at": issue.issued_at,
        "issued_by": issue.issued_by,
    }


def key_name(found: Figures, key: str, lang: str) -> str:
    """Return what a key is called.

    Parameters
    ----------
    found
        Figures with the names.
    key
        Of a row.
    lang
        "zh" or "en".
    """
    if key == FEW_KEY:
        return say("statistics.few_together", lang, least=LEAST)
    if not key:
        areas = found.by in ("township", "community", "grid")
        if found.by == "district":
            return say("statistics.total", lang)
        return say("statistics.nowhere" if areas else "statistics.unnamed", lang)
    if key in found.names:
        return found.names[key][lang == "en"]
    if found.by == "level" and f"level.{key}" in load_catalogue():
        return say(f"level.{key}", lang)
    return key


def describe_conditions(found: Figures, timezone: str, lang: str) -> list[str]:
    """Return the lines that stand above a table of figures.

    Parameters
    ----------
    found
        Figures.
    timezone
        IANA name.
    lang
        "zh" or "en".
    """
    festival = f"（{say('statistics.spring_festival', lang)}）" if found.spring_festival else ""
    days = {"since": found.period.since, "until": found.period.until}
    lines = [
        say("statistics.period", lang, **days) + festival,
        say("statistics.cohort", lang, as_of=local_minute(found.as_of, timezone)),
    ]
    if found.scopes:
        lines.append(say("statistics.scope", lang, names="、".join(found.scopes)))
    if found.area:
        lines.append(say("statistics.area", lang, name=found.area_name))
    if found.wanted:
        conditions = "、".join(
            f"{say(f'statistics.key_of.{what}', lang)} {word}"
            for what, word in found.wanted.items()
        )
        lines.append(say("statistics.condition", lang, conditions=conditions))
    if found.issue is not None:
        issued_at = local_minute(found.issue.issued_at, timezone)
        lines.append(say("statistics.frozen", lang, issued_at=issued_at, by=found.issue.issued_by))
    return lines


def rate_text(share: Share) -> str:
    """Return a rate as papers write it: 84.6%（987/1167）; a dash where there is no case."""
    if share.share is None:
        return "—"
    return f"{round_half_up(share)}%（{share.numerator}/{share.denominator}）"


def round_half_up(share: Share) -> str:
    """Return percents with one digit, halves away from zero; of whole numbers, so exact."""
    tenths = (2000 * share.numerator + share.denominator) // (2 * share.denominator)
    return f"{tenths // 10}.{tenths % 10}"


def _row(row: FigureRow, name: str) -> Mapping[str, object]:
    return {
        "key": row.key,
        "name": name,
        **row.counts,
        "flow": dict(row.flow),
        "rates": {share.name: _share(share) for share in (*row.shares, *row.flow_shares)},
    }


def _share(share: Share) -> ShareAnswer:
    return {
        "numerator": share.numerator,
        "denominator": share.denominator,
        "share": share.share,
        "few": share.denominator < FEWEST,
    }


def _compared(other: Compared | None, lang: str) -> ComparedAnswer | None:
    if other is None:
        return None
    return {
        "since": other.period.since,
        "until": other.period.until,
        "spring_festival": other.spring_festival,
        "total": _row(other.total, say("statistics.total", lang)),
        "rates": describe_rates(other.total, lang),
    }
