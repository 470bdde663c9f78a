"""The monthly bulletin (月度运行情况通报): its text and tables, made of figures, to be edited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.areas import district
from geo.base import clock
from geo.base.errors import InputError
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.incidents import statistics, statistics_answer
from geo.incidents.rules.rates import FEWEST, FigureRow, Share
from geo.incidents.statistics import Compared, Figures
from geo.incidents.statistics_answer import rate_text, round_half_up
from geo.incidents.statistics_query import StatisticsQuery

TOP: Final = 3
TABLES: Final = ("township", "category")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph: a heading of the first level, or text."""

    text: str
    heading: bool = False


@dataclass(frozen=True)
class BulletinTable:
    """A table with its title and heads; the first column is a name, the others are figures."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Bulletin:
    """A bulletin before it is laid out; `place` is who it is of, `day` when it was made."""

    title: str
    place: str
    month: str
    as_of: str
    day: date
    paragraphs: tuple[Paragraph, ...]
    tables: tuple[BulletinTable, ...]


def compose_bulletin(
    engine: Engine,
    who: Principal,
    month: str,
    *,
    timezone: str,
    month_starts: int,
    area: str | None = None,
) -> Bulletin:
    """Return the bulletin of a statistics month: the figures of the statistics, no others.

    An issued month is repeated as it went out; what came later stands in a paragraph of its own.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who asks: statistics.
    month
        Such as 2026-09.
    timezone
        IANA name.
    month_starts
        Day of the month on which a statistics month starts.
    area
        Code of an area; None: all that is granted.
    """

    def ask(by: str) -> Figures:
        query = StatisticsQuery(by, month, area=area, compare=by == "township")
        return statistics.read_statistics(
            engine, who, query, timezone=timezone, month_starts=month_starts, outgoing=True
        )

    found = {by: ask(by) for by in (*TABLES, "source")}
    whole = found["township"]
    place = _place(engine, whole)
    year, number = (whole.period.month or month).split("-")
    named = {"year": year, "month": int(number), "place": place}
    return Bulletin(
        say("bulletin.title", "zh", **named),
        place,
        say("bulletin.month", "zh", **named),
        local_minute(whole.as_of, timezone),
        clock.today(timezone),
        tuple(_paragraphs(found, local_minute(whole.as_of, timezone))),
        tuple(_table(found[by], by) for by in TABLES),
    )


def write_text(found: Bulletin) -> str:
    """Return the paragraphs as plain text to be edited: one a line, headings behind ``# ``."""
    return "\n".join(("# " if each.heading else "") + each.text for each in found.paragraphs)


def replace_text(found: Bulletin, written: str) -> Bulletin:
    """Return a bulletin with an edited text; title and tables stay.

    Parameters
    ----------
    found
        As composed.
    written
        As :func:`write_text` writes it, edited.

    Raises
    ------
    InputError
        If nothing is left.
    """
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    if not lines:
        raise InputError("bulletin.empty")
    paragraphs = tuple(Paragraph(line.removeprefix("# "), line.startswith("# ")) for line in lines)
    return replace(found, paragraphs=paragraphs)


def _place(engine: Engine, found: Figures) -> str:
    if found.area is not None:
        return found.area_name or found.area
    return district.district_name(engine) or say("bulletin.everywhere")


def _paragraphs(found: dict[str, Figures], as_of: str) -> Iterator[Paragraph]:
    whole = found["township"]
    shares = {share.name: share for share in (*whole.total.shares, *whole.total.flow_shares)}
    counts = dict(whole.total.counts)
    days = {"since": whole.period.since, "until": whole.period.until, "as_of": as_of}
    yield Paragraph(say("bulletin.overall"), heading=True)
    rates = {name: rate_text(share) for name, share in shares.items()}
    facts = {**counts, **{f"{name}_rate": text for name, text in rates.items()}, **days}
    facts |= {f"flow_{name}_count": count for name, count in whole.total.flow.items()}
    yield Paragraph(say("bulletin.overall_text", "zh", **facts))
    yield Paragraph(_comparison(whole))
    yield Paragraph(say("bulletin.levels"), heading=True)
    yield Paragraph(say("bulletin.levels_text", "zh", **facts))
    yield Paragraph(say("bulletin.quality"), heading=True)
    yield Paragraph(say("bulletin.quality_text", "zh", **facts))
    yield Paragraph(say("bulletin.kinds"), heading=True)
    yield Paragraph(_kinds(found["category"], found["source"]))
    if whole.corrections:
        yield Paragraph(say("bulletin.corrections"), heading=True)
        late = _summed(whole.corrections)
        yield Paragraph(say("bulletin.corrections_text", "zh", **late))
    yield Paragraph(say("bulletin.meanings"), heading=True)
    yield Paragraph(say("bulletin.meanings_text", "zh", fewest=FEWEST, **days))


def _comparison(found: Figures) -> str:
    parts = [
        _compared(kind, found, other)
        for kind, other in (("previous", found.previous), ("year_before", found.year_before))
        if other is not None
    ]
    return "".join(parts)


def _compared(kind: str, found: Figures, other: Compared) -> str:
    """Return a sentence on another period; where one alone has the festival it says so."""
    now, then = (
        next(s for s in row.shares if s.name == "closure") for row in (found.total, other.total)
    )
    change = found.total.counts["collected"] - other.total.counts["collected"]
    facts = {
        "collected": other.total.counts["collected"],
        "change": say(
            "bulletin.more" if change >= 0 else "bulletin.fewer", "zh", count=abs(change)
        ),
        "rate": rate_text(then),
        "points": _points(now, then),
    }
    festival = found.spring_festival != other.spring_festival
    end = say("bulletin.festival") if festival else ""
    return say(f"bulletin.{kind}", "zh", **facts) + end + "。"


def _points(now: Share, then: Share) -> str:
    """Return by how many percentage points a share changed, as the two printed shares differ."""
    if now.share is None or then.share is None:
        return say("bulletin.no_comparison")
    tenths = round(10 * float(round_half_up(now))) - round(10 * float(round_half_up(then)))
    key = "bulletin.up" if tenths > 0 else "bulletin.down" if tenths < 0 else "bulletin.same"
    return say(key, "zh", points=f"{abs(tenths) // 10}.{abs(tenths) % 10}")


def _kinds(categories: Figures, sources: Figures) -> str:
    return say(
        "bulletin.kinds_text",
        "zh",
        categories=_most(categories),
        sources=_most(sources),
    )


def _most(found: Figures) -> str:
    """Return the keys with most incidents, with how many each and their part of all."""
    rows = sorted(found.rows, key=lambda row: (-row.counts["collected"], row.key))
    whole = found.total.counts["collected"]
    parts = [
        say(
            "bulletin.one_kind",
            "zh",
            name=statistics_answer.key_name(found, row.key, "zh"),
            count=row.counts["collected"],
            share=round_half_up(Share("", row.counts["collected"], whole)),
        )
        for row in rows[:TOP]
        if row.counts["collected"]
    ]
    return "、".join(parts) or say("bulletin.none")


def _summed(rows: Sequence[FigureRow]) -> dict[str, int]:
    names = ("collected", "closed", "resolved")
    return {name: sum(row.counts.get(name, 0) for row in rows) for name in names}


def _table(found: Figures, by: str) -> BulletinTable:
    counts = ("collected", "closed", "resolved", "overdue", "returned")
    shares = ("closure", "on_time") if by == "category" else ("closure", "on_time", "big_matters")
    heads = [say(f"statistics.key_of.{by}")]
    heads += [say(f"statistics.count.{name}") for name in counts]
    heads += [say(f"statistics.rate.{name}") for name in shares]
    rows = [
        _cells(statistics_answer.key_name(found, row.key, "zh"), row, counts, shares)
        for row in found.rows
        if row.counts["collected"]
    ]
    rows.append(_cells(say("statistics.total"), found.total, counts, shares))
    return BulletinTable(say(f"bulletin.table_{by}"), tuple(heads), tuple(rows))


def _cells(
    name: str, row: FigureRow, counts: Sequence[str], shares: Sequence[str]
) -> tuple[str, ...]:
    known = {share.name: share for share in row.shares}
    chosen = [known[each] for each in shares]
    written = ["—" if share.share is None else f"{round_half_up(share)}%" for share in chosen]
    return (name, *(str(row.counts[each]) for each in counts), *written)
