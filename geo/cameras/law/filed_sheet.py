"""A filing sheet as it was handed in: its rows checked, and what they state of each camera."""

from pathlib import Path
from typing import Any, Final

import pandas as pd

from geo.base.crs import InputCRS
from geo.base.errors import InputError, SourceError
from geo.base.words import say
from geo.cameras.rules import filing
from geo.cameras.rules.filing import SNAPSHOT
from geo.files import readers
from geo.files.checks.cells.cells import text_of
from geo.files.checks.check import check_rows
from geo.files.checks.checked_rows import CheckedRows
from geo.files.readers import Table
from geo.files.schema.layers import LAYERS

_PLACE: Final = ("lon", "lat")


def read_sheet(path: Path, crs: InputCRS | None) -> CheckedRows:
    """Return the rows of a sheet, all of which can be read and have a code.

    Parameters
    ----------
    crs
        Of the positions, where no column of the sheet tells it.

    Raises
    ------
    InputError
        If the sheet is empty, or holds rows that cannot be read or have no code.
    """
    table = _table(path)
    taken = check_rows(table, LAYERS["cameras"], crs=crs)
    bad = [each for each in taken.findings if each.severity == "error"]
    if bad:
        first, count = bad[0], len({each.row for each in bad})
        facts = {"row": first.row, "column": first.column, "file": path.name}
        raise InputError("filing.sheet_rows", count=count, **facts)
    if taken.rows.empty:
        raise InputError("filing.sheet_empty", file=path.name)
    _require_codes(table, taken)
    return taken


def unit_of(taken: CheckedRows) -> str:
    """Return the one managing unit that the rows name.

    Raises
    ------
    InputError
        If they name none, or several.
    """
    named = sorted({str(unit) for unit in taken.rows["management_unit"] if unit})
    if len(named) != 1:
        found = "、".join(named) or say("filing.none", "zh")
        raise InputError("filing.sheet_units", count=len(named), found=found)
    return named[0]


def sheet_snapshots(taken: CheckedRows, number: str) -> pd.DataFrame:
    """Return what was filed of each camera, as rows of ``filed_camera``.

    Parameters
    ----------
    number
        The number of the filing.
    """
    rows = taken.rows
    stated = [name for name in SNAPSHOT if name in taken.mapping and name not in _PLACE]
    cells: dict[str, Any] = {name: rows[name] for name in stated}
    cells |= {"lon": rows.geometry.x, "lat": rows.geometry.y}
    states = pd.DataFrame(cells, dtype=object).to_dict("records")
    snapshots = [filing.filing_snapshot({str(n): v for n, v in row.items()}) for row in states]
    return pd.DataFrame(
        {
            "filing_code": number,
            "camera_code": rows["code"].to_numpy(),
            "snapshot": pd.Series(snapshots, dtype=object).to_numpy(),
        }
    )


def _table(path: Path) -> Table:
    try:
        return readers.read_file(path, sheet=say("filing_sheet.cameras", "zh"))
    except SourceError as error:
        if error.key != "source.sheet":
            raise
        return readers.read_file(path)


def _require_codes(table: Table, taken: CheckedRows) -> None:
    column = taken.mapping.get("code")
    for row in taken.rows.index:
        if column is None or not text_of(table.rows.at[row, column]).strip():
            raise InputError("filing.sheet_code", row=row)
