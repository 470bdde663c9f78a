"""Frames to files, by the ending of the name; formulas of spreadsheets are disarmed."""

from pathlib import Path

import pandas as pd

from geo.files.formulas import disarmed
from geo.files.writers.flat_table import flat
from geo.files.writers.gpkg_notes import LayerNotes, add_notes
from geo.files.writers.output_file import (
    DRIVERS,
    ENDINGS,
    LAYER_ENDINGS,
    draft_of,
    require_ending,
    require_writable,
)
from geo.files.writers.vector import NAMES_ENDING, short_names, write_vector
from geo.files.writers.xlsx import workbook, write_sheets

__all__ = [
    "DRIVERS",
    "ENDINGS",
    "LAYER_ENDINGS",
    "NAMES_ENDING",
    "draft_of",
    "flat",
    "require_ending",
    "require_writable",
    "short_names",
    "workbook",
    "write",
]


def write(
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
            disarmed(flat(frame)).to_csv(draft, index=False, encoding="utf-8-sig")
        elif ending == ".xlsx":
            write_sheets({layer: flat(frame)}, draft, mark=mark)
        elif ending == ".dxf":
            from geo.files.writers.dxf import write_drawing  # half a second, for few

            write_drawing(frame, draft, layer)
        else:
            write_vector(frame, draft, ending, layer)
            if notes is not None and ending == ".gpkg":
                add_notes(draft, layer, notes)
