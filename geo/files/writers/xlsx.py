"""Plain tables as a workbook."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.errors import InputError
from geo.files.formulas import escape_formulas
from geo.files.writers.page_head import add_notice

LONGEST_CELL: Final = 32_767  # characters: what is longer would be cut off in silence
LONGEST_TITLE: Final = 31
_WIDEST: Final = 48


def write_sheets(sheets: Mapping[str, pd.DataFrame], path: Path, *, mark: str = "") -> None:
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
            sheet = writer.sheets[title]
            sheet.freeze_panes = "A2"
            _footed(sheet, mark)
            add_notice(sheet)
            for position, column in enumerate(table.columns, start=1):
                letter = sheet.cell(1, position).column_letter
                longest = table[column].head(200).astype("str").str.len().max()
                width = max(len(str(column)) * 2, 0 if pd.isna(longest) else int(longest)) + 2
                sheet.column_dimensions[letter].width = min(width, _WIDEST)
    path.write_bytes(buffer.getvalue())


def _footed(sheet: Worksheet, mark: str) -> None:
    # an ampersand begins a code there; Excel takes 255 letters of all three parts together
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        footer.left.text, footer.right.text = mark.replace("&", "&&")[:200], "&P / &N"
    sheet.print_title_rows = "1:1"


def _require_short(table: pd.DataFrame) -> None:
    for name in table.columns:
        lengths = table[name].map(lambda cell: len(cell) if isinstance(cell, str) else 0)
        if len(lengths) and lengths.max() >= LONGEST_CELL:
            raise InputError(
                "export.cell_long", column=name, length=int(lengths.max()), most=LONGEST_CELL
            )
