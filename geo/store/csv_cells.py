"""A frame as the CSV that COPY reads: each cell as its column takes it, geometry as hex EWKB."""

import io
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import csv as arrow

from geo.store.statements import to_json


def column_names(frame: pd.DataFrame) -> list[str]:
    """Return the table's names of the columns: the geometry of a layer is ``geom`` everywhere."""
    active = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    return ["geom" if name == active else str(name) for name in frame.columns]


def csv_of(frame: pd.DataFrame) -> io.BytesIO:
    """Return the rows as CSV without a header, the columns in the order of the frame."""
    buffer = io.BytesIO()
    # what is missing stands without quotes and each text in them, so that every text stays a text
    arrow.write_csv(_arrow(_cells(frame)), buffer, arrow.WriteOptions(include_header=False))
    buffer.seek(0)
    return buffer


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    cells = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        column = frame[name]
        if isinstance(column, gpd.GeoSeries):
            cells[name] = _ewkb(column)
        elif column.dtype == object and not _is_plain(column):
            cells[name] = column.map(_cell)
        else:
            cells[name] = column
    return cells


def _arrow(cells: pd.DataFrame) -> pa.Table:
    """Return cells as columns of one type each; those of several types as text."""
    return pa.table([_column(cells[name]) for name in cells], names=list(cells.columns))


def _column(cells: pd.Series) -> pa.Array:
    # of texts a new array is made: the writer misreads one that is a stretch of another
    fresh = cells if pd.api.types.is_numeric_dtype(cells) else cells.tolist()
    try:
        return pa.array(fresh, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if pd.isna(cell) else str(cell) for cell in cells], pa.string())


def _is_plain(column: pd.Series) -> bool:
    """Tell whether a column can be written as it is."""
    return set(map(type, column.tolist())) <= {str, bool, float, type(None)}


def _ewkb(geometry: gpd.GeoSeries) -> np.ndarray[Any, Any]:
    srid = (geometry.crs.to_epsg() if geometry.crs is not None else None) or 0
    shapes = shapely.set_srid(geometry.to_numpy(), srid)
    return np.asarray(shapely.to_wkb(shapes, hex=True, include_srid=True), dtype=object)


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return to_json(value)
    if isinstance(value, list | tuple):
        return "{" + ",".join(repr(float(v)) for v in value) + "}"
    return None if value is None or value is pd.NA or value is pd.NaT else value
