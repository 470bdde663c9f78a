"""Every command as every role: the table says what each demands, and a new one needs its row."""

import itertools
import os
import sys
from pathlib import Path

import pytest
import typer

import geo.cli
from geo.access.accounts import bulk_import
from geo.access.roles import ACTIONS, PERMISSIONS
from geo.cli.app import app
from tests.api.test_rules import EAST, LAT, LON, NUMBER, WEST, eastern
from tests.signed_in import account

pytestmark = pytest.mark.postgis

SERVER, ANYBODY = "server", "anybody"
"""What nobody does as an account; what leads to nothing of the district."""
DEMANDS = {
    ("import",): "import",
    ("export",): "export",
    ("gaps",): "map",
    ("locate",): "map",
    ("map",): "export",
    ("serve",): SERVER,
    ("demo",): SERVER,
    ("init",): SERVER,
    ("worker",): SERVER,
    ("db", "start"): SERVER,
    ("db", "stop"): SERVER,
    ("db", "status"): SERVER,
    ("db", "move"): SERVER,
    ("db", "migrate"): SERVER,
    ("db", "doctor"): SERVER,
    ("db", "backup"): SERVER,
    ("db", "restore"): SERVER,
    ("db", "verify"): SERVER,
    **{("db", "archive", verb): SERVER for verb in ("on", "off", "base", "status")},
    ("status",): SERVER,
    ("report", "problem"): SERVER,
    ("setup", "status"): "figures",
    ("setup", "completeness"): "figures",
    ("check", "partition"): "import",
    ("area", "history"): "map",
    ("coverage", "compute"): "import",
    ("coverage", "report"): "figures",
    ("coverage", "loss"): "export",
    ("survey", "list"): "export",
    ("cameras", "seeing"): "map",
    ("incident", "add"): "incident",
    ("incident", "duplicates"): "incident",
    ("incident", "list"): "map",
    ("incident", "show"): "map",
    ("incident", "statistics"): "statistics",
    ("incident", "hot-spots"): "statistics",
    ("incident", "workload"): "statistics",
    ("incident", "issue"): "statistics",
    ("incident", "ledger"): "statistics",
    ("incident", "bulletin"): "statistics",
    ("incident", "scope"): "statistics",
    ("incident", "move"): ANYBODY,  # what a move needs stands in the table of moves
    ("incident", "reply"): "export",
    ("incident", "paper"): "incident",
    ("incident", "receipt"): ANYBODY,  # what it writes down needs what the steps of units need
    ("incident", "shift", "now"): "shift",
    ("incident", "shift", "take"): "shift",
    ("incident", "shift", "hand-over"): "shift",
    ("incident", "shift", "list"): "shift",
    ("incident", "shift", "log"): "shift",
    ("incident", "whistle", "blow"): ANYBODY,
    ("incident", "whistle", "add"): ANYBODY,
    ("incident", "whistle", "end"): ANYBODY,
    ("incident", "whistle", "call-off"): ANYBODY,
    ("incident", "whistle", "step"): ANYBODY,
    ("incident", "whistle", "show"): "map",
    ("incident", "whistle", "attendance"): "statistics",
    ("vocabulary", "list"): "incident",
    ("vocabulary", "add"): "routing",
    ("vocabulary", "change"): "routing",
    ("hours", "show"): "incident",
    ("hours", "set"): "routing",
    ("audit", "verify"): "audit",
    ("audit", "head"): "audit",
    ("audit", "list"): "audit",
    ("audit", "redact"): SERVER,
    ("audit", "export"): "audit",
    ("register", "list"): "register",
    ("register", "export"): "register",
    ("register", "report"): "register",
    ("register", "verify"): "register",
    ("register", "destroyed"): "register",
    ("compliance", "filing"): "compliance",
    ("compliance", "filed"): "import",
    ("compliance", "report"): "compliance",
    ("user", "add"): "accounts",
    ("user", "grant"): "grants",
    ("user", "ungrant"): "grants",
    ("user", "grants"): "grants",
    ("user", "disable"): "accounts",
    ("user", "enable"): "accounts",
    ("user", "unlock"): "accounts",
    ("user", "reset"): "accounts",
    ("user", "card"): "accounts",
    ("user", "revoke-card"): "accounts",
    ("user", "certificate"): "accounts",
    ("user", "link"): "accounts",
    ("user", "list"): "accounts",
    ("user", "import"): "accounts",
    ("user", "template"): ANYBODY,
    ("webhook", "list"): "accounts",
    ("webhook", "add"): "accounts",
    ("webhook", "pause"): "accounts",
    ("webhook", "resume"): "accounts",
    ("webhook", "secret"): "accounts",
    ("webhook", "deliveries"): "accounts",
    ("webhook", "remove"): "accounts",
    ("key", "add"): "accounts",
    ("key", "list"): "accounts",
    ("key", "revoke"): "accounts",
}
ALSO = {("compliance", "filing"): "export"}
"""What a command demands beside."""
OF_ALL = {("setup", "status"), ("setup", "completeness"), ("area", "history")}
OF_ALL |= {("coverage", "loss"), ("survey", "list"), ("incident", "issue")}
WHOLE = {"import", "accounts", "routing"}
OF_ALL |= {command for command, demand in DEMANDS.items() if demand in WHOLE}
"""What nobody does whom an area limits."""


def arguments(tmp_path):
    """Return what each command is given, so that it comes to the question who asks."""
    table, accounts = tmp_path / "x.csv", tmp_path / "x.xlsx"
    table.write_text("code,name\n", encoding="utf-8")
    bulk_import.write_template(accounts)
    return {
        ("import",): ["cameras", table],
        ("export",): ["cameras", tmp_path / "cameras.csv", "--reason", "核对"],
        ("locate",): [LON, LAT],
        ("map",): [tmp_path / "map.html", "--reason", "核对"],
        ("serve",): ["--port", "0"],
        ("db", "backup"): [tmp_path / "x.backup"],
        ("db", "restore"): [table],
        ("db", "verify"): [table],
        ("report", "problem"): [tmp_path / "problem.zip"],
        ("db", "archive", "on"): [tmp_path / "archive"],
        ("area", "history"): [WEST],
        ("cameras", "seeing"): [LON, LAT],
        ("incident", "add"): ["other", "井盖损坏", LON, LAT],
        ("incident", "duplicates"): ["nowhere"],
        ("incident", "show"): ["nowhere"],
        ("incident", "issue"): ["--month", "2020-01"],
        ("incident", "ledger"): [WEST],
        ("incident", "bulletin"): ["2026-09"],
        ("incident", "move"): ["nowhere", "accept"],
        ("incident", "reply"): [tmp_path / "reply.csv", "--reason", "回复"],
        ("incident", "paper"): ["report", "nowhere", tmp_path / "report.pdf"],
        ("incident", "receipt"): ["nowhere"],
        ("incident", "shift", "take"): ["值班岗"],
        ("incident", "shift", "log"): [tmp_path / "log.pdf"],
        ("incident", "whistle", "blow"): ["nowhere", "--kind", "x", "--lead", "U2"],
        ("incident", "whistle", "add"): ["nowhere", "U2"],
        ("incident", "whistle", "end"): ["nowhere", "--rate", "U2=present"],
        ("incident", "whistle", "call-off"): ["nowhere", "--reason", "x"],
        ("incident", "whistle", "step"): ["nowhere", "report-in", "U2"],
        ("incident", "whistle", "show"): ["nowhere"],
        ("incident", "whistle", "attendance"): ["2026-10"],
        ("vocabulary", "list"): ["results"],
        ("vocabulary", "add"): ["results", "moved", "--set", "zh=移走", "--set", "en=Moved"],
        ("vocabulary", "change"): ["results", "fixed", "--set", "en=Repaired"],
        ("hours", "set"): ["1-5 09:00-12:00"],
        ("audit", "redact"): ["1", "--reason", "x"],
        ("audit", "export"): [tmp_path / "audit.csv", "--reason", "核对"],
        ("register", "export"): [tmp_path / "register.xlsx", "--reason", "核对"],
        ("compliance", "filing"): ["大桥派出所", tmp_path / "filing.xlsx", "--reason", "备案"],
        ("compliance", "filed"): [table, "--number", "B1", "--on", "2026-01-01"],
        ("user", "add"): ["new.person"],
        ("user", "grant"): ["other", "responder"],
        ("user", "ungrant"): [NUMBER],
        ("user", "link"): ["other", "https://i", "s"],
        ("user", "import"): [accounts],
        ("user", "template"): [tmp_path / "accounts.xlsx"],
        ("webhook", "add"): ["x", "https://hooks.example/", "--account", "other"],
        **{("webhook", n): ["x"] for n in ("pause", "resume", "secret", "deliveries", "remove")},
        ("key", "add"): ["x", "--account", "other", "--scope", "map"],
        ("key", "list"): ["--account", "other"],
        ("key", "revoke"): [NUMBER],
        ("user", "certificate"): ["other", "ab" * 20],
        **{("user", name): ["other"] for name in ("disable", "enable", "unlock", "reset")},
        **{("user", name): ["other"] for name in ("card", "revoke-card")},
    }


def commands(command, path=()):
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from commands(each, (*path, name))
    else:
        yield path


def test_every_command_has_its_row_in_the_table_and_every_row_its_command():
    assert geo.cli.main
    assert set(commands(typer.main.get_command(app))) == set(DEMANDS)
    assert set(DEMANDS.values()) - {SERVER, ANYBODY} <= set(ACTIONS)


@pytest.fixture
def govgrid(seen_town, town, database_url, tmp_path, monkeypatch, capfd):
    """Return what runs a command as an account, and gives its code and all that it said."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GOVGRID_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GOVGRID_DATABASE_URL", database_url)
    monkeypatch.setenv("GOVGRID_LANG", "zh")
    account(town, "other", "responder")
    given = arguments(tmp_path)
    numbers = itertools.count()

    def run(who, command):
        words = list(map(str, given.get(command, [])))
        out = [
            n for n, word in enumerate(words) if word.startswith(str(tmp_path)) and "x." not in word
        ]
        for n in out:  # an own file each time: nothing of the call before is taken for its own
            stem, dot, ending = words[n].rpartition(".")
            words[n] = f"{stem}{next(numbers)}{dot}{ending}"
        monkeypatch.setattr(sys, "argv", ["govgrid", "--as", who, *command, *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            geo.cli.main()
        printed = capfd.readouterr()
        files = [path.read_bytes() for n in out if (path := Path(words[n])).exists()]
        return ended.value.code or 0, printed.out + printed.err, files

    return run


def refused(said) -> bool:
    return any(word in said for word in ("”权限。", "只限部分辖区", "不能以账号身份", "以系统身份"))


def needed(command) -> set[str]:
    return {DEMANDS[command], *filter(None, [ALSO.get(command)])}


@pytest.mark.parametrize("role", PERMISSIONS)
def test_a_role_does_exactly_what_the_table_says_and_sees_nothing_of_other_areas(
    town, govgrid, role
):
    account(town, "li", role, WEST, depth="picture", kind=kind(role))
    for command in DEMANDS:
        code, said, files = govgrid("li", command)
        may = needed(command) <= {ANYBODY, *PERMISSIONS[role]} and command not in OF_ALL
        unknown = command == ("key", "revoke") and "没有这个密钥" in said  # nor is a key of others
        assert (refused(said) or unknown) != may, (command, said[-300:])
        assert may or (code != 0 and files == []), command
        assert "Traceback" not in said, (command, said[-500:])
        assert eastern(said) == [], (command, said[:400])
        for content in files:
            assert EAST not in content.decode("utf-8", "replace"), command
            assert "朝东枪机" not in content.decode("utf-8", "replace"), command


@pytest.mark.parametrize("role", PERMISSIONS)
def test_what_is_done_for_all_areas_is_done_by_who_is_not_limited(town, govgrid, role):
    account(town, "li", role, kind=kind(role))
    for command in OF_ALL:
        _, said, _ = govgrid("li", command)
        assert refused(said) != (needed(command) <= PERMISSIONS[role]), (command, said[-300:])
        assert "Traceback" not in said, (command, said[-500:])


def kind(role) -> str:
    return "display" if role == "display" else "person"
