"""The one shape in which every file arrives: headers, rows, geometry, and what was noticed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from geo.crs import InputCRS

NoteCode = Literal[
    "MERGED_CELL", "FORMULA_CELL", "ROW_LONG", "CRS_UNIDENTIFIED", "CONTROL_CHARACTER"
]


@dataclass(frozen=True)
class SourceNote:
    """Something noticed while reading: at `row` and `column`, with the value concerned."""

    code: NoteCode
    row: int
    column: str
    value: str


@dataclass(frozen=True)
class Table:
    """A file as read.

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
    """

    headers: tuple[str, ...]
    rows: pd.DataFrame
    geometry: pd.Series | None = None
    crs: InputCRS | None = None
    encoding: str | None = None
    notes: tuple[SourceNote, ...] = ()
    header_row: int = 0


def unique_headers(written: Sequence[object]) -> tuple[str, ...]:
    """Return headers that tell the columns apart: blank and repeated ones carry their number."""
    headers: list[str] = []
    for number, cell in enumerate(written, start=1):
        header = "" if cell is None else " ".join(str(cell).split())
        while header in headers or not header:
            header = f"{header}#{number}"
        headers.append(header)
    return tuple(headers)


def frame(
    headers: Sequence[str], cells: Sequence[Sequence[object]], at: Sequence[int]
) -> pd.DataFrame:
    """Return the cells as a table of dtype object with index ``row``."""
    index = pd.Index(list(at), name="row", dtype="int64")
    return pd.DataFrame(list(cells), columns=pd.Index(list(headers)), index=index, dtype=object)
