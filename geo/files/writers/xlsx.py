"""Plain tables as a workbook."""

import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.errors import InputError
from geo.files.formulas import escape_formulas
from geo.files.writers.page_head import add_notice

LONGEST_CELL: Final = 32_767  # characters: what is longer would be cut off in silence
LONGEST_TITLE: Final = 31
_WIDEST, _NARROWEST = 48, 6  # letters
_MOST_LINES, _LOOKED_AT = 8, 2_000  # of one cell; rows
_PAGE_WIDE: Final = 210  # letters side by side on a landscape A4 sheet that can still be read
_WIDE: Final = "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]"
_HEAD: Final = PatternFill("solid", fgColor="DCE6F0")
_LINE: Final = Border(bottom=Side("thin", color="9AA7B4"))
_PALE: Final = Side("thin", color="C9D1D9")
_LINES: Final = Border(left=_PALE, right=_PALE, top=_PALE, bottom=_PALE)
_LINE_POINTS: Final = 17
NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold (XML 1.0, Char)."""


def write_sheets(
    sheets: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    mark: str = "",
    percent: Collection[str] = (),
) -> None:
    """Write plain tables as sheets of a workbook; see :func:`geo.files.writers.write_workbook`.

    Parameters
    ----------
    sheets
        Title → table; titles are cut to the 31 characters that Excel allows.
    path
        XLSX file to write.
    mark
        Text in the footer of each printed sheet; "" for none.

    Raises
    ------
    InputError
        If a text is longer than a cell can be.
    """
    for table in sheets.values():
        _require_short(table)
    buffer = io.BytesIO()  # a full disk then fails in one write, not while the archive is closed
    with pd.ExcelWriter(buffer, engine="openpyxl") as writer:
        for name, table in sheets.items():
            title = name[:LONGEST_TITLE]
            escape_formulas(table).to_excel(writer, sheet_name=title, index=False)
            _lay_out(writer.sheets[title], table, mark)
            _show_percent(writer.sheets[title], percent)
    path.write_bytes(buffer.getvalue())


def _lay_out(sheet: Worksheet, table: pd.DataFrame, mark: str) -> None:
    """Give a sheet its head, its widths and its printed page."""
    sheet.freeze_panes = "A2"
    for cell in sheet[1]:
        cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _LINE
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    if len(table.columns):
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table) + 1}"
    widths = [_width(table, name) for name in range(len(table.columns))]
    for position, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = min(width, _WIDEST)
    broken = [_WIDEST < width <= _MOST_LINES * _WIDEST for width in widths]
    _wrap(sheet, [position for position, is_broken in enumerate(broken) if is_broken])
    _set_up_page(sheet, sum(min(width, _WIDEST) for width in widths))
    _footed(sheet, mark)
    add_notice(sheet)


def _width(table: pd.DataFrame, position: int) -> int:
    """Return how many letters wide a column is; one of Chinese writing is as wide as two."""
    cells = table.iloc[:_LOOKED_AT, position].dropna().astype("str")
    texts = pd.concat([pd.Series([str(table.columns[position])], dtype="str"), cells])
    wide = texts.str.len() + texts.str.count(_WIDE)
    return max(int(wide.max()), _NARROWEST) + 2


def _wrap(sheet: Worksheet, positions: Sequence[int]) -> None:
    """Break the lines of some columns; then all cells stand at the top.

    Heights are written down: LibreOffice does not find them by itself.
    """
    if not positions:
        return
    broken, plain = Alignment(wrap_text=True, vertical="top"), Alignment(vertical="top")
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=2):
        for position, cell in enumerate(row):
            cell.alignment = broken if position in positions else plain
        lines = max(math.ceil(_letters(row[position].value) / _WIDEST) for position in positions)
        if lines > 1:
            sheet.row_dimensions[number].height = _LINE_POINTS * lines


def _letters(value: object) -> int:
    text = "" if value is None else str(value)
    return len(text) + len(re.findall(_WIDE, text))


def _show_percent(sheet: Worksheet, heads: Collection[str]) -> None:
    for head in sheet[1]:
        if head.value in heads:
            for (cell,) in sheet.iter_rows(min_row=2, min_col=head.column, max_col=head.column):
                cell.number_format = "0.0%"


def _set_up_page(sheet: Worksheet, width: int) -> None:
    """Print on landscape A4, on so many pages side by side that the letters can be read."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    pages = max(math.ceil(width / _PAGE_WIDE), 1)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.page_setup.pageOrder = "overThenDown"
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = _LINE_POINTS, True
    # one rule instead of a border of each cell
    lines = Rule("expression", dxf=DifferentialStyle(border=_LINES), formula=["TRUE"])
    sheet.conditional_formatting.add(sheet.dimensions, lines)
    sheet.print_title_rows = "1:1"
    if pages > 1:
        sheet.print_title_cols = "A:A"


def _footed(sheet: Worksheet, mark: str) -> None:
    # an ampersand begins a code there; Excel takes 255 letters of all three parts together
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        text = NO_XML.sub(" ", mark).replace("&", "&&")[:200]
        footer.left.text, footer.right.text = text, "&P / &N"


def _require_short(table: pd.DataFrame) -> None:
    for name in table.columns:
        lengths = table[name].map(lambda cell: len(cell) if isinstance(cell, str) else 0)
        if len(lengths) and lengths.max() >= LONGEST_CELL:
            raise InputError(
                "export.cell_long", column=name, length=int(lengths.max()), most=LONGEST_CELL
            )
