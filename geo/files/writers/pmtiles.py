"""Vector tiles as one file (PMTiles 3): header, directory, metadata, then tiles along the curve."""

import gzip
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_E7: Final = 10_000_000
Numbers = tuple[int, int, int]
"""Zoom, column and row of a tile."""
Fields = Mapping[str, Mapping[str, str]]
"""Names of the layers in the tiles, each with its attributes and what they are."""


@dataclass(frozen=True)
class ArchiveMetadata:
    """What the metadata say: a name, who took the file out and what for, and the layers."""

    name: str
    mark: str
    layers: Fields


def order_of(tile: Numbers) -> int:
    """Return the number of a tile in an archive: by zoom, then along a Hilbert curve."""
    from pmtiles.tile import zxy_to_tileid

    return int(zxy_to_tileid(*tile))


def write_archive(
    tiles: Iterable[tuple[Numbers, bytes]], path: Path, about: ArchiveMetadata
) -> int:
    """Write tiles into a file and return how many they are; equal tiles give equal files.

    Parameters
    ----------
    tiles
        Mapbox Vector Tiles in the order of :func:`order_of`; there is one at least.
    path
        File to write.
    about
        What the metadata say.
    """
    from pmtiles.writer import Writer

    written: list[Numbers] = []
    with path.open("wb") as file:
        archive = Writer(file)
        with archive.tile_f:
            for tile, content in tiles:
                archive.write_tile(order_of(tile), gzip.compress(content, mtime=0))
                written.append(tile)
            archive.finalize(_header(written), _metadata(about, written))
    return len(written)


def _header(written: list[Numbers]) -> dict[str, Any]:
    from pmtiles.tile import Compression, TileType

    last = written[-1][0]
    boxes = [tile_box(tile) for tile in written if tile[0] == last]
    west, south, east, north = zip(*boxes, strict=True)
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": round(min(west) * _E7),
        "min_lat_e7": round(min(south) * _E7),
        "max_lon_e7": round(max(east) * _E7),
        "max_lat_e7": round(max(north) * _E7),
        "center_zoom": max(last - 3, 0),
    }


def _metadata(about: ArchiveMetadata, written: list[Numbers]) -> dict[str, Any]:
    zooms = {"minzoom": written[0][0], "maxzoom": written[-1][0]}
    listed = [
        {"id": name, "fields": dict(fields), **zooms} for name, fields in about.layers.items()
    ]
    return {
        "name": about.name,
        "description": about.mark,
        "type": "overlay",
        "format": "pbf",
        "vector_layers": listed,
    }


def tile_box(tile: Numbers, *, margin: float = 0.0) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a tile of WebMercatorQuad, in degrees.

    Parameters
    ----------
    tile
        Zoom, column and row.
    margin
        How much is put around it, as a share of its side.

    Examples
    --------
    >>> [round(degrees, 3) for degrees in tile_box((1, 1, 0))]
    [0.0, 0.0, 180.0, 85.051]
    """
    z, x, y = tile
    west, east = (_lon((x + step) / 2**z) for step in (-margin, 1 + margin))
    north, south = (_lat((y + step) / 2**z) for step in (-margin, 1 + margin))
    return west, south, east, north


def _lon(share: float) -> float:
    return share * 360 - 180


def _lat(share: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * share))))
