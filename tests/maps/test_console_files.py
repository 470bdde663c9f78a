"""The console's built files: what its page loads."""

import json

import pytest

from geo.base.errors import StateError
from maps import console_files as built

MANIFEST = {
    "src/main.ts": {"file": "main-1.js", "imports": ["_map", "_text"], "css": ["main.css"]},
    "_map": {"file": "map-2.js", "css": ["map.css", "main.css"]},
    "_text": {"file": "text-3.js"},
    "src/other.ts": {"file": "other.js", "css": ["other.css"]},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(built, "FOLDER", tmp_path)
    built.console_files.cache_clear()
    yield tmp_path
    built.console_files.cache_clear()


def test_a_page_loads_its_script_what_that_imports_and_each_style_once(folder):
    (folder / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    (folder / "words.json").write_text('{"zh": "zh-4.json"}', encoding="utf-8")
    found = built.console_files()
    assert found.script == "/static/console/main-1.js"
    assert found.imports == ("/static/console/map-2.js", "/static/console/text-3.js")
    assert found.styles == ("/static/console/main.css", "/static/console/map.css")
    assert found.words == {"zh": "/static/console/zh-4.json"}


def test_a_console_that_was_not_built_is_said_to_lack_its_files(folder):
    with pytest.raises(StateError) as caught:
        built.console_files()
    assert (caught.value.key, caught.value.facts) == ("map.error.assets", {"file": "manifest.json"})
