"""Which tests a mutant has to pass, and how sure the share of caught ones is."""

import json

from scripts.mutation import run
from scripts.mutation.rooms import room_tests
from tests import ROOT


def test_the_tests_of_a_module_come_before_those_of_its_room():
    chosen = room_tests("geo/coverage/sight/optics.py")
    assert chosen[0] == "tests/coverage/sight/test_optics.py"
    assert "tests/coverage/sight/test_viewshed.py" in chosen
    assert all(each.startswith("tests/coverage/sight/") for each in chosen)


def test_a_folder_without_tests_of_its_own_is_tested_by_the_one_around_it():
    assert room_tests("geo/demo/land/lattice.py") == ["tests/demo/test_demo.py"]


def test_the_interval_of_a_share_is_wilsons():
    low, high = run.interval(540, 600)
    assert (round(low, 4), round(high, 4)) == (0.8734, 0.9215)


def test_every_equivalent_mutant_is_of_code_that_is_there_and_says_why():
    for each in json.loads(run.EQUIVALENT.read_text("utf-8")):
        assert each["before"] in (ROOT / each["module"]).read_text("utf-8")
        assert each["why"]
