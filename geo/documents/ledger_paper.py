"""The ledger of an area as papers for A4: a workbook, and a PDF of what fits to be read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from geo.base.errors import InputError
from geo.base.words import say
from geo.documents.incident_paper import write_pdf
from geo.files.formulas import escape_formula
from geo.incidents.ledger import COLUMNS, Ledger
from geo.incidents.rules.rates import Share
from geo.incidents.statistics_answer import rate_text
from maps.forms import LedgerPaper, render_ledger

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MOST_ROWS_PDF: Final = 1_000
SIGNATURES: Final = ("signed_by", "checked_by", "head_of_area", "sign_day")
_WIDTHS: Final = (5, 11, 9, 26, 13, 10, 6, 8, 14, 12, 24, 9, 11, 6, 14)
_LINE_POINTS: Final = 14
_LATIN: Final = 0x2E80  # letters from here on are as wide as two
_FONT: Final = "宋体"


def ledger_bytes(found: Ledger, *, mark: str, lang: str) -> bytes:
    """Return a ledger as an XLSX file that prints on landscape A4.

    Parameters
    ----------
    found
        As read.
    mark
        Foot of each printed sheet.
    lang
        "zh" or "en".
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(say("ledger.title", lang))
    _set_up_page(sheet, mark)
    for cells in _head_rows(found, lang):
        sheet.append([_styled(sheet, cell, bold=True, size=size) for cell, size in cells])
    plain = _cell_style(sheet)
    sheet.append(
        [
            _styled(sheet, say(f"ledger.column.{name}", lang), bold=True, line=True)
            for name in COLUMNS
        ]
    )
    for number, row in enumerate(found.rows, start=6):
        sheet.row_dimensions[number].height = _LINE_POINTS * _lines(row.cells)
        sheet.append([plain(cell) for cell in row.cells])
    if not found.rows:
        sheet.append([say("ledger.none", lang)])
    for line in _feet(found, lang):
        sheet.append([line])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ledger_pdf(found: Ledger, *, mark: str, lang: str) -> bytes:
    """Return a ledger as PDF on landscape A4.

    Parameters
    ----------
    found
        As read.
    mark
        Foot of each page.
    lang
        "zh" or "en".

    Raises
    ------
    InputError
        If it has more rows than a PDF is made of.
    """
    if found.collected > MOST_ROWS_PDF:
        raise InputError("ledger.many", found=found.collected, most=MOST_ROWS_PDF)
    paper = LedgerPaper(
        say("ledger.of", lang, name=found.name),
        say("ledger.number", lang, number=found.number),
        _heads(found, lang),
        mark,
        lang,
        tuple(say(f"ledger.column.{name}", lang) for name in COLUMNS),
        tuple(tuple(map(str, row.cells)) for row in found.rows),
        say("ledger.none", lang),
        tuple(_feet(found, lang)[:-1]),
        tuple(say(f"ledger.{name}", lang) for name in SIGNATURES),
    )
    return write_pdf(render_ledger(paper))


def ledger_name(found: Ledger, ending: str, lang: str) -> str:
    """Return the name of the file, with area and period.

    Parameters
    ----------
    found
        As read.
    ending
        Such as xlsx.
    lang
        "zh" or "en".
    """
    days = found.period.month or f"{found.period.since}_{found.period.until}"
    return f"{say('ledger.of', lang, name=found.name)}-{days}.{ending}"


def _heads(found: Ledger, lang: str) -> tuple[str, str]:
    days = {"since": found.period.since, "until": found.period.until}
    rate = rate_text(Share("closure", found.closed, found.collected))
    counts = {"collected": found.collected, "closed": found.closed, "resolved": found.resolved}
    return (
        say("statistics.period", lang, **days),
        say("ledger.heads", lang, **counts, rate=rate),
    )


def _head_rows(found: Ledger, lang: str) -> list[list[tuple[str, int]]]:
    period, counts = _heads(found, lang)
    return [
        [(say("ledger.of", lang, name=found.name), 18)],
        [(say("ledger.number", lang, number=found.number), 11)],
        [(period, 11)],
        [(counts, 12)],
    ]


def _lines(cells: Sequence[str | int]) -> int:
    """Return how many lines the longest cell takes; LibreOffice does not find it by itself."""
    wide = (sum(2 if ord(letter) > _LATIN else 1 for letter in str(cell)) for cell in cells)
    return max(
        1, *(-(-letters // (width - 1)) for letters, width in zip(wide, _WIDTHS, strict=True))
    )


def _feet(found: Ledger, lang: str) -> list[str]:
    """Return the lines below the table, the signatures last."""
    apart = {"duplicates": found.duplicates, "cancelled": found.cancelled}
    notes = [say("ledger.apart", lang, **apart)] if any(apart.values()) else []
    return [
        *notes,
        "　　　　".join(f"{say(f'ledger.{name}', lang)}：__________" for name in SIGNATURES),
    ]


def _styled(
    sheet: Any,  # noqa: ANN401
    value: object,
    *,
    bold: bool = False,
    size: int = 11,
    line: bool = False,
) -> object:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    cell: Any = WriteOnlyCell(sheet, escape_formula(value))  # type: ignore[arg-type]
    cell.font = Font(name=_FONT, bold=bold, size=size)
    if line:
        cell.fill = PatternFill("solid", fgColor="E3E8EE")
        cell.border = _border()
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    return cell


def _cell_style(sheet: Any) -> Any:  # noqa: ANN401
    """Return what makes a cell of the table; the style is made once, cells are many."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    model: Any = WriteOnlyCell(sheet, "")
    model.border, model.font = _border(), Font(name=_FONT, size=10)
    model.alignment = Alignment(wrap_text=True, vertical="top")
    style = model._style

    def make(value: str | int) -> object:
        cell: Any = WriteOnlyCell(sheet, escape_formula(value))  # type: ignore[arg-type]
        cell._style = style
        return cell

    return make


def _border() -> Any:  # noqa: ANN401
    from openpyxl.styles import Border, Side

    side = Side("thin", color="606060")
    return Border(left=side, right=side, top=side, bottom=side)


def _set_up_page(sheet: Worksheet, mark: str) -> None:
    from openpyxl.utils import get_column_letter

    from geo.files.writers.page_head import add_notice

    for column, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = "9"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.print_title_rows = "5:5"
    sheet.freeze_panes = "A6"
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        footer.left.text, footer.right.text = mark.replace("&", "&&")[:200], "&P / &N"
    add_notice(sheet)
