"""One language a run: as GOVGRID_LANG has it, else the locale; help and mistyped words too."""

import ast
import re
import subprocess
import sys

import pytest
import typer

from geo.base import language, settings
from geo.base.errors import InputError
from geo.base.words import LANGUAGES, load_catalogue
from geo.cli import main
from geo.cli.app import app
from geo.cli.help_page import help_of
from tests import ROOT

MISTYPED = (
    "--nope",
    "nope",
    "db sttus",
    "export",
    "export a b c",
    "audit redact 1",
    "gaps --limti 3",
    "gaps --limit",
    "gaps --limit x",
    "gaps --detail x",
    "gaps --json=3",
    "gaps --certainty maybe",
    "serve --port 99999",
    "register list --limit 0",
    "user grant a b --until 2026",
    "cameras seeing a b",
)
# what typer, click and pydantic say in English, and nothing else does
ENGLISH = re.compile(r"\b(No such|Missing|Invalid|Input|Usage|Try|Error|Did|requires|should)\b")

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def govgrid(monkeypatch, capfd):
    """Run the command line with nothing in the environment but what a test puts there."""
    for name in (*language.LOCALES, language.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words, code=0, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["govgrid", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfd.readouterr()
        for name in (*environment, language.VARIABLE):
            monkeypatch.delenv(name, raising=False)
        assert (ended.value.code or 0) == code, printed.err
        return printed.out + printed.err

    return run


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en"),
        ({"LANG": "en_US.UTF-8", "GOVGRID_LANG": "zh"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "GOVGRID_LANG": "en"}, "en"),
        ({"GOVGRID_LANG": "zh-CN"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_setting_else_of_the_locale(govgrid, environment, expected):
    said = govgrid("--help", **environment)
    assert said.startswith({"zh": "用法：govgrid", "en": "Usage: govgrid"}[expected])


def test_an_option_before_all_others_overrules_both(govgrid):
    for words in (("--lang", "en"), ("--lang=en",)):
        assert govgrid(*words, "db", "--help", GOVGRID_LANG="zh").startswith("Usage:")


def test_a_language_that_is_none_is_one_sentence(govgrid):
    assert govgrid("--lang", "fr", "db", code=2) == "没有语言“fr”；可用：zh, en。\n"
    assert "fr" in govgrid("db", code=2, GOVGRID_LANG="fr", LANG="en_US")


@pytest.mark.parametrize("words", MISTYPED)
def test_what_was_mistyped_is_said_in_the_language_of_the_run(govgrid, words):
    chinese = govgrid(*words.split(), code=2, GOVGRID_LANG="zh")
    assert not ENGLISH.search(chinese), chinese
    english = govgrid(*words.split(), code=2, GOVGRID_LANG="en")
    assert CHINESE.search(chinese.splitlines()[0])
    assert not CHINESE.search(english)
    assert english.count("\n") <= 3


def test_the_word_that_was_meant_and_those_that_there_are_are_named(govgrid):
    assert "--limit" in govgrid("gaps", "--limti", "3", code=2)
    assert "status" in govgrid("db", "sttus", code=2)
    said = govgrid("gaps", "--certainty", "maybe", code=2, GOVGRID_LANG="en")
    assert "“maybe” is not one of certain, expected, possible" in said
    assert "LAYER is missing" in govgrid("export", code=2, GOVGRID_LANG="en")


def test_a_group_without_a_command_shows_its_help(govgrid):
    said = govgrid("db", code=2, GOVGRID_LANG="zh")
    assert said.startswith("用法：govgrid db")
    assert "停止自带的数据库" in said
    assert not ENGLISH.search(said)


def commands(command, path=()):
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))


def test_every_command_and_option_has_its_help_and_no_help_is_left_over():
    used = {"help.any"}
    for path, command in commands(typer.main.get_command(app)):
        used.add(".".join(("help", *path, "_")))
        used |= {help_of(path, param.name) for param in command.params}
    known = {key for key in load_catalogue() if key.startswith("help.")}
    assert sorted(used - known - {"help.any"}) == []
    assert sorted(known - used) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_of_help_can_be_drawn(govgrid, lang):
    for path, _ in commands(typer.main.get_command(app)):
        said = govgrid(*path, "--help", GOVGRID_LANG=lang)
        assert said.startswith({"zh": "用法：", "en": "Usage: "}[lang])
        assert lang != "zh" or not ENGLISH.search(said), path


def test_no_text_of_help_stands_in_the_code():
    found = [
        f"{file.name}:{node.lineno}"
        for file in (ROOT / "geo" / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg in ("help", "short_help", "epilog")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GOVGRID_BULK_ROWS", "many", "a whole number"),
        ("GOVGRID_BULK_ROWS", "0", "at least, or more than, 1"),
        ("GOVGRID_SESSION_HOURS", "9999", "at most 168"),
        ("GOVGRID_STATEMENT_TIMEOUT_S", "soon", "a number"),
        ("GOVGRID_SKYNET_APPROVAL", "maybe", "true or false"),
        ("GOVGRID_LANG", "fr", "zh or en"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as refused:
        settings.read_settings()
    assert said in str(refused.value)
    assert name in str(refused.value)
    assert value in str(refused.value)


def test_a_wrong_setting_ends_a_command_with_a_sentence(govgrid):
    said = govgrid("db", "status", code=2, GOVGRID_BULK_ROWS="x", GOVGRID_LANG="en")
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_setup_speaks_the_same_language_as_the_command_line(tmp_path):
    """The script cannot ask Python before there is one, so it has a rule of its own."""
    text = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    rule = re.search(r"^case .*?^esac", text, re.MULTILINE | re.DOTALL)[0]
    for lang in ("", "C", "C.UTF-8", "POSIX", "zh_CN.UTF-8", "en_US.UTF-8", "de_DE"):
        done = subprocess.run(
            ["bash", "-c", f"{rule}; echo ${{chinese:-0}}"],
            env={"LANG": lang, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        expected = "1" if lang[:2] in ("", "C", "C.", "PO", "zh") else "0"
        assert done.stdout.strip() == expected, lang
