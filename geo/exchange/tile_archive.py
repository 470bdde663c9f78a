"""The tiles of a whole layer as one file (PMTiles), each equal to the one that is served."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.errors import InputError
from geo.exchange.publish import export
from geo.exchange.store.tile_rows import SOURCES, SUMMARY, Tile, TileAddress
from geo.exchange.tile_drawing import Draw, open_tiles
from geo.exchange.tiles import layer_fields

LAST_ZOOM: Final = 16
"""A unit of such a tile is 15 cm wide; a map draws closer ones of it."""
WEB_MERCATOR: Final = 3857
_SUMMARY_FIELDS: Final = {
    **dict.fromkeys(("total", "shown", "left_out"), "Number"),
    "aggregated": "Boolean",
}


@dataclass(frozen=True)
class Archive:
    """A layer of one moment that is to become a file: how many rows it has, what draws it."""

    layer: str
    rows: int
    draw: Draw

    def write(self, path: Path, *, mark: str) -> int:
        """Write the file and return how many tiles it has; nothing is left half written.

        Parameters
        ----------
        path
            File to write.
        mark
            Who takes it out and what for, for its metadata.
        """
        from geo.files.writers import draft_of
        from geo.files.writers.pmtiles import ArchiveMetadata, write_archive

        fields = {self.layer: layer_fields(self.layer), SUMMARY: _SUMMARY_FIELDS}
        tiles = ((place, tile.content) for place, tile in drawn_tiles(self.draw))
        with draft_of(path) as draft:
            return write_archive(tiles, draft, ArchiveMetadata(self.layer, mark, fields))


@contextmanager
def open_archive(
    engine: Engine, reader: Principal, layer: str, *, srid: int | None = None
) -> Iterator[Archive]:
    """Open a layer to write its tiles.

    Parameters
    ----------
    engine
        Pool of connections.
    reader
        Principal whose grants apply.
    layer
        Name of the layer.
    srid
        System that was asked for; None: that of tiles, the only one.

    Raises
    ------
    InputError
        If there are no tiles of the layer, none in that system, or nothing in it that may be shown.
    """
    export.require_layer(reader, layer)
    if layer not in SOURCES:
        raise InputError("tiles.no_layer", layer=layer, known=", ".join(SOURCES))
    if srid not in (None, WEB_MERCATOR):
        raise InputError("tiles.no_crs", srid=srid)
    with open_tiles(engine, reader, layer) as draw:
        whole = draw(TileAddress(0, 0, 0))
        if not whole.total:
            raise InputError("tiles.nothing", layer=layer)
        yield Archive(layer, whole.total, draw)


def drawn_tiles(draw: Draw, last_zoom: int = LAST_ZOOM) -> Iterator[tuple[TileAddress, Tile]]:
    """Yield all tiles that hold something, in the order of an archive.

    What lies in a tile, or beside it within the buffer, lies so in the one above it: below an empty
    tile there are empty ones only.

    Parameters
    ----------
    draw
        Draws a tile.
    last_zoom
        Of the tiles.
    """
    from geo.files.writers.pmtiles import order_of

    level = [TileAddress(0, 0, 0)]
    for _ in range(last_zoom + 1):
        held = []
        for place in sorted(level, key=order_of):
            tile = draw(place)
            if tile.total:
                held.append(place)
                yield place, tile
        level = [part for place in held for part in _quarters(place)]


def _quarters(of: TileAddress) -> list[TileAddress]:
    return [TileAddress(of.z + 1, 2 * of.x + i, 2 * of.y + j) for i in (0, 1) for j in (0, 1)]
