"""The language of a run: as ``GOVGRID_LANG`` has it, else the locale."""

import os
from typing import Final

from geo.base.words import DEFAULT_LANGUAGE, LANGUAGES

VARIABLE: Final = "GOVGRID_LANG"
LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
SPOKEN_ELSEWHERE: Final = "en"
NO_LANGUAGE: Final = frozenset({"", "c", "posix"})


def find_language(written: str) -> str | None:
    """Return the language that a word means (zh, zh-CN, en_US …); None if it is none of ours."""
    word = written.strip().lower()[:2]
    return word if word in LANGUAGES else None


def current_language() -> str:
    """Return the language of this run; a locale of another language gets English, none Chinese."""
    asked = find_language(os.environ.get(VARIABLE, ""))
    if asked is not None:
        return asked
    locale = next((found for name in LOCALES if (found := os.environ.get(name))), "")
    if locale.split(".")[0].lower() in NO_LANGUAGE:
        return DEFAULT_LANGUAGE
    return find_language(locale) or SPOKEN_ELSEWHERE
