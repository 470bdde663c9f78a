"""Until when an incident must be done: the limit of its category, else of its grade."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from geo.incidents.book import IntakeBook
from geo.incidents.rules import working_time
from geo.incidents.rules.working_time import Calendar, Limit
from geo.incidents.store.book import Category

AMBER: Final = 0.8
"""Share of the limit from which on the light is amber."""


@dataclass(frozen=True)
class Due:
    """When the clock starts, and when amber and red begin; all None where no limit is set.

    `provisional` says that it reaches into a year whose notice of holidays is not known (暂估).
    """

    clock_from: datetime | None = None
    limit: Limit | None = None
    amber_at: datetime | None = None
    due_at: datetime | None = None
    provisional: bool = False

    def columns(self) -> dict[str, Any]:
        """Return the columns of the incident."""
        return {
            "clock_from": self.clock_from,
            "limit_amount": self.limit.amount if self.limit else None,
            "limit_unit": self.limit.unit if self.limit else None,
            "amber_at": self.amber_at,
            "due_at": self.due_at,
            "due_provisional": self.provisional,
        }


def find_due(
    book: IntakeBook,
    category: Category,
    unit: str | None,
    reported_at: datetime,
    timezone: str,
) -> Due:
    """Return until when a new incident must be done.

    Parameters
    ----------
    book
        Grades, calendar and working hours.
    category
        Of the incident.
    unit
        Which goes: its own working hours count where it has some.
    reported_at
        When it was reported.
    timezone
        IANA name.
    """
    limit = limit_of(book, category)
    if limit is None or category.clock_start != "reported":
        return Due(limit=limit)
    calendar = book.calendar(timezone, unit)
    return due_from(calendar, limit, reported_at)


def due_from(calendar: Calendar, limit: Limit, start: datetime) -> Due:
    """Return when amber and red begin for a clock that starts at a moment.

    Parameters
    ----------
    calendar
        When work is done.
    limit
        How long it may take.
    start
        When the clock starts.
    """
    minutes, working = limit.minutes(calendar, calendar.day_of(start)), limit.working
    amber_at, due_at = (
        working_time.add_minutes(calendar, start, share * minutes, working=working)
        for share in (AMBER, 1.0)
    )
    provisional = working and working_time.is_provisional(calendar, start, due_at)
    return Due(start, limit, amber_at, due_at, provisional)


def limit_of(book: IntakeBook, category: Category) -> Limit | None:
    """Return the limit of a category, else of its grade, None if neither has one.

    Parameters
    ----------
    book
        Grades by code.
    category
        Of the incident.
    """
    for each in (category, book.grades.get(category.grade)):
        if each is not None and each.limit_amount is not None and each.limit_unit is not None:
            return Limit(float(each.limit_amount), each.limit_unit)
    return None
