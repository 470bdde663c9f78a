"""The console's built files: which scripts and style sheets its page loads, and its words."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from geo.base.errors import StateError

FOLDER: Final = Path(__file__).parent / "web" / "static" / "console"
ADDRESS: Final = "/static/console/"
ENTRY: Final = "src/main.ts"


@dataclass(frozen=True)
class ConsoleFiles:
    """Addresses of what the page loads: script, what that imports, styles, words by language."""

    script: str
    imports: tuple[str, ...]
    styles: tuple[str, ...]
    words: dict[str, str]


@cache
def console_files() -> ConsoleFiles:
    """Return the addresses of the built files.

    Raises
    ------
    StateError
        If the console was not built.
    """
    manifest = _read("manifest.json")
    entry = manifest[ENTRY]
    chunks = [manifest[name] for name in entry.get("imports", [])]
    styles = [style for chunk in (entry, *chunks) for style in chunk.get("css", [])]
    return ConsoleFiles(
        script=ADDRESS + entry["file"],
        imports=tuple(ADDRESS + chunk["file"] for chunk in chunks),
        styles=tuple(ADDRESS + style for style in dict.fromkeys(styles)),
        words={lang: ADDRESS + name for lang, name in _read("words.json").items()},
    )


def _read(name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StateError("map.error.assets", file=name) from None
    return found
