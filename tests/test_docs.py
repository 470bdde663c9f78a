"""The documents name what there is: settings, commands, files that they link to."""

import re
from pathlib import Path

import pytest
import typer

from geo.cli.app import app
from geo.layers import LAYERS
from geo.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_every_setting_stands_in_the_readme(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = [f for f in Settings.model_fields if f"GOVGRID_{f.upper()}" not in text]
    assert missing == []


@pytest.mark.parametrize("name", READMES)
def test_every_command_in_a_readme_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    known = set(typer.main.get_command(app).commands)
    named = set(re.findall(r"^govgrid (\w+)", text, re.MULTILINE))
    assert named
    assert named <= known


@pytest.mark.parametrize("page", sorted(p.relative_to(ROOT) for p in ROOT.glob("*.md")))
def test_links_to_files_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_both_readmes_show_the_same_commands():
    shown = [
        re.findall(r"^(?:govgrid|scripts/)[^#\n]*", (ROOT / n).read_text(encoding="utf-8"), re.M)
        for n in READMES
    ]
    assert [s.strip() for s in shown[0]] == [s.strip() for s in shown[1]]


def test_every_layer_can_be_named_in_an_import():
    assert {"areas", "cameras", "incidents"} <= set(LAYERS)


def test_no_lock_file_names_an_address():
    for name in ("requirements.lock", "package-lock.json"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8").replace(
            "https://opencollective.com", ""
        )
