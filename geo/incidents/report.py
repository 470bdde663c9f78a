"""What is typed of an incident, and whether it can be used."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from geo.base import clock
from geo.base.errors import InputError
from geo.base.local_time import local_minute, with_zone
from geo.incidents import location
from geo.incidents.location import TypedPlace

MOST_TEXT: Final = 500
MOST_DESCRIPTION: Final = 4_000
MOST_ACCURACY_M: Final = 100_000.0
AHEAD: Final = timedelta(minutes=2)
"""Clocks of those who type may be ahead by so much."""


@dataclass(frozen=True)
class Report:
    """What is typed of an incident; at most five of them by hand."""

    category: str
    text: str
    place: TypedPlace
    description: str = ""
    located_by: str | None = None
    located_code: str | None = None
    source: str = "other"
    source_ref: str | None = None
    hotline_due: datetime | None = None
    hotline_return_by: datetime | None = None
    occurred_from: datetime | None = None
    occurred_to: datetime | None = None
    address: str | None = None
    asset_code: str | None = None
    unit_code: str | None = None
    override_reason: str | None = None
    client_id: UUID | None = None
    redact: bool = False
    not_personal: bool = False

    def window(self, reported_at: datetime) -> tuple[datetime, datetime]:
        """Return when it happened: a moment where no end is known."""
        begin = self.occurred_from or reported_at
        return begin, self.occurred_to or begin


def use_report(given: Report, timezone: str) -> Report:
    """Return a report whose texts, numbers and times can be used.

    Parameters
    ----------
    given
        As typed.
    timezone
        IANA name: zone of times that state none.

    Raises
    ------
    InputError
        If something cannot be used.
    """
    return _timed(_checked(given), clock.now(), timezone)


def _checked(given: Report) -> Report:
    """Return a report whose texts and numbers can be used."""
    text = " ".join(given.text.split())
    if not 0 < len(text) <= MOST_TEXT:
        raise InputError("intake.text", found=len(text), most=MOST_TEXT)
    if len(given.description) > MOST_DESCRIPTION:
        raise InputError("intake.text", found=len(given.description), most=MOST_DESCRIPTION)
    accuracy_m = given.place.accuracy_m
    if not 0 <= accuracy_m <= MOST_ACCURACY_M:
        raise InputError("intake.accuracy", found=accuracy_m, most=round(MOST_ACCURACY_M))
    known = location.LOCATED_BY
    if given.located_by is not None and given.located_by not in known:
        raise InputError("intake.located_by", found=given.located_by[:40], known="、".join(known))
    return replace(given, text=text)


def _timed(report: Report, now: datetime, timezone: str) -> Report:
    """Return a report with its times in a zone, none of them in the future."""
    begin, end = (
        None if moment is None else with_zone(moment, timezone)
        for moment in (report.occurred_from, report.occurred_to)
    )
    for moment in (begin, end):
        if moment is not None and moment > now + AHEAD:
            found = local_minute(moment, timezone)
            raise InputError("intake.future", found=found, now=local_minute(now, timezone))
    if begin is not None and end is not None and end < begin:
        raise InputError(
            "intake.window",
            found=local_minute(end, timezone),
            begin=local_minute(begin, timezone),
        )
    due, back = (
        None if moment is None else with_zone(moment, timezone)
        for moment in (report.hotline_due, report.hotline_return_by)
    )
    return replace(
        report, occurred_from=begin, occurred_to=end, hotline_due=due, hotline_return_by=back
    )
