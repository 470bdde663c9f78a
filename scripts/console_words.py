"""Words of the console, compiled from the catalogue to one hashed JSON file a language.

``python -m scripts.console_words FOLDER`` writes ``words.<lang>.<hash>.json`` for zh, en and a
pseudo language, and ``words.json``, which says the name of each. The pseudo language marks each
text and makes it 40 % longer: what stands on a page without marks is not of the catalogue, what is
clipped has too little room.
"""

import json
import math
import sys
from hashlib import blake2b
from pathlib import Path

from geo.base import words

PSEUDO = "qps"
LONGER = 0.4
PREFIXES = {"console.": "", "lifecycle.move.": "move_word."}
"""Keys of the catalogue that the console has, and how it calls them."""


def compile_words() -> dict[str, dict[str, str]]:
    """Return the words of each language by key, without the prefix that all of them have."""
    every = words.load_catalogue().items()
    texts = {
        name + key.removeprefix(prefix): text
        for prefix, name in PREFIXES.items()
        for key, text in every
        if key.startswith(prefix)
    }
    compiled = {lang: {key: text[lang] for key, text in texts.items()} for lang in words.LANGUAGES}
    return {**compiled, PSEUDO: {key: make_pseudo(text["zh"]) for key, text in texts.items()}}


def make_pseudo(text: str) -> str:
    """Return a text between marks and 40 % longer.

    Examples
    --------
    >>> make_pseudo("剩 {m} 分")
    '⟦剩 {m} 分···⟧'
    """
    return f"⟦{text}{'·' * math.ceil(len(text) * LONGER)}⟧" if text else ""


def write_words(folder: Path) -> None:
    """Write the files of all languages, and the list of their names."""
    names = {}
    for lang, found in compile_words().items():
        body = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        names[lang] = f"words.{lang}.{blake2b(body.encode(), digest_size=6).hexdigest()}.json"
        (folder / names[lang]).write_text(body, encoding="utf-8")
    (folder / "words.json").write_text(json.dumps(names), encoding="utf-8")


if __name__ == "__main__":
    write_words(Path(sys.argv[1]))
