"""Frames from and to tables: COPY for writing, hex EWKB for reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from psycopg2 import sql
from sqlalchemy import Connection, text

from geo.store.statements import columns_of, driver_connection

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def read_frame(
    connection: Connection, statement: str, parameters: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Return the rows of a statement as a frame; an empty result keeps its columns.

    Parameters
    ----------
    connection
        Open transaction.
    statement
        SQL with ``:name`` for parameters.
    parameters
        Values by name.
    """
    import pandas as pd

    result = connection.execute(text(statement), dict(parameters or {}))
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def read_layer(
    connection: Connection,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    srid: int | None = None,
) -> gpd.GeoDataFrame:
    """Return the rows of `statement`, whose column ``geom`` becomes the geometry.

    Parameters
    ----------
    srid
        Of the geometry; None: EPSG:4326.
    """
    import geopandas as gpd
    import shapely

    from geo.base.crs import WGS84

    rows = read_frame(connection, statement, parameters)
    shapes = rows.pop("geom").astype(object)
    geometry = shapely.from_wkb(shapes.where(shapes.notna(), None).to_numpy(dtype=object))
    return gpd.GeoDataFrame(rows, geometry=shapely.set_srid(geometry, 0), crs=srid or WGS84)


def copy_in(
    connection: Connection, table: str, frame: pd.DataFrame, *, schema: str | None = "govgrid"
) -> None:
    """Append a frame to a table by COPY.

    Parameters
    ----------
    connection
        Open transaction.
    table
        Name without schema.
    frame
        Columns as in the table; the geometry, if any, goes to ``geom``.
    schema
        None for a temporary table.
    """
    from geo.store.csv_cells import column_names, csv_of

    target = sql.Identifier(schema, table) if schema else sql.Identifier(table)
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(
        target, columns_of(column_names(frame))
    )
    with driver_connection(connection).cursor() as cursor:
        cursor.copy_expert(statement, csv_of(frame))
