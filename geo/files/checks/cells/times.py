"""Times: dates and moments as people, databases and spreadsheets write them."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from geo.base.codes import half_width
from geo.base.local_time import odd_time, with_zone
from geo.files.checks.cells.finding import Defect
from geo.files.checks.cells.reading import Reading, text_of

EARLIEST: Final = dt.date(1900, 1, 1)

_DAY: Final = r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))"
_HALF: Final = r"凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚|am|pm|a\.m\.|p\.m\."
_CLOCK: Final = (
    rf"({_HALF})?\s*(\d{{1,2}})(?::(\d{{1,2}})|[时点](\d{{1,2}}|半)?|(?=\s*[ap]\.?m))"
    rf"(?:[:分](\d{{1,2}}(?:\.\d+)?)?秒?)?\s*({_HALF})?"
)
_ZONE: Final = r"(Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2}){0,2}|UTC|GMT|北京时间)"
_MOMENT: Final = re.compile(rf"{_DAY}(?:[T\s]*{_CLOCK}\s*{_ZONE}?)?", re.ASCII | re.IGNORECASE)
_DIGITS: Final = re.compile(r"(\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})(Z?)", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?", re.ASCII)
_AFTERNOON: Final = frozenset({"下午", "傍晚", "晚上", "晚", "pm", "p.m."})
_NIGHT: Final = frozenset({"晚上", "晚"})
_MORNING: Final = frozenset({"凌晨", "清晨", "早上", "上午", "am", "a.m."})
_BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
# days since these, as spreadsheets count them
_EPOCHS: Final = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}


@dataclass(frozen=True)
class Calendar:
    """What times are read by.

    Attributes
    ----------
    last
        Last date that does not lie in the future.
    timezone
        Zone of times that state none (an IANA name); None: nothing is said about odd ones.
    from_1904
        Whether the workbook counts its days from 1904.
    """

    last: dt.date
    timezone: str | None = None
    from_1904: bool = False


def read_time(cell: object, calendar: Calendar, *, only_date: bool) -> Reading:
    """Return a date or a moment as ISO 8601 text, with its offset if it states one.

    Parameters
    ----------
    cell
        As read: text, number of a spreadsheet or datetime.
    calendar
        Time zone, latest date, and the epoch of the workbook.
    only_date
        Whether the field is a date; the time of day is then dropped.
    """
    moment = moment_of(cell)
    if moment is None:
        return Reading(None, (Defect("DATE_TEXT", _meant_date(cell, calendar)),))
    day = _local_day(moment, calendar)
    if day > calendar.last:
        return Reading(None, (Defect("DATE_FUTURE", facts={"today": calendar.last.isoformat()}),))
    if day < EARLIEST:
        facts = {"low": EARLIEST.isoformat(), "high": calendar.last.isoformat()}
        return Reading(None, (Defect("VALUE_RANGE", facts=facts),))
    if only_date:
        return Reading(moment.date().isoformat())
    return Reading(moment.isoformat(), _odd(moment, calendar))


def moment_of(cell: object) -> dt.datetime | None:
    """Return the moment that a cell holds, None where it is no complete date."""
    if isinstance(cell, dt.datetime):
        return cell
    if isinstance(cell, dt.date):
        return dt.datetime.combine(cell, dt.time())
    text = half_width(text_of(cell)).strip()
    if match := _DIGITS.fullmatch(text):
        year, month, day, hour, minute, second, zone = match.groups()
        return _at((year, month, day), int(hour), int(minute), float(second), zone)
    match = _MOMENT.fullmatch(text)
    return _of_parts(match) if match else None


def _of_parts(match: re.Match[str]) -> dt.datetime | None:
    year, month, day, month2, day2 = match.groups()[:5]
    before, hour, minute, minute2, second, behind, zone = match.groups()[5:]
    clock = _of_half(int(hour or 0), before or behind or "")
    if clock is None:
        return None
    minutes = 30 if minute2 == "半" else int(minute or minute2 or 0)
    date = (year, month or month2, day or day2)
    return _at(date, clock, minutes, float(second or 0), zone or "")


def _of_half(hour: int, half: str) -> int | None:
    """Return the hour of the day for one said with its half: 下午3 is 15, 12 am is 0."""
    word = half.casefold()
    if word in _NIGHT and hour == 12:  # the begin of the day or its end
        return None
    if word in _AFTERNOON or (word == "中午" and hour < 11):
        return hour + 12 if hour < 12 else hour
    if word in _MORNING:
        return 0 if hour == 12 else hour if hour < 12 else None
    return hour


def _at(
    date: tuple[str, str, str], hour: int, minute: int, seconds: float, zone: str
) -> dt.datetime | None:
    """Return the moment, None where there is none such; 24:00 begins the next day."""
    whole = hour == 24 and minute == 0 and seconds == 0
    second, fraction = divmod(round(seconds * 1_000_000), 1_000_000)
    year, month, day_of_month = map(int, date)
    try:
        day = dt.datetime(year, month, day_of_month, 0 if whole else hour, minute, second, fraction)
        moment = day + dt.timedelta(days=int(whole))
        return moment.replace(tzinfo=_zone(zone)) if zone else moment
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> dt.tzinfo:
    if text == "北京时间":
        return _BEIJING
    match = _OFFSET.search(text)
    if match is None:
        return dt.UTC
    sign, hours, minutes, seconds = match.groups()
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    return dt.timezone(-offset if sign == "-" else offset)


def _local_day(moment: dt.datetime, calendar: Calendar) -> dt.date:
    """Return the day that a moment has in the district."""
    if moment.tzinfo is None or calendar.timezone is None:
        return moment.date()
    try:
        return moment.astimezone(ZoneInfo(calendar.timezone)).date()
    except OverflowError:
        return moment.date()


def _odd(moment: dt.datetime, calendar: Calendar) -> tuple[Defect, ...]:
    """Return what is to be said about a local time that was skipped or shown twice."""
    if calendar.timezone is None or odd_time(moment, calendar.timezone) is None:
        return ()
    taken = with_zone(moment, calendar.timezone).isoformat(sep=" ")
    return (Defect("DATE_AMBIGUOUS", taken, {"timezone": calendar.timezone}),)


def _meant_date(cell: object, calendar: Calendar) -> str:
    """Return the day a spreadsheet's day number stands for, or the month that text tells."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and 15000 < cell < 80000:
        return (_EPOCHS[calendar.from_1904] + dt.timedelta(days=int(cell))).isoformat()
    month = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})月?", half_width(text_of(cell)).strip(), re.ASCII)
    return f"{month.group(1)}-{int(month.group(2)):02}" if month else ""
