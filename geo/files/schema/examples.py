"""Example rows: the one in the form of a layer, recognised in a filled file."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.files.schema.fields import Layer
from geo.files.schema.form_columns import FROM_PLATFORM, columns_of


def find_examples(layer: Layer, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for each row of a table whether it is the example of the layer's form.

    Parameters
    ----------
    layer
        Layer of the form.
    rows
        Cells as read, columns by header.
    """
    found = np.zeros(len(rows), dtype=np.bool_)
    if layer.name in FROM_PLATFORM:
        return found
    columns = columns_of(layer)
    if not {column.header for column in columns} <= set(rows.columns):
        return found
    mark = next(column for column in columns if column.marked)
    suspects = np.flatnonzero(rows[mark.header].to_numpy() == mark.example)
    for at in suspects:
        row = rows.iloc[at]
        found[at] = all(_same(row[column.header], column.example) for column in columns)
    return found


def _same(cell: object, example: str | float) -> bool:
    """Tell whether a cell still says the example; spreadsheets write numbers in their own way."""
    if cell is None or cell == "":
        return example == ""
    if str(cell) == str(example):
        return True
    try:
        return float(str(cell)) == float(str(example))
    except ValueError:
        return False
