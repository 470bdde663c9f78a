"""Working time, against an oracle that looks at each minute; and days known by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.base.errors import InputError
from geo.incidents.rules.holidays import HOLIDAY, WORKDAY, shipped_days
from geo.incidents.rules.working_time import (
    Calendar,
    Hours,
    Limit,
    add_minutes,
    count_minutes,
    is_provisional,
)

CHINA = ZoneInfo("Asia/Shanghai")
OFFICE = tuple(
    Hours(day, time.fromisoformat(a), time.fromisoformat(b))
    for day in range(1, 6)
    for a, b in (("08:30", "12:00"), ("14:00", "17:30"))
)
OURS = Calendar("Asia/Shanghai", OFFICE, shipped_days("Asia/Shanghai"))
MINUTE = timedelta(minutes=1)


def at(written, zone=CHINA):
    return datetime.fromisoformat(written).replace(tzinfo=zone)


def working_minute(calendar, moment):
    """Tell of one minute whether it counts, as somebody with a calendar on the wall would."""
    zone = ZoneInfo(calendar.timezone)
    local = moment.astimezone(zone)
    day = local.date()
    kind = calendar.days.get(day)
    if kind == HOLIDAY:
        return False
    rows = [h for h in calendar.hours if h.since <= day <= h.until]
    today = [h for h in rows if h.weekday == day.isoweekday()]
    if kind == WORKDAY and not today:
        sizes = {n: len(minutes_of([h for h in rows if h.weekday == n])) for n in range(1, 8)}
        longest = max(sizes.values())
        first = next(n for n in range(1, 8) if sizes[n] == longest)
        today = [h for h in rows if h.weekday == first]
    return local.hour * 60 + local.minute in minutes_of(today)


def minutes_of(rows):
    return {
        n
        for h in rows
        for n in range(h.starts.hour * 60 + h.starts.minute, h.ends.hour * 60 + h.ends.minute)
    }


def oracle(calendar, start, minutes, pauses, *, working):
    """Return the end of the minute in which the last one has passed."""
    moment, left = start, minutes
    while True:
        paused = any(a <= moment < b for a, b in pauses)
        if not paused and (not working or working_minute(calendar, moment)):
            left -= 1
        moment += MINUTE
        if left <= 0:
            return moment


@st.composite
def calendars(draw):
    zone = draw(st.sampled_from(["Asia/Shanghai", "America/New_York"]))
    hours = [Hours(1, time(9), time(10))]  # something is always worked
    for _ in range(draw(st.integers(0, 8))):
        a, b = sorted(draw(st.tuples(st.integers(0, 95), st.integers(0, 95))))
        since = draw(st.sampled_from([date.min, date(2026, 3, 4)]))
        until = draw(st.sampled_from([date.max, date(2026, 3, 12)]))
        if a < b:
            spell = [time(n // 4, n % 4 * 15) for n in (a, b)]
            hours.append(Hours(draw(st.integers(1, 7)), *spell, since, until))
    some = st.dates(date(2026, 3, 1), date(2026, 3, 20))
    days = draw(st.dictionaries(some, st.sampled_from([HOLIDAY, WORKDAY]), max_size=6))
    return Calendar(zone, tuple(hours), days)


STARTS = st.integers(0, 60 * 24 * 12).map(
    lambda n: datetime(2026, 3, 2, tzinfo=UTC) + n * MINUTE  # over New York's change of clocks
)


@st.composite
def pauses(draw):
    found = []
    for _ in range(draw(st.integers(0, 2))):
        begin = draw(STARTS)
        found.append((begin, begin + draw(st.integers(1, 4000)) * MINUTE))
    return found


@given(calendars(), STARTS, st.integers(1, 400), pauses(), st.booleans())
def test_minutes_are_added_as_an_oracle_of_single_minutes_does(
    calendar, start, minutes, paused, working
):
    due = add_minutes(calendar, start, minutes, working=working, pauses=paused)
    assert due == oracle(calendar, start, minutes, paused, working=working)


@given(calendars(), STARTS, st.integers(1, 400), pauses(), st.booleans())
def test_what_was_added_is_what_is_counted(calendar, start, minutes, paused, working):
    due = add_minutes(calendar, start, minutes, working=working, pauses=paused)
    assert count_minutes(calendar, start, due, working=working, pauses=paused) == minutes


@given(calendars(), STARTS, st.integers(1, 300), st.integers(0, 300))
def test_a_longer_limit_is_never_over_sooner(calendar, start, minutes, more):
    due = add_minutes(calendar, start, minutes, working=True)
    assert add_minutes(calendar, start, minutes + more, working=True) >= due


def test_a_holiday_of_a_week_passes_without_a_minute():
    due = add_minutes(OURS, at("2026-10-01 00:30"), 240, working=True)
    assert due == at("2026-10-08 14:30")


def test_a_saturday_made_up_for_is_worked():
    due = add_minutes(OURS, at("2026-10-09 16:30"), 120, working=True)
    assert due == at("2026-10-10 09:30")  # a Saturday
    assert OURS.stretches(date(2026, 10, 17)) == []  # an ordinary one


def test_what_ends_with_the_morning_is_due_at_noon():
    assert add_minutes(OURS, at("2026-10-08 08:30"), 210, working=True) == at("2026-10-08 12:00")
    assert add_minutes(OURS, at("2026-10-08 12:30"), 0.5, working=True) == at("2026-10-08 14:00:30")


def test_a_working_day_is_as_long_as_the_ordinary_day_of_its_time():
    summer = tuple(Hours(h.weekday, h.starts, h.ends, until=date(2026, 9, 30)) for h in OFFICE)
    winter = tuple(Hours(day, time(9), time(17), since=date(2026, 10, 1)) for day in range(1, 6))
    both = Calendar("Asia/Shanghai", summer + winter)
    two = Limit(2, "working_days")
    assert two.minutes(both, date(2026, 9, 30)) == 840
    assert two.minutes(both, date(2026, 10, 1)) == 960
    assert Limit(2, "days").minutes(both, date(2026, 10, 1)) == 2880
    assert Limit(1.5, "hours").minutes(both, date(2026, 10, 1)) == 90


def test_a_year_without_its_notice_makes_a_limit_provisional():
    assert not is_provisional(OURS, at("2026-12-30 10:00"), at("2026-12-31 17:00"))
    assert is_provisional(OURS, at("2026-12-30 10:00"), at("2027-01-04 10:00"))
    assert is_provisional(Calendar("Asia/Shanghai", OFFICE), at("2026-05-01"), at("2026-05-02"))


def test_the_shipped_days_are_those_that_were_announced():
    days = shipped_days("Asia/Shanghai")
    assert days[date(2026, 2, 15)] == HOLIDAY
    assert days[date(2026, 2, 14)] == WORKDAY
    assert {day.year for day in days} == set(range(2004, 2027))
    assert all(day.weekday() > 4 for day, kind in days.items() if kind == WORKDAY)
    assert shipped_days("America/New_York") == {}


def test_a_calendar_without_working_time_is_refused():
    idle = Calendar("Asia/Shanghai", ())
    with pytest.raises(InputError, match="too little working time"):
        add_minutes(idle, at("2026-10-08 08:30"), 1, working=True)
