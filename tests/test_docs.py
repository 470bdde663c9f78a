"""The documents name what there is: settings, commands, files that they link to."""

import re

import pytest
import typer

from geo.base.settings import Settings
from geo.cli.app import app
from geo.files.schema.layers import LAYERS
from tests import ROOT

GUIDES = ("docs/guide.md", "docs/guide.zh-CN.md")


def commands(name: str) -> list[str]:
    """Return the command lines of a guide's code blocks, without their remarks."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL)).splitlines()
    return [line.partition("#")[0].strip() for line in lines]


@pytest.mark.parametrize("name", GUIDES)
def test_every_setting_stands_in_the_guide(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = [f for f in Settings.model_fields if f"GOVGRID_{f.upper()}" not in text]
    assert missing == []


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_in_a_guide_exists(name):
    known = set(typer.main.get_command(app).commands)
    typed = [re.sub(r"^govgrid --as \S+ ", "govgrid ", line) for line in commands(name)]
    named = {line.split()[1] for line in typed if line.startswith("govgrid ")}
    assert named
    assert named <= known


PAGES = sorted(p.relative_to(ROOT) for at in ("*.md", "docs/**/*.md") for p in ROOT.glob(at))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_to_files_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_both_guides_show_the_same_commands():
    assert commands(GUIDES[0]) == commands(GUIDES[1])


def test_every_layer_can_be_named_in_an_import():
    assert {"areas", "cameras", "incidents"} <= set(LAYERS)


def test_no_lock_file_names_an_address():
    for name in ("requirements.lock", "package-lock.json"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_what_a_thorough_run_tries_further_is_listed_with_its_reason():
    asks = re.compile(r"\bmark\.thorough\b|^(?:def|    def) \w+\([^)]*\bthorough\b", re.MULTILINE)
    places = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if asks.search(path.read_text(encoding="utf-8"))
    }
    listed = re.findall(r"`(tests/\S+\.py)` \|", (ROOT / "docs/testing.md").read_text("utf-8"))
    assert places == set(listed)
