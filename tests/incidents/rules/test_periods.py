"""Periods of statistics: their first and last days, and what they are compared with."""

from datetime import date

import pytest

from geo.base.errors import InputError
from geo.incidents.rules.lunar import lunar_new_year, lunar_text
from geo.incidents.rules.periods import (
    FIRST_DAY,
    Period,
    choose_period,
    has_spring_festival,
    month_of,
    month_period,
    named_period,
    period_before,
    require_order,
    year_before,
    year_period,
)

TODAY = date(2026, 11, 30)


def refused(call, *given, **more):
    with pytest.raises(InputError) as caught:
        call(*given, **more)
    return caught.value.key


def chosen(month=None, year=None, since=None, until=None, starts=1):
    return choose_period(month, year, since, until, today=TODAY, starts=starts)


@pytest.mark.parametrize(
    ("written", "starts", "since", "until"),
    [
        ("2026-09", 1, date(2026, 9, 1), date(2026, 9, 30)),
        (" 2026-2 ", 1, date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", 1, date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-09", 2, date(2026, 8, 2), date(2026, 9, 1)),
        ("2026-01", 26, date(2025, 12, 26), date(2026, 1, 25)),
        ("2026-12", 28, date(2026, 11, 28), date(2026, 12, 27)),
        ("1901-01", 1, date(1901, 1, 1), date(1901, 1, 31)),
        ("2199-12", 1, date(2199, 12, 1), date(2199, 12, 31)),
    ],
)
def test_a_statistics_month_ends_before_its_day(written, starts, since, until):
    found = month_period(written, starts)
    assert (found.since, found.until) == (since, until)
    assert found.month == f"{until:%Y-%m}"
    assert found.days == (until - since).days + 1


@pytest.mark.parametrize(
    "written", ["", "2026", "2026-0", "2026-13", "1900-12", "2200-01", "26-09", "2026-09-01"]
)
def test_what_is_no_month_is_refused(written):
    assert refused(month_period, written, 1) == "statistics.month"


def test_a_year_is_twelve_statistics_months():
    assert year_period("2026", 1) == Period(date(2026, 1, 1), date(2026, 12, 31))
    assert year_period(" 2026 ", 26) == Period(date(2025, 12, 26), date(2026, 12, 25))
    for written in ("226", "1899", "2200", "2026-01", "x"):
        assert refused(year_period, written, 1) == "statistics.year"


def test_a_period_is_named_once_and_in_order():
    day = date(2026, 9, 30)
    for twice in ({"month": "2026-09", "year": "2026"}, {"month": "2026-09", "since": day}):
        assert refused(chosen, **twice) == "statistics.period_twice"
    assert refused(chosen, year="2026", until=day) == "statistics.period_twice"
    assert refused(chosen, since=day, until=date(2026, 9, 29)) == "statistics.order"
    assert chosen(since=day, until=day) == Period(day, day)


def test_one_day_alone_leaves_the_other_side_open_up_to_today():
    assert chosen(since=date(2026, 9, 1)) == Period(date(2026, 9, 1), TODAY)
    assert chosen(since=date(2026, 12, 24)) == Period(date(2026, 12, 24), date(2026, 12, 24))
    assert chosen(until=date(2026, 9, 1)) == Period(FIRST_DAY, date(2026, 9, 1))
    assert date(1900, 1, 1) == FIRST_DAY


def test_without_a_name_it_is_the_present_month():
    assert chosen() == month_period("2026-11", 1)
    assert chosen(starts=26) == month_period("2026-12", 26)
    assert chosen(month="2026-09") == month_period("2026-09", 1)
    assert chosen(year="2025") == year_period("2025", 1)


def test_a_named_period_is_a_month_or_both_days():
    one, two = date(2026, 9, 1), date(2026, 9, 2)
    assert named_period("2026-09", None, None, 1) == month_period("2026-09", 1)
    assert named_period(None, one, two, 1) == Period(one, two)
    for wrong in ((None, None, None), (None, one, None), (None, None, one), ("2026-09", one, two)):
        assert refused(named_period, *wrong, 1) == "statistics.period_needed"
    for half in (("2026-09", one, None), ("2026-09", None, one)):
        assert refused(named_period, *half, 1) == "statistics.period_needed"
    assert refused(named_period, None, two, one, 1) == "statistics.order"


def test_an_open_side_is_in_order():
    require_order(None, TODAY)
    require_order(TODAY, None)
    require_order(TODAY, TODAY)


@pytest.mark.parametrize(
    ("day", "starts", "month"),
    [
        (date(2026, 9, 30), 1, "2026-09"),
        (date(2026, 9, 25), 26, "2026-09"),
        (date(2026, 9, 26), 26, "2026-10"),
        (date(2026, 12, 26), 26, "2027-01"),
        (date(2026, 9, 1), 2, "2026-09"),
        (date(2026, 9, 2), 2, "2026-10"),
    ],
)
def test_a_day_is_in_the_month_that_has_it(day, starts, month):
    assert month_of(day, starts) == month
    period = month_period(month, starts)
    assert period.since <= day <= period.until


def test_before_a_month_is_the_month_before_and_before_days_as_many_days():
    assert period_before(month_period("2026-01", 1), 1) == month_period("2025-12", 1)
    assert period_before(month_period("2026-03", 26), 26) == month_period("2026-02", 26)
    week = Period(date(2026, 9, 8), date(2026, 9, 14))
    assert period_before(week, 1) == Period(date(2026, 9, 1), date(2026, 9, 7))
    day = Period(TODAY, TODAY)
    assert period_before(day, 1) == Period(date(2026, 11, 29), date(2026, 11, 29))


def test_a_year_before_are_the_same_days():
    assert year_before(month_period("2026-09", 26), 26) == month_period("2025-09", 26)
    leap = Period(date(2024, 2, 29), date(2024, 3, 29))
    assert year_before(leap, 1) == Period(date(2023, 2, 28), date(2023, 3, 29))
    other = Period(date(2026, 2, 28), date(2026, 3, 29))
    assert year_before(other, 1) == Period(date(2025, 2, 28), date(2025, 3, 29))


@pytest.mark.parametrize(
    ("since", "until", "meets"),
    [  # the first of the year was 17 February 2026
        (date(2026, 2, 1), date(2026, 2, 15), False),
        (date(2026, 2, 1), date(2026, 2, 16), True),
        (date(2026, 2, 23), date(2026, 3, 1), True),
        (date(2026, 2, 24), date(2026, 3, 1), False),
        (date(2025, 12, 1), date(2026, 12, 31), True),
        (date(1890, 1, 1), date(1890, 12, 31), False),
    ],
)
def test_the_festival_is_from_new_years_eve_to_the_seventh_day(since, until, meets):
    assert has_spring_festival(Period(since, until)) == meets


def test_the_lunar_year_begins_on_days_that_the_tables_know():
    assert lunar_new_year(2026) == date(2026, 2, 17)
    assert lunar_new_year(1901) == date(1901, 2, 19)
    assert lunar_new_year(2099) == date(2099, 1, 21)
    assert lunar_new_year(1900) is None
    assert lunar_new_year(2100) is None


def test_a_day_is_written_as_papers_do():
    assert lunar_text(date(2026, 9, 30)) == "丙午年八月二十"
    assert lunar_text(date(1900, 12, 31)) == ""
    assert lunar_text(date(2100, 1, 1)) == ""
