"""Workload of communities as a workbook, and the shares by factors as live formulas."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from geo.base.words import say
from geo.documents.figure_sheets import FONT, append_head, rule_table, set_up_page
from geo.files.formulas import escape_formula
from geo.incidents.rules.allocation import FACTORS

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from geo.incidents.workload import Allocation, Workload, WorkloadTable

_NAME_WIDTH, _FIGURE_WIDTH, _SOURCE_WIDTH = 22, 12, 24
_FIRST_FACTOR: Final = 3
"""Column of the first factor in both sheets; code and name stand before it."""
_TOTAL, _BASE = "$C$3", "$C$4"
_WEIGHTS_ROW: Final = 6
MONEY, FIGURE = "#,##0.00", "#,##0.##"


def workload_bytes(found: WorkloadTable, *, mark: str, lang: str) -> bytes:
    """Return the table as an XLSX file; with an allotment a sheet of formulas beside it.

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

    book = Workbook()
    book.remove(book.worksheets[0])
    title = say("workload.title", lang)
    first = _write_workload(book.create_sheet(title), found, lang)
    if found.allocation is not None:
        sheet = book.create_sheet(say("workload.shares", lang))
        _write_shares(sheet, found.rows, found.allocation, (title, first), lang)
    for sheet in book.worksheets:
        set_up_page(sheet, mark)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def file_name(found: WorkloadTable, lang: str) -> str:
    """Return the name of the file, with the period.

    Parameters
    ----------
    found
        As read.
    lang
        "zh" or "en".
    """
    return f"{say('workload.title', lang)}-{found.month or f'{found.since}_{found.until}'}.xlsx"


def _write_workload(sheet: Worksheet, found: WorkloadTable, lang: str) -> int:
    """Write the figures; return the row of the first community."""
    _write_title(sheet, say("workload.title", lang))
    sheet.append([say("statistics.period", lang, since=found.since, until=found.until)])
    sheet.append([say("workload.unknown", lang)])
    heads = [say("workload.key", lang), say("workload.name", lang)]
    heads += [say(f"workload.factor.{name}", lang) for name in FACTORS]
    more = ("closed", "gap_count", "counted_on", "source")
    append_head(sheet, [*heads, *(say(f"workload.{name}", lang) for name in more)])
    head = sheet.max_row
    for row in found.rows:
        figures = [row.figures[name] for name in FACTORS]
        day = None if row.counted_on is None else row.counted_on.isoformat()
        sheet.append(
            [
                *(escape_formula(cell) for cell in (row.key, row.name)),
                *figures,
                *(row.closed, row.gaps, day, escape_formula(row.source or "")),
            ]
        )
    _finish(sheet, head, len(heads) + len(more), FIGURE)
    sheet.column_dimensions[_letter(len(heads) + len(more))].width = _SOURCE_WIDTH
    return head + 1


def _write_shares(
    sheet: Worksheet,
    rows: Sequence[Workload],
    allocation: Allocation,
    source: tuple[str, int],
    lang: str,
) -> None:
    """Write amount, base and weights as cells to change, and each share as a formula of them."""
    names = [name for name in FACTORS if name in allocation.weights]
    last = _FIRST_FACTOR + len(names) - 1
    _write_title(sheet, f"{say('workload.shares', lang)}（{allocation.note}）")
    sheet.append([say("workload.change", lang)])
    sheet.append([say("workload.total", lang), None, allocation.total])
    sheet.append([say("workload.base", lang), None, allocation.base])
    heads = [say("workload.key", lang), say("workload.name", lang)]
    heads += [say(f"workload.factor.{name}", lang) for name in names]
    tail = [say(f"workload.{name}", lang) for name in ("base", "by_factors", "amount")]
    append_head(sheet, [*heads, *tail])
    weights = [allocation.weights[name] for name in names]
    span = f"{_letter(_FIRST_FACTOR)}${_WEIGHTS_ROW}:{_letter(last)}${_WEIGHTS_ROW}"
    sheet.append([say("workload.weight", lang), say("workload.weight_sum", lang), *weights])
    sheet.cell(_WEIGHTS_ROW, last + 1, f"=SUM({span})")
    first, end = _WEIGHTS_ROW + 1, _WEIGHTS_ROW + len(rows)
    for n, row in enumerate(rows):
        at = first + n
        cells: list[object] = [escape_formula(row.key), escape_formula(row.name)]
        cells += [_share_formula(name, source, n, len(rows)) for name in names]
        parts = f"{_letter(_FIRST_FACTOR)}{at}:{_letter(last)}{at}"
        rest = f"({_TOTAL}-{_BASE}*{len(rows)})"
        by_factors = f"={rest}*SUMPRODUCT({_absolute(span)},{parts})/SUM({_absolute(span)})"
        base, given = _letter(last + 1), _letter(last + 2)
        sheet.append([*cells, f"={_BASE}", by_factors, f"={base}{at}+{given}{at}"])
    sums = [f"=SUM({_letter(c)}{first}:{_letter(c)}{end})" for c in range(3, last + 4)]
    sheet.append([say("workload.sum", lang), None, *sums])
    _finish(sheet, _WEIGHTS_ROW - 1, last + 3, MONEY)
    for line in sheet.iter_rows(min_row=first, max_row=end + 1, min_col=3, max_col=last):
        for cell in line:
            cell.number_format = "0.0%"


def _share_formula(name: str, source: tuple[str, int], n: int, count: int) -> str:
    """Return the part that a community has of a factor, as a formula of the sheet of figures."""
    title, first = source
    column = _letter(_FIRST_FACTOR + FACTORS.index(name))
    whole = f"SUM('{title}'!{column}${first}:{column}${first + count - 1})"
    return f"=IF({whole}=0,0,'{title}'!{column}{first + n}/{whole})"


def _write_title(sheet: Worksheet, title: str) -> None:
    from openpyxl.styles import Font

    sheet.append([title])
    sheet["A1"].font = Font(name=FONT, bold=True, size=16)


def _finish(sheet: Worksheet, head: int, columns: int, figures: str) -> None:
    rule_table(sheet, head, columns)
    for line in sheet.iter_rows(min_row=head + 1, min_col=3, max_col=columns):
        for cell in line:
            if not isinstance(cell.value, str) or cell.value.startswith("="):
                cell.number_format = figures
    for column in range(1, columns + 1):
        sheet.column_dimensions[_letter(column)].width = _FIGURE_WIDTH
    sheet.column_dimensions["A"].width = 16
    sheet.column_dimensions["B"].width = _NAME_WIDTH
    sheet.freeze_panes = f"C{head + 1}"
    sheet.print_title_rows = f"{head}:{head}"


def _absolute(span: str) -> str:
    """Return a range with its columns fixed as well."""
    return ":".join(f"${part}" for part in span.split(":"))


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return get_column_letter(column)
