"""Hints at duplicates around one place."""

from datetime import UTC, datetime, timedelta

from geo.incidents.rules.duplicates import DEFAULT_REACH, DuplicateReach, Earlier, Hint, find_hints

NOW = datetime(2026, 9, 30, 20, 0, tzinfo=UTC)


def earlier(code, distance_m, days, ended_days=None):
    ended = None if ended_days is None else NOW - timedelta(days=ended_days)
    return Earlier(code, distance_m, NOW - timedelta(days=days), ended)


def codes(*found, reach=DEFAULT_REACH):
    return [hint.code for hint in find_hints(NOW, found, reach)]


def test_nearest_and_newest_come_first_within_ten_metres_the_newer_one():
    assert codes(earlier("far", 35, 1), earlier("old", 3, 9), earlier("new", 8, 2)) == [
        "new",
        "old",
        "far",
    ]


def test_what_was_closed_before_or_reported_later_is_none():
    assert codes(earlier("closed", 1, 5, 1), earlier("later", 1, -1)) == []


def test_what_was_closed_since_was_open_then():
    assert codes(earlier("since", 1, 5, -1)) == ["since"]


def test_radius_and_days_of_the_category_decide():
    rows = [earlier("a", 30, 5), earlier("b", 80, 5), earlier("c", 30, 70)]
    assert codes(*rows) == ["a"]
    assert codes(*rows, reach=DuplicateReach(100, 90)) == ["a", "c", "b"]


def test_at_most_five_are_told_with_distance_and_age():
    found = find_hints(NOW, [earlier(f"N{n}", n, 1.5) for n in range(8)])
    assert [hint.code for hint in found] == ["N0", "N1", "N2", "N3", "N4"]
    assert found[3] == Hint("N3", 3.0, 1.5)
