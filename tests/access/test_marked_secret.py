"""What carries the marking of a state secret leaves nothing behind: in no table, file or log."""

import os
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import text

import geo.cli
from api.app import create_app
from geo.base.settings import Settings
from geo.operations import database
from geo.store.cluster import cluster
from tests import scratch
from tests.api import test_rules as web
from tests.signed_in import account, grant, sign_in

pytestmark = pytest.mark.postgis

SECRET = "甲字第七号方案"
MARKED = f"{SECRET} 机 密 ★ 10年"


@pytest.fixture
def home(server):
    """Return a home with a cluster of its own, whose folders can be searched to the last byte."""
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        Path(folder).chmod(0o711)
        found = Path(folder) / "home"
        with database.open_database(Settings(home=found)):
            pass
        yield found
        cluster.stop_cluster(found)


def files(folder):
    """Write marked files of several kinds, and one whose name alone is marked."""
    rows = [["设备编码", "名称", "经度", "纬度"], ["K1", "东门", 117, 30], ["K2", MARKED, 117, 30]]
    text_file = folder / "a.csv"
    text_file.write_text("".join(f"{','.join(map(str, r))}\n" for r in rows), encoding="gb18030")
    book = openpyxl.Workbook()
    for row in rows[:2]:
        book.active.append(row)
    book.create_sheet(SECRET)["B7"] = MARKED
    book.save(folder / "a.xlsx")
    frame = gpd.GeoDataFrame(
        {"code": ["K1", "K2"], "name": ["东门", MARKED]},
        geometry=[shapely.Point(117, 30)] * 2,
        crs=4326,
    )
    (folder / "a.geojson").write_text(frame.to_json(), encoding="utf-8")
    frame.to_file(folder / "a.gpkg")
    (folder / f"{MARKED}.csv").write_text("设备编码,名称,经度,纬度\nK1,东门,117,30\n", "utf-8")
    return [folder / name for name in ("a.csv", "a.xlsx", "a.geojson", "a.gpkg", f"{MARKED}.csv")]


def left_behind(folder):
    """Return the files in which the text stands, in any encoding; those that end meanwhile not."""
    signs = [SECRET.encode(name) for name in ("utf-8", "gb18030", "utf-16-le", "utf-16-be")]
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            raw = path.read_bytes()
            found += [path for sign in signs if sign in raw or SECRET in path.name]
    return found


def kept(engine):
    """Return all rows of all tables as text."""
    with engine.begin() as connection:
        tables = connection.execute(
            text("SELECT relid::regclass::text FROM pg_stat_user_tables WHERE schemaname='govgrid'")
        ).scalars()
        return "".join(
            str(connection.execute(text(f"SELECT array_agg(t::text) FROM {name} t")).scalar())
            for name in list(tables)
        )


def test_nothing_of_a_marked_file_or_text_is_kept_anywhere(home, tmp_path, monkeypatch, capfd):
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)
    given, scratch = tmp_path / "given", tmp_path / "scratch"
    given.mkdir()
    marked = files(given)
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def govgrid(*words):
        monkeypatch.setattr(sys, "argv", ["govgrid", "--home", str(home), *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            geo.cli.main()
        printed = capfd.readouterr()
        return ended.value.code, printed.out + printed.err

    asked = [["import", "cameras", file, "--crs", "wgs84"] for file in marked]
    asked.append(["user", "add", "li", "--holder", MARKED])
    asked.append(["compliance", "filed", marked[1], "--number", "B1", "--on", "2026-01-01"])
    for words in asked:
        code, said = govgrid(*words)
        assert (code, said.count("MARKED_SECRET")) == (2, 1), words
        assert SECRET not in said
        assert "★" not in said
    settings = Settings(home=home, **web.UNLIMITED)
    with database.reach_database(settings) as engine:
        made = account(engine, "writes", "administrator")
        with engine.begin() as connection:
            for role in ("operator", "dispatcher", "planner"):
                grant(connection, made, role)
        with TestClient(create_app(settings), follow_redirects=False) as client:
            sign_in(client, engine, made)
            push = {"states": [{"code": MARKED, "status": "online", "since": "2026-01-01T08:00Z"}]}
            export = {"layer": "grids", "format": "csv", "reason": MARKED}
            answers = [
                client.post("/api/camera-status", json=push),
                client.post("/api/exports", json=export),
                client.post("/api/cameras/K1/access", json={"reason": MARKED}),
                client.post("/cameras/K1/access", data={"reason": "incident", "remark": MARKED}),
                client.post("/map.html", data={"reason": MARKED}),
                client.post("/accounts", data={"name": "li", "holder": MARKED}),
                client.post("/login", data={"name": MARKED, "password": "x"}),
                client.get("/map", params={"reason": MARKED}),
                client.get(f"/api/collections/grids/items?reason={MARKED}"),
                client.post(
                    "/api/cameras/K1/access",
                    json={"reason": "incident"},
                    headers={"Idempotency-Key": MARKED.encode()},
                ),
            ]
            for number, answer in enumerate(answers):
                assert answer.status_code == 400, (number, answer.text)
                assert "MARKED_SECRET" in answer.text, number
                assert SECRET not in answer.text
            bare = {"layer": "grids", "format": "csv", "reason": "商业秘密保护，机密*"}
            assert client.post("/api/exports", json=bare).status_code == 200
        assert SECRET not in kept(engine)
        assert "商业秘密保护" in kept(engine)
        with engine.begin() as connection:
            runs = connection.execute(text("SELECT count(*) FROM govgrid.import_run")).scalar_one()
    assert runs == 0
    assert left_behind(home) == []
    assert left_behind(scratch) == []
    assert "商业秘密保护".encode() in b"".join(
        path.read_bytes() for path in home.rglob("*") if path.is_file()
    )
