"""The catalogue: both languages, the same fields, every key that the code names."""

import ast
import string

from geo.base import local_words
from geo.base.words import LANGUAGES, load_catalogue, say
from tests import ROOT

RAISED = ("Error", "told", "say")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def faults(key: str) -> list[str]:
    """Return what is wrong with one entry of the catalogue."""
    texts = load_catalogue()[key]
    blank = [lang for lang in LANGUAGES if texts[lang] and not texts[lang].strip()]
    zh, en = (fields(texts[lang]) for lang in ("zh", "en"))
    unlike = [f"{key}: zh fills {sorted(zh)}, en fills {sorted(en)}"] if zh != en else []
    return [*(f"{key}: {lang} is only blanks" for lang in blank), *unlike]


def test_both_languages_fill_the_same_fields():
    assert [fault for key in sorted(load_catalogue()) for fault in faults(key)] == []


def named_keys():
    for folder in ("geo", "api", "maps"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    first = node.args[0]
                    value = first.value if isinstance(first, ast.Constant) else None
                    if name.endswith(RAISED) and isinstance(value, str) and "." in value:
                        yield f"{file.relative_to(ROOT)}:{node.lineno}", value


def test_every_key_named_in_the_code_stands_in_the_catalogue():
    missing = [(where, key) for where, key in named_keys() if key not in load_catalogue()]
    assert missing == []


def test_a_sentence_is_filled_with_its_facts():
    assert "beton" in say("layer.unknown", "en", name="beton", known="areas")


def test_five_words_are_said_as_a_place_says_them(monkeypatch):
    asked = {
        "INCIDENT": "民情",
        "TOWNSHIP": "镇街",
        "CLOSED": "结案",
        "DISPATCH": " ",
        "CENTRE": "{中心}",
    }
    for name, word in asked.items():
        monkeypatch.setenv(local_words.PREFIX + name, word)
    load_catalogue.cache_clear()
    try:
        assert say("map.area.open_here") == "未结案民情"
        assert say("map.level.township") == "镇街"
        assert say("map.centre.title") == "中心"
        assert say("map.incident.reason") == "派遣依据"
        assert say("map.incident.title", "en") == "Incident"
        assert [fault for key in sorted(load_catalogue()) for fault in faults(key)] == []
    finally:
        load_catalogue.cache_clear()


def test_each_word_that_a_place_may_say_otherwise_is_said_somewhere():
    said = " ".join(text["zh"] for text in load_catalogue().values())
    assert [word for word in local_words.WORDS.values() if word not in said] == []
