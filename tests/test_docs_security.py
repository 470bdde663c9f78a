"""The document of security names tests that there are; what it says of the source holds."""

import re

import pytest

from api.server.limits import BODY_BYTES
from api.server.listening import HEAD_PATIENCE_S
from geo.base.settings import Settings
from tests import ROOT

WRITTEN = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SETTINGS = (
    "allowed_hosts",
    "trusted_proxies",
    "rate_per_minute_account",
    "rate_per_minute_address",
    "rate_per_minute_login",
    "parallel_per_address",
    "request_timeout_s",
)
# a name of a password or secret with a value; keys of the catalogue, columns and paths apart
PASSWORD = re.compile(
    r"""(?i)(?:password|passwd|pwd|secret)\w*["']?(?:\s*:[^=\n]{1,30}=|\s*[:=])\s*f?["']([^"'{}\s]{3,})["']"""
)
PLAIN = re.compile(r"[a-z_]*[._/][a-z_./-]*")
RUNNING = re.compile(r"(?<![.\w])(eval|exec)\(|pickle\.load|yaml\.load\(|shell=True|os\.system\(")
XML = re.compile(r"^\s*(import|from) (xml|lxml)\b", re.MULTILINE)
READING = re.compile(
    r"\b(i?parse|fromstring\w*|XML|XMLParser|XMLPullParser|sax|minidom|expat)\(|lxml"
)


def sources() -> dict[str, str]:
    """Return the text of each module of the program by its name."""
    found = [path for room in ("geo", "api", "maps") for path in (ROOT / room).rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in found}


@pytest.mark.parametrize(("page", "least"), [("security.md", 60), ("等保对照.md", 20)])
def test_every_test_that_is_named_exists(page, least):
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", written)
    assert len(named) > least
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"def {name}\(", _text(file), re.MULTILINE)
    ]
    assert missing == []


def test_each_item_stands_once():
    items = re.findall(r"^\| (\d+\.\d+\.\d+) \|", WRITTEN, re.MULTILINE)
    met = [item for item in items if items.count(item) > 1]
    assert len(items) > 60
    assert set(met) <= {"7.3.4"}  # half of it is the site's


def test_every_setting_of_it_is_explained_with_its_default():
    for name in SETTINGS:
        field = Settings.model_fields[name]
        assert f"GOVGRID_{name.upper()}" in WRITTEN
        if isinstance(field.default, int | float):
            assert f"({field.default:g}" in WRITTEN.replace("\n  ", " "), name


def test_the_limits_that_are_named_are_those_that_hold():
    assert f"a body {BODY_BYTES // 1_000_000} MB" in WRITTEN
    assert f"within {HEAD_PATIENCE_S:g} s" in WRITTEN


def test_nothing_is_claimed_to_be_certified():
    assert "claims none" in WRITTEN
    assert "must check" in WRITTEN


def test_no_password_stands_in_the_program():
    assert PASSWORD.search('PASSWORD: Final = "Admin123"')
    assert PASSWORD.search("{'password': 'govgrid'}")
    found = [
        (name, value)
        for name, text in sources().items()
        for value in PASSWORD.findall(text)
        if not PLAIN.fullmatch(value)
    ]
    assert found == []


def test_nothing_runs_texts_or_unpickles():
    assert [name for name, text in sources().items() if RUNNING.search(text)] == []


def test_xml_is_read_by_the_guarded_reader_only():
    found = {name: text for name, text in sources().items() if XML.search(text)}
    unguarded = {name for name, text in found.items() if "defusedxml" not in text}
    assert {name for name in unguarded if READING.search(found[name])} == set()


def _text(file: str) -> str:
    path = ROOT / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""
