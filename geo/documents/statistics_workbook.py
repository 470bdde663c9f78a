"""Statistics of incidents as a workbook for A4: the table, the rates with their definitions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from geo.base.words import say
from geo.files.formulas import escape_formula
from geo.incidents import statistics_answer
from geo.incidents.rules import rates
from geo.incidents.rules.rates import FLOW, FigureRow, Share

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from geo.incidents.statistics import Figures

COUNTS: Final = (
    *("collected", "accepted", "closed", "resolved", "on_time", "late", "overdue", "on_hold"),
    *("sent", "returned", "wrong_dispatch", "overridden", "reopened", "duplicates", "cancelled"),
)
"""Columns of the printed table; the sheet of rates has all numerators and denominators."""

SHARES: Final = ("closure", "solved", "on_time", "small_matters", "big_matters")
PERCENT: Final = "0.0%"
_FONT: Final = "宋体"
_LINE_POINTS: Final = 15
_NAME_WIDTH, _FIGURE_WIDTH, _LABEL_WIDTH, _MEANING_WIDTH = 20, 7.6, 30, 78


def statistics_bytes(found: Figures, *, timezone: str, mark: str, lang: str) -> bytes:
    """Return figures as an XLSX file.

    Parameters
    ----------
    found
        As read.
    timezone
        IANA name.
    mark
        Foot of each printed sheet.
    lang
        "zh" or "en".
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    lines = statistics_answer.describe_conditions(found, timezone, lang)
    _write_table(book.create_sheet(say("statistics.title", lang)), found, found.rows, lines, lang)
    if found.corrections:
        title = say("statistics.corrections", lang)
        sheet = book.create_sheet(title[:31].partition("（")[0].partition(" (")[0])
        _write_table(sheet, found, found.corrections, [title], lang, ranked=False)
    _write_rates(book.create_sheet(say("statistics.definitions", lang)), found, lang)
    for sheet in book.worksheets:
        _set_up_page(sheet, mark)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def file_name(found: Figures, lang: str) -> str:
    """Return the name of the file, with the period.

    Parameters
    ----------
    found
        As read.
    lang
        "zh" or "en".
    """
    days = found.period.month or f"{found.period.since}_{found.period.until}"
    by = say(f"statistics.key_of.{found.by}", lang)
    return f"{say('statistics.title', lang)}-{by}-{days}.xlsx"


def _write_table(
    sheet: Worksheet,
    found: Figures,
    rows: Sequence[FigureRow],
    lines: Sequence[str],
    lang: str,
    *,
    ranked: bool = True,
) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append([say("statistics.title", lang)])
    sheet["A1"].font = Font(name=_FONT, bold=True, size=16)
    for line in lines:
        sheet.append([str(escape_formula(line))])
    head = [say(f"statistics.key_of.{found.by}", lang)]
    head += [say(f"statistics.count.{name}", lang) for name in COUNTS]
    head += [say(f"statistics.rate.{name}", lang) for name in SHARES]
    head += [say("statistics.rank", lang)] if ranked else []
    _append_head(sheet, head)
    first = sheet.max_row
    places = rates.rank_rows(rows)
    for row in rows:
        name = statistics_answer.key_name(found, row.key, lang)
        few = not ranked or row.key in places
        rank = [places.get(row.key) if few else "—"] if ranked else []
        sheet.append([str(escape_formula(name)), *_cells(row), *rank])
    sheet.append(
        [
            say("statistics.total", lang),
            *_cells(rates.sum_rows(rows) if not ranked else found.total),
        ]
    )
    for cell in sheet[sheet.max_row]:
        cell.font = Font(name=_FONT, bold=True)
    _rule(sheet, first, len(head))
    for (cell,) in sheet.iter_rows(min_row=first + 1, max_col=1):
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.freeze_panes = f"B{first + 1}"
    sheet.print_title_rows = f"{first}:{first}"
    if ranked:
        sheet.append([])
        sheet.append([say("statistics.few", lang, fewest=rates.FEWEST)])


def _cells(row: FigureRow) -> list[object]:
    shares = {share.name: share for share in row.shares}
    return [
        *(row.counts.get(name, 0) for name in COUNTS),
        *(_share(shares[name]) for name in SHARES),
    ]


def _share(share: Share) -> float | str:
    return "—" if share.share is None or share.denominator < 0 else share.share


def _write_rates(sheet: Worksheet, found: Figures, lang: str) -> None:
    """Write each rate of the total with numerator, denominator and definition."""
    from openpyxl.styles import Alignment

    names = ("name", "numerator", "denominator", "share", "definition")
    _append_head(sheet, [say(f"statistics.{name}", lang) for name in names])
    for rate in statistics_answer.describe_rates(found.total, lang):
        share = "—" if rate["share"] is None else rate["share"]
        cells = (rate["label"], rate["numerator"], rate["denominator"], share, rate["definition"])
        sheet.append(list(cells))
        sheet.cell(sheet.max_row, 4).number_format = PERCENT
        lines = -(-2 * len(str(rate["definition"])) // (_MEANING_WIDTH - 2))
        sheet.row_dimensions[sheet.max_row].height = _LINE_POINTS * max(lines, 1)
    for name in FLOW:
        label = f"{say('statistics.flow', lang)}：{say(f'statistics.count.{name}', lang)}"
        sheet.append([label, found.total.flow.get(name, 0)])
    _rule(sheet, 1, len(names))
    for row in sheet.iter_rows(min_row=2, max_col=len(names)):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    for column, width in zip("ABCDE", (_LABEL_WIDTH, 9, 9, 9, _MEANING_WIDTH), strict=True):
        sheet.column_dimensions[column].width = width


def _append_head(sheet: Worksheet, texts: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.append(list(texts))
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill = Font(name=_FONT, bold=True), PatternFill("solid", fgColor="E3E8EE")
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    sheet.row_dimensions[sheet.max_row].height = 48


def _rule(sheet: Worksheet, first: int, columns: int) -> None:
    """Draw thin lines around the cells of a table and format its shares."""
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


def _set_up_page(sheet: Worksheet, mark: str) -> None:
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
