"""Which unit must go, on one district with a handful of duties."""

from datetime import date

from geo.base.words import say
from geo.incidents.rules import routing
from geo.incidents.rules.routing import Asset, Duty

AREAS = ["G1", "C1", "T1"]


def table(rows, desks=(), pairings=(), day=None):
    return routing.duty_table([Duty(*row) for row in rows], desks, pairings, day=day)


def units(found):
    return [(each.unit_code, each.reason) for each in found]


def test_the_grid_with_its_category_comes_first():
    duties = table([("U1", "G1", "市容"), ("U2", "C1", "市容"), ("U3", "G1", None)])
    found = routing.propose_unit(duties, AREAS, "市容")
    assert (found.unit_code, found.area_code, found.reason) == ("U1", "G1", "routing.category")


def test_a_category_of_a_wider_area_beats_a_closer_unit_for_everything():
    duties = table([("U3", "G1", None), ("U2", "T1", "市容")])
    assert routing.propose_unit(duties, AREAS, "市容").unit_code == "U2"


def test_without_a_fitting_category_the_closest_unit_for_everything_goes():
    duties = table([("U3", "C1", None), ("U2", "T1", None)])
    found = routing.propose_unit(duties, AREAS, "噪声")
    assert (found.unit_code, found.reason) == ("U3", "routing.any")


def test_the_paired_unit_comes_before_the_duty_desk_and_after_every_duty():
    duties = table([("U3", "T1", None)], [("T1", "D0")], [("C1", "P9")])
    assert units(routing.rank_units(duties, AREAS, "噪声")) == [
        ("U3", "routing.any"),
        ("P9", "routing.paired"),
        ("D0", "routing.desk"),
    ]


def test_the_duty_desk_is_the_last_resort():
    found = routing.propose_unit(table([], [("T1", "D0")]), AREAS, None)
    assert (found.unit_code, found.area_code, found.reason) == ("D0", "T1", "routing.desk")


def test_nobody_fits():
    assert routing.propose_unit(table([("U1", "G9", None)]), AREAS, "市容") is None


def test_of_two_units_with_the_same_duty_the_smaller_code_stands():
    duties = table([("U2", "G1", "市容"), ("U1", "G1", "市容")])
    assert routing.propose_unit(duties, AREAS, "市容").unit_code == "U1"


def test_a_thing_with_a_unit_of_its_own_goes_before_every_area():
    duties = table([("U1", "G1", "照明")])
    found = routing.rank_units(duties, AREAS, "照明", Asset("L7", "灯杆 L7", "U8"))
    assert units(found) == [("U8", "routing.asset"), ("U1", "routing.category")]
    assert say(found[0].reason, area=found[0].area_code) == "灯杆 L7 自有责任单位"


def test_each_area_is_asked_for_the_category_and_then_for_the_one_above_it():
    duties = table([("U1", "T1", "井盖缺失"), ("U2", "C1", "道路设施"), ("U3", "C1", "井盖缺失")])
    found = routing.rank_units(duties, AREAS, ["井盖缺失", "道路设施"])
    assert [each.unit_code for each in found] == ["U3", "U2", "U1"]


def test_a_duty_holds_from_its_first_to_its_last_day():
    rows = [("U1", "G1", "市容", "R1", date(2026, 9, 1), date(2026, 9, 30)), ("U2", "G1", None)]
    named = [
        routing.propose_unit(table(rows, day=date(2026, month, day)), AREAS, "市容").unit_code
        for month, day in ((8, 31), (9, 1), (9, 30), (10, 1))
    ]
    assert named == ["U2", "U1", "U1", "U2"]


def test_the_row_of_the_routing_table_is_named():
    assert routing.propose_unit(table([("U1", "G1", "市容", "R1")]), AREAS, "市容").source == "R1"


def test_five_alternatives_stand_beside_the_proposal():
    duties = table([(f"U{n}", f"A{n}", "市容") for n in range(9)])
    found = routing.rank_units(duties, [f"A{n}" for n in range(9)], "市容")
    assert [each.unit_code for each in found] == ["U0", "U1", "U2", "U3", "U4", "U5"]
