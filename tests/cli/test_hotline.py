"""``govgrid incident reply`` and ``export incidents --reply``: 12345 both ways."""

import csv
import json

import pytest

from tests.command_line import alone, commands
from tests.incidents.moving_town import add, furnish

pytestmark = pytest.mark.postgis
NUMBER = "AQ2026093000021"


@pytest.fixture
def run(town, database_url, monkeypatch, capfd):
    alone(monkeypatch)
    furnish(town)
    add(town, "X1")
    add(town, "X2")
    call = commands(monkeypatch, capfd)
    return lambda *words, **more: call("--lang", "zh", "--database", database_url, *words, **more)


def rows(file):
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))


def move(run, code, name, *fields):
    words = [word for field in fields for word in ("--set", field)]
    return json.loads(run("incident", "move", code, name, *words, "--json").out)


def test_an_order_is_registered_replied_once_compared_and_replied_anew(run, tmp_path):
    move(run, "X1", "register_order", f"hotline_number={NUMBER}")
    again = ("incident", "move", "X2", "register_order", "--set", f"hotline_number={NUMBER}")
    taken = run(*again, code=2)
    assert "已属于另一件事项" in taken.err
    move(run, "X2", "register_order", "hotline_number=AQ22")
    move(run, "X1", "self_handle", "result=已换井盖")
    out = tmp_path / "reply.csv"
    chosen = ("--column", "number=工单号", "--column", "result=答复内容")
    told = run("incident", "reply", out, *chosen, "--remember", "--reason", "回复", "--json")
    assert json.loads(told.out)["rows"] == 1
    assert rows(out) == [["工单号", "答复内容"], [NUMBER, "已换井盖"]]
    again = tmp_path / "again.csv"  # replied already; the columns are remembered
    run("export", "incidents", again, "--reply", "12345", "--reason", "回复")
    assert rows(again) == [["工单号", "答复内容"]]
    theirs = tmp_path / "list.csv"
    theirs.write_text(f"工单编号,工单状态\n{NUMBER},办理中\nAQ99,办理中\n", encoding="utf-8")
    found = json.loads(run("incident", "reply", "--compare", theirs, "--json").out)["differences"]
    assert [(each["kind"], each["number"]) for each in found] == [
        ("finished_here", NUMBER),
        ("absent_there", "AQ22"),
        ("unknown_here", "AQ99"),
    ]
    assert "热线有、本系统没有" in run("incident", "reply", "--compare", theirs).out
    # closed, then the caller is dissatisfied: done again, replied anew
    move(run, "X1", "check")
    move(run, "X1", "close", "outcome=resolved", "satisfaction=3")
    assert move(run, "X1", "hear_dissatisfied", "reason=还是松的")["state"] == "accepted"
    move(run, "X1", "self_handle", "result=已加固")
    third = tmp_path / "third.xlsx"
    told = run("incident", "reply", third, "--reason", "回复", "--json")
    assert (json.loads(told.out)["rows"], third.exists()) == (1, True)


def test_what_cannot_be_is_one_sentence_and_exit_2(run, tmp_path):
    theirs = tmp_path / "list.csv"
    theirs.write_text("甲,乙\n1,2\n", encoding="utf-8")
    for words, said in (
        (("incident", "reply"), "两者选一"),
        (("incident", "reply", tmp_path / "r.csv", "--column", "plate=x"), "unit_name"),
        (("incident", "reply", "--compare", theirs), "没有工单号和状态"),
        (("export", "cameras", tmp_path / "r.csv", "--reply", "12345"), "--reply"),
    ):
        failed = run(*words, code=2)
        assert said in failed.err, words
        assert len(failed.err.strip().splitlines()) == 1
    assert not (tmp_path / "r.csv").exists()
