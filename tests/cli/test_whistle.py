"""``govgrid incident whistle``, as people and programs call it."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.command_line import alone, commands
from tests.incident_town import SHANGHAI
from tests.incidents.moving_town import add, furnish

pytestmark = pytest.mark.postgis
BLOW = ("--kind", "enforcement", "--lead", "U2", "--joint", "U3", "--within", "30")


@pytest.fixture
def run(town, database_url, monkeypatch, capfd):
    alone(monkeypatch)
    furnish(town)
    add(town, "X1")
    call = commands(monkeypatch, capfd)

    def whistle(*words, lang="en", **more):
        given = ("--lang", lang, "--database", database_url, "incident", "whistle")
        return call(*given, *words, **more)

    return whistle


def test_a_whistle_is_blown_answered_ended_and_counted(run):
    blown = json.loads(run("blow", "X1", *BLOW, "--notified", "sms", "--json").out)
    assert (blown["state"], blown["whistle"]["level"]) == ("assigned", "district")
    more = json.loads(run("add", "X1", "D0", "--within", "20", "--json").out)
    assert more["whistle"]["expected"] == 3
    run("step", "X1", "report-in", "D0", "--set", "known_by=paper")
    for words in (("U3", "--set", "known_by=telephone"), ("U2", "--set", "known_by=on_site")):
        done = json.loads(run("step", "X1", "report-in", *words, "--json").out)
        assert done["state"] == "reported_in"
    found = json.loads(run("show", "X1", "--json").out)["whistles"][0]
    assert (found["came"], found["expected"], found["all_in_time"]) == (3, 3, True)
    assert [u["reported_proxy"] for u in found["units"]] == [True, True, True]
    told = run("show", "X1", lang="zh").out
    assert "集体报到 3/3" in told
    assert "代登记（电话）" in told
    rates = ("U2=present,solved", "U3=absent", "D0=present")
    ended = run("end", "X1", *(word for each in rates for word in ("--rate", each)), lang="zh")
    assert "到位、解决" in ended.out
    blown_at = datetime.fromisoformat(blown["whistle"]["blown_at"]).astimezone(ZoneInfo(SHANGHAI))
    month = json.loads(run("attendance", f"{blown_at:%Y-%m}", "--json").out)
    assert {row["unit"]: row["came"] for row in month["rows"]} == {"D0": 1, "U2": 1, "U3": 1}
    assert "集体按时" in run("attendance", month["month"], lang="zh").out


def test_what_cannot_be_is_one_sentence_and_exit_2(run):
    for words, said in (
        (("blow", "X1", "--kind", "party", *BLOW[2:]), "enforcement"),
        (("blow", "X1", *BLOW[:4]), "report_at"),
        (("blow", "X9", *BLOW), "X9"),
        (("step", "X1", "report-in", "U2"), "was not sent to"),
        (("step", "X1", "fly", "U2"), "urge-unit"),
        (("end", "X1", "--rate", "U2=fine"), "UNIT=RATING"),
        (("add", "X1", "U3"), "not possible now"),
        (("end", "X1", "--rate", "U2=present"), "no whistle is open"),
        (("attendance", "Oct"), "2026-09"),
    ):
        failed = run(*words, code=2)
        assert said in failed.err, words
        assert len(failed.err.strip().splitlines()) == 1


def test_without_a_whistle_that_is_said(run):
    assert "No whistle was blown for X1" in run("show", "X1").err + run("show", "X1").out
