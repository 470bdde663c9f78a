"""Dataclasses do not change once made, but for those that collect something while it is read."""

import ast

from tests import ROOT

GROW = {
    "geo/access/audit/bulk_lease.py": ["BulkLease"],
    "geo/exchange/imports/write.py": ["Writer"],
    "geo/exchange/store/filter_conditions.py": ["Conditions"],
    "geo/files/checks/cells/label_variants.py": ["_Words"],
    "geo/files/checks/sample.py": ["Group"],
    "geo/files/readers/encoding.py": ["_Weight"],
    "geo/files/readers/old_cells.py": ["OldCells"],
    "geo/incidents/case.py": ["Effect"],
    "geo/incidents/step_effects.py": ["StepEffect"],
}
"""By module: classes that are filled step by step."""


def is_frozen(decorator):
    """Return whether a decorator makes a frozen dataclass; None if it makes none."""
    call = decorator if isinstance(decorator, ast.Call) else None
    if ast.unparse(call.func if call else decorator) != "dataclass":
        return None
    given = {each.arg: ast.unparse(each.value) for each in call.keywords} if call else {}
    return given.get("frozen") == "True"


def test_dataclasses_are_frozen_but_for_those_that_are_filled_step_by_step():
    found = {}
    for room in ("geo", "maps", "api"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text("utf-8")
            if "@dataclass" in text:
                classes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef)]
                open_ = [c.name for c in classes if False in map(is_frozen, c.decorator_list)]
                found[path.relative_to(ROOT).as_posix()] = sorted(open_)
    assert {name: classes for name, classes in found.items() if classes} == GROW
