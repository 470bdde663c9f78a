"""Parquet: tables with geometry and a stated system, or without."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from geo.base.errors import SourceError
from geo.files.readers.limits import check_columns, damaged_error
from geo.files.readers.table import Table
from geo.files.readers.vector import table_of

MAX_CELLS: Final = 100_000_000
# a blank must not make floats of whole numbers, which may be codes
_EXACTLY: Final = {"integer_object_nulls": True}


def read_parquet(path: Path) -> Table:
    """Return a GeoParquet file with its system, or a Parquet file without geometry.

    Geometry columns beside the main one become WKT.
    """
    try:
        stated = _checked(path).metadata or {}
        if b"geo" in stated:
            # no folder above the file is a column
            frame = gpd.read_parquet(path, partitioning=None, to_pandas_kwargs=_EXACTLY)
        else:
            frame = parquet.read_table(path, partitioning=None).to_pandas(**_EXACTLY)
        return table_of(_flat(frame))
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        raise damaged_error(path, error) from error


def _checked(path: Path) -> pa.Schema:
    """Return the schema of a file that is not too wide, nor too large once it is spelt out.

    A value that repeats is stored once, so a small file may hold more rows than fit into memory.
    """
    with parquet.ParquetFile(path) as file:
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        schema = file.schema_arrow
    check_columns(path.name, max(columns, len(schema)))
    if rows * columns > MAX_CELLS:
        raise SourceError(
            "source.cells", path=path.name, rows=rows, columns=columns, limit=MAX_CELLS
        )
    return schema


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its named index as columns and one geometry."""
    named = [name for name in frame.index.names if name is not None]
    flat = frame.reset_index(named) if named else frame
    if isinstance(flat, gpd.GeoDataFrame):
        kinds = flat.dtypes.astype(str) == "geometry"
        for name in flat.columns[kinds].difference([flat.geometry.name]):
            flat[name] = flat[name].to_wkt().astype(object)
    return flat
