"""Cells of an office document (ODS) as they are shown: errors, numbers in a shape of their own."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

Place = tuple[int, int]  # row and column from 0

_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CELLS: Final = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_CONTENT: Final = "content.xml"
_ERROR: Final = re.compile(r"#(?:REF!|VALUE!|N/A|NAME\?|DIV/0!|NUM!|NULL!)|Err:5\d\d")
# what changes a number, not only its shape
_OTHER: Final = re.compile(r"[.,%:/](?=\d)|^[−-]|[Ee]\+")


def office_cells(path: Path) -> dict[str, dict[Place, str]]:
    """Return sheet → place → text of the cells that show something else than their number."""
    found: dict[str, dict[Place, str]] = {}
    with zipfile.ZipFile(path) as package:
        if _CONTENT not in package.namelist():
            return found
        with package.open(_CONTENT) as content:
            for name, place, text in _shown(iterparse(content, events=("start", "end"))):
                found.setdefault(name, {})[place] = text
    return found


def _shown(events: Iterator[tuple[str, Element]]) -> Iterator[tuple[str, Place, str]]:
    name, row, column = "", 0, 0
    for event, element in events:
        if event == "start":
            if element.tag == f"{_TABLE}table":
                name, row = element.get(f"{_TABLE}name", ""), 0
            elif element.tag == f"{_TABLE}table-row":
                column = 0
        elif element.tag in _CELLS:
            across = _times(element, "columns")
            text = _text(element)
            if text is not None:
                yield from ((name, (row, column + each), text) for each in range(across))
            column += across
        elif element.tag == f"{_TABLE}table-row":
            row += _times(element, "rows")
            element.clear()


def _times(element: Element, kind: str) -> int:
    found = element.get(f"{_TABLE}number-{kind}-repeated", "1")
    return int(found) if found.isdecimal() else 1


def _text(cell: Element) -> str | None:
    """Return what a cell shows, where that is an error or a whole number in another shape."""
    shown = "".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p")).strip()
    if _ERROR.fullmatch(shown):
        return shown
    value = cell.get(f"{_OFFICE}value", "")
    if cell.get(f"{_OFFICE}value-type") != "float" or not value.isdecimal() or shown == value:
        return None
    digits = "".join(sign for sign in shown if sign.isdecimal())
    same = digits.isascii() and digits.lstrip("0") == value.lstrip("0")
    return shown if same and not _OTHER.search(shown) else None
