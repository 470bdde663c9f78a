"""Emergency first: what the answer begins with, the short text and the lines of the 值班快报."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from geo.base.local_time import local_minute
from geo.base.words import say

MEASURES_MOST: Final = 10


@dataclass(frozen=True)
class Emergency:
    """What is reported upwards of an emergency: never a camera, never a person."""

    code: str
    category: str
    reported_at: datetime
    area: str
    address: str
    facts: str
    measures: tuple[str, ...]
    post: str


def emergency_notice(lang: str) -> str:
    """Return what an operator must do before anything else: 请先转 110/119/120/抢修."""
    return say("emergency.first", lang)


def short_text(report: Emergency, zone: str, lang: str) -> str:
    """Return the text that is read out or sent: time, place, facts, measures, post.

    Parameters
    ----------
    report
        What is reported.
    zone
        IANA name: zone of the time.
    lang
        "zh" or "en".
    """
    return say(
        "emergency.short",
        lang,
        at=local_minute(report.reported_at, zone),
        place=_place(report),
        category=report.category,
        facts=report.facts,
        measures=_measures(report, lang),
        post=report.post,
    )


def report_lines(report: Emergency, zone: str, lang: str) -> list[tuple[str, str]]:
    """Return the rows of the one-page 值班快报 as label and text.

    Parameters
    ----------
    report
        What is reported.
    zone
        IANA name: zone of the time.
    lang
        "zh" or "en".
    """
    lines = {
        "code": report.code,
        "at": local_minute(report.reported_at, zone),
        "place": _place(report),
        "category": report.category,
        "facts": report.facts,
        "measures": _measures(report, lang),
        "post": report.post,
    }
    return [(say(f"emergency.label.{name}", lang), text) for name, text in lines.items()]


def _place(report: Emergency) -> str:
    return " ".join(part for part in (report.area, report.address) if part)


def _measures(report: Emergency, lang: str) -> str:
    done = report.measures[-MEASURES_MOST:]
    return "；".join(done) if done else say("emergency.no_measures", lang)
