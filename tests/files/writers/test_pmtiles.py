"""Vector tiles in one file: read back by the library of the format."""

import gzip
import json

import pytest
from pmtiles.reader import MmapSource, Reader

from geo.files.writers.pmtiles import ArchiveMetadata, order_of, tile_box, write_archive

ABOUT = ArchiveMetadata("甲", "某某 例会", {"cameras": {"code": "String"}})
TILES = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (4, 13, 6)]


@pytest.fixture
def archive(tmp_path):
    tiles = [(tile, f"{tile}".encode()) for tile in sorted(TILES, key=order_of)]
    assert write_archive(tiles, tmp_path / "a.pmtiles", ABOUT) == 4
    with (tmp_path / "a.pmtiles").open("rb") as file:
        yield Reader(MmapSource(file))


def test_its_tiles_are_found_by_their_numbers(archive):
    for z, x, y in TILES:
        assert gzip.decompress(archive.get(z, x, y)) == f"({z}, {x}, {y})".encode()
    assert archive.get(1, 0, 1) is None


def test_its_header_has_the_bounds_of_the_finest_tiles(archive):
    header = archive.header()
    west, north = 1_125_000_000, 409_798_981
    assert (header["min_lon_e7"], header["max_lon_e7"]) == (west, 1_350_000_000)
    assert (header["min_lat_e7"], header["max_lat_e7"]) == (219_430_455, north)
    assert (header["min_zoom"], header["max_zoom"], header["center_zoom"]) == (0, 4, 1)


def test_its_metadata_name_the_layers_and_who_took_it_out(archive):
    assert archive.metadata() == {
        "name": "甲",
        "description": "某某 例会",
        "type": "overlay",
        "format": "pbf",
        "vector_layers": [
            {"id": "cameras", "fields": {"code": "String"}, "minzoom": 0, "maxzoom": 4}
        ],
    }
    assert "甲" in json.dumps(archive.metadata(), ensure_ascii=False)


def test_equal_tiles_give_equal_files(tmp_path):
    for name in "ab":
        write_archive([((0, 0, 0), b"x")], tmp_path / name, ABOUT)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_tile_with_a_margin_reaches_so_far_into_its_neighbours():
    assert tile_box((1, 1, 0)) == pytest.approx((0, 0, 180, 85.0511287798))
    west, south, east, north = tile_box((1, 0, 1), margin=0.5)
    assert (west, east) == (-270, 90)
    assert (south, north) == pytest.approx((-88.9706, 66.5133), abs=1e-4)
