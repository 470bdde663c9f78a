"""Limits: the minutes of amber and red, what turns them off, which alarms are due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from geo.incidents.rules.lifecycle import FINAL, STATES
from geo.incidents.rules.limits import (
    CalledClock,
    Clock,
    alarms_of,
    compute_due,
    extra_until,
    is_on_time,
    light_of,
)
from geo.incidents.rules.working_time import Limit
from tests.incidents.rules.test_working_time import OURS

CHINA = ZoneInfo("Asia/Shanghai")
SECOND = timedelta(seconds=1)


def at(written):
    return datetime.fromisoformat(written).replace(tzinfo=CHINA)


REPORTED = at("2026-09-30 21:40")
TWO_HOURS = compute_due(OURS, Limit(2, "hours"), REPORTED)


def light(now, state="assigned", *, on_hold=False, done_at=None):
    return light_of(
        state,
        on_hold=on_hold,
        amber_at=TWO_HOURS.amber_at,
        due_at=TWO_HOURS.due_at,
        done_at=done_at,
        now=now,
    )


def test_a_limit_of_the_clock_turns_amber_at_its_minute_and_red_past_its_end():
    amber, due = at("2026-09-30 23:16"), at("2026-09-30 23:40")
    assert (TWO_HOURS.amber_at, TWO_HOURS.due_at) == (amber, due)
    assert not TWO_HOURS.provisional
    told = [light(moment) for moment in (amber - SECOND, amber, due, due + SECOND)]
    assert told == ["green", "amber", "amber", "red"]


def test_a_limit_of_working_days_passes_over_the_holiday():
    due = compute_due(OURS, Limit(2, "working_days"), at("2026-09-30 15:00"))
    assert due.amber_at == at("2026-10-09 10:12")  # 672 of 840 minutes
    assert due.due_at == at("2026-10-09 15:00")


def test_a_hold_stops_the_clock_from_its_approval_and_an_extension_adds():
    limit, start = Limit(4, "working_hours"), at("2026-10-08 08:30")
    held = [(at("2026-10-08 09:30"), at("2026-10-09 08:30"))]
    assert compute_due(OURS, limit, start).due_at == at("2026-10-08 14:30")
    assert compute_due(OURS, limit, start, pauses=held).due_at == at("2026-10-09 11:30")
    extra = extra_until(OURS, limit, at("2026-10-08 14:30"), at("2026-10-09 09:00"))
    assert extra == 210
    longer = compute_due(OURS, limit, start, extra_minutes=extra)
    assert longer.due_at == at("2026-10-09 09:00")
    assert longer.amber_at == at("2026-10-08 16:30")  # 360 of 450 minutes


@pytest.mark.parametrize("state", STATES)
def test_what_is_over_or_on_hold_has_no_light(state):
    late = REPORTED + timedelta(days=1)
    assert (light(late, state) is None) == (state in FINAL | {"draft"})
    assert light(late, state, on_hold=True) is None


def test_what_is_done_keeps_the_light_it_had():
    late = REPORTED + timedelta(days=1)
    assert light(late, "done", done_at=REPORTED) == "green"
    assert light(late, "checked", done_at=late) == "red"
    assert light(late, "in_progress", done_at=REPORTED) == "red"


def test_whether_it_was_in_time_goes_by_when_it_was_first_done():
    due = TWO_HOURS.due_at
    assert is_on_time(due, due, due + SECOND) is True
    assert is_on_time(due, due + SECOND, None) is False
    assert is_on_time(due, None, due) is True
    assert is_on_time(due, None, None) is None
    assert is_on_time(None, due, due) is None


def kinds(**more):
    told = {"amber_at": TWO_HOURS.amber_at, "due_at": TWO_HOURS.due_at}
    return {alarm.kind for alarm in alarms_of(Clock(**{**told, **more}))}


def test_alarms_are_those_of_the_step_that_is_waited_for():
    soon = REPORTED + timedelta(minutes=20)
    steps = {"accept_by": soon, "acknowledge_by": soon, "arrive_by": soon}
    assert kinds(state="reported", **steps) == {"amber", "red", "accept"}
    assert kinds(state="assigned", **steps) == {"amber", "red", "acknowledge", "arrive"}
    assert kinds(state="acknowledged", **steps) == {"amber", "red", "arrive"}
    assert kinds(state="arrived", **steps) == {"amber", "red"}
    assert kinds(state="done", **steps) == set()
    held = {"on_hold": True, "hold_until": soon, "unsigned": [("A", soon)]}
    assert kinds(state="assigned", **steps, **held) == {"hold_ends", "sign"}
    assert kinds(state="closed", **steps, **held) == set()


def test_red_is_due_when_the_limit_is_past_and_not_before():
    red = next(a for a in alarms_of(Clock("assigned", due_at=TWO_HOURS.due_at)) if a.kind == "red")
    assert TWO_HOURS.due_at < red.due <= TWO_HOURS.due_at + SECOND


def test_units_that_a_whistle_called_have_alarms_of_their_own():
    soon, later = REPORTED + timedelta(minutes=5), REPORTED + timedelta(minutes=20)
    fresh = CalledClock("a", acknowledged=False, acknowledge_by=soon, arrive_by=later)
    known = CalledClock("b", acknowledged=True, acknowledge_by=soon, arrive_by=later)
    free = CalledClock("c", acknowledged=False, acknowledge_by=None, arrive_by=None)
    found = alarms_of(Clock("arrived", called=(fresh, known, free)))
    assert [(alarm.kind, alarm.step, alarm.due) for alarm in found] == [
        ("acknowledge", "a", soon),
        ("arrive", "a", later),
        ("arrive", "b", later),
    ]


def test_a_work_order_is_given_back_until_it_is_done():
    soon = REPORTED + timedelta(minutes=5)
    assert kinds(state="assigned", return_at=soon) == {"amber", "red", "return"}
    for state in ("done", "checked"):
        assert kinds(state=state, return_at=soon) == set()


def test_of_what_is_due_the_step_and_the_moment_are_told():
    due, amber = TWO_HOURS.due_at, TWO_HOURS.amber_at
    soon = REPORTED + timedelta(minutes=20)
    clock = Clock("reported", amber_at=amber, due_at=due, accept_by=soon, reopened=2)
    assert [(alarm.kind, alarm.step, alarm.due) for alarm in alarms_of(clock)] == [
        ("amber", due.isoformat(), amber),
        ("red", due.isoformat(), due + timedelta(microseconds=1)),
        ("accept", "2", soon),
    ]


def test_a_case_is_on_time_up_to_the_moment_of_its_limit():
    due = TWO_HOURS.due_at
    assert is_on_time(due, due, None) is True
    assert is_on_time(due, due + SECOND, due) is False
    assert is_on_time(due, None, due) is True
    assert is_on_time(None, due, due) is None
    assert is_on_time(due, None, None) is None
