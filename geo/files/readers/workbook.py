"""Workbooks: sheets of XLSX, XLS and ODS with stacked headers, merged cells and formulas."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from geo.base.errors import SourceError
from geo.base.words import LANGUAGES, say
from geo.files.formulas import unescape_formula
from geo.files.readers import limits
from geo.files.readers.cell_contents import Cells, Contents, contents_of, fill_in
from geo.files.readers.extent import check_extents
from geo.files.readers.header_row import LOOKED, Known, header_place
from geo.files.readers.limits import damaged_error
from geo.files.readers.rows import make_frame
from geo.files.readers.several_sheets import one_below_the_other, passed_over
from geo.files.readers.table import EXACT, SourceNote, Table, unique_headers

Span = tuple[tuple[int, int], tuple[int, int]]  # (first row, column), (last row, column), from 0

_HEADER_ROWS: Final = 10  # more than anybody stacks
# sheets that forms and files of findings have beside the one that is filled in
_OWN_SHEETS: Final = frozenset(
    say(key, lang) for key in ("template.notes", "marked.findings") for lang in LANGUAGES
)


@dataclass(frozen=True)
class _Sheet:
    """One sheet as the library has it: its cells, and which of them are merged."""

    name: str
    cells: Cells
    spans: list[Span]


@dataclass(frozen=True)
class _Book:
    """The sheets that were asked for, and the names of those that were not."""

    sheets: tuple[_Sheet, ...]
    hidden: str = ""
    unread: tuple[str, ...] = ()


def read_workbook(
    path: Path,
    *,
    sheet: str | None = None,
    all_sheets: bool = False,
    header_row: int | None = None,
    known: Known | None = None,
) -> Iterator[Table]:
    """Yield one sheet, or all: leaf headers, merged cells filled, formulas without result as text.

    A row of merged groups over the headers (基本信息 | 位置信息), a title and remarks above them
    are seen as such; a cell with a formula holds its stored result where the workbook has one, one
    with an error the error, and a number in a format such as 000000 what it shows. Of XLS and ODS
    formulas cannot be distinguished from values, nor in ODS merged cells.

    Parameters
    ----------
    sheet
        The one meant; else the first that is visible and holds anything.
    all_sheets
        Yield every visible sheet whose headers are like those of the first. All share the headers,
        and rows count on from sheet to sheet.
    header_row
        Row of the leaf headers, from 1; else they are looked for.
    known
        See :func:`geo.files.readers.header_row.header_place`.
    """
    book = _book(path, sheet, all_sheets=all_sheets)
    found = contents_of(path)
    tables = [_table(path, each, found, header_row, known) for each in book.sheets]
    if not all_sheets:
        (table,) = tables
        notes = () if sheet else passed_over(table, book.hidden, book.unread)
        yield replace(table, notes=(*notes, *table.notes))
        return
    yield from one_below_the_other(tables)


def _table(
    path: Path, sheet: _Sheet, found: Contents, header_row: int | None, known: Known | None
) -> Table:
    cells = sheet.cells
    top, leaf = _header(path, sheet, header_row, known)
    if leaf < 0:
        raise SourceError("source.empty", path=path.name)
    headers = unique_headers(_leaves(cells, top, leaf))
    contents = fill_in(path, sheet.name, cells, headers, leaf, found)
    merged = _fill(cells, sheet.spans, headers, leaf)
    kept = [at for at in range(leaf + 1, len(cells)) if any(c is not None for c in cells[at])]
    if len(kept) > limits.MAX_SHEET_ROWS:
        raise _too_long(path, sheet.name, len(kept))
    above = sum(any(cell is not None for cell in row) for row in cells[:top])
    has_preface = above and header_row is None
    preface = (
        [SourceNote("HEADER_ROW", leaf + 1, "", str(leaf + 1), str(above))] if has_preface else []
    )
    return Table(
        headers,
        make_frame(headers, [cells[at] for at in kept], [at + 1 for at in kept]),
        notes=(*preface, *contents, *merged),
        header_row=leaf + 1,
        from_1904=found.from_1904,
        sheet=sheet.name,
    )


def _book(path: Path, sheet: str | None, *, all_sheets: bool) -> _Book:
    check_extents(path)
    try:
        # what is inside counts, not the ending: many a file.xls is a renamed XLSX
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
            return _chosen(path, book, sheet, all_sheets=all_sheets)
    except PasswordError as error:
        raise SourceError("source.locked", path=path.name) from error
    except (CalamineError, OSError, ValueError) as error:
        raise damaged_error(path, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the library's own, which it does not export
            raise
        raise damaged_error(path, ValueError()) from error


def _chosen(path: Path, book: CalamineWorkbook, sheet: str | None, *, all_sheets: bool) -> _Book:
    if sheet is not None:
        if sheet not in book.sheet_names:
            known = ", ".join(book.sheet_names)
            raise SourceError("source.sheet", path=path.name, sheet=sheet, known=known)
        return _Book((_sheet(path, book, sheet),))
    sheets = [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    hidden = [each.name for each in sheets if each.visible != SheetVisibleEnum.Visible]
    shown = [each.name for each in sheets if each.name not in hidden] or hidden
    filled = [name for name in shown if name not in _OWN_SHEETS and _is_filled(book, name)]
    if not filled:
        filled = shown[:1] or book.sheet_names[:1]
    passed = hidden[0] if hidden and book.sheet_names[0] == hidden[0] != filled[0] else ""
    tables = [name for name in filled[1:] if _is_filled(book, name, least=1)]  # no mere remarks
    if all_sheets:
        return _Book(tuple(_sheet(path, book, name) for name in (filled[0], *tables)))
    return _Book((_sheet(path, book, filled[0]),), passed, tuple(tables))


def _is_filled(book: CalamineWorkbook, name: str, *, least: int = 0) -> bool:
    """Tell whether a sheet has cells, to beyond so many rows and columns."""
    end = book.get_sheet_by_name(name).end
    return end is not None and min(end) >= least


def _sheet(path: Path, book: CalamineWorkbook, name: str) -> _Sheet:
    found = book.get_sheet_by_name(name)
    _check_rows(path, found)
    rows = found.to_python(skip_empty_area=False)
    spans = found.merged_cell_ranges or []
    _check_spans(path, rows, spans)
    return _Sheet(name, [[_plain(cell) for cell in row] for row in rows], spans)


def _check_spans(path: Path, rows: Sequence[Sequence[object]], spans: Sequence[Span]) -> None:
    """Refuse merged cells that lie over each other: filling them could take for ever."""
    width = len(rows[0]) if rows else 0
    filled = sum(
        (min(row1 + 1, len(rows)) - row0) * (min(column1 + 1, width) - column0)
        for (row0, column0), (row1, column1) in spans
        if row0 < len(rows) and column0 < width
    )
    if filled > len(rows) * width:
        raise damaged_error(path, ValueError())


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
        return unescape_formula(cell) if cell.strip() else None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return int(cell)
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return cell


def _header(path: Path, sheet: _Sheet, wanted: int | None, known: Known | None) -> tuple[int, int]:
    """Return the first and last header row; (-1, -1) where nothing is written."""
    cells = sheet.cells
    filled = [at for at, row in enumerate(cells) if any(cell is not None for cell in row)]
    if wanted is not None:
        if wanted - 1 not in filled:
            raise SourceError("source.header_row", path=path.name, row=wanted)
        return _stack(sheet, filled, wanted - 1)[0], wanted - 1
    if not filled:
        return -1, -1
    place = header_place([cells[at] for at in filled[:LOOKED]], known)
    return _stack(sheet, filled, filled[place])


def _stack(sheet: _Sheet, filled: Sequence[int], row: int) -> tuple[int, int]:
    """Return the first and last of the header rows that belong to one of them.

    A row of groups belongs to the row of their leaf headers; a title does not.
    """
    for top in [at for at in filled if at < row]:
        title = sum(cell is not None for cell in sheet.cells[top]) == 1
        last = _last(sheet, filled, top)
        if not title and last >= row:
            return top, last
    return row, _last(sheet, filled, row)


def _last(sheet: _Sheet, filled: Sequence[int], top: int) -> int:
    """Return the row of the leaf headers under a row of headers: itself, if nothing is merged."""
    last = top
    for at in filled:
        if at > last:
            break
        for (row0, column0), (row1, column1) in sheet.spans:
            if row0 == at >= top:
                # a group spanning several columns has its leaf headers in the next row
                below = next((r for r in filled if r > row1), row1) if column1 > column0 else row1
                last = max(last, below)
    return last


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
