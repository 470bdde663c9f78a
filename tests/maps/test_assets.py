"""Libraries inside the page: no links to elsewhere, and a clear word where one is missing."""

import pytest

from geo.base.errors import StateError
from maps.assets import LIBRARIES, SCRIPTS, STYLES, read_script, read_style
from tests import ROOT


@pytest.mark.parametrize("name", STYLES)
def test_no_style_sheet_links_to_a_file(name):
    assert "url(" not in read_style(name).replace("url(data:", "")


@pytest.mark.parametrize("name", LIBRARIES + SCRIPTS)
def test_no_script_ends_its_own_element_or_links_to_its_source(name):
    text = read_script(name)
    assert "</script" not in text.lower()
    assert "<!--" not in text
    assert "sourceMappingURL" not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_of_ours_writes_markup_or_runs_text(name):
    text = read_script(name)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert word not in text


def test_a_missing_part_names_the_script_that_fetches_it():
    with pytest.raises(StateError, match="scripts/assets"):
        read_script("vendor/nothing.js")


def test_the_lock_of_the_assets_holds_no_address():
    assert "://" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")
