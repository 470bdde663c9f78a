"""Rows of a file as frames: made of cells, numbered as in the file, put together of parts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.files.readers.table import Table


def make_frame(
    headers: Sequence[str], cells: Sequence[Sequence[object]], at: Sequence[int]
) -> pd.DataFrame:
    """Return cells as a table of dtype object with index ``row``.

    Parameters
    ----------
    headers
        Columns of the table, unique.
    cells
        One sequence per row, as long as `headers`.
    at
        Row number of each in the file, from 1.
    """
    columns, index = pd.Index(list(headers)), row_index(at)
    return pd.DataFrame(list(cells), columns=columns, index=index, dtype=object)


def row_index(at: Sequence[int] | NDArray[np.int64]) -> pd.Index:
    """Return the index of rows with these numbers in the file."""
    return pd.Index(np.asarray(at, dtype=np.int64), name="row")


def join_parts(parts: Sequence[Table]) -> Table:
    """Return the parts of a file as one table."""
    if len(parts) == 1:
        return parts[0]
    geometry = [part.geometry for part in parts if part.geometry is not None]
    return replace(
        parts[0],
        rows=pd.concat([part.rows for part in parts]),
        geometry=pd.concat(geometry) if geometry else None,
        notes=tuple(note for part in parts for note in part.notes),
    )
