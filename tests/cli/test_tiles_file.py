"""``govgrid export LAYER FILE.pmtiles``: registered, cut by rights, refused in one sentence."""

import pyogrio
import pytest
from sqlalchemy import text

from tests.command_line import alone, commands
from tests.signed_in import account

pytestmark = pytest.mark.postgis

EAST = "340802001001002"


@pytest.fixture
def run(seen_town, database_url, monkeypatch, capfd):
    alone(monkeypatch)
    call = commands(monkeypatch, capfd)
    return lambda *words, **more: call("--lang", "en", "--database", database_url, *words, **more)


def registered(engine):
    with engine.begin() as connection:
        statement = "SELECT what, form, rows, reason FROM govgrid.export_register ORDER BY id"
        return [tuple(row) for row in connection.execute(text(statement))]


def test_a_layer_goes_out_as_tiles_for_who_asks_and_is_registered(run, seen_town, tmp_path):
    whole, part = tmp_path / "grids.pmtiles", tmp_path / "part.pmtiles"
    assert "2 rows" in run("export", "grids", whole).err
    account(seen_town, "wang", "planner", EAST)
    assert "reason" in run("--as", "wang", "export", "grids", part, code=2).err
    assert not part.exists()
    run("--as", "wang", "export", "grids", part, "--reason", "底图")
    assert set(pyogrio.read_dataframe(part, layer="grids")["code"]) == {EAST}
    assert len(set(pyogrio.read_dataframe(whole, layer="grids")["code"])) == 2
    assert sorted(registered(seen_town)) == [
        ("grids", "pmtiles", 1, "底图"),
        ("grids", "pmtiles", 2, "—"),
    ]


def test_what_cannot_be_is_one_sentence_and_leaves_no_file(run, seen_town, tmp_path):
    out = tmp_path / "x.pmtiles"
    for words, said in (
        (("units", out), "no vector tiles"),
        (("grids", out, "--crs", "zone"), "leave --crs out"),
        (("grids", out, "--crs", "mars"), "mars"),
        (("water", out), "holds no place"),
        (("planets", out), "planets"),
    ):
        assert said in run("export", *words, code=2).err
    assert list(tmp_path.glob("*.pmtiles")) == []
    assert registered(seen_town) == []
    run("export", "grids", out, "--crs", "EPSG:3857")
    before = out.read_bytes()
    assert "--force" in run("export", "grids", out, code=2).err
    assert out.read_bytes() == before
