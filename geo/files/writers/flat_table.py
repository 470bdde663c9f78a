"""Flat tables: cells that every format can hold, geometry as columns, formulas escaped."""

import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.files.formulas import escape_formulas

# Type numbers of shapely: no geometry, and a point.
MISSING, POINT = -1, 0


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV in UTF-8 with byte order mark, formulas escaped.

    Parameters
    ----------
    frame
        Geometry is written as columns, see :func:`flatten_table`.
    path
        File to write.
    """
    escape_formulas(flatten_table(frame)).to_csv(path, index=False, encoding="utf-8-sig")


def flatten_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry: points as lon, lat (or x, y), other shapes as WKT."""
    table = plain_cells(frame)
    if not isinstance(frame, gpd.GeoDataFrame):
        return table
    geometry = frame.geometry
    table = pd.DataFrame(table.drop(columns=str(geometry.name)))
    kinds = shapely.get_type_id(geometry.to_numpy())
    if np.isin(kinds, (MISSING, POINT)).all():
        lonlat = frame.crs is None or frame.crs.is_geographic
        names = ("lon", "lat") if lonlat else ("x", "y")
        values = (np.asarray(geometry.x), np.asarray(geometry.y))
        return table.assign(**{n: v for n, v in zip(names, values, strict=True) if n not in table})
    # every digit: what comes back is to be the same shape
    return table.assign(wkt=shapely.to_wkt(geometry.to_numpy(), rounding_precision=-1))


def plain_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose cells are text, numbers, truth values or dates; other values are JSON."""
    table = frame.copy()
    shapes = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    for name in [each for each in table.columns if each != shapes]:
        table[name] = _plain_column(table[name])
    return table


def _plain_column(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype == object:
        return column.map(_plain_cell).astype(object)
    return column


def _plain_cell(value: object) -> object:
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.isoformat(sep=" ", timespec="seconds")
    return value
