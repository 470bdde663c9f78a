"""What cells hold beside values: formulas, errors, numbers in a shape of their own.

In an XLSX reading these costs far more than the values, so that it is looked first whether there
are any. In XLS and ODS formulas cannot be distinguished from values.
"""

import html
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException

from geo.files.readers.limits import damaged_error
from geo.files.readers.number_formats import format_number, has_shape
from geo.files.readers.office_cells import office_cells
from geo.files.readers.old_cells import old_cells
from geo.files.readers.table import SourceNote

Cells = list[list[object]]
Place = tuple[int, int]  # row and column from 0

_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ >/]")
_ERROR: Final = re.compile(rb"""\st\s*=\s*["']e["']""")
_FORMAT: Final = re.compile(rb"""formatCode\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_EPOCH: Final = re.compile(rb"""<(?:\w+:)?workbookPr\b[^>]*\sdate1904\s*=\s*["'](?:1|true)["']""")


@dataclass(frozen=True)
class Contents:
    """What a workbook has beside values: `shown` by sheet, the others without knowing where."""

    formulas: bool = False
    errors: bool = False
    shapes: bool = False
    from_1904: bool = False
    shown: Mapping[str, Mapping[Place, str]] = field(default_factory=dict)


def contents_of(path: Path) -> Contents:
    """Return what a workbook holds beside values."""
    try:
        if zipfile.is_zipfile(path):
            return _of_package(path)
        old = old_cells(path.read_bytes())
    except (ValueError, struct.error, ParseError, DefusedXmlException) as error:
        raise damaged_error(path, error) from error
    return Contents(from_1904=old.from_1904, shown=old.shown)


def _of_package(path: Path) -> Contents:
    formulas = errors = shapes = from_1904 = False
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/"):
                text = package.read(name)
                formulas = formulas or _FORMULA.search(text) is not None
                errors = errors or _ERROR.search(text) is not None
            elif name == "xl/styles.xml":
                shapes = any(map(has_shape, _formats(package.read(name))))
            elif name == "xl/workbook.xml":
                from_1904 = _EPOCH.search(package.read(name)) is not None
    return Contents(formulas, errors, shapes, from_1904, office_cells(path))


def _formats(styles: bytes) -> Iterator[str]:
    for one, other in _FORMAT.findall(styles):
        yield html.unescape((one or other).decode("utf-8", "replace"))


def fill_in(
    path: Path, sheet: str, cells: Cells, headers: Sequence[str], leaf: int, found: Contents
) -> list[SourceNote]:
    """Write what the library leaves out of a sheet into its `cells`; return what was noticed.

    Errors stand as their text (#REF!), whole numbers as they are shown, formulas without a stored
    result as written.

    Parameters
    ----------
    headers, leaf
        The columns, and the row of their headers from 0: cells above are left alone.
    found
        What there is in the workbook.
    """
    notes = []
    if found.errors or found.shapes or sheet in found.shown:
        notes += _shown(_notable_cells(path, sheet, len(headers), found), cells, headers, leaf)
    if found.formulas:
        notes += _formulas(path, sheet, cells, headers, leaf)
    return notes


def _notable_cells(
    path: Path, sheet: str, width: int, found: Contents
) -> Iterator[tuple[Place, str]]:
    """Yield the cells in the first columns of a sheet that show another text than their value."""
    if sheet in found.shown:
        yield from ((at, text) for at, text in found.shown[sheet].items() if at[1] < width)
        return
    for place, cell in _filled(path, sheet, width, results=True):
        if cell.data_type == "e":
            yield place, str(cell.value)
        elif cell.data_type == "n":
            text = format_number(cell.value, str(cell.number_format))
            if text is not None and text != str(cell.value):
                yield place, text


def _shown(
    notable: Iterable[tuple[Place, str]], cells: Cells, headers: Sequence[str], leaf: int
) -> list[SourceNote]:
    first: dict[int, tuple[str, str]] = {}
    for (at, column), text in notable:
        if at <= leaf:
            continue
        value = cells[at][column] if at < len(cells) else None
        if isinstance(value, int | float):
            first.setdefault(column, (f"{value:.15g}", text))
        _put(cells, at, column, text, len(headers))
    return [
        SourceNote("NUMBER_SHOWN", leaf + 1, headers[column], plain, text)
        for column, (plain, text) in sorted(first.items())
    ]


def _formulas(
    path: Path, sheet: str, cells: Cells, headers: Sequence[str], leaf: int
) -> list[SourceNote]:
    notes = []
    for (at, column), cell in _filled(path, sheet, len(headers), results=False):
        value = cell.value
        if at <= leaf or not (isinstance(value, str) and value.startswith("=")):
            continue
        if at >= len(cells) or cells[at][column] is None:
            _put(cells, at, column, value, len(headers))
        else:
            stored = cells[at][column]
            result = f"{stored:.15g}" if isinstance(stored, int | float) else str(stored)
            notes.append(SourceNote("FORMULA_CELL", at + 1, headers[column], value, result))
    return notes


def _put(cells: Cells, at: int, column: int, value: object, width: int) -> None:
    while at >= len(cells):  # rows of nothing that the library knows
        cells.append([None] * width)
    cells[at][column] = value


def _filled(path: Path, sheet: str, width: int, *, results: bool) -> Iterator[tuple[Place, Any]]:
    """Yield the cells in the first columns of a sheet, with formulas or with their results."""
    try:
        with path.open("rb") as file:  # by its name the library would refuse a renamed one
            book = openpyxl.load_workbook(file, read_only=True, data_only=results)
            book[sheet].reset_dimensions()  # a sheet may state that it is wider than it is
            for at, row in enumerate(book[sheet].iter_rows()):
                for column, cell in enumerate(row[:width]):
                    if cell.value is not None:
                        yield (at, column), cell
    except Exception as error:  # whatever it runs into in a broken workbook
        raise damaged_error(path, error) from error
