"""Which tests a mutant has to pass, and how sure the share of caught ones is."""

import json

from scripts.mutation import run
from scripts.mutation.rooms import noticing_tests, room_tests, statement_contexts
from tests import ROOT


def test_the_tests_of_a_module_come_before_those_of_its_room():
    chosen = room_tests("geo/coverage/sight/optics.py")
    assert chosen[0] == "tests/coverage/sight/test_optics.py"
    assert "tests/coverage/sight/test_viewshed.py" in chosen
    assert all(each.startswith("tests/coverage/sight/") for each in chosen)


def test_a_folder_without_tests_of_its_own_is_tested_by_the_one_around_it():
    assert room_tests("geo/demo/land/lattice.py") == ["tests/demo/test_demo.py"]


def test_what_only_tests_run_is_tried_by_the_files_of_those_tests():
    assert noticing_tests(["a", "b", "c"], {"call c", "call b"}) == ["b", "c"]
    assert noticing_tests(["a", "b", "c"], set()) == []


def test_what_an_import_or_a_fixture_runs_is_tried_by_the_whole_room():
    assert noticing_tests(["a", "b"], {"", "call b"}) == ["b", "a"]
    assert noticing_tests(["a", "b"], {"setup a"}) == ["a", "b"]


def test_a_line_belongs_to_its_statement_and_of_a_block_to_the_head():
    source = "def one(\n    a=1,\n):\n    return (\n        a\n    )\n"
    contexts = {"1": ["import"], "4": ["call a"], "6": ["call b"]}
    assert statement_contexts(source, 5, contexts) == {"call a", "call b"}
    block = "def one():\n    if (\n        a\n    ):\n        return 1\n"
    assert statement_contexts(block, 3, {"2": ["call a"], "5": ["call b"]}) == {"call a"}


def test_what_stands_in_no_function_is_run_by_imports_whoever_imported_first():
    source = "A = 1\ndef one(\n    a=1,\n):\n    return a\n"
    for line in (1, 3):
        assert statement_contexts(source, line, {"1": ["call a"], "3": ["call a"]}) == {""}


def test_the_interval_of_a_share_is_wilsons():
    low, high = run.interval(540, 600)
    assert (round(low, 4), round(high, 4)) == (0.8734, 0.9215)


def test_every_equivalent_mutant_is_of_code_that_is_there_and_says_why():
    for each in json.loads(run.EQUIVALENT.read_text("utf-8")):
        assert each["before"] in (ROOT / each["module"]).read_text("utf-8")
        assert each["why"]
