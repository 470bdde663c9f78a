"""The map of the console on paper: what its view shows to who prints it, as PDF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from geo.access.audit import export_log
from geo.areas import district, known
from geo.base import clock, marking, notice
from geo.base.errors import InputError
from geo.base.local_time import local_minute
from geo.base.words import say
from geo.documents import printed_view
from geo.documents.incident_paper import write_pdf
from geo.documents.printed_view import MapAsked, SeenView
from geo.incidents.listing import IncidentFilter

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geo.access.principal import Principal
    from geo.base.settings import Settings
    from maps.print_content import Entry, PrintTexts
    from maps.print_drawing import MapPicture

MOST_TITLE: Final = 60
_SIGNS: Final = (
    *("red", "amber", "green", "plain", "skynet", "skynet-off", "social", "social-off"),
    *("place", "entrance", "centre"),
)
_LINES: Final = ("grid", "community")


def clean_title(title: str) -> str:
    """Return the title of a map on one line.

    Raises
    ------
    InputError
        If nothing is left of it, or it is longer than `MOST_TITLE`.
    MarkedError
        If it carries the marking of a state secret.
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    if not 0 < len(clean) <= MOST_TITLE:
        raise InputError("map_print.error.title", most=MOST_TITLE)
    marking.require_unmarked(clean, "text")
    return clean


def make_map(
    engine: Engine, config: Settings, who: Principal, asked: MapAsked, *, stamp: str, lang: str
) -> bytes:
    """Return the printed map as PDF; whoever calls has written the row of the register.

    Parameters
    ----------
    engine
        Pool of the service.
    config
        Marks, notice and zone of the installation.
    who
        Principal with the grants that permit exports.
    asked
        View and paper.
    stamp
        Who takes it out, when and for what.
    lang
        "zh" or "en".
    """
    from maps.map_print import PrintedMap, render_map
    from maps.print_content import choose_sheet
    from maps.print_drawing import draw_map

    sheet = choose_sheet(asked.size, asked.orientation)
    seen = printed_view.read_view(engine, who, asked, sheet)
    picture = draw_map(seen.view)
    texts = _texts(engine, config, who, asked, seen, picture, stamp=stamp, lang=lang)
    return write_pdf(render_map(PrintedMap(sheet, picture, texts)))


def _texts(
    engine: Engine,
    config: Settings,
    who: Principal,
    asked: MapAsked,
    seen: SeenView,
    picture: MapPicture,
    *,
    stamp: str,
    lang: str,
) -> PrintTexts:
    from maps.print_content import PrintTexts

    zone, length = config.timezone, picture.scale_m
    unit = ("kilometres", length // 1000) if length >= 1000 else ("metres", length)
    plain_stamp = export_log.watermark_text(who, None, timezone=zone, lang=lang)
    return PrintTexts(
        lang={"zh": "zh-CN"}.get(lang, lang),
        title=clean_title(asked.title),
        unit=who.unit_name,
        mark=config.mark,
        remark=district.export_remark(engine),
        notice=notice.notice_line(lang, own=config.notice),
        date=say("map_print.date", lang, at=local_minute(clock.now(), zone)),
        scale=say("map_print.scale", lang, n=f"{seen.view.scale:,}".replace(",", " ")),
        north=say("map_print.north", lang),
        legend=say("map_print.legend", lang),
        metres=say(f"map_print.{unit[0]}", lang, n=unit[1]),
        entries=tuple(_entries(asked, seen, picture, lang)),
        facts=tuple(_facts(asked, seen, _township(engine, who, asked), zone, lang)),
        notes=tuple(_notes(who, asked, seen, picture, lang)),
        tiled=f"{who.account} {plain_stamp}".strip(),
        made=say("map_print.made", lang, who=stamp),
    )


def _entries(asked: MapAsked, seen: SeenView, picture: MapPicture, lang: str) -> Iterator[Entry]:
    """Yield the legend: what is drawn, and nothing else."""
    from maps.palette import PRINTED_SHARE_COLOURS, SHARE_BREAKS
    from maps.print_content import Entry

    drawn = Counter(mark.kind for mark in picture.marks)
    kinds = [kind for kind in _SIGNS if drawn[kind]]
    yield from (Entry(k, say(f"map_print.entry.{k}", lang, n=drawn[k])) for k in kinds)
    if picture.counts:
        yield Entry("count", say("map_print.entry.count", lang))
    levels = {level for level, _ in picture.lines}
    yield from (Entry(k, say(f"map_print.entry.{k}", lang)) for k in _LINES if k in levels)
    if picture.gaps:
        yield Entry("gap", say("map_print.entry.gap", lang, n=len(seen.view.gaps)))
    if picture.zones:
        yield Entry("zone", say("map_print.entry.zone", lang))
    if seen.view.coloured:
        lower = (0.0, *SHARE_BREAKS)
        for no, (start, colour) in enumerate(zip(lower, PRINTED_SHARE_COLOURS, strict=True)):
            words = _range(start, lower[no + 1] if no + 1 < len(lower) else None, lang)
            if no == 0:
                level = say(f"console.level.{asked.level}", lang)
                words = say("map_print.entry.share", lang, level=level, range=words)
            yield Entry("", words, colour)
    if picture.hatched:
        yield Entry("none", say("map_print.entry.none", lang))


def _range(start: float, end: float | None, lang: str) -> str:
    low = round(start * 100)
    if end is None:
        return say("map_print.entry.from", lang, **{"from": low})
    return say("map_print.entry.range", lang, **{"from": low, "to": round(end * 100)})


def _facts(
    asked: MapAsked, seen: SeenView, township: str, zone: str, lang: str
) -> Iterator[tuple[str, str]]:
    comma = "、" if lang == "zh" else ", "
    layers = comma.join(say(f"map_print.layer.{each}", lang) for each in asked.layers)
    yield say("map_print.layers", lang), layers or "—"
    yield say("map_print.filter", lang), filter_words(asked.chosen, township, lang)
    if seen.computed_at:
        at = local_minute(datetime.fromisoformat(seen.computed_at), zone)
        yield say("map_print.computed", lang), at
    yield say("map_print.source", lang), say("map_print.sources", lang)


def _township(engine: Engine, who: Principal, asked: MapAsked) -> str:
    """Return the name of the township of the filter."""
    code = asked.chosen.township
    return "" if code is None else dict(known.granted_names(engine, who)).get(code, code)


def filter_words(chosen: IncidentFilter, township: str, lang: str) -> str:
    """Return the filter of the list of incidents in words.

    Parameters
    ----------
    chosen
        Lights, states and category are named.
    township
        Name of the township; "" for all.
    lang
        "zh" or "en".
    """
    lights = [say(f"map_print.light.{each}", lang) for each in chosen.light]
    states = [say(f"map.state.{each}", lang) for each in chosen.state]
    named = [
        *(("light", each) for each in lights),
        *(("state", each) for each in states),
        *([("category", chosen.category)] if chosen.category else []),
        *([("township", township)] if township else []),
    ]
    parts = [say(f"map_print.chosen.{key}", lang, value=value) for key, value in named]
    return ("；" if lang == "zh" else "; ").join(parts) or say("map_print.no_filter", lang)


def _notes(
    who: Principal, asked: MapAsked, seen: SeenView, picture: MapPicture, lang: str
) -> Iterator[str]:
    """Yield what is not shown, and why."""
    if "cameras" in asked.layers:
        for kind in ("skynet", "social"):
            if kind not in who.classes:
                kind_name = say(f"map_print.owner_kind.{kind}", lang)
                yield say("map_print.note.closed", lang, kind=kind_name)
    if seen.coarse:
        yield say("map_print.note.coarse", lang)
    if picture.counts:
        yield say("map_print.note.crowded", lang)
    if seen.unplaced:
        yield say("map_print.note.unplaced", lang, n=seen.unplaced)
    if "gaps" in asked.layers and who.coarse:
        yield say("map_print.note.no_gaps", lang)
    if not who.everything:
        yield say("map_print.note.cut", lang)
