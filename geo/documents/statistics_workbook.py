"""Statistics of incidents as a workbook for A4: the table, the rates with their definitions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from geo.base.local_time import local_minute
from geo.base.words import say
from geo.documents.figure_sheets import FONT, PERCENT, append_head, rule_table, set_up_page
from geo.files.formulas import escape_formula
from geo.incidents import statistics_answer
from geo.incidents.rules import rates
from geo.incidents.rules.rates import FLOW, FigureRow, Share

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from geo.incidents.statistics import Figures
    from geo.incidents.whistle_answer import AttendanceFigures, NamedAttendance

COUNTS: Final = (
    *("collected", "accepted", "closed", "resolved", "on_time", "late", "overdue", "on_hold"),
    *("sent", "returned", "wrong_dispatch", "overridden", "reopened", "duplicates", "cancelled"),
)
"""Columns of the printed table; the sheet of rates has all numerators and denominators."""

CAME: Final = ("expected", "came", "in_time", "first_in", "all_in_time", "paired_came")
SHARES: Final = ("closure", "solved", "on_time", "small_matters", "big_matters")
_LINE_POINTS: Final = 15
_NAME_WIDTH, _LABEL_WIDTH, _MEANING_WIDTH = 20, 30, 78


def statistics_bytes(
    found: Figures,
    attendance: AttendanceFigures | None = None,
    *,
    timezone: str,
    mark: str,
    lang: str,
) -> bytes:
    """Return figures as an XLSX file.

    Parameters
    ----------
    found
        As read.
    attendance
        Who came to whistles, as a sheet of its own.
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
    if attendance is not None:
        sheet = book.create_sheet(say("statistics.attendance", lang))
        _write_attendance(sheet, attendance, timezone, lang)
    _write_rates(book.create_sheet(say("statistics.definitions", lang)), found, lang)
    for sheet in book.worksheets:
        set_up_page(sheet, mark)
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
    sheet["A1"].font = Font(name=FONT, bold=True, size=16)
    for line in lines:
        sheet.append([str(escape_formula(line))])
    head = [say(f"statistics.key_of.{found.by}", lang)]
    head += [say(f"statistics.count.{name}", lang) for name in COUNTS]
    head += [say(f"statistics.rate.{name}", lang) for name in SHARES]
    head += [say("statistics.rank", lang)] if ranked else []
    append_head(sheet, head)
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
        cell.font = Font(name=FONT, bold=True)
    rule_table(sheet, first, len(head))
    for (cell,) in sheet.iter_rows(min_row=first + 1, max_col=1):
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    sheet.freeze_panes = f"B{first + 1}"
    sheet.print_title_rows = f"{first}:{first}"
    if ranked:
        sheet.append([])
        sheet.append([say("statistics.few", lang, fewest=rates.FEWEST)])


def _write_attendance(sheet: Worksheet, found: AttendanceFigures, timezone: str, lang: str) -> None:
    """Write who came: the whole period, then each statistics month, then the rates."""
    from openpyxl.styles import Font

    head = ("month", "unit", *CAME, "absent_since")
    sheet.append([say("statistics.attendance", lang)])
    sheet["A1"].font = Font(name=FONT, bold=True, size=16)
    sheet.append([say("whistle.shown.month_head", lang, **vars(found))])
    append_head(sheet, [say(f"whistle.shown.{name}", lang) for name in head])
    first = sheet.max_row
    months = [("", found.rows)]
    if len(found.months) > 1:
        months += [(each.month, each.rows) for each in found.months]
    for month, rows in months:
        for row in rows:
            cells = [month or say("statistics.total", lang), *_came(row, timezone)]
            sheet.append([escape_formula(cell) for cell in cells])
    rule_table(sheet, first, len(head))
    sheet.column_dimensions["B"].width = sheet.column_dimensions["I"].width = _NAME_WIDTH
    sheet.append([])
    for rate in found.rates:
        share = "—" if rate.share is None else rate.share
        sheet.append([rate.label, rate.numerator, rate.denominator, share, rate.definition])
        sheet.cell(sheet.max_row, 4).number_format = PERCENT


def _came(row: NamedAttendance, timezone: str) -> list[object]:
    since = row.absent_since
    return [
        f"{row.unit} {row.name or ''}".strip(),
        *(row.expected, row.came, row.in_time, row.first, row.all_in_time),
        f"{row.paired_came}/{row.paired_expected}",
        "" if since is None else local_minute(since, timezone),
    ]


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
    append_head(sheet, [say(f"statistics.{name}", lang) for name in names])
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
    rule_table(sheet, 1, len(names))
    for row in sheet.iter_rows(min_row=2, max_col=len(names)):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    for column, width in zip("ABCDE", (_LABEL_WIDTH, 9, 9, 9, _MEANING_WIDTH), strict=True):
        sheet.column_dimensions[column].width = width
