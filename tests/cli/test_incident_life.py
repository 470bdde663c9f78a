"""``govgrid incident list | show | move``, as people and programs call them."""

import json

import pytest

from tests.command_line import alone, commands
from tests.incidents.moving_town import EAST, add, furnish

pytestmark = pytest.mark.postgis


@pytest.fixture
def run(town, database_url, monkeypatch, capfd):
    alone(monkeypatch)
    furnish(town)
    add(town, "X1")
    call = commands(monkeypatch, capfd)
    return lambda *words, **more: call("--database", database_url, *words, **more)


def test_an_incident_is_listed_moved_and_shown(run):
    found = json.loads(run("incident", "list", "--category", "井盖", "--json").out)
    assert [(i["code"], i["state"], i["grid_code"]) for i in found["incidents"]] == [
        ("X1", "accepted", EAST)
    ]
    moved = run("incident", "move", "X1", "assign", "--set", "unit=U2", "--json")
    assert json.loads(moved.out)["state"] == "assigned"
    shown = json.loads(run("incident", "show", "X1", "--json").out)
    wanted = "id state version status grid_code candidates unit_code reason alternatives due_at"
    assert set(f"{wanted} light cameras duplicates moves legal".split()) <= set(shown)
    assert (shown["unit_code"], shown["moves"][0]["move"], shown["version"]) == ("U2", "assign", 2)
    assert "acknowledge" in shown["legal"]


def test_what_cannot_be_is_one_sentence_and_exit_2(run):
    for words, said in (
        (("incident", "move", "X1", "close", "--set", "outcome=resolved"), "assign"),
        (("incident", "move", "X1", "assign", "--set", "colour=red"), "unit"),
        (("incident", "show", "X9"), "X9"),
        (("incident", "list", "--state", "gone"), "reported"),
    ):
        failed = run("--lang", "en", *words, code=2)
        assert said.lower() in failed.err.lower()
        assert len(failed.err.strip().splitlines()) == 1
