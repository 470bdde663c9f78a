"""Which tests a mutant has to pass, and how sure the share of caught ones is."""

import hashlib
import json

from scripts.mutation import run
from scripts.mutation.rooms import (
    OF_ALL,
    noticing_tests,
    quick_tests,
    room_tests,
    statement_contexts,
)
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
    assert noticing_tests(["a", "b"], {"", "call b"}) == ["b", "a", *OF_ALL]
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


def test_quick_tests_come_first_and_do_not_widen_what_is_tried():
    contexts = {"call b", "test 0000.0200 b::slow", "test 0000.0100 b::quick"}
    assert quick_tests(contexts) == ["b::quick", "b::slow"]
    assert noticing_tests(["a", "b"], contexts) == ["b"]


def test_the_quick_tests_of_a_constant_are_those_of_the_lines_that_use_it():
    source = "A = 1\nB = 2\ndef one():\n    return A\n\ndef two():\n    return B\n"
    contexts = {"4": ["call a", "test 0000.1000 a::one"], "7": ["test 0000.1000 a::two"]}
    assert statement_contexts(source, 1, contexts) == {"", "test 0000.1000 a::one"}


def test_the_quick_tests_of_a_decorator_are_those_of_what_it_decorates():
    source = "@cache\ndef one():\n    return 1\n\nA = one()\n"
    contexts = {"3": ["test 0000.1000 a::one"], "5": ["", "test 0000.2000 a::two"]}
    assert quick_tests(statement_contexts(source, 1, contexts)) == ["a::one", "a::two"]


def test_a_run_goes_on_where_it_ended_and_survivors_are_tried_anew(tmp_path):
    one, two, three = ({"module": "m", "code": code} for code in "abc")
    results = tmp_path / "results.jsonl"
    results.write_text("".join(f'["{run._key(each)}", "survived"]\n' for each in (one, two)))
    known = run.recorded([one, two, three], results)
    assert run.untried([one, two, three], known, again=False) == [three]
    with results.open("a") as file:
        file.write(f'["{run._key(one)}", "caught"]\n')
    known = run.recorded([one, two, three], results)
    assert [(each["first"], each["outcome"]) for each in known] == [
        ("survived", "caught"),
        ("survived", "survived"),
    ]
    assert run.untried([one, two, three], known, again=True) == [two, three]


def test_the_report_tells_the_first_run_from_what_new_tests_caught():
    found = {"module": "geo/a/b.py", "line": 1, "before": "x", "after": "y"}
    first = {**found, "first": "survived", "outcome": "caught"}
    second = {**found, "first": "survived", "outcome": "survived"}
    assert list(run.report([first, second])) == [
        "survived: geo/a/b.py:1\n    - x\n    + y",
        "geo/a: 1 of 2",
        "caught at first 0 of 2: 0.0% (95 %: 0.0% to 65.8%)",
        "caught 1 of 2: 50.0% (95 %: 9.5% to 90.5%)",
    ]


def test_a_mutant_of_a_module_that_changed_since_is_not_tried():
    module = "geo/coverage/sight/optics.py"
    digest = hashlib.sha256((ROOT / module).read_bytes()).hexdigest()
    assert run.is_current({"module": module, "digest": digest})
    assert not run.is_current({"module": module, "digest": "0" * 64})
    assert not run.is_current({"module": "geo/none.py", "digest": digest})


def test_the_interval_of_a_share_is_wilsons():
    low, high = run.interval(540, 600)
    assert (round(low, 4), round(high, 4)) == (0.8734, 0.9215)


def test_every_equivalent_mutant_is_of_code_that_is_there_and_says_why():
    for each in json.loads(run.EQUIVALENT.read_text("utf-8")):
        assert each["before"] in (ROOT / each["module"]).read_text("utf-8")
        assert each["why"]
