"""``govgrid vocabulary`` and ``govgrid hours``, as people and programs call them."""

import json

import pytest

from tests.command_line import alone, commands

pytestmark = pytest.mark.postgis


@pytest.fixture
def run(incident_town, database_url, monkeypatch, capfd):
    alone(monkeypatch)
    call = commands(monkeypatch, capfd)
    return lambda *words, **more: call("--database", database_url, *words, **more)


def test_a_row_is_added_changed_retired_and_listed(run):
    words = ("sources", "wechat")
    made = json.loads(
        run("vocabulary", "add", *words, "--set", "zh=微信", "--set", "en=WeChat", "--json").out
    )
    assert (made["zh"], made["rank"], made["active"]) == ("微信", 12, True)
    run("vocabulary", "change", *words, "--set", "active=no", "--version", made["version"])
    stale = ("--set", "active=yes", "--version", made["version"])
    assert "wechat" in run("vocabulary", "change", *words, *stale, code=2).err
    found = json.loads(run("vocabulary", "list", "sources", "--json").out)["rows"]
    assert [(row["code"], row["active"]) for row in found][-1] == ("wechat", False)
    shown = run("--lang", "zh", "vocabulary", "list", "categories").out
    assert "井盖缺失" in shown
    assert "停用" in run("--lang", "zh", "vocabulary", "list", "sources").out


def test_hours_are_shown_and_replaced(run):
    assert "1 08:30-12:00" in run("hours", "show").out
    done = json.loads(
        run("hours", "set", "1-5 09:00-13:00", "6 09:00-12:00 2026-05-01/", "--json").out
    )
    assert (done["hours"][-1], done["default"]) == ("6 09:00-12:00 2026-05-01/", False)
    run("hours", "set", "1-5 10:00-12:00", "--unit", "U1")
    assert run("hours", "show", "U1").out.splitlines()[0] == "1 10:00-12:00"
    run("hours", "set", "--unit", "U1")
    assert run("--lang", "zh", "hours", "show", "U1").err.strip() == "沿用区级工作时间。"


def test_what_cannot_be_is_one_sentence_and_exit_2(run):
    for words, said in (
        (("vocabulary", "list", "words"), "categories"),
        (("vocabulary", "add", "sources", "x", "--set", "hue=1"), "zh"),
        (("vocabulary", "change", "sources", "nowhere", "--set", "zh=x"), "nowhere"),
        (("hours", "set", "9 08:00-12:00"), "1-5 08:30-12:00"),
        (("hours", "set"), "empty"),
        (("hours", "show", "U9"), "U9"),
    ):
        failed = run("--lang", "en", *words, code=2)
        assert said in failed.err
        assert len(failed.err.strip().splitlines()) == 1
