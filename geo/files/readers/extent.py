"""How far the cells of a workbook reach, found before a reader makes a matrix of that size."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geo.base.errors import SourceError
from geo.files.readers import limits, old_workbook
from geo.files.readers.limits import damaged_error
from geo.files.readers.package import parts_of

ZIP_SIGN: Final = b"PK\x03\x04"
_BINARY_BOOK: Final = "workbook.bin"
_OFFICE_CONTENT: Final = "content.xml"
_WINDOW_BYTES: Final = 1 << 22
_ATTRIBUTES: Final = rb"""((?:[^"'>]|"[^"]*"|'[^']*')*+)"""
_CELL: Final = re.compile(rb"<c[\s/>]")
_PREFIXED_CELL: Final = re.compile(rb":c[\s/>]")
_COLUMN: Final = re.compile(rb'<c r="([A-Z]{1,3})\d')
_ROW: Final = re.compile(rb'<c r="[A-Z]{1,3}(\d{1,7})"')
_TAG: Final = re.compile(
    rb"<(?:[\w.-]+:)?(c|row)(?=[\s/>])" + _ATTRIBUTES + rb">(?=(\s*<(?!/))?)", re.DOTALL
)
_REFERENCE: Final = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]*)(\d+)""")
_OFFICE_TAG: Final = re.compile(
    rb"<(/?)table:(table|table-row|(?:covered-)?table-cell)(?=[\s/>])" + _ATTRIBUTES + rb">",
    re.DOTALL,
)
_STRINGS: Final = re.compile(rb"""<(?:[\w.-]+:)?sst\s[^<]{0,2000}?uniqueCount\s*=\s*["']\s*(\d+)""")
_REPEATED: Final = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']\s*(\d+)""")


@dataclass(frozen=True)
class Extent:
    """Rows and columns, counted from the first, up to the last cell that holds something.

    `cells` is the number of cells that do.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0

    def __or__(self, other: "Extent") -> "Extent":
        """Return the extent of both on one sheet."""
        rows, columns = max(self.rows, other.rows), max(self.columns, other.columns)
        return Extent(rows, columns, self.cells + other.cells)

    @property
    def spanned(self) -> int:
        """The number of cells that a matrix of the sheet has."""
        return max(self.rows * self.columns, self.cells)


def check_extents(path: Path) -> None:
    """Refuse a workbook in which a sheet reaches too far.

    All sheets count: libraries make matrices of sheets that nobody asked for.

    Raises
    ------
    SourceError
        If the file is no workbook, or one of a kind that cannot be checked; if a sheet has more
        columns than `limits.MAX_COLUMNS`, or spans more cells than `limits.MAX_CELLS`.
    """
    with path.open("rb") as file:
        sign = file.read(len(old_workbook.SIGN))
    try:
        if sign.startswith(ZIP_SIGN):
            _check_package(path)
        elif sign == old_workbook.SIGN:
            _require(path, Extent(*old_workbook.filled_extent(path.read_bytes())))
        else:
            raise damaged_error(path, ValueError())
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError) as error:
        raise damaged_error(path, error) from error


def _check_package(path: Path) -> None:
    limits.check_unpacked(path)
    for name, content in parts_of(path):
        if name.lower().endswith(_BINARY_BOOK):
            raise SourceError("source.save_as", path=path.name, wanted="XLSX")
        if name.lower() == _OFFICE_CONTENT:
            for sheet in _office_sheets(content):
                _require(path, sheet)
        _require(path, _extent(content))
        strings = _STRINGS.search(content)
        # readers set aside room for as many texts as are stated
        if strings and int(strings[1]) > len(content):
            raise damaged_error(path, ValueError())


def _require(path: Path, found: Extent) -> None:
    limits.check_columns(path.name, found.columns)
    if found.spanned > limits.MAX_CELLS:
        facts = {"rows": found.rows, "columns": found.columns, "limit": limits.MAX_CELLS}
        raise SourceError("source.cells", path=path.name, **facts)


def _extent(text: bytes) -> Extent:
    """Return how far the cells of a part reach; exactly only where a quick look finds too much.

    Any part may be a sheet, whatever its name.
    """
    if _PREFIXED_CELL.search(text):
        return _exact_extent(text)
    bound, begins = Extent(), 0
    while begins < len(text):
        # no cell begins inside of "<row", so each is counted in one window
        row = text.rfind(b"<row", begins + 1, begins + _WINDOW_BYTES)
        ends = row if row > 0 else len(text)
        window = _plain_extent(text, begins, ends)
        if window is None:
            return _exact_extent(text)
        bound |= window
        begins = ends
    fits = bound.columns <= limits.MAX_COLUMNS and bound.spanned <= limits.MAX_CELLS
    return bound if fits else _exact_extent(text)


def _plain_extent(text: bytes, begins: int, ends: int) -> Extent | None:
    """Return how far the cells between two places reach, blank ones too, as Excel writes them.

    None where cells are written in another way.
    """
    rows = _ROW.findall(text, begins, ends)
    if len(rows) != len(_CELL.findall(text, begins, ends)):
        return None
    columns = set(_COLUMN.findall(text, begins, ends))
    return Extent(
        max(map(int, set(rows)), default=0), max(map(_number, columns), default=0), len(rows)
    )


def _exact_extent(text: bytes) -> Extent:
    """Return how far the cells reach that hold something: formats go to the edge of many a sheet.

    A cell that does not say where it stands follows the one before.
    """
    rows = columns = cells = row = column = 0
    for tag in _TAG.finditer(text):
        kind, attributes, followed = tag.groups()
        stated = _REFERENCE.search(attributes)
        if kind == b"row":
            row, column = int(stated[2]) if stated else row + 1, 0
            continue
        column = _number(stated[1]) if stated else column + 1
        row = int(stated[2]) if stated else row
        if followed and not attributes.endswith(b"/"):
            rows, columns, cells = max(rows, row), max(columns, column), cells + 1
    return Extent(rows, columns, cells)


def _office_sheets(text: bytes) -> Iterator[Extent]:
    """Yield the extent of each sheet of an office document, with cells and rows repeated."""
    sheet = line = Extent()
    row, times = 0, 1
    for tag in _OFFICE_TAG.finditer(text):
        closing, kind, attributes = tag.groups()
        alone = attributes.endswith(b"/")
        if kind == b"table":
            yield sheet
            sheet, row = Extent(), 0
        elif kind == b"table-row" and not closing:
            line, column, times = Extent(), 0, _repeated(attributes)
        if kind == b"table-row" and (closing or alone):
            if line.columns:
                sheet |= Extent(row + times, line.columns, line.cells * times)
            row, line = row + times, Extent()
        elif kind.endswith(b"cell") and not closing:
            across = _repeated(attributes)
            column += across
            if not alone or b"value" in attributes:
                line |= Extent(0, column, across)
    yield sheet


def _repeated(attributes: bytes) -> int:
    found = _REPEATED.search(attributes)
    return int(found[1]) if found else 1


def _number(letters: bytes) -> int:
    """Return the number of a column from its letters: A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
