"""Local time: what clocks skipped or showed twice has one answer in every zone."""

import datetime as dt

import pytest

from geo.base.local_time import odd_time, with_zone


def moment(text):
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "zone", "odd", "taken"),
    [
        # summer time of China, 1986 to 1991: 02:00 became 03:00
        ("1990-04-15 02:30", "Asia/Shanghai", "gap", "1990-04-15T03:30:00+09:00"),
        ("1990-09-16 01:30", "Asia/Shanghai", "fold", "1990-09-16T01:30:00+09:00"),
        ("1990-04-15 01:59", "Asia/Shanghai", None, "1990-04-15T01:59:00+08:00"),
        ("2026-09-16 01:30", "Asia/Shanghai", None, "2026-09-16T01:30:00+08:00"),
        ("2018-03-11 02:15", "America/New_York", "gap", "2018-03-11T03:15:00-04:00"),
        ("2018-11-04 01:15", "America/New_York", "fold", "2018-11-04T01:15:00-04:00"),
        # half an hour, the other way round the year
        ("2024-10-06 02:10", "Australia/Lord_Howe", "gap", "2024-10-06T02:40:00+11:00"),
        ("2024-04-07 01:45", "Australia/Lord_Howe", "fold", "2024-04-07T01:45:00+11:00"),
        # a whole day that an island left out
        ("2011-12-30 12:00", "Pacific/Apia", "gap", "2011-12-31T12:00:00+14:00"),
        ("1990-04-15 02:30", "UTC", None, "1990-04-15T02:30:00+00:00"),
    ],
)
def test_a_skipped_time_goes_forward_and_of_two_the_first_counts(text, zone, odd, taken):
    assert odd_time(moment(text), zone) == odd
    assert with_zone(moment(text), zone).isoformat() == taken


def test_a_time_with_its_offset_is_what_it_says():
    stated = moment("1990-04-15T02:30:00+08:00")
    assert odd_time(stated, "Asia/Shanghai") is None
    assert with_zone(stated, "Asia/Shanghai") is stated
