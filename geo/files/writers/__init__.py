"""Frames to files, by the ending of the name; formulas of spreadsheets are escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from geo.files.writers.gpkg_notes import LayerNotes, add_notes
from geo.files.writers.output_file import (
    DRIVERS,
    ENDINGS,
    LAYER_ENDINGS,
    TILES,
    draft_of,
    require_ending,
    require_new,
    require_writable,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DRIVERS",
    "ENDINGS",
    "LAYER_ENDINGS",
    "TILES",
    "draft_of",
    "require_ending",
    "require_new",
    "require_writable",
    "write_file",
    "write_workbook",
]


def write_file(
    frame: pd.DataFrame,
    path: Path,
    *,
    layer: str,
    remark: str = "",
    mark: str = "",
    notes: LayerNotes | None = None,
) -> None:
    """Write `frame` to `path`; nothing is left half written.

    Parameters
    ----------
    frame
        A layer (with its CRS), or a plain table for CSV, XLSX and Parquet. In the first two,
        points become the columns ``lon`` and ``lat``, other shapes WKT.
    path
        CSV (UTF-8 with BOM), XLSX, GeoJSON, GeoPackage, Shapefile, GeoParquet or, for areas, DXF.
    layer
        Name of the layer or sheet inside the file.
    remark
        Stands in a column of its own in every row, where it is not empty.
    mark
        Who takes the file out and what for: at the foot of each printed sheet of a workbook.
    notes
        What a GeoPackage says of the layer; other formats have no place for it.

    Raises
    ------
    InputError
        If the ending is none of these, the format cannot hold the layer, or the file cannot be
        written.
    """
    ending = require_ending(path, known=LAYER_ENDINGS)
    if remark:
        frame = frame.assign(remark=remark)
    with draft_of(path) as draft:
        if ending == ".csv":
            from geo.files.writers.flat_table import write_csv

            write_csv(frame, draft)
        elif ending == ".xlsx":
            from geo.files.writers.flat_table import flatten_table
            from geo.files.writers.xlsx import write_sheets

            write_sheets({layer: flatten_table(frame)}, draft, mark=mark)
        elif ending == ".dxf":
            from geo.files.writers.dxf import write_drawing

            write_drawing(frame, draft, layer)
        else:
            from geo.files.writers.vector import write_vector

            write_vector(frame, draft, ending, layer)
            if notes is not None and ending == ".gpkg":
                add_notes(draft, layer, notes)


def write_workbook(
    sheets: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    mark: str = "",
    percent: Collection[str] = (),
) -> None:
    """Write plain tables as sheets of one workbook, to be read and to be printed on A4.

    Parameters
    ----------
    sheets
        Title → table.
    path
        XLSX file to write; nothing is left of a failed attempt.
    mark
        Text in the footer of each printed sheet, beside the page number; "" for none.
    percent
        Headers of the columns that hold shares.

    Raises
    ------
    InputError
        If a text is longer than a cell can be, or the file cannot be written.
    """
    from geo.files.writers.xlsx import write_sheets

    with draft_of(path) as draft:
        write_sheets(sheets, draft, mark=mark, percent=percent)
