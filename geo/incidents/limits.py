"""Until when a new incident must be done: the limit of its category, else of its grade."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from geo.incidents.book import IntakeBook
from geo.incidents.rules.limits import Alarm, Clock, alarms_of, compute_due
from geo.incidents.rules.working_time import Limit
from geo.incidents.store.book import Category


def find_due(
    book: IntakeBook,
    category: Category,
    unit: str | None,
    reported_at: datetime,
    timezone: str,
) -> dict[str, Any]:
    """Return the columns of the clock of an incident; none is due without limit or start.

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
    fields: dict[str, Any] = {
        "clock_from": None,
        "limit_amount": limit.amount if limit else None,
        "limit_unit": limit.unit if limit else None,
        "amber_at": None,
        "due_at": None,
        "due_provisional": False,
    }
    if limit is None or category.clock_start != "reported":
        return fields
    due = compute_due(book.calendar(timezone, unit), limit, reported_at)
    return {
        **fields,
        "clock_from": reported_at,
        "amber_at": due.amber_at,
        "due_at": due.due_at,
        "due_provisional": due.provisional,
    }


def first_alarms(row: Mapping[str, Any], category: Category) -> list[Alarm]:
    """Return what is due of a new incident: its lights, and that somebody accepts it.

    Parameters
    ----------
    row
        Columns of the incident.
    category
        Says within which time it is to be accepted.
    """
    minutes = category.accept_minutes
    accept_by = None if minutes is None else row["reported_at"] + timedelta(minutes=minutes)
    clock = Clock(row["state"], amber_at=row["amber_at"], due_at=row["due_at"], accept_by=accept_by)
    return list(alarms_of(clock))


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
