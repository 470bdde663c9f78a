"""The comparer of recordings tells every difference, and only differences."""

import copy
import json
import subprocess

import pytest

from scripts.recorder.compare import differences
from scripts.recorder.documents import lines
from scripts.recorder.normal import Normal
from tests import ROOT

RECORDING = {
    "calls": {
        "reads": [
            {"call": "govgrid db status", "code": 0, "stdout": ["running: True"]},
            {"call": "govgrid gaps --json", "code": 0, "stdout": "@1"},
        ]
    },
    "service": {
        "answers": {
            "auditor": [
                {"ask": "GET /audit", "status": 200, "body": "@2"},
                {"ask": "GET /map", "status": 403, "body": {"json": {"type": "x", "n": 1}}},
            ]
        }
    },
    "texts": {
        "@1": {"json": {"gaps": [{"code": "K1", "rank": 1}, {"code": "K1", "rank": 2}]}},
        "@2": ["<h1>", "Audit", "</h1>"],
    },
}


def changed(*path, to=None):
    """Return the recording with another value at a path, or without it where `to` is None."""
    found = copy.deepcopy(RECORDING)
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return found


AUDITOR = ("service", "answers", "auditor")


def test_a_recording_does_not_differ_from_itself():
    assert differences(RECORDING, copy.deepcopy(RECORDING)) == []


@pytest.mark.parametrize(
    ("path", "to", "told"),
    [
        ((*AUDITOR, 1, "status"), 200, ["1 GET /map › status: 403 → 200"]),
        ((*AUDITOR, 1, "body", "json", "type"), "y", ['json › type: "x" → "y"']),
        ((*AUDITOR, 1, "body", "json", "n"), None, ["json › n: 1 → (nothing)"]),
        ((*AUDITOR, 1), None, ["1 GET /map: ", "→ (nothing)"]),
        (("texts", "@2", 1), "Log", ["GET /audit › body:", "-Audit", "+Log"]),
        (("texts", "@1", "json", "gaps", 1, "rank"), 3, ["gaps › 1 › rank: 2 → 3"]),
        (("calls", "reads", 0, "code"), 2, ["reads › 0 govgrid db status › code: 0 → 2"]),
        (("calls", "reads", 0, "stdout", 0), "running: False", ["+running: False"]),
        (("calls", "reads"), None, ["calls › reads: ", "→ (nothing)"]),
    ],
)
def test_each_change_is_told_by_its_place_once_and_from_both_sides(path, to, told):
    (there,) = differences(RECORDING, changed(*path, to=to))
    for words in told:
        assert words in there
    assert len(differences(changed(*path, to=to), RECORDING)) == 1


def test_the_script_ends_with_one_where_a_status_differs(tmp_path):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(json.dumps(RECORDING), encoding="utf-8")
    after.write_text(json.dumps(changed(*AUDITOR, 0, "status", to=500)), encoding="utf-8")
    command = [ROOT / "scripts" / "record", "--compare", before]
    same = subprocess.run([*command, before], capture_output=True, text=True, check=False)
    assert (same.returncode, same.stdout) == (0, "no difference\n"), same.stderr
    other = subprocess.run([*command, after], capture_output=True, text=True, check=False)
    assert other.returncode == 1, other.stderr
    assert "GET /audit › status: 200 → 500" in other.stdout


def test_what_is_of_now_is_replaced_and_what_is_of_then_stays():
    normal = Normal({"/tmp/x": "<here>"})
    told = normal.text("/tmp/x/a.csv 2021-09-30 21:40 5d3b6f0e-0c3a-4f6e-9d0a-0123456789ab K1")
    assert told == "<here>/a.csv 2021-09-30 21:40 <uuid> K1"


def test_a_cell_that_changed_changes_what_a_table_says():
    normal = Normal({})
    first, second = (lines(f"code\nK{n}\n".encode(), ".csv", normal) for n in (1, 2))
    assert first == ["code", "K1"]
    assert first != second
