"""Books: a workbook as it is, with a verdict beside each row and the bad cells coloured."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.words import say
from geo.files.annotated.corrected import drop_marks
from geo.files.annotated.row_status import COLOURS, Verdict
from geo.files.annotated.styles import add_findings, style_columns
from geo.files.checks.cells.cells import text_of
from geo.files.formulas import escape_formula
from geo.files.readers import Table
from geo.files.writers.page_head import add_notice


def write_book(
    source: Path,
    path: Path,
    tables: Sequence[Table],
    verdict: Verdict,
    *,
    refused: frozenset[str],
) -> None:
    """Write a workbook with the findings of its rows in two more columns.

    Formulas become their results: a workbook written anew would have lost them. See
    :func:`geo.files.annotated.write_annotated`.

    Parameters
    ----------
    source
        Workbook as handed in.
    path
        File to write.
    tables
        The sheets that were read.
    verdict
        Findings by row, in the language of the remarks.
    refused
        Headers of columns that are not taken over (persons, addresses): their cells are left blank.
    """
    book = openpyxl.load_workbook(source, data_only=True)
    for table in tables:
        _write_sheet(book[table.sheet], table, verdict, refused)
    add_findings(book, verdict)
    for sheet in book.worksheets:
        add_notice(sheet)
    book.save(path)


def _write_sheet(page: Worksheet, table: Table, verdict: Verdict, refused: frozenset[str]) -> None:
    marked = len(drop_marks(table).headers) < len(
        table.headers
    )  # it was a file of findings already
    places = {name: number for number, name in enumerate(table.headers, start=1)}
    status = len(table.headers) - 1 if marked else len(table.headers) + 1
    _head(page, table.header_row, status, verdict)
    _formulas(page, table, places)
    _blank(page, table, {places[name]: name for name in refused if name in places}, verdict)
    for row in table.rows.index.tolist():
        _mark(page, row - table.rows_ahead, verdict, row, places, status)
    style_columns(page, table.header_row, verdict)


def _head(page: Worksheet, row: int, status: int, verdict: Verdict) -> None:
    for number, name in enumerate(("status", "remark"), start=status):
        _write(page.cell(row, number), say(f"marked.{name}", verdict.lang))


def _formulas(page: Worksheet, table: Table, places: dict[str, int]) -> None:
    """Write the text of formulas that have no result, which else would be lost."""
    for name, cells in table.rows.items():
        for row, cell in cells.items():
            if isinstance(cell, str) and cell.startswith("="):
                at = int(str(row)) - table.rows_ahead
                _write(page.cell(at, places[str(name)]), escape_formula(cell))


def _blank(page: Worksheet, table: Table, columns: dict[int, str], verdict: Verdict) -> None:
    for number, name in columns.items():
        head = say("marked.refused", verdict.lang, header=name)
        _write(page.cell(table.header_row, number), head)
        for row in range(table.header_row + 1, page.max_row + 1):
            _write(page.cell(row, number), None)


def _mark(
    page: Worksheet, at: int, verdict: Verdict, row: int, places: dict[str, int], status: int
) -> None:
    """Write what is said of a row, which stands at `at` in its sheet."""
    _write(page.cell(at, status), verdict.status(row))
    _write(page.cell(at, status + 1), escape_formula(verdict.remark(row)) or None)
    for column, severity in verdict.cells(row).items():
        if column not in places:
            continue
        cell = page.cell(at, places[column])
        cell.fill = COLOURS[severity]
        shown = verdict.shown(row, column, cell.value)
        if shown != cell.value:
            _write(cell, shown)


def _write(cell: Cell | MergedCell, value: object) -> None:
    if isinstance(cell, Cell):  # one that is merged into another has no value of its own
        cell.value = value if value is None else text_of(value)
