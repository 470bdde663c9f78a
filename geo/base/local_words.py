"""Words that every place says otherwise, as ``GOVGRID_WORD_…`` has them."""

import os
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "GOVGRID_WORD_"
# What stands in the Chinese texts of the catalogue, by what it means.
WORDS: Final = {
    "TOWNSHIP": "乡街",
    "INCIDENT": "事项",
    "CENTRE": "综治中心",
    "DISPATCH": "派遣",
    "CLOSED": "办结",
}


def chosen_words(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the words that are said otherwise here: ours to theirs.

    Braces are left out: they would be fields of a text.
    """
    asked = {word: environment.get(PREFIX + name, "").strip() for name, word in WORDS.items()}
    plain = {word: said.replace("{", "").replace("}", "") for word, said in asked.items()}
    return {word: said for word, said in plain.items() if said}


def replace_words(text: str, words: Mapping[str, str]) -> str:
    """Return a text with the site's own words in place of the catalogue's.

    Parameters
    ----------
    text
        Text of the catalogue, in any language.
    words
        Catalogue word → the site's word, as from :func:`chosen_words`.

    Examples
    --------
    >>> replace_words("未办结事项", {"事项": "事件"})
    '未办结事件'
    """
    for word, said in words.items():
        text = text.replace(word, said)
    return text
