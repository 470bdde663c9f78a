"""Layers as files of vector tiles: each tile is the one that is served, nothing else is in them."""

import gzip
import mmap

import pyogrio
import pytest
import shapely
from pmtiles.reader import Reader, all_tiles
from sqlalchemy import text

from geo.access.accounts.local_cli import acting_principal
from geo.base.crs import project
from geo.base.errors import InputError
from geo.exchange import tile_archive
from geo.exchange.publish.items import Items
from geo.exchange.tile_archive import LAST_ZOOM, open_archive
from geo.exchange.tiles import Tiles
from geo.store import db, revisions
from tests.signed_in import SYSTEM, account
from tests.toy_town import place

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
ACCOUNTS = {
    "east": ("planner", EAST, "gaps"),
    "coarse": ("responder", None, "gaps"),
    "nothing": (None, None, None),
}
ASKED = {
    "all": ("cameras", "viewsheds", "gaps", "incidents", "roads"),
    "east": ("grids", "cameras", "incidents"),
    "coarse": ("viewsheds", "cameras"),
}


@pytest.fixture
def readers(seen_town):
    for name, (role, area, depth) in ACCOUNTS.items():
        account(seen_town, name, role, area, depth=depth)
    return {"all": SYSTEM} | {name: acting_principal(seen_town, name) for name in ACCOUNTS}


def write(engine, reader, layer, path, mark=""):
    with open_archive(engine, reader, layer) as archive:
        return archive.rows, archive.write(path, mark=mark)


def tiles_in(path):
    """Return the tiles of a file by zoom, column and row."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = all_tiles(lambda offset, length: mapped[offset : offset + length])
        return {at: gzip.decompress(content) for at, content in found}


def metadata_of(path):
    content = path.read_bytes()
    archive = Reader(lambda offset, length: content[offset : offset + length])
    return archive.header(), archive.metadata()


def below(at):
    z, x, y = at
    return [(z + 1, 2 * x + i, 2 * y + j) for i in (0, 1) for j in (0, 1)]


def test_a_file_holds_the_tiles_that_are_served_to_who_asks_and_leaves_empty_ones_out(
    seen_town, readers, tmp_path
):
    served = Tiles(seen_town, Items(seen_town, tmp_path / "snapshots"))
    with db.open_transaction(seen_town) as connection:
        now = revisions.current_revisions(connection)
    for name, layers in ASKED.items():
        for layer in layers:
            path = tmp_path / f"{name}-{layer}.pmtiles"
            rows, count = write(seen_town, readers[name], layer, path)
            held = tiles_in(path)

            def asked(at, who=readers[name], layer=layer):
                reason = {"bulk": 10**9, "reason": "测试"}
                return served.read_tile(who, layer, at, now, **reason).tile

            assert count == len(held)
            assert rows == asked((0, 0, 0)).total
            for at, content in held.items():
                assert content == asked(at).content, (name, layer, at)
            edges = {part for at in held if 13 < at[0] < LAST_ZOOM for part in below(at)}
            for at in edges - held.keys():
                assert not asked(at).content, (name, layer, at)
            assert {at[0] for at in held} == set(range(LAST_ZOOM + 1))


def test_gdal_reads_the_grids_and_cameras_that_the_tables_hold(seen_town, readers, tmp_path):
    stored = {
        "grids": "SELECT code, name, geom FROM govgrid.area_now WHERE level = 'grid'",
        "cameras": "SELECT code, name, geom FROM govgrid.camera",
    }
    for layer, statement in stored.items():
        write(seen_town, SYSTEM, layer, tmp_path / f"{layer}.pmtiles")
        read = pyogrio.read_dataframe(tmp_path / f"{layer}.pmtiles", layer=layer)
        assert read.crs.to_epsg() == 3857
        drawn = read.dissolve("code")
        with seen_town.begin() as connection:
            rows = connection.execute(text(statement)).all()
        assert set(drawn.index) == {code for code, _, _ in rows}
        for code, name, geom in rows:
            shape = project(shapely.from_wkb([geom]), source=4326, target=3857)[0]
            assert drawn.loc[code, "name"] == name
            assert (
                drawn.loc[code].geometry.symmetric_difference(shape).area < 0.005 * shape.area + 1
            )
            assert drawn.loc[code].geometry.hausdorff_distance(shape) < 0.6


def test_the_same_rows_give_the_same_file_which_says_whose_it_is(seen_town, tmp_path):
    first, second = tmp_path / "1.pmtiles", tmp_path / "2.pmtiles"
    for path in (first, second):
        write(seen_town, SYSTEM, "cameras", path, mark="测试员 2026-09-30")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o777 == 0o600
    header, told = metadata_of(first)
    assert (header["min_zoom"], header["max_zoom"], header["clustered"]) == (0, LAST_ZOOM, True)
    west, south, east, north = (
        header[f"{side}_e7"] / 1e7 for side in ("min_lon", "min_lat", "max_lon", "max_lat")
    )
    for x in (1, 9):
        lon, lat = place(x, 0)
        assert west <= lon <= east
        assert south <= lat <= north
    assert told["description"] == "测试员 2026-09-30"
    assert [each["id"] for each in told["vector_layers"]] == ["cameras", "summary"]
    assert told["vector_layers"][0]["fields"]["heading_deg"] == "Number"


def test_rows_that_come_while_a_file_is_written_are_not_in_it(seen_town, tmp_path):
    with open_archive(seen_town, SYSTEM, "roads") as archive:
        with seen_town.begin() as connection:
            connection.execute(text("UPDATE govgrid.road SET geom = ST_Translate(geom, 1, 0)"))
        archive.write(tmp_path / "roads.pmtiles", mark="")
    before = tiles_in(tmp_path / "roads.pmtiles")
    write(seen_town, SYSTEM, "roads", tmp_path / "after.pmtiles")
    after = tiles_in(tmp_path / "after.pmtiles")
    assert {at for at in before if at[0] == LAST_ZOOM}.isdisjoint(after)


def test_what_has_no_tiles_is_refused_and_nothing_is_written(seen_town, readers, tmp_path):
    for reader, layer, more, said in (
        (SYSTEM, "units", {}, "grids"),
        (SYSTEM, "planets", {}, "planets"),
        (SYSTEM, "grids", {"srid": 4326}, "3857"),
        (SYSTEM, "water", {}, "water"),
        (readers["nothing"], "cameras", {}, "cameras"),
    ):
        with pytest.raises(InputError, match=said), open_archive(seen_town, reader, layer, **more):
            raise AssertionError(layer)


def test_a_file_that_cannot_be_finished_leaves_nothing(seen_town, tmp_path):
    with open_archive(seen_town, SYSTEM, "grids") as archive:
        drawn = []

        def draw(at):
            drawn.append(at)
            if len(drawn) == 5:
                raise OSError(28, "no room")
            return archive.draw(at)

        with pytest.raises(InputError, match="no room"):
            tile_archive.Archive("grids", 2, draw).write(tmp_path / "g.pmtiles", mark="")
    assert list(tmp_path.iterdir()) == []
