"""Cells of an old workbook (XLS) beside their values: errors, numbers in a shape of their own."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from geo.files.readers.number_formats import format_number, has_shape
from geo.files.readers.old_workbook import stream_of

Place = tuple[int, int]  # row and column from 0

_BEGIN: Final = 0x0809
_SHEET_NAME: Final = 0x0085
_FORMAT: Final = 0x041E
_LOOK: Final = 0x00E0
_DATES: Final = 0x0022
_NUMBER: Final = 0x0203
_SHORT: Final = 0x027E
_SHORTS: Final = 0x00BD
_ERROR: Final = 0x0205
_FORMULA: Final = 0x0006
_VERSION: Final = 0x0600  # of Excel 97 and later; older ones keep texts otherwise
_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


@dataclass
class OldCells:
    """What is shown where, by sheet; and whether days count from 1904."""

    shown: dict[str, dict[Place, str]] = field(default_factory=dict)
    from_1904: bool = False


def old_cells(file: bytes) -> OldCells:
    """Return the errors of a workbook, and its numbers that are shown otherwise than by digits.

    Raises
    ------
    ValueError
        If the file is cut short or its tables of sectors make no sense.
    """
    found = OldCells()
    formats: dict[int, str] = {}
    looks: list[int] = []
    sheets: dict[int, str] = {}
    cells: dict[Place, str] = {}
    for at, kind, content in _records(stream_of(file)):
        if kind == _BEGIN and _version(content) != _VERSION:
            return OldCells()
        if kind == _BEGIN:
            cells = found.shown.setdefault(sheets[at], {}) if at in sheets else {}
        elif kind == _SHEET_NAME:
            sheets[struct.unpack_from("<I", content)[0]] = _text(content[6:], short=True)
        elif kind == _FORMAT:
            formats[struct.unpack_from("<H", content)[0]] = _text(content[2:], short=False)
        elif kind == _LOOK:
            looks.append(struct.unpack_from("<xxH", content)[0])
        elif kind == _DATES:
            found.from_1904 = content[:1] == b"\x01"
        elif kind == _ERROR and len(content) >= 8 and content[7]:
            cells[struct.unpack_from("<HH", content)] = _ERRORS.get(content[6], "#N/A")
        elif kind == _FORMULA and content[12:14] == b"\xff\xff" and content[6] == 2:
            cells[struct.unpack_from("<HH", content)] = _ERRORS.get(content[8], "#N/A")
        elif kind in (_NUMBER, _SHORT, _SHORTS):
            cells |= _shaped(kind, content, looks, formats)
    return found


def _records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield place, kind and content of each record."""
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield at, kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _version(content: bytes) -> int:
    return int(struct.unpack_from("<H", content)[0]) if len(content) >= 2 else 0


def _text(content: bytes, *, short: bool) -> str:
    """Return a text with its length before it, in one byte or in two."""
    begins = 1 if short else 2
    length = int.from_bytes(content[:begins], "little")
    if content[begins : begins + 1] == b"\x01":
        return content[begins + 1 : begins + 1 + 2 * length].decode("utf-16-le", "replace")
    return content[begins + 1 : begins + 1 + length].decode("latin-1")


def _shaped(
    kind: int, content: bytes, looks: list[int], formats: dict[int, str]
) -> dict[Place, str]:
    """Return the numbers of a record that are shown in a shape of their own."""
    found = {}
    for row, column, look, number in _numbers(kind, content):
        code = formats.get(looks[look], "") if look < len(looks) else ""
        text = format_number(number, code) if has_shape(code) else None
        if text is not None and text != f"{number:.0f}":
            found[row, column] = text
    return found


def _numbers(kind: int, content: bytes) -> Iterator[tuple[int, int, int, float]]:
    row, column = struct.unpack_from("<HH", content)
    if kind == _NUMBER:
        look, number = struct.unpack_from("<Hd", content, 4)
        yield row, column, look, number
        return
    ends = len(content) - 2 if kind == _SHORTS else len(content)
    for number, at in enumerate(range(4, ends - 5, 6)):
        look, short = struct.unpack_from("<HI", content, at)
        yield row, column + number, look, _whole(short)


def _whole(short: int) -> float:
    """Return the number of four bytes: a whole one or the front of a float, perhaps by 100."""
    if short & 2:
        number = float((short >> 2) - (1 << 30 if short & 0x80000000 else 0))
    else:
        number = float(struct.unpack("<d", struct.pack("<II", 0, short & 0xFFFFFFFC))[0])
    return number / 100 if short & 1 else number
