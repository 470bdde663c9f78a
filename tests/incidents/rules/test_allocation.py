"""Shares by factors: they add up to the amount, and what cannot be is refused."""

import pytest

from geo.base.errors import InputError
from geo.incidents.rules.allocation import Allotment, make_allotment, parse_weights, share_out

FIGURES = {
    "a": {"residents": 6000.0, "matters": 30.0, "estates": 0.0},
    "b": {"residents": 3000.0, "matters": 60.0, "estates": None},
    "c": {"residents": 1000.0, "matters": 10.0, "estates": 2.0},
}


def test_each_has_its_base_and_its_part_of_the_rest():
    found = share_out(Allotment(130, 10, {"residents": 60, "matters": 40}), FIGURES)
    by_hand = {
        "a": 10 + 100 * (0.6 * 0.6 + 0.4 * 0.3),
        "b": 10 + 100 * (0.6 * 0.3 + 0.4 * 0.6),
        "c": 10 + 100 * (0.6 * 0.1 + 0.4 * 0.1),
    }
    assert {each.key: each.amount for each in found} == pytest.approx(by_hand)
    assert sum(each.amount for each in found) == pytest.approx(130)


def test_what_is_not_known_counts_as_nothing_and_is_named():
    found = share_out(Allotment(10, 0, {"estates": 1}), FIGURES)
    assert [(each.amount, each.missing) for each in found] == [
        (0, ()),
        (0, ("estates",)),
        (10, ()),
    ]


def test_weights_and_amounts_that_cannot_be_are_refused():
    assert parse_weights(["residents=50", " matters = 0.5"]) == {"residents": 50, "matters": 0.5}
    for wrong in ("noise=1", "residents", "residents=", "residents=-1", "residents=inf", "=3"):
        with pytest.raises(InputError):
            parse_weights([wrong])
    with pytest.raises(InputError, match="twice"):
        parse_weights(["area=1", "area=2"])
    for total, base, weights in ((None, 0, ["area=1"]), (5, 0, []), (None, 2, [])):
        with pytest.raises(InputError, match="together"):
            make_allotment(total, base, weights)
    assert make_allotment(None, 0, []) is None
    for allotment, said in (
        (Allotment(20, 10, {"residents": 1}), "need 30"),
        (Allotment(20, -1, {"residents": 1}), "below 0"),
        (Allotment(20, 1, {}), "at least one"),
    ):
        with pytest.raises(InputError, match=said):
            share_out(allotment, FIGURES)
    with pytest.raises(InputError, match="area-counts"):
        share_out(Allotment(20, 1, {"estates": 1}), {"a": {"estates": None}})
