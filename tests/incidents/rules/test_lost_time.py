"""What returns cost: from when the unit was sent until another was, beside a clock that goes on."""

from datetime import UTC, datetime, time, timedelta

from geo.incidents.rules.lost_time import LostSpan, count_lost, find_lost
from geo.incidents.rules.working_time import Calendar, Hours

START = datetime(2026, 9, 30, 1, 0, tzinfo=UTC)  # Wednesday, 9:00 in the district
OFFICE = Calendar("Asia/Shanghai", [Hours(n, time(8), time(12)) for n in range(1, 6)])


def at(minutes):
    return START + timedelta(minutes=minutes)


def history(*moves):
    """Return moves of (name, minute, from, to, target)."""
    keys = ("move", "at", "from_state", "to_state", "target_unit")
    return [
        {**dict(zip(keys, (name, at(minute), *rest), strict=True)), "unit_code": "U9"}
        for name, minute, *rest in moves
    ]


def test_a_unit_that_returns_costs_the_time_until_another_is_sent():
    found = find_lost(
        history(
            ("assign", 0, "accepted", "assigned", "U1"),
            ("acknowledge", 5, "assigned", "acknowledged", None),
            ("return", 30, "acknowledged", "returned", None),
            ("request_hold", 40, "returned", "returned", None),
            ("assign", 50, "returned", "assigned", "U2"),
            ("return", 80, "assigned", "returned", None),
        )
    )
    assert found == [LostSpan("U1", at(0), at(50)), LostSpan("U2", at(50), None)]


def test_a_return_that_is_refused_costs_the_time_until_then_only():
    found = find_lost(
        history(
            ("assign", 0, "accepted", "assigned", "U1"),
            ("return", 30, "assigned", "returned", None),
            ("refuse_return", 45, "returned", "assigned", None),
            ("return", 60, "assigned", "returned", None),
            ("decide", 90, "returned", "assigned", "U3"),
        )
    )
    assert found == [LostSpan("U1", at(30), at(45)), LostSpan("U1", at(0), at(90))]


def test_what_was_never_returned_lost_nothing():
    assert find_lost(history(("assign", 0, "accepted", "assigned", "U1"))) == []


def test_minutes_are_counted_as_the_limit_counts_them():
    over_noon = [LostSpan("U1", at(120), at(300))]  # 11:00 to 14:00, work ends at noon
    assert count_lost(over_noon, OFFICE, at(0), "hours") == 180
    assert count_lost(over_noon, OFFICE, at(0), "working_hours") == 60
    assert count_lost([LostSpan("U1", at(0), None)], OFFICE, at(90), "working_days") == 90
