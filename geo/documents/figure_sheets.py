"""Sheets of figures: head, lines and page of a table, the same in every workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

PERCENT: Final = "0.0%"
FONT: Final = "宋体"
_NAME_WIDTH, _FIGURE_WIDTH = 20, 7.6


def append_head(sheet: Worksheet, texts: Sequence[str]) -> None:
    """Append the head of a table.

    Parameters
    ----------
    sheet
        That the table stands in.
    texts
        Names of its columns.
    """
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.append(list(texts))
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill = Font(name=FONT, bold=True), PatternFill("solid", fgColor="E3E8EE")
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    sheet.row_dimensions[sheet.max_row].height = 48


def rule_table(sheet: Worksheet, first: int, columns: int) -> None:
    """Draw thin lines around the cells of a table and format its shares.

    Parameters
    ----------
    sheet
        That the table stands in, to its last row.
    first
        Row of its head.
    columns
        How many it has.
    """
    from openpyxl.styles import Alignment, Border, Side
    from openpyxl.utils import get_column_letter

    side = Side("thin", color="808080")
    for row in sheet.iter_rows(min_row=first, max_col=columns):
        for cell in row:
            cell.border = Border(left=side, right=side, top=side, bottom=side)
            if cell.value == "—":
                cell.alignment = Alignment(horizontal="right")
            if isinstance(cell.value, float):
                cell.number_format = PERCENT
    sheet.column_dimensions["A"].width = _NAME_WIDTH
    for column in range(2, columns + 1):
        sheet.column_dimensions[get_column_letter(column)].width = _FIGURE_WIDTH


def set_up_page(sheet: Worksheet, mark: str) -> None:
    """Make a sheet print on landscape A4, with a mark and page numbers at its foot.

    Parameters
    ----------
    sheet
        Any.
    mark
        Such as 内部资料.
    """
    from geo.files.writers.page_head import add_notice

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        footer.left.text, footer.right.text = mark.replace("&", "&&")[:200], "&P / &N"
    add_notice(sheet)
