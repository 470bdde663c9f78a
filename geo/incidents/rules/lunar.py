"""The Chinese calendar: first days of the year, and a day as papers write it."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

YEARS: Final = range(1901, 2100)


@cache
def lunar_new_year(year: int) -> date | None:
    """Return the first day of the lunar year that begins in a year; None beyond the tables."""
    from borax.calendars.lunardate import LunarDate

    if year not in YEARS:
        return None
    first: date = LunarDate(year, 1, 1).to_solar_date()
    return first


def lunar_text(day: date) -> str:
    """Return a day in the lunar calendar, such as 丙午年八月二十; "" beyond the tables."""
    from borax.calendars.lunardate import LunarDate

    if day.year not in YEARS:
        return ""
    found = LunarDate.from_solar(day)
    return f"{found.gz_year}年{found.cn_leap}{found.cn_month}月{found.cn_day}"
