"""Workbooks: sheets of XLSX, XLS and ODS with stacked headers, merged cells and formulas."""

import datetime as dt
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import openpyxl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from geo.base.errors import SourceError
from geo.files.formulas import rearm
from geo.files.readers import limits
from geo.files.readers.extent import check_extents
from geo.files.readers.limits import damaged
from geo.files.readers.table import EXACT, SourceNote, Table, frame, unique_headers

Cells = list[list[object]]
Span = tuple[tuple[int, int], tuple[int, int]]  # (first row, column), (last row, column), from 0

_HEADER_ROWS: Final = 10  # more than anybody stacks


def read_workbook(path: Path, *, sheet: str | None = None) -> Table:
    """Return one sheet: leaf headers, merged cells filled, formulas without result kept as text.

    A row of merged groups over the headers (基本信息 | 位置信息) and a merged title are seen as
    such; a cell with a formula holds its stored result where the workbook has one. Of XLS and ODS
    formulas cannot be told from values, of ODS merged cells neither.
    """
    name, cells, spans = _sheet(path, sheet)
    top, leaf = _header(cells, spans)
    if leaf < 0:
        raise SourceError("source.empty", path=path.name)
    headers = unique_headers(_leaves(cells, top, leaf))
    formulas = _formulas(path, name, cells, headers, leaf)
    merged = _fill(cells, spans, headers, leaf)
    kept = [at for at in range(leaf + 1, len(cells)) if any(c is not None for c in cells[at])]
    if len(kept) > limits.MAX_SHEET_ROWS:
        raise _too_long(path, name, len(kept))
    return Table(
        headers,
        frame(headers, [cells[at] for at in kept], [at + 1 for at in kept]),
        notes=tuple(formulas + merged),
        header_row=leaf + 1,
    )


def _sheet(path: Path, sheet: str | None) -> tuple[str, Cells, list[Span]]:
    check_extents(path)
    try:
        # what is inside counts, not the ending: many a file.xls is a renamed XLSX
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
            name = sheet or book.sheet_names[0]
            if name not in book.sheet_names:
                known = ", ".join(book.sheet_names)
                raise SourceError("source.sheet", path=path.name, sheet=name, known=known)
            found = book.get_sheet_by_name(name)
            _check_rows(path, found)
            rows = found.to_python(skip_empty_area=False)
            spans = found.merged_cell_ranges or []
    except (CalamineError, OSError, ValueError) as error:
        raise damaged(path, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the library's own, which it does not export
            raise
        raise damaged(path, ValueError()) from error
    _check_spans(path, rows, spans)
    return name, [[_plain(cell) for cell in row] for row in rows], spans


def _check_spans(path: Path, rows: Sequence[Sequence[object]], spans: Sequence[Span]) -> None:
    """Refuse merged cells that lie over each other: filling them could take for ever."""
    width = len(rows[0]) if rows else 0
    filled = sum(
        (min(row1 + 1, len(rows)) - row0) * (min(column1 + 1, width) - column0)
        for (row0, column0), (row1, column1) in spans
        if row0 < len(rows) and column0 < width
    )
    if filled > len(rows) * width:
        raise damaged(path, ValueError())


def _check_rows(path: Path, sheet: CalamineSheet) -> None:
    """Refuse a sheet that is much too long before its cells fill the memory."""
    limit = limits.MAX_SHEET_ROWS + _HEADER_ROWS
    if sheet.end is None or sheet.end[0] < limit:
        return
    # a lonely cell far below makes a sheet high, not long
    filled = sum(any(cell != "" for cell in row) for row in sheet.iter_rows())
    if filled > limit:
        raise _too_long(path, sheet.name, filled)


def _too_long(path: Path, sheet: str, found: int) -> SourceError:
    limit = limits.MAX_SHEET_ROWS
    return SourceError("source.sheet_rows", path=path.name, sheet=sheet, found=found, limit=limit)


def _plain(cell: object) -> object:
    """Return a cell in its own type; whole numbers as int, blank text as None."""
    if isinstance(cell, str):
        return rearm(cell) if cell.strip() else None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return cell


def _header(cells: Cells, spans: Sequence[Span]) -> tuple[int, int]:
    """Return the first and last header row; (-1, -1) where nothing is written."""
    filled = [at for at, row in enumerate(cells) if any(cell is not None for cell in row)]
    if not filled:
        return -1, -1
    top = last = filled[0]
    for at in filled:
        if at > last:
            break
        for (row0, column0), (row1, column1) in spans:
            if row0 == at:
                # a group spanning several columns has its leaf headers in the next row
                below = next((r for r in filled if r > row1), row1) if column1 > column0 else row1
                last = max(last, below)
    return top, last


def _leaves(cells: Cells, top: int, leaf: int) -> list[object]:
    """Return the lowest written header of each column, upper ones for cells merged downwards."""
    stacks = zip(*cells[top : leaf + 1], strict=True)
    return [next((c for c in reversed(stack) if c is not None), None) for stack in stacks]


def _fill(
    cells: Cells, spans: Sequence[Span], headers: Sequence[str], leaf: int
) -> list[SourceNote]:
    notes = []
    for (row0, column0), (row1, column1) in spans:
        value = cells[row0][column0] if row0 > leaf else None
        if value is None:
            continue
        # a merged cell may reach beyond what is written
        for row in range(row0, min(row1 + 1, len(cells))):
            for column in range(column0, min(column1 + 1, len(headers))):
                if (row, column) != (row0, column0):
                    cells[row][column] = value
                    notes.append(_of_merged(row + 1, headers[column], str(value)))
    return notes


def _of_merged(row: int, column: str, value: str) -> SourceNote:
    return SourceNote("MERGED_CELL", row, column, "", value)


def _formulas(
    path: Path, sheet: str, cells: Cells, headers: Sequence[str], leaf: int
) -> list[SourceNote]:
    """Note the formulas of the sheet; write those without a stored result into `cells`."""
    if not _has_formula(path):
        return []
    notes = []
    for at, column, value in _written_formulas(path, sheet, len(headers)):
        if at <= leaf:
            continue
        while at >= len(cells):  # rows of nothing but formulas without a result
            cells.append([None] * len(headers))
        if cells[at][column] is None:
            cells[at][column] = value
        else:
            notes.append(SourceNote("FORMULA_CELL", at + 1, headers[column], value))
    return notes


def _written_formulas(path: Path, sheet: str, width: int) -> list[tuple[int, int, str]]:
    """Return the formulas in the first columns of a sheet, with row and column from 0."""
    found = []
    try:
        with path.open("rb") as file:  # by its name the library would refuse a renamed one
            book = openpyxl.load_workbook(file, read_only=True)
            book[sheet].reset_dimensions()  # a sheet may state that it is wider than it is
            for at, row in enumerate(book[sheet].iter_rows(values_only=True)):
                for column, value in enumerate(row[:width]):
                    if isinstance(value, str) and value.startswith("="):
                        found.append((at, column, value))
    except Exception as error:  # whatever it runs into in a broken workbook
        raise damaged(path, error) from error
    return found


def _has_formula(path: Path) -> bool:
    # reading the formulas costs far more than looking whether there are any
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        return any(re.search(rb"<(?:\w+:)?f[ >/]", parts.read(name)) for name in sheets)
