"""Local time: moments without a zone, where clocks were put forward or back as well."""

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Odd = Literal["gap", "fold"]


def with_zone(moment: datetime, timezone: str) -> datetime:
    """Return a moment with its zone; one that states none is local time of `timezone`.

    A time that clocks skipped is moved forward by as much as they were; of one that they showed
    twice it is the first.

    Parameters
    ----------
    moment
        With or without a zone.
    timezone
        An IANA name.
    """
    if moment.tzinfo is not None:
        return moment
    zone = ZoneInfo(timezone)
    # the offset from before the change makes of a skipped time the one as far behind the change
    return moment.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)


def local_minute(moment: datetime, timezone: str) -> str:
    """Return a moment as it stands on papers, such as 2026-09-30 21:40.

    Parameters
    ----------
    moment
        With a zone.
    timezone
        An IANA name: where it is read.
    """
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


def odd_time(moment: datetime, timezone: str) -> Odd | None:
    """Return "gap" for a local time that clocks skipped, "fold" for one that they showed twice.

    Parameters
    ----------
    moment
        One with a zone of its own is neither.
    timezone
        An IANA name.
    """
    if moment.tzinfo is not None:
        return None
    if with_zone(moment, timezone).replace(tzinfo=None, fold=0) != moment.replace(fold=0):
        return "gap"
    first, second = (moment.replace(tzinfo=ZoneInfo(timezone), fold=fold) for fold in (0, 1))
    return "fold" if first.utcoffset() != second.utcoffset() else None
