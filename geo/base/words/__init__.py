"""The one catalogue of words and sentences people see, in Chinese and English.

Each ``*.toml`` beside this file holds one topic: ``key = { zh = "…", en = "…" }``. A text may hold
``{fields}``, filled by :func:`say`. A key stands in one file only; both languages are required.
Some Chinese words are said otherwise in other places: :mod:`geo.base.local_words`.
"""

import tomllib
from functools import cache
from importlib import resources

from geo.base import local_words

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"


@cache
def load_catalogue() -> dict[str, dict[str, str]]:
    """Return every key with its text per language, flattened to dotted keys."""
    texts: dict[str, dict[str, str]] = {}
    words = local_words.chosen_words()
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            for key, text in _flat(tomllib.loads(file.read_text(encoding="utf-8"))):
                if key in texts:
                    raise KeyError(f"{file.name}: the key {key} stands in another file already")
                texts[key] = {**text, "zh": local_words.replace_words(text["zh"], words)}
    return texts


def say(key: str, lang: str = DEFAULT_LANGUAGE, **facts: object) -> str:
    """Return the text of a key of the catalogue in a language, its fields filled.

    Parameters
    ----------
    key
        Dotted path in the catalogue, as ``map.error.language``.
    lang
        "zh" or "en".
    **facts
        Values of the fields of the text; more than it has are ignored.

    Raises
    ------
    KeyError
        If the catalogue has no such key or the text a field without value: a mistake in the
        program, not in its input.
    """
    return load_catalogue()[key][lang].format(**facts)


def _flat(tree: dict[str, object], prefix: str = "") -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for name, value in tree.items():
        if not isinstance(value, dict):
            raise TypeError(f"{prefix}{name}: expected a table of languages")
        if set(value) == set(LANGUAGES):
            found.append((prefix + name, value))
        else:
            found.extend(_flat(value, f"{prefix}{name}."))
    return found
