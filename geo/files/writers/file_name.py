"""File names that are safe on every operating system."""

import unicodedata
from typing import Final

MOST_LETTERS: Final = 120
FORBIDDEN: Final = frozenset("/\\:*?\"<>|%;'")
RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
"""Names that mean a device on Windows, whatever their ending."""


def safe_name(name: str, otherwise: str = "download") -> str:
    """Return a bare file name: no path, no control or direction marks, limited length.

    Letters of any script stay; reserved names of Windows get an underscore in front.

    Parameters
    ----------
    name
        Any text.
    otherwise
        Name to use where nothing is left.
    """
    plain = unicodedata.normalize("NFC", name)
    kept = "".join("_" if _unfit(letter) else letter for letter in plain).strip(" ._")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        stem, ending = kept, ""
    stem = stem[: MOST_LETTERS - len(ending[:16])]
    if kept.partition(".")[0].lower() in RESERVED:
        stem = f"_{stem}"
    return f"{stem}{dot}{ending[:16]}" or otherwise


def _unfit(letter: str) -> bool:
    return letter in FORBIDDEN or unicodedata.category(letter)[0] == "C"
