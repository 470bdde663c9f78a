"""Files handed out: under a name that is safe on every desk, never opened in the page."""

import unicodedata
from typing import Final
from urllib.parse import quote

from fastapi.responses import Response

MOST_LETTERS: Final = 120
FORBIDDEN: Final = frozenset("/\\:*?\"<>|%;'")
RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
"""Names that mean a device on Windows, whatever their ending."""


def safe_name(name: str, otherwise: str = "download") -> str:
    """Return `name` as a bare file name: no path, no control or direction marks, not too long.

    Letters of any script stay; what is left of nothing is called `otherwise`.
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


def disposition(name: str) -> str:
    """Return the header Content-Disposition of a file (RFC 6266, the name also as RFC 8187)."""
    safe = safe_name(name)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def download(content: bytes | str, name: str, media_type: str) -> Response:
    """Return a file to be saved under `name`; no cache keeps it."""
    headers = {"Content-Disposition": disposition(name), "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def _unfit(letter: str) -> bool:
    return letter in FORBIDDEN or unicodedata.category(letter)[0] == "C"
