"""Plain rows: a file that is no workbook, as a table with a verdict beside each row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd
import shapely
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.words import say
from geo.files.annotated.row_status import COLOURS, Verdict
from geo.files.annotated.styles import add_findings, style_columns
from geo.files.checks.cells.cells import text_of
from geo.files.formulas import escape_formula
from geo.files.readers.rows import join_parts
from geo.files.readers.table import Table
from geo.files.writers.page_head import add_notice
from geo.files.writers.xlsx import LONGEST_CELL

WKT: Final = "wkt"
CRS: Final = "坐标系"

Line = tuple[int, list[object]]


@dataclass(frozen=True)
class Rows:
    """Rows of a file as cells; `few` says that only those with findings are here.

    `heads` are the headers as they are written, the columns of `cells` as findings name them.
    `header_row` is 0 where the file has none.
    """

    heads: tuple[str, ...]
    cells: pd.DataFrame
    header_row: int
    encoding: str | None
    few: bool

    @property
    def in_place(self) -> bool:
        """Whether rows can stand under the numbers that they have in the file."""
        return self.header_row > 0 and not self.few

    def without(self, refused: frozenset[str], lang: str) -> "Rows":
        """Return the rows with the cells of some columns left blank."""
        blank = {header: None for header in self.cells.columns if header in refused}
        heads = tuple(
            say("marked.refused", lang, header=head) if head in refused else head
            for head in self.heads
        )
        return replace(self, heads=heads, cells=self.cells.assign(**blank))

    def lines(self, verdict: Verdict, *, longest: int | None = None) -> Iterator[Line]:
        """Yield (row, cells) of the header and of each row, the verdict at the end.

        Texts of more than `longest` characters are left out, which the verdict then says.
        """
        lang = verdict.lang
        number = [] if self.in_place else [say("marked.row", lang)]
        tail = [*number, say("marked.status", lang), say("marked.remark", lang)]
        yield max(self.header_row, 1), [*self.heads, *tail]
        columns = list(self.cells.columns)
        for row, cells in zip(self.cells.index.tolist(), self.cells.to_numpy(), strict=True):
            shown = [verdict.shown(row, name, c) for name, c in zip(columns, cells, strict=True)]
            remark = verdict.remark(row)
            if longest is not None and any(_is_long(cell, longest) for cell in shown):
                shown = [None if _is_long(cell, longest) else cell for cell in shown]
                remark = f"{say('marked.shape_long', lang)}\n{remark}".strip()
            yield row, [*shown, *([] if self.in_place else [row]), verdict.status(row), remark]


def collect_rows(parts: Iterable[Table], verdict: Verdict, limit: int) -> Rows:
    """Return the rows of a file; of a long file only those with findings.

    Parameters
    ----------
    parts
        The file as read, part by part.
    verdict
        Findings by row.
    limit
        Number of rows beyond which only rows with findings are kept.
    """
    kept: list[Table] = []
    read = 0
    for part in parts:
        read += len(part.rows)
        kept.append(part)
        if read > limit:
            kept = [_noted(each, verdict) for each in kept]
    table = join_parts(kept)
    cells = _with_shapes(table)
    heads = tuple(map(str, cells.columns))
    return Rows(heads, cells, table.header_row, table.encoding, read > limit)


def write_workbook(path: Path, rows: Rows, verdict: Verdict, *, limit: int) -> None:
    """Write rows as a workbook with coloured cells and a sheet of all findings.

    Parameters
    ----------
    path
        XLSX file to write.
    rows
        Rows of the original, as from :func:`collect_rows`.
    verdict
        Findings by row, in the language of the remarks.
    limit
        The one given to :func:`collect_rows`, named in the workbook if rows were left out.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = say("marked.rows", verdict.lang)
    places = {name: number for number, name in enumerate(rows.cells.columns, start=1)}
    places |= {"geometry": places[WKT]} if WKT in places else {}
    for at, (row, cells) in enumerate(rows.lines(verdict, longest=LONGEST_CELL), start=1):
        line = row if rows.in_place else at
        _fill(sheet, line, cells)
        for column, severity in verdict.cells(row).items() if at > 1 else ():
            if column in places:
                sheet.cell(line, places[column]).fill = COLOURS[severity]
    style_columns(sheet, rows.header_row if rows.in_place else 1, verdict)
    add_findings(book, verdict, few=limit if rows.few else None)
    for each in book.worksheets:
        add_notice(each)
    book.save(path)


def _fill(sheet: Worksheet, line: int, cells: list[object]) -> None:
    for number, cell in enumerate(cells, start=1):
        plain = cell if isinstance(cell, int | float) else str(escape_formula(text_of(cell)))
        if plain != "":
            sheet.cell(line, number).value = plain


def _is_long(cell: object, longest: int) -> bool:
    return isinstance(cell, str) and len(cell) >= longest


def _noted(table: Table, verdict: Verdict) -> Table:
    has = table.rows.index.isin(list(verdict.by_row))
    geometry = None if table.geometry is None else table.geometry[has]
    return replace(table, rows=table.rows[has], geometry=geometry)


def _with_shapes(table: Table) -> pd.DataFrame:
    """Return the cells with the geometry, and its system where the file states one."""
    if table.geometry is None:
        return table.rows
    shapes = shapely.to_wkt(table.geometry.to_numpy(), rounding_precision=-1)
    cells = table.rows.copy()
    if WKT not in cells:
        cells[WKT] = shapes
    if table.crs is not None and CRS not in cells:
        cells[CRS] = table.crs.name
    return cells
