"""Layers for publication, limited to a principal: for the service's collections and for exports."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import RESTRICTED_LAYERS, Principal
from geo.areas.store import layers as area_layers
from geo.base.crs import WGS84
from geo.base.errors import LayerError
from geo.cameras.store import layers as camera_layers
from geo.coverage.store import layers as coverage_layers
from geo.coverage.store import results
from geo.exchange.store import layers as base_layers
from geo.incidents.store import layers as incident_layers
from geo.store import frames, installation

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

# What each layer shows of itself, in the order in which layers are named.
STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        **area_layers.LEVELS,
        "areas": area_layers.AREAS,
        "cameras": camera_layers.CAMERAS,
        **base_layers.STATEMENTS,
        "incidents": incident_layers.INCIDENTS,
        "viewsheds": coverage_layers.VIEWSHEDS,
    }
)
# Layers without places; they are never paged.
TABLES: Mapping[str, str] = MappingProxyType(
    {
        "units": incident_layers.UNITS,
        "duties": incident_layers.DUTIES,
        "pairings": incident_layers.PAIRINGS,
        "filings": camera_layers.FILINGS,
        "consents": camera_layers.CONSENTS,
        "permits": camera_layers.PERMITS,
        "categories": incident_layers.CATEGORIES,
        "calendar": incident_layers.CALENDAR,
        "area-counts": incident_layers.AREA_COUNTS,
        "camera-status": camera_layers.STATES,
        "camera-status-history": camera_layers.STATE_HISTORY,
    }
)
# The collections of the service; exports offer all of the above.
COLLECTIONS = (
    "grids",
    "communities",
    "townships",
    "districts",
    "cameras",
    "viewsheds",
    "gaps",
    "incidents",
    "places",
    "entrances",
    "centres",
    "roads",
    "buildings",
    "water",
    "addresses",
    "poles",
    "privacy-zones",
)
# Whoever reads these in bulk takes the register of cameras, or of blind spots, out of the house.
PROTECTED = frozenset({"cameras", "viewsheds", "gaps", "incidents"})
METRIC = frozenset({"viewsheds"})
SURROGATES = (0xD800, 0xDFFF)


def layer_names() -> tuple[str, ...]:
    """Return the names of all layers that can go out."""
    return (*placed(), *TABLES)


def names_for(reader: Principal) -> tuple[str, ...]:
    """Return the names of the layers that can go out to `reader`."""
    return tuple(
        name for name in layer_names() if reader.sees_restricted or name not in RESTRICTED_LAYERS
    )


def placed() -> tuple[str, ...]:
    """Return the names of the layers with places, which can be paged and drawn."""
    return (*STATEMENTS, "gaps")


def read_page(
    engine: Engine, reader: Principal, name: str, *, after: str = "", limit: int | None = None
) -> gpd.GeoDataFrame:
    """Return a page of features of a layer, EPSG:4326.

    The first column is the feature's id, by which pages are cut; free columns of the source are
    columns here. Cameras of others that look into granted areas are among the cameras, by code,
    relation and distance, without a geometry.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    name
        Name of the layer.
    after
        Id of the last feature of the page before; "" for the first page.
    limit
        Most features; None: all.

    Raises
    ------
    LayerError
        If there is no such layer, or it has no places.
    """
    return _spread(rows_of(engine, reader, name, after=after, limit=limit, others=True))


def code_before(code: str) -> str:
    """Return a text that sorts right before a code: no other code stands between."""
    if not code or "\x00" in code:
        return "\U0010ffff"
    last = ord(code[-1]) - 1
    less = chr(last if not SURROGATES[0] <= last <= SURROGATES[1] else SURROGATES[0] - 1)
    return code[:-1] + (less + "\U0010ffff" * 8 if last else "")


def rows_of(
    engine: Engine,
    reader: Principal,
    name: str,
    *,
    after: str = "",
    limit: int | None = None,
    others: bool = False,
    srid: int = WGS84,
) -> gpd.GeoDataFrame:
    """Return a page like :func:`read_page`, with the free columns in ``attributes``.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    name
        Name of the layer.
    after
        Id of the last feature of the page before; "" for the first page.
    limit
        Most features; None: all.
    others
        Whether cameras of others that look in are among the cameras.
    srid
        EPSG code of the result; in the metric system of the database, computed layers come without
        a conversion.
    """
    from geo.base.reprojection import reproject_layer

    reader.require_layer(name)
    if name not in placed():
        known = ", ".join(each for each in names_for(reader) if each not in TABLES)
        raise LayerError("layer.unknown", name=name, known=known)
    parameters = {**reader.parameters, "after": after, "limit": limit, "others": others}
    with open_layer(engine, reader, name) as connection:
        if name == "gaps":
            return reproject_layer(_gaps(connection, reader, after, limit), srid)
        stored = installation.metric_srid(connection) if name in METRIC else WGS84
        rows = frames.read_layer(connection, STATEMENTS[name], parameters, srid=stored)
        if name == "viewsheds":
            from geo.exchange.publish.cell_viewsheds import with_cells

            rows = with_cells(connection, rows, stored)
        rows = reproject_layer(rows, srid)
    if name == "cameras" and not others:
        del rows["relation"], rows["distance_m"]
    return rows


def table_of(engine: Engine, reader: Principal, name: str) -> pd.DataFrame:
    """Return a whole layer of :data:`TABLES`, limited to a principal.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    name
        Name of the layer.
    """
    reader.require_layer(name)
    with transaction.open_read_only(engine, reader) as connection:
        return frames.read_frame(connection, TABLES[name], reader.parameters)


def open_layer(engine: Engine, reader: Principal, name: str) -> AbstractContextManager[Connection]:
    """Open a transaction with row-level security for incidents, else one that can use the index.

    Parameters
    ----------
    engine
        Pool of the service.
    reader
        Principal whose grants apply.
    name
        Name of the layer.
    """
    open_ = transaction.open_as if name == "incidents" else transaction.open_read_only
    return open_(engine, reader)


def _gaps(
    connection: Connection, reader: Principal, after: str, limit: int | None
) -> gpd.GeoDataFrame:
    from geo.coverage.coarse_gaps import granted_gaps

    run = results.require_newest(connection)
    found = granted_gaps(
        connection,
        reader,
        run.id,
        device_set="all",
        detail=min(results.read_details(connection, run.id), default=0),
        certainty="certain",
    )
    first = int(after) if after.isdecimal() else 0
    return found[found["rank"] > first].iloc[:limit]


def _spread(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give each free column of the source a column of its own, behind the known ones."""
    if "attributes" not in rows:
        return rows
    extra = rows.pop("attributes")
    known = set(rows.columns)
    for column in dict.fromkeys(key for cell in extra for key in (cell or {})):
        label = column if column not in known else f"{column}_source"
        rows.insert(len(rows.columns) - 1, label, [(cell or {}).get(column) for cell in extra])
    return rows
