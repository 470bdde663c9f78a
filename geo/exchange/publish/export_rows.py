"""Rows of a layer for a file: named, typed and spread so that an import takes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.crs import CGCS2000, WGS84
from geo.cameras.store import views as stored_views
from geo.exchange.publish import collections
from geo.files.checks.cells.column_mapping import map_columns
from geo.files.schema import extra_columns
from geo.files.schema.layers import DERIVED, LAYERS, Layer
from geo.files.schema.view_format import cells_of_views

# Names that a format needs for itself, or that geometry gets where it becomes columns.
_RESERVED: Final = frozenset({"fid", "ogc_fid", "geom", "geometry", "lon", "lat", "x", "y", "wkt"})
_AREAS: Final = ("districts", "townships", "communities", "grids", "areas")


def read_rows(
    engine: Engine, reader: Principal, name: str, *, srid: int, timezone: str
) -> pd.DataFrame:
    """Return the rows of a known layer; see :func:`geo.exchange.publish.export.read_layer`.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    name
        Name of the layer.
    srid
        EPSG code of the result.
    timezone
        IANA name, for times.
    """
    if name in collections.TABLES:
        rows = collections.table_of(engine, reader, name)
    else:
        degrees = srid in (WGS84, CGCS2000)
        rows = collections.rows_of(engine, reader, name, srid=WGS84 if degrees else srid)
    if name == "cameras":
        rows = _with_views(engine, reader, rows)
    layer = _layer_of(name)
    if layer is not None:
        rows = _spread(_typed(rows, layer, timezone), layer)
    if srid == CGCS2000 and isinstance(rows, gpd.GeoDataFrame):
        return rows.set_crs(srid, allow_override=True)
    return rows


def _layer_of(name: str) -> Layer | None:
    if name in _AREAS:
        return LAYERS["areas"]
    return LAYERS.get(name.removesuffix("-history"))


def _with_views(engine: Engine, reader: Principal, rows: pd.DataFrame) -> pd.DataFrame:
    """Return cameras with all their views in two cells, as far as the reader sees directions."""
    with transaction.open_read_only(engine, reader) as connection:
        cells = cells_of_views(stored_views.granted_headings(connection, reader.parameters))
    of_row = cells.reindex(rows["code"]).set_axis(rows.index)
    headings = of_row["heading_deg"].astype(object)
    return rows.assign(
        heading_deg=headings.where(headings.notna(), None), hfov_deg=of_row["hfov_deg"]
    )


def _typed(rows: pd.DataFrame, layer: Layer, timezone: str) -> pd.DataFrame:
    """Return rows with whole numbers as such, and times as text in the zone."""
    rows = rows.copy()
    zone = ZoneInfo(timezone)
    for field in layer.fields:
        if field.name not in rows:
            continue
        if field.kind == "integer":
            rows[field.name] = pd.to_numeric(rows[field.name]).astype("Int64")
        elif field.kind == "time":
            written = [_written(time, zone) for time in rows[field.name]]
            rows[field.name] = pd.Series(written, index=rows.index, dtype=object)
    return rows


def _written(time: object, zone: ZoneInfo) -> str | None:
    if not isinstance(time, datetime) or pd.isna(time):
        return None
    return time.astimezone(zone).isoformat(sep=" ")


def _spread(rows: pd.DataFrame, layer: Layer) -> pd.DataFrame:
    """Give each free column of the source a column of its own, behind the known ones."""
    if "attributes" not in rows:
        return rows
    cells = rows.pop("attributes").tolist()
    shapes = rows.geometry.name if isinstance(rows, gpd.GeoDataFrame) else ""
    own = [name for name in rows.columns if name != shapes]
    free = extra_columns.spread_columns(cells, lambda headers: _claimed(headers, own, layer))
    for header, column in free.items():
        rows.insert(len(rows.columns) - bool(shapes), header, column.set_axis(rows.index))
    return rows


def _claimed(headers: Sequence[str], own: Sequence[str], layer: Layer) -> frozenset[str]:
    """Return those free headers that an import would take for a field, a place or a derived one."""
    places = {"point": ["lon", "lat"], "none": []}.get(layer.shape, ["wkt"])
    known = {name.casefold() for name in (*own, *DERIVED, *_RESERVED)}
    taken = {header for header in headers if header.casefold() in known}
    free = [header for header in headers if header not in taken]
    for columns, has_geometry in (([*own, *places], False), (list(own), True)):
        taken |= set(map_columns([*columns, *free], layer, has_geometry=has_geometry).values())
    # a GeoPackage does not tell upper case from lower
    first = {header.casefold(): header for header in reversed(free)}
    taken |= {header for header in free if first[header.casefold()] != header}
    return frozenset(taken & set(headers))
