"""Markings of state secrets in bytes of text, whatever encoding they are in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

from geo.base import marking

_WINDOW_BYTES: Final = 1 << 22
_OVERLAP_BYTES: Final = 4 * marking.LONGEST
# 密 in each encoding, and as JSON, XML and DXF write it: without one of them there is no marking
_SIGNS: Final = (
    (b"\xe5\xaf\x86", "utf-8"),
    (b"\xc3\xdc", "gb18030"),
    (b"\xc6\x5b", "utf-16-le"),
    (b"\x5b\xc6", "utf-16-be"),
)
_ESCAPED: Final = (b"5bc6", b"5BC6", b"5Bc6", b"5bC6", b"23494", b"5C3DC", b"5c3dc")
# what parts texts of different cells; other tags part letters of one
_BETWEEN: Final = re.compile(r"</(?:\w+:)?(?:si|c|is|p|table-cell|[A-Z]\w*)\s*>")
_TAG: Final = re.compile(r"<[^<>]{0,2000}>")


@dataclass(frozen=True)
class Found:
    """A marking: its grade, and where it stands (a key of ``[marking_place]`` with its facts)."""

    grade: str
    place: str = "part"
    at: dict[str, Any] = field(default_factory=dict)


def in_stream(file: IO[bytes], *, lines: bool = False, padded: bool = False) -> Iterator[Found]:
    """Yield the first marking of a state secret in a file of text, nothing if there is none.

    Parameters
    ----------
    file
        Open for reading bytes; read in windows.
    lines
        Whether the marking says its line.
    padded
        Whether cells are filled up with blanks and stand side by side, as in a DBF.
    """
    before, rest = 0, b""
    while window := file.read(_WINDOW_BYTES):
        window = rest + window
        found = in_bytes(part_cells(window) if padded else window)
        if found is not None:
            grade, line = found
            yield Found(grade, "line", {"row": before + line}) if lines else Found(grade)
            return
        rest = _carried(window)
        before += window.count(b"\n") - rest.count(b"\n")


def part_cells(record: bytes) -> bytes:
    """Return cells that are filled up with blanks, parted by NUL."""
    return re.sub(rb" {2,}", b"\0", record)


def in_bytes(raw: bytes) -> tuple[str, int] | None:
    """Return the grade of the first marking in bytes, and in which line from 1 it begins."""
    for text in _texts(raw):
        found = marking.find_marking(text)
        if found is not None:
            return found[0], text.count("\n", 0, found[1]) + 1
    return None


def _texts(raw: bytes) -> Iterator[str]:
    encodings = [name for sign, name in _SIGNS if sign in raw]
    if "utf-8" not in encodings and any(sign in raw for sign in _ESCAPED):
        encodings.append("utf-8")
    for name in encodings:
        for shift in (0, 1) if name.startswith("utf-16") else (0,):
            yield from plain_pieces(raw[shift:].decode(name, "ignore"))


def plain_pieces(text: str) -> Iterator[str]:
    """Yield text without escapes: with its tags, which may hold names, and where there are without.

    Texts of different cells stay apart.
    """
    resolved = marking.resolve_escapes if "&" in text or "\\" in text else str
    yield resolved(text)
    if "<" in text:
        yield resolved(_TAG.sub("", _BETWEEN.sub("\0", text)))


def holds_marking(text: str) -> bool:
    """Return whether a piece of text carries a marking."""
    return any(marking.find_marking(each) is not None for each in plain_pieces(text))


def _carried(window: bytes) -> bytes:
    """Return the end of a window, which the next one begins with: from a line on, where it can."""
    end = window[-_OVERLAP_BYTES:]
    start = end.find(b"\n") + 1
    even = (len(window) - len(end)) % 2
    return end[start:] if start and b"\0" not in end else end[even:]
