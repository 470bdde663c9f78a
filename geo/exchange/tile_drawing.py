"""Tiles of a layer drawn one by one: of stored rows, of computed rows, of cameras in memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.exchange.publish import collections
from geo.exchange.store import tile_rows
from geo.exchange.store.tile_rows import SOURCES, Tile, TileAddress
from geo.store import installation, revisions

Rows = list[tuple[str, str, bytes]]
"""Codes, kinds and geometries (WKB, EPSG:4326) of computed rows."""
Draw = Callable[[TileAddress], Tile]
_MARGIN: Final = 2 * tile_rows.BUFFER / tile_rows.EXTENT


@contextmanager
def open_tiles(engine: Engine, reader: Principal, layer: str) -> Iterator[Draw]:
    """Open a layer as it is at one moment; give what draws any tile of it, as it is served.

    Parameters
    ----------
    engine
        Pool of connections.
    reader
        Principal whose grants apply.
    layer
        One of ``SOURCES``.
    """
    reader.require_layer(layer)
    if layer == "cameras":
        with TemporaryDirectory(prefix="govgrid-") as folder:
            yield _from_memory(engine, reader, Path(folder))
        return
    computed = computed_rows(engine, reader, layer) if is_computed(reader, layer) else None
    snapshot = engine.execution_options(isolation_level="REPEATABLE READ")
    with open_source(snapshot, reader, layer) as connection:
        if computed is None:
            yield partial(draw_stored, connection, reader, layer)
        else:
            yield _from_rows(connection, reader, layer, computed)


def is_computed(reader: Principal, layer: str) -> bool:
    """Return whether rows are computed: gaps, and outlines of cells of cameras that are coarse.

    Parameters
    ----------
    reader
        Who asks.
    layer
        Name of the layer.
    """
    return layer == "gaps" or (layer == "viewsheds" and reader.coarse)


def computed_rows(engine: Engine, reader: Principal, layer: str) -> Rows:
    """Return the rows of a layer that is computed.

    Parameters
    ----------
    engine
        Pool of connections.
    reader
        Principal whose grants apply.
    layer
        Name of the layer.
    """
    frame = collections.rows_of(engine, reader, layer)
    kinds = frame["certainty" if layer == "viewsheds" else "grid_code"].astype(str)
    codes = frame.iloc[:, 0].astype(str)
    return list(zip(codes, kinds, frame.geometry.to_wkb(), strict=True))


def open_source(
    engine: Engine, reader: Principal, layer: str
) -> AbstractContextManager[Connection]:
    """Open a transaction whose row-level security fits the layer.

    Parameters
    ----------
    engine
        Pool of connections.
    reader
        Principal whose grants apply.
    layer
        Name of the layer.
    """
    fenced = SOURCES[layer].fenced and not is_computed(reader, layer)
    return (transaction.open_as if fenced else transaction.open_read_only)(engine, reader)


def draw_stored(
    connection: Connection,
    reader: Principal,
    layer: str,
    place: TileAddress,
    *,
    bins: int | None = None,
) -> Tile:
    """Return a tile of rows that a statement selects.

    Parameters
    ----------
    connection
        Of :func:`open_source`.
    reader
        Principal whose grants apply.
    layer
        Name of the layer.
    place
        Which tile.
    bins
        Show numbers only, in so many squares each way; None: where there are too many points.
    """
    given = dict(reader.parameters)
    if SOURCES[layer].metric:
        given["srid"] = installation.metric_srid(connection)
    source = tile_rows.source_at(layer, place.z)
    return tile_rows.draw_tile(connection, layer, source, place, given, bins=bins)


def draw_computed(
    connection: Connection, reader: Principal, layer: str, place: TileAddress, rows: Rows
) -> Tile:
    """Return a tile of computed rows.

    Parameters
    ----------
    connection, reader, layer, place
        As for :func:`draw_stored`.
    rows
        Of :func:`computed_rows`.
    """
    given = {**reader.parameters, **tile_rows.given_rows(rows)}
    return tile_rows.draw_tile(connection, layer, tile_rows.GIVEN, place, given)


def _from_rows(connection: Connection, reader: Principal, layer: str, rows: Rows) -> Draw:
    """Return what draws computed rows; only those near a tile go to the database for it."""
    import numpy as np
    import shapely

    from geo.files.writers.pmtiles import tile_box

    shapes = np.array([shapely.from_wkb(wkb) for *_, wkb in rows], dtype=object)
    least_x, least_y, most_x, most_y = shapely.bounds(shapes).reshape(-1, 4).T

    def draw(place: TileAddress) -> Tile:
        west, south, east, north = tile_box(place, margin=_MARGIN)
        apart = (most_x < west) | (least_x > east) | (most_y < south) | (least_y > north)
        near = [rows[n] for n in np.flatnonzero(~apart)]
        return draw_computed(connection, reader, layer, place, near)

    return draw


def _from_memory(engine: Engine, reader: Principal, folder: Path) -> Draw:
    from geo.exchange.publish.camera_points import camera_points, shown_points
    from geo.exchange.publish.items import Items

    with transaction.open_read_only(engine, reader) as connection:
        now = revisions.current_revisions(connection)
    view = Items(engine, folder).view("cameras", reader, now)
    shown = shown_points(camera_points(view.rows), view)
    return partial(shown.draw, most=tile_rows.MOST_POINTS, bins=None)
