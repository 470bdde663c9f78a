"""Days off and make-up working days of China, as far as they are announced."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

SOURCE: Final = "chinesecalendar 1.11.0 (MIT), https://github.com/LKI/chinese-calendar"
"""Where the facts are from, for pages that show the calendar."""

HOLIDAY: Final = "holiday"
WORKDAY: Final = "workday"
ZONES: Final = frozenset({"Asia/Shanghai", "Asia/Urumqi", "PRC"})
"""Zones in which these days hold: elsewhere nothing is known but what is imported."""


def shipped_days(timezone: str) -> Mapping[date, str]:
    """Return the announced days of a zone: day → "holiday" or "workday"; none outside China."""
    return _days() if timezone in ZONES else MappingProxyType({})


@cache
def _days() -> Mapping[date, str]:
    file = resources.files(__package__) / "holidays_cn.toml"
    years = tomllib.loads(file.read_text(encoding="utf-8"))
    off = {
        day: HOLIDAY
        for year, days in years.items()
        for first, last, _ in days["off"]
        for day in _span(_day(year, first), _day(year, last))
    }
    work = {_day(year, day): WORKDAY for year, days in years.items() for day in days["work"]}
    return MappingProxyType(off | work)


def _day(year: str, written: str) -> date:
    return date.fromisoformat(f"{year}-{written}")


def _span(first: date, last: date) -> Iterator[date]:
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)
