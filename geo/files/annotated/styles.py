"""Styles of annotated workbooks: status columns beside the rows, and the sheet of all findings."""

from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.words import say
from geo.files.annotated.row_status import COLOURS, HEADS, Verdict

MOST_FINDINGS: Final = 1_000_000  # what a sheet holds
_GREY: Final = PatternFill("solid", fgColor="E2E2E2")
_STATUS_WIDTH, _REMARK_WIDTH = 20, 60
_WIDTHS: Final = (8, 20, 22, 8, 30, 20, 90)


def style_columns(sheet: Worksheet, header_row: int, verdict: Verdict) -> None:
    """Format the status and remark columns (the last two), and freeze and filter the sheet.

    Parameters
    ----------
    sheet
        Sheet with its rows written; a freeze or filter of its own is kept.
    header_row
        Row of the headers, from 1.
    verdict
        Says the language of the legend.
    """
    status, remark = sheet.max_column - 1, sheet.max_column
    for column, width in ((status, _STATUS_WIDTH), (remark, _REMARK_WIDTH)):
        head = sheet.cell(header_row, column)
        head.font, head.fill = Font(bold=True), _GREY
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.cell(header_row, status).comment = Comment(_legend(verdict), "govgrid")
    for row in range(header_row + 1, sheet.max_row + 1):
        sheet.cell(row, remark).alignment = Alignment(wrap_text=True, vertical="top")
    if sheet.freeze_panes is None:
        sheet.freeze_panes = f"A{header_row + 1}"
    if sheet.auto_filter.ref is None and not sheet.tables:
        sheet.auto_filter.ref = f"A{header_row}:{get_column_letter(remark)}{sheet.max_row}"


def add_findings(book: Workbook, verdict: Verdict, *, few: int | None = None) -> None:
    """Add the sheet of all findings to a workbook.

    Parameters
    ----------
    book
        Workbook to change; an older sheet of findings in it is replaced.
    verdict
        All findings; the first `MOST_FINDINGS` are written.
    few
        Number of rows beyond which rows without findings were left out, None if none were.
    """
    lang = verdict.lang
    title = say("marked.findings", lang)
    if title in book.sheetnames:  # of a file of findings that was corrected
        book.remove(book[title])
    sheet = book.create_sheet(title)
    sheet.append([say(f"marked.head.{head}", lang) for head in HEADS])
    for cells in verdict.table(MOST_FINDINGS):
        sheet.append(cells)
    for number, finding in enumerate(verdict.findings[:MOST_FINDINGS], start=2):
        sheet.cell(number, HEADS.index("severity") + 1).fill = COLOURS[finding.severity]
    sheet.append([])
    for line in (*([say("marked.few", lang, limit=few)] if few else []), _legend(verdict)):
        sheet.append([line])
    for head in sheet[1]:
        head.font, head.fill = Font(bold=True), _GREY
    for number, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    _set_up_page(sheet)


def _set_up_page(sheet: Worksheet) -> None:
    """Print on landscape A4, all columns beside one another, the headers on each page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _legend(verdict: Verdict) -> str:
    return f"{say('marked.legend', verdict.lang)}\n{say('marked.again', verdict.lang)}"
