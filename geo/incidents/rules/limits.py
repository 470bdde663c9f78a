"""Limits of an incident: when its clock is over, its light, its alarms, whether it was in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from geo.incidents.rules.lifecycle import FINAL
from geo.incidents.rules.working_time import (
    Calendar,
    Interval,
    Limit,
    add_minutes,
    count_minutes,
    is_provisional,
)

AMBER: Final = 0.8
"""Share of the minutes of a limit after which its light is amber."""

ACKNOWLEDGE_MINUTES: Final = 20
"""Within which a unit acknowledges, where its category says nothing."""

RETURN_MINUTES: Final = 240
"""Within which a unit may return what it was sent, where the category says nothing."""

SIGN_WITHIN: Final = timedelta(hours=24)
"""Within which an approval given by telephone is signed."""


@dataclass(frozen=True)
class Due:
    """When the light of a clock turns amber and red; `provisional`: 暂估, a year has no notice."""

    amber_at: datetime
    due_at: datetime
    provisional: bool


@dataclass(frozen=True)
class Alarm:
    """Something that is due at a moment; `step` tells it from others of its kind."""

    kind: str
    step: str
    due: datetime


@dataclass(frozen=True)
class CalledClock:
    """Limits of a unit beside the one in charge that a whistle called: `sent` is its dispatch."""

    sent: str
    acknowledged: bool
    acknowledge_by: datetime | None
    arrive_by: datetime | None


@dataclass(frozen=True)
class Clock:
    """What the lights and alarms of an incident follow from.

    `due_at` None: without limit. `accept_by`, `acknowledge_by` and `arrive_by` are limits of single
    steps; `sent` names the dispatch they belong to, `hold` and `unsigned` approvals. `called` are
    further units of an open whistle that have not reported in. `return_at` is when it is time to
    give a work order back to the hotline.
    """

    state: str
    on_hold: bool = False
    amber_at: datetime | None = None
    due_at: datetime | None = None
    accept_by: datetime | None = None
    acknowledge_by: datetime | None = None
    arrive_by: datetime | None = None
    reopened: int = 0
    sent: str = ""
    hold: str = ""
    hold_until: datetime | None = None
    unsigned: Sequence[tuple[str, datetime]] = ()
    called: Sequence[CalledClock] = ()
    return_at: datetime | None = None


def compute_due(
    calendar: Calendar,
    limit: Limit,
    start: datetime,
    *,
    pauses: Sequence[Interval] = (),
    extra_minutes: float = 0.0,
) -> Due:
    """Return when a limit is over.

    Parameters
    ----------
    calendar
        When work is done.
    limit
        How long it may take.
    start
        When its clock starts.
    pauses
        Holds, from approval to end.
    extra_minutes
        Granted by extensions, in the time that the limit counts in.
    """
    minutes = limit.minutes(calendar, calendar.day_of(start)) + extra_minutes
    working = limit.working
    amber, due = (
        add_minutes(calendar, start, share * minutes, working=working, pauses=pauses)
        for share in (AMBER, 1.0)
    )
    return Due(amber, due, working and is_provisional(calendar, start, due))


def extra_until(calendar: Calendar, limit: Limit, due_at: datetime, until: datetime) -> float:
    """Return by how many minutes an extension lengthens a limit.

    Parameters
    ----------
    calendar
        When work is done.
    limit
        Says whether working time counts.
    due_at
        When it is over without the extension.
    until
        When it shall be over.
    """
    return count_minutes(calendar, due_at, until, working=limit.working)


def light_of(
    state: str,
    *,
    on_hold: bool,
    amber_at: datetime | None,
    due_at: datetime | None,
    done_at: datetime | None,
    now: datetime,
) -> str | None:
    """Return green, amber or red; None without a limit, on hold and where all is over.

    Parameters
    ----------
    state
        A state of the life cycle; what is done keeps the light it had then.
    on_hold
        Whether the clock stands.
    amber_at, due_at
        When the light turns.
    done_at
        When the work was done.
    now
        The present moment.
    """
    if due_at is None or on_hold or state in FINAL or state == "draft":
        return None
    at = done_at if state in {"done", "checked"} and done_at is not None else now
    if at > due_at:
        return "red"
    return "amber" if amber_at is not None and at >= amber_at else "green"


def is_on_time(
    due_at: datetime | None, first_done_at: datetime | None, closed_at: datetime | None
) -> bool | None:
    """Return whether it was done in time; None without a limit, or while it is not done.

    Parameters
    ----------
    due_at
        When the limit was over.
    first_done_at
        When it was first done.
    closed_at
        When it was closed: counts where no move says when it was done.
    """
    ended = first_done_at if first_done_at is not None else closed_at
    return None if due_at is None or ended is None else ended <= due_at


def alarms_of(clock: Clock) -> Iterator[Alarm]:
    """Yield what is due of an incident as it stands now; red is due once its moment is past."""
    if clock.state in FINAL:
        return
    for approval, by in clock.unsigned:
        yield Alarm("sign", approval, by)
    if clock.on_hold:
        if clock.hold_until is not None:
            yield Alarm("hold_ends", clock.hold, clock.hold_until)
        return
    if clock.due_at is not None and clock.state not in {"done", "checked"}:
        step = clock.due_at.isoformat()
        if clock.amber_at is not None:
            yield Alarm("amber", step, clock.amber_at)
        yield Alarm("red", step, clock.due_at + timedelta(microseconds=1))
    if clock.return_at is not None and clock.state not in {"done", "checked"}:
        yield Alarm("return", clock.return_at.isoformat(), clock.return_at)
    yield from _step_alarms(clock)


def _step_alarms(clock: Clock) -> Iterator[Alarm]:
    """Yield the alarms of the step that is waited for."""
    if clock.state == "reported" and clock.accept_by is not None:
        yield Alarm("accept", str(clock.reopened), clock.accept_by)
    if clock.state == "assigned" and clock.acknowledge_by is not None:
        yield Alarm("acknowledge", clock.sent, clock.acknowledge_by)
    if clock.state in {"assigned", "acknowledged"} and clock.arrive_by is not None:
        yield Alarm("arrive", clock.sent, clock.arrive_by)
    for each in clock.called:
        if not each.acknowledged and each.acknowledge_by is not None:
            yield Alarm("acknowledge", each.sent, each.acknowledge_by)
        if each.arrive_by is not None:
            yield Alarm("arrive", each.sent, each.arrive_by)
