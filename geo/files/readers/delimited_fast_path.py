"""Fast path for delimited text: lines of equal length without quoting are read as a whole."""

import csv
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow

from geo.files.formulas import unescape_formula
from geo.files.readers.rows import row_index

Cells = NDArray[np.object_]

_LARGEST: Final = 1 << 30


def cell_of(written: str) -> str | None:
    """Return a cell as read: None where blank, the text of Excel's ="…" and of our own '=…."""
    if len(written) > 2 and written.startswith('="') and written.endswith('"'):
        written = written[2:-1]
    return str(unescape_formula(written)) if written and not written.isspace() else None


def plain_rows(
    lines: Sequence[str], separator: str, headers: Sequence[str], begins: int
) -> pd.DataFrame | None:
    """Return the rows that hold anything, None where the lines need a full CSV parser.

    They do if one has more or fewer cells than another or more than the headers, or quotes other
    than around a whole cell. Equal texts of a column are one object.

    Parameters
    ----------
    lines
        Lines of text with their ends.
    separator
        One character.
    headers
        Columns of the result.
    begins
        Line number of the first line, which numbers the index.
    """
    text = "".join(lines)
    if not lines or not _is_plain(text, separator):
        return None
    count = len(next(csv.reader(lines[:1], delimiter=separator)))
    read = _read(text, separator, count) if 0 < count <= len(headers) else None
    if read is None or read.num_rows != len(lines):
        return None
    cells: Cells = np.full((len(headers), len(lines)), None, dtype=object)
    filled = np.zeros(len(lines), dtype=bool)
    for number, column in enumerate(read.columns):
        cells[number], has = _column(column)
        filled |= has
    at = row_index(np.arange(begins, begins + len(lines))[filled])
    if not filled.all():
        cells = cells[:, filled]
    return pd.DataFrame(cells.T, columns=pd.Index(list(headers)), index=at, dtype=object)


def _is_plain(text: str, separator: str) -> bool:
    """Tell whether each quote stands at an end of a cell in quotes that has none inside."""
    quotes = text.count('"')
    if not quotes:
        return True
    sign = re.escape(separator)
    quoted = re.findall(rf'(?:^|{sign})"[^"\r\n]*"(?={sign}|[\r\n]|\Z)', text, re.MULTILINE)
    return 2 * len(quoted) == quotes


def _read(text: str, separator: str, count: int) -> pa.Table | None:
    names = [str(number) for number in range(count)]
    try:
        raw = text.encode()
        return arrow.read_csv(
            pa.BufferReader(raw),
            arrow.ReadOptions(
                use_threads=False, column_names=names, block_size=min(len(raw) + 1, _LARGEST)
            ),
            arrow.ParseOptions(delimiter=separator, ignore_empty_lines=False),
            arrow.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, UnicodeEncodeError):  # lines of different length, half characters
        return None


def _column(column: pa.ChunkedArray) -> tuple[Cells, NDArray[np.bool_]]:
    """Return the cells of a column, and where it holds anything."""
    coded = column.combine_chunks().dictionary_encode()
    written = coded.dictionary.to_numpy(zero_copy_only=False)
    kept: Cells = np.empty(len(written), dtype=object)
    kept[:] = [
        each if each and each[0] not in "='" and not each.isspace() else cell_of(each)
        for each in written
    ]
    codes = coded.indices.to_numpy()
    has = np.fromiter((each is not None for each in kept), dtype=bool, count=len(kept))
    return kept[codes], has[codes]
