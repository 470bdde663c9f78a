"""The duty log (值班日志) of a shift on A4: posts, day, what is open, signatures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from geo.base.local_time import local_minute
from geo.base.words import say
from geo.documents.incident_paper import paper_pdf
from geo.incidents.rules.lunar import lunar_text
from geo.incidents.shifts import Shift
from maps.papers import Paper, Table

COUNTS: Final = ("open", "overdue", "unsigned", "waiting", "on_hold", "emergencies", "down")
DONE: Final = ("taken", "sent", "closed", "calls", "viewings")
SHOWN: Final = 14
SIGNATURES: Final = ("handed_by", "taken_by", "leader_sign")


def shift_pdf(found: Shift, *, timezone: str, mark: str, lang: str) -> bytes:
    """Return the duty log of a shift as PDF.

    Parameters
    ----------
    found
        As from :func:`geo.incidents.shifts.read_shift`.
    timezone
        IANA name.
    mark
        Foot of each page.
    lang
        "zh" or "en".
    """
    return paper_pdf(shift_log(found, timezone=timezone, mark=mark, lang=lang))


def shift_log(found: Shift, *, timezone: str, mark: str, lang: str) -> Paper:
    """Return the duty log of a shift.

    Parameters
    ----------
    found
        As from :func:`geo.incidents.shifts.read_shift`.
    timezone
        IANA name.
    mark
        Foot of each page.
    lang
        "zh" or "en".
    """
    begin, end = found.at_begin, found.at_end or {}
    begun = found.begun_at.astimezone(ZoneInfo(timezone))
    weekday = say(f"weekday.{begun.isoweekday()}", lang)
    ended = found.ended_at
    facts = (
        ("desk", found.unit_name or found.unit_code or ""),
        ("day", f"{begun:%Y-%m-%d} {weekday}"),
        ("lunar", lunar_text(begun.date()) if lang == "zh" else ""),
        ("weather", found.weather or ""),
        ("post_label", found.post),
        ("leader_label", found.leader_post or ""),
        ("begun_at", local_minute(begun, timezone)),
        (
            "ended_at",
            say("shifts.goes_on_word", lang) if ended is None else local_minute(ended, timezone),
        ),
        ("during", _line(end.get("done", {}), DONE, lang)),
        ("note_label", found.note or ""),
    )
    return Paper(
        say("shifts.title", lang),
        mark,
        lang,
        tuple((say(f"shifts.{name}", lang), text) for name, text in facts),
        tables=(
            _counts(begin, end, lang),
            _first(end, timezone, lang),
            _approvals(end, timezone, lang),
            _viewings(end, timezone, lang),
            _cameras(end, lang),
        ),
        signatures=tuple(say(f"shifts.{name}", lang) for name in SIGNATURES),
    )


def _line(counts: Mapping[str, int], names: tuple[str, ...], lang: str) -> str:
    return "　".join(f"{say(f'shifts.count.{n}', lang)} {counts[n]}" for n in names if n in counts)


def _counts(begin: Mapping[str, Any], end: Mapping[str, Any], lang: str) -> Table:
    heads = ("", *(say(f"shifts.count.{name}", lang) for name in COUNTS))
    rows = tuple(
        (say(f"shifts.{moment}", lang), *(str(state.get("counts", {}).get(n, "")) for n in COUNTS))
        for moment, state in (("at_begin", begin), ("at_end", end))
    )
    return Table(say("shifts.counts", lang), heads, rows)


def _first(end: Mapping[str, Any], timezone: str, lang: str) -> Table:
    rows = tuple(
        (
            row["code"],
            row["category"],
            say(f"map.state.{row['state']}", lang)
            + (f" · {say('shifts.count.overdue', lang)}" if row["overdue"] else ""),
            row["unit_name"] or "",
            _minute(row["due_at"], timezone),
        )
        for row in end.get("first", [])[:SHOWN]
    )
    return _table("first", ("code", "category", "state", "unit", "due"), rows, lang)


def _approvals(end: Mapping[str, Any], timezone: str, lang: str) -> Table:
    rows = tuple(
        (
            row["code"],
            say(f"lifecycle.move.approve_{row['kind']}", lang),
            row["decided_post"] or "",
            _minute(row["decided_at"], timezone),
            _minute(row["sign_by"], timezone),
        )
        for row in end.get("unsigned", [])[:SHOWN]
    )
    return _table("approvals", ("code", "kind", "post", "at", "sign_by"), rows, lang)


def _viewings(end: Mapping[str, Any], timezone: str, lang: str) -> Table:
    rows = tuple(
        (
            _minute(row["at"], timezone),
            row["camera_code"],
            say(f"viewing_act.{row['act']}", lang),
            row["reason"] or say(f"viewing_reason.{row['reason_kind']}", lang),
            row["incident_code"] or "",
        )
        for row in end.get("viewings", [])
    )
    return _table("viewings", ("viewed_at", "camera", "act", "reason", "code"), rows, lang)


def _cameras(end: Mapping[str, Any], lang: str) -> Table:
    found = end.get("cameras", [])
    pairs = [found[n : n + 2] for n in range(0, len(found), 2)]
    rows = tuple(
        tuple(cell for each in (*pair, *[{}] * (2 - len(pair)))
              for cell in (each.get("code", ""), each.get("name") or ""))
        for pair in pairs[:SHOWN]
    )  # fmt: skip
    return _table("cameras", ("camera", "name") * 2, rows, lang)


def _table(
    title: str, heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...], lang: str
) -> Table:
    columns = tuple(say(f"shifts.column.{name}", lang) for name in heads)
    return Table(say(f"shifts.{title}", lang), columns, rows, say("shifts.nothing", lang))


def _minute(written: str | None, timezone: str) -> str:
    return "" if written is None else local_minute(datetime.fromisoformat(written), timezone)[5:]
