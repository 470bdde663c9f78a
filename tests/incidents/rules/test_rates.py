"""Rates: of which counts each is made, sums and differences of rows, places, small rows."""

import pytest

from geo.incidents.rules.rates import (
    COUNTS,
    FEWEST,
    FLOW,
    RATES,
    FigureRow,
    rank_rows,
    subtract_rows,
    sum_rows,
)
from geo.incidents.rules.small_cells import FEW_KEY, count_cases, is_small, merge_small

# each count is another power of two, so that a sum says what it is made of
COUNTED = {name: 1 << at for at, name in enumerate(COUNTS)}
FLOWED = {name: 1 << at for at, name in enumerate(FLOW)}


def row(key="K", **counts):
    return FigureRow(key, counts)


def parts(number, counted):
    return [name for name, one in counted.items() if number & one]


def test_each_rate_is_a_quotient_of_its_counts():
    found = {
        share.name: (parts(share.numerator, COUNTED), parts(share.denominator, COUNTED))
        for share in FigureRow("K", COUNTED).shares
    }
    assert found == {
        "closure": (["closed"], ["collected"]),
        "solved": (["resolved"], ["closed"]),
        "acceptance": (["accepted"], ["collected"]),
        "on_time": (["on_time"], ["on_time", "late", "overdue"]),
        "small_matters": (["small_kept"], ["small_closed"]),
        "big_matters": (["big_kept"], ["big_closed"]),
        "returned": (["returned"], ["sent"]),
        "wrong_dispatch": (["wrong_dispatch"], ["sent"]),
        "overridden": (["overridden"], ["proposed"]),
        "reopened": (["reopened"], ["ended"]),
    }


def test_rates_of_closure_in_the_period_divide_by_what_was_closed_then():
    shares = FigureRow("K", {"collected": 64}, FLOWED).flow_shares
    assert [(share.name, share.numerator, share.denominator) for share in shares] == [
        ("flow_closure", 1, 64),
        ("flow_solved", 2, 1),
        ("flow_on_time", 4, 12),
    ]
    assert [share.denominator for share in FigureRow("K", {}).flow_shares] == [0, 0, 0]


def test_a_share_of_nothing_is_none():
    closure = row(collected=4, closed=1).shares[0]
    assert closure.share == 0.25
    assert row(closed=1).shares[0].share is None
    assert row(collected=1).shares[0].share == 0.0


def test_rows_are_added_and_taken_from_each_other_count_by_count():
    twice = sum_rows([FigureRow("A", COUNTED, FLOWED), FigureRow("B", COUNTED, FLOWED)], "S")
    assert twice.key == "S"
    assert twice.counts == {name: 2 * one for name, one in COUNTED.items()}
    assert twice.flow == {name: 2 * one for name, one in FLOWED.items()}
    nothing = sum_rows([])
    assert (nothing.key, set(nothing.counts.values())) == ("", {0})
    assert set(nothing.flow.values()) == {0}
    less = subtract_rows(
        FigureRow("A", {"closed": 2}, {"late": 1}), FigureRow("A", COUNTED, FLOWED)
    )
    assert less.counts == {name: (name == "closed") * 2 - one for name, one in COUNTED.items()}
    assert less.flow == {name: (name == "late") - one for name, one in FLOWED.items()}


def test_places_go_to_shares_of_ten_cases_the_highest_first_equal_ones_alike():
    rows = [
        row("low", collected=10, closed=1),
        row("high", collected=20, closed=20),
        row("equal", collected=30, closed=30),
        row("few", collected=9, closed=9),
        row("none", closed=3),
        row("", collected=50, closed=50),
    ]
    assert rank_rows(rows) == {"low": 3, "high": 1, "equal": 1}
    assert rank_rows([row("K", closed=12, resolved=3)], by="solved") == {"K": 1}
    assert FEWEST == 10
    assert {rate.name for rate in RATES} >= {"closure", "solved"}


def test_a_row_counts_all_that_it_tells_of_by_its_size():
    assert count_cases(row(collected=1, duplicates=2, cancelled=4, accepted=99)) == 7
    assert count_cases(row(collected=-1, duplicates=-2, cancelled=4)) == 7
    assert count_cases(FigureRow("K", {"collected": 1}, {"closed": 5})) == 5
    assert count_cases(FigureRow("K", {"collected": 6}, {"closed": -5})) == 6
    assert count_cases(row()) == 0


@pytest.mark.parametrize(("cases", "small"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_row_of_one_or_two_cases_is_small(cases, small):
    assert is_small(row(collected=cases)) == small


def test_small_rows_of_sensitive_keys_become_one_the_last():
    rows = [row("a", collected=1), row("b", collected=2), row("c", collected=9), row("d")]
    merged = merge_small(rows, {"a", "b", "c"})
    assert [each.key for each in merged] == ["c", "d", FEW_KEY]
    assert merged[-1].counts["collected"] == 3
    assert [each.key for each in merge_small(rows, {"b"})] == ["a", "c", "d", FEW_KEY]
    assert [each.key for each in merge_small(rows, None)] == ["c", "d", FEW_KEY]
    assert merge_small(rows, ()) == tuple(rows)
    assert [each.key for each in merge_small(rows, (), ("c",))] == ["a", "b", "d", FEW_KEY]
