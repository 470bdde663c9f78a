"""Frames in and out of tables: COPY on the way in, hex EWKB on the way out."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from psycopg2 import sql
from pyarrow import csv as arrow
from sqlalchemy import Connection, text

from geo.base.crs import WGS84


def read(
    connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Return the rows of `statement` as a frame; an empty result keeps its columns."""
    result = connection.execute(text(statement), dict(parameters or {}))
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def read_layer(
    connection: Connection,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    srid: int = WGS84,
) -> gpd.GeoDataFrame:
    """Return the rows of `statement`, whose column ``geom`` becomes the geometry in `srid`."""
    rows = read(connection, statement, parameters)
    shapes = rows.pop("geom").astype(object)
    geometry = shapely.from_wkb(shapes.where(shapes.notna(), None).to_numpy(dtype=object))
    return gpd.GeoDataFrame(rows, geometry=shapely.set_srid(geometry, 0), crs=srid)


def copy_in(
    connection: Connection, table: str, frame: pd.DataFrame, *, schema: str | None = "govgrid"
) -> None:
    """Append `frame` to `table` by COPY; its geometry, if any, goes to ``geom``."""
    cells = _cells(frame)
    buffer = io.BytesIO()
    # what is missing stands without quotes and each text in them, so that every text stays a text
    arrow.write_csv(_arrow(cells), buffer, arrow.WriteOptions(include_header=False))
    buffer.seek(0)
    target = sql.Identifier(schema, table) if schema else sql.Identifier(table)
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(
        target, columns_of(list(cells.columns))
    )
    with _driver(connection).cursor() as cursor:
        cursor.copy_expert(statement, buffer)


def execute(connection: Connection, statement: sql.Composable) -> list[tuple[Any, ...]]:
    """Run a statement whose identifiers were composed, and return its rows, if any."""
    with _driver(connection).cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def columns_of(names: Sequence[str], *, prefix: str | None = None) -> sql.Composable:
    """Return the quoted list of column names, each with `prefix` if given."""
    quoted = [sql.Identifier(prefix, n) if prefix else sql.Identifier(n) for n in names]
    return sql.SQL(", ").join(quoted)


def to_json(value: object) -> str:
    """Return `value` as the text of a jsonb cell."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value != {} else "{}"


def column_name(frame: pd.DataFrame, column: str) -> str:
    """Return the table's name for a column: the geometry of a layer is ``geom`` everywhere."""
    active = isinstance(frame, gpd.GeoDataFrame) and column == frame.geometry.name
    return "geom" if active else column


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - psycopg2's own connection
    return connection.connection.driver_connection


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    cells = pd.DataFrame(index=frame.index)
    for name in frame.columns:
        column = frame[name]
        if isinstance(column, gpd.GeoSeries):
            cells[column_name(frame, name)] = _ewkb(column)
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
