"""Extra columns of a source: spread into columns of an export, and restored from them."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

# Headers of columns that hold JSON, or that would be taken for something else without it.
PREFIX: Final = "attributes."
_FIGURES: Final = 15  # of a number, which every format holds

Attributes = Mapping[str, object]
Claims = Callable[[Sequence[str]], frozenset[str]]


def spread_columns(cells: Sequence[Attributes | None], claims: Claims) -> dict[str, pd.Series]:
    """Return a column for each free column of the source, in the order in which they are met.

    A column of texts stands under its own header. One of numbers, truth values or lists, and one
    whose header is spoken for, stands under that header with `PREFIX` and holds JSON, so that
    :func:`restore_column` knows what it was.

    Parameters
    ----------
    cells
        One a row: header → JSON value.
    claims
        Tells which of some headers an import would take for a column of its own.
    """
    headers = list(dict.fromkeys(header for cell in cells for header in (cell or {})))
    columns = {header: [(cell or {}).get(header) for cell in cells] for header in headers}
    typed = {
        header
        for header, values in columns.items()
        if header.startswith(PREFIX) or not all(v is None or isinstance(v, str) for v in values)
    }
    # a header that goes may leave another one to be taken for the same field
    while taken := claims([header for header in headers if header not in typed]) - typed:
        typed |= taken
    return {
        PREFIX + header if header in typed else header: _column(values, header in typed)
        for header, values in columns.items()
    }


def restore_column(header: str, cell: object) -> tuple[str, object]:
    """Return header and value of an extra column as before :func:`spread_columns`.

    Parameters
    ----------
    header
        As in the file; without `PREFIX` it is returned unchanged.
    cell
        JSON under a header with `PREFIX`; what is no JSON is a plain text.
    """
    if not header.startswith(PREFIX):
        return header, cell
    plain = header.removeprefix(PREFIX)
    if not isinstance(cell, str):
        return plain, cell
    try:
        return plain, json.loads(cell)
    except ValueError:
        return plain, cell


def _column(values: Sequence[object], typed: bool) -> pd.Series:
    if not typed:
        return pd.Series(list(values), dtype=object)
    known = [value for value in values if value is not None]
    if all(_is_short_number(value) for value in known):
        return _numbers(values)
    return pd.Series(
        [None if v is None else json.dumps(v, ensure_ascii=False) for v in values], dtype=object
    )


def _is_short_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return float(f"{value:.{_FIGURES}g}") == value


def _numbers(values: Sequence[object]) -> pd.Series:
    numbers = pd.Series(list(values), dtype=object).astype(float)
    whole = bool(np.equal(numbers.dropna(), np.round(numbers.dropna())).all())
    return numbers.astype("Int64") if whole else numbers
