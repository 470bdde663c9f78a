"""The one shape in which every file arrives: headers, rows, geometry, and what was noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import pandas as pd

    from geo.base.crs import InputCRS

NoteCode = Literal[
    "MERGED_CELL",
    "FORMULA_CELL",
    "ROW_LONG",
    "CRS_UNIDENTIFIED",
    "CONTROL_CHARACTER",
    "TEXT_BROKEN",
    "ENCODING_STATED",
    "CATALOG_INCOMPLETE",
    "CATALOG_NODES",
    "CATALOG_EVENT",
    "ELEMENT_TWICE",
    "ITEM_REPAIRED",
    "ITEM_BROKEN",
    "ENTITY_SKIPPED",
    "HEADER_ROW",
    "NUMBER_SHOWN",
    "SHEET_HIDDEN",
    "SHEETS_UNREAD",
    "SHEET_ROWS",
    "OPTION_UNUSED",
    "ROWS_BLANK",
    "ROWS_DELETED",
]

# a spreadsheet keeps fifteen digits of a number; longer ones stay float and so betray themselves
EXACT: Final = 1e15


@dataclass(frozen=True)
class SourceNote:
    """Something noticed while reading: at `row` and `column`, with the value concerned."""

    code: NoteCode
    row: int
    column: str
    value: str
    suggested: str = ""


@dataclass(frozen=True)
class Table:
    """A file as read, or one part of it.

    Attributes
    ----------
    headers
        Leaf headers as written. A blank one is "#4" by its column number, a repeated one gets
        that number too ("名称#5").
    rows
        Cells as read, dtype object, None where blank; columns = `headers`; index ``row`` = sheet
        row, file line or feature number, from 1.
    geometry
        shapely objects in the file's own coordinates, same index; None for plain tables.
    crs
        What the file itself states; GeoJSON only by a ``crs`` member.
    encoding
        That a text file was read in.
    header_row
        Where the leaf headers stand, 0 where there is no such row.
    from_1904
        Whether numbers that stand for days count from 1904, as in workbooks of an old Mac.
    sheet
        That it was read from, "" where the format has none.
    rows_ahead
        By how much row numbers are higher than in that sheet, as one of several.
    """

    headers: tuple[str, ...]
    rows: pd.DataFrame
    geometry: pd.Series | None = None
    crs: InputCRS | None = None
    encoding: str | None = None
    notes: tuple[SourceNote, ...] = ()
    header_row: int = 0
    from_1904: bool = False
    sheet: str = ""
    rows_ahead: int = 0


def unique_headers(written: Sequence[object]) -> tuple[str, ...]:
    """Return headers that tell the columns apart: blank and repeated ones carry their number."""
    headers: list[str] = []
    for number, cell in enumerate(written, start=1):
        header = "" if cell is None else " ".join(str(cell).split())
        while header in headers or not header:
            header = f"{header}#{number}"
        headers.append(header)
    return tuple(headers)
