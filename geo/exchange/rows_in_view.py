"""Rows of the layers in a view of the map, cut to who looks as the tiles of the map are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.json_objects import LayerRow
from geo.exchange import tile_drawing
from geo.exchange.store import box_rows
from geo.exchange.store.box_rows import Box


def count_in_view(engine: Engine, reader: Principal, layers: Sequence[str], box: Box) -> int:
    """Return how many rows of some layers lie in a box; what has to be computed is not counted.

    Parameters
    ----------
    engine
        Pool of connections.
    reader
        Principal whose grants apply.
    layers
        Names as of tiles.
    box
        West, south, east, north in degrees.
    """
    counted = 0
    for layer in layers:
        if not tile_drawing.is_computed(reader, layer):
            with tile_drawing.open_source(engine, reader, layer) as connection:
                counted += box_rows.count_within(connection, layer, box, reader.parameters)
    return counted


def read_in_view(engine: Engine, reader: Principal, layer: str, box: Box) -> Sequence[LayerRow]:
    """Return the rows of a layer in a box, each with its attributes and ``shape`` (WKB, lon/lat).

    Parameters
    ----------
    engine, reader, box
        As for :func:`count_in_view`.
    layer
        Name of the layer as of tiles.
    """
    reader.require_layer(layer)
    if tile_drawing.is_computed(reader, layer):
        return _computed(engine, reader, layer, box)
    with tile_drawing.open_source(engine, reader, layer) as connection:
        return box_rows.select_within(connection, layer, box, reader.parameters)


def _computed(engine: Engine, reader: Principal, layer: str, box: Box) -> list[dict[str, Any]]:
    import numpy as np
    import shapely

    rows = tile_drawing.computed_rows(engine, reader, layer)
    shapes = np.array([shapely.from_wkb(wkb) for *_, wkb in rows], dtype=object)
    met = shapely.intersects(shapes, shapely.box(*box))
    return [
        {"code": code, "kind": kind, "shape": wkb}
        for (code, kind, wkb), here in zip(rows, met, strict=True)
        if here
    ]
