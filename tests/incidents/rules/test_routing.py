"""Which unit must go, on one district with a handful of duties."""

import pandas as pd

from geo.incidents.rules import routing

AREAS = ["G1", "C1", "T1"]


def table(rows, desks=()):
    units = pd.DataFrame(desks, columns=["code", "area_code", "kind"])
    return routing.duty_lookup(
        pd.DataFrame(rows, columns=["unit_code", "area_code", "category"]), units
    )


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


def test_the_duty_desk_is_the_last_resort():
    desks = [("D0", "T1", "值班室"), ("X", "C1", "城管中队")]
    found = routing.propose_unit(table([], desks), AREAS, None)
    assert (found.unit_code, found.area_code, found.reason) == ("D0", "T1", "routing.desk")


def test_nobody_fits():
    assert routing.propose_unit(table([("U1", "G9", None)]), AREAS, "市容") is None


def test_of_two_units_with_the_same_duty_the_smaller_code_stands():
    duties = table([("U2", "G1", "市容"), ("U1", "G1", "市容")])
    assert routing.propose_unit(duties, AREAS, "市容").unit_code == "U1"
