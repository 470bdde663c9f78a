"""Features from memory equal those of the statements, for every reader and after every write."""

import json
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from geo.access.accounts.local_cli import acting_principal
from geo.base import clock
from geo.exchange.publish import collections, items
from geo.exchange.publish.items import NAMES, Items
from geo.exchange.store import item_rows
from geo.store import db, revisions, segments
from tests.signed_in import SYSTEM, account, grant
from tests.toy_town import place

pytestmark = pytest.mark.postgis

WEST, EAST = "340802001001001", "340802001001002"
ACCOUNTS = (
    [("operator", None, "picture")],
    [("operator", WEST, "picture")],
    [("operator", EAST, "count")],
    [("dispatcher", EAST, "picture")],
    [("dispatcher", WEST, "position")],
    [("planner", None, "gaps")],
    [("planner", WEST, "gaps")],
    [("planner", EAST, "direction")],
    [("administrator", None, "gaps")],
    [("administrator", EAST, "position")],
    [("security_administrator", None, "count")],
    [("auditor", None, "count")],
    [("responder", None, "position")],
    [("responder", EAST, "picture")],
    [("responder", WEST, "direction")],
    [("display", None, "count")],
    [("display", EAST, "position")],
    [("operator", EAST, "picture"), ("responder", None, "gaps")],
    [("planner", EAST, "count"), ("responder", EAST, "position")],
    [("operator", WEST, "direction"), ("responder", EAST, "position")],
    [],
)


def make_readers(engine):
    found = [SYSTEM]
    for n, grants in enumerate(ACCOUNTS):
        uuid = account(engine, f"a{n}", None)
        with engine.begin() as connection:
            for role, area, depth in grants:
                classes = ["skynet"] if n % 5 == 4 else ["skynet", "social"]
                grant(connection, uuid, role, area, depth=depth, classes=classes)
        found.append(acting_principal(engine, f"a{n}"))
    return found


def do(engine, statement, **values):
    with db.open_transaction(engine) as connection:
        connection.execute(text(statement), values)


def now(engine):
    with db.open_transaction(engine) as connection:
        return revisions.current_revisions(connection)


def by_statement(engine, reader, name):
    frame = collections.read_page(engine, reader, name)
    ids = frame.iloc[:, 0].astype("str").to_numpy()
    told = json.loads(frame.set_index(ids).to_json(na="null", default=str))["features"]
    return [plain(feature) for feature in told]


def from_memory(held, engine, reader, name):
    features, count, last = held.view(name, reader, now(engine)).page("", 10_000)
    told = json.loads(b"[" + features + b"]")
    assert len(told) == count
    assert (told[-1]["id"] if told else "") == last
    return [plain(feature) for feature in told]


def plain(feature):
    """Return a feature without columns that are empty: a page need not have those of its others."""
    known = {key: value for key, value in feature["properties"].items() if value is not None}
    return feature["id"], known, feature["geometry"]


def assert_equal_for_all(held, engine, readers, names=NAMES):
    for name in names:
        for reader in readers:
            assert from_memory(held, engine, reader, name) == by_statement(engine, reader, name)


@pytest.fixture
def held(seen_town, tmp_path):
    return Items(seen_town, tmp_path / "snapshots")


def enrich(engine):
    do(
        engine,
        "UPDATE govgrid.camera SET site = '东门', address = 'a', position_source = 'verified',"
        " verified_on = '2026-01-02', retention_days = 30, installed_on = '2025-03-04',"
        ' attributes = \'{"门牌": "12", "name": "x\\"y", "n": 1.5}\' WHERE code = \'K1\'',
    )
    do(engine, "UPDATE govgrid.camera SET owner_kind = NULL WHERE code = 'K2'")
    do(
        engine,
        "INSERT INTO govgrid.pole (code, name, kind, height_m, geom) VALUES"
        " ('中', 'p', 'x', 6, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))",
        **dict(zip(("lon", "lat"), place(3, 0), strict=True)),
    )


def test_features_equal_those_of_the_statements_for_all_roles(held, seen_town):
    enrich(seen_town)
    assert_equal_for_all(held, seen_town, make_readers(seen_town))


def test_pages_follow_each_other_and_single_features_are_those_of_the_pages(held, seen_town):
    for reader in make_readers(seen_town)[:8]:
        view = held.view("cameras", reader, now(seen_town))
        whole = json.loads(b"[" + view.page("", 10_000)[0] + b"]")
        paged, after = [], ""
        while True:
            features, count, last = view.page(after, 1)
            if not count:
                break
            paged += json.loads(b"[" + features + b"]")
            after = last
        assert paged == whole
        codes = {f["id"] for f in whole}
        for code in ("K1", "K2", "K3", "K4", "K", "K11", "", "中"):
            one = view.one(code)
            assert (one is not None) == (code in codes)
            assert one is None or json.loads(one) in whole


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["move", "name", "delete", "add", "status", "recode", "view"]),
        st.sampled_from(["K1", "K2", "K3", "K4", "N1", "N10"]),
        st.integers(-20, 20),
    ),
    min_size=1,
    max_size=5,
)
STATEMENTS = {
    "move": "UPDATE govgrid.camera SET geom = ST_Translate(geom, :x * 1e-4, 0) WHERE code = :code",
    "name": "UPDATE govgrid.camera SET name = 'n' || :x WHERE code = :code",
    "delete": "DELETE FROM govgrid.camera WHERE code = :code",
    "add": "INSERT INTO govgrid.camera (code, name, owner_kind, geom) VALUES (:code, 'n', 'social',"
    " ST_SetSRID(ST_MakePoint(117.05 + :x * 1e-4, 30.5), 4326)) ON CONFLICT DO NOTHING",
    "status": "UPDATE govgrid.camera SET connection = 'offline' WHERE code = :code",
    "recode": "UPDATE govgrid.camera SET code = 'N' || abs(:x) WHERE code = :code AND NOT EXISTS"
    " (SELECT FROM govgrid.camera WHERE code = 'N' || abs(:x))",
    "view": "UPDATE govgrid.camera_view SET heading_deg = abs(:x) WHERE camera_code = :code",
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(edits=EDITS)
def test_patches_equal_what_is_read_anew(held, seen_town, tmp_path, edits):
    with seen_town.connect() as connection:
        readers = [SYSTEM, *known_readers(seen_town, connection)]
    held.view("cameras", SYSTEM, now(seen_town))
    for what, code, x in edits:
        do(seen_town, STATEMENTS[what], code=code, x=x)
    fresh = Items(seen_town, tmp_path / "fresh")
    for reader in readers:
        patched = held.view("cameras", reader, now(seen_town)).page("", 10_000)
        assert patched == fresh.view("cameras", reader, now(seen_town)).page("", 10_000)


def known_readers(engine, connection):
    """Return readers of accounts that are made once for all examples."""
    there = connection.execute(text("SELECT count(*) FROM govgrid.account")).scalar_one()
    if there:
        return [acting_principal(engine, f"a{n}") for n in range(len(ACCOUNTS))]
    return make_readers(engine)[1:]


def test_a_patch_is_made_of_the_changed_rows_alone(held, seen_town, monkeypatch):
    read = []
    rows = item_rows.read_rows
    monkeypatch.setattr(
        item_rows,
        "read_rows",
        lambda c, name, codes=None: read.append(codes) or rows(c, name, codes),
    )
    held.view("cameras", SYSTEM, now(seen_town))
    do(seen_town, "UPDATE govgrid.camera SET name = 'x' WHERE code = 'K3'")
    assert b'"x"' in held.view("cameras", SYSTEM, now(seen_town)).page("", 9)[0]
    do(seen_town, "TRUNCATE govgrid.camera CASCADE")
    assert held.view("cameras", SYSTEM, now(seen_town)).page("", 9) == (b"", 0, "")
    assert read == [None, ["K3"], None]


def test_a_write_while_rows_are_read_is_not_in_them_but_in_the_next(held, seen_town, monkeypatch):
    rows = item_rows.read_rows
    wrote = []

    def slowly(connection, name, codes=None):
        for row in rows(connection, name, codes):
            if not wrote:
                wrote.append(True)
                writing = threading.Thread(
                    target=do, args=(seen_town, "UPDATE govgrid.camera SET name = 'later'")
                )
                writing.start()
                writing.join()
            yield row

    monkeypatch.setattr(item_rows, "read_rows", slowly)
    during = held.view("cameras", SYSTEM, now(seen_town))
    assert b"later" not in during.page("", 9)[0]
    assert held.kept("cameras", SYSTEM, now(seen_town)) is None
    assert held.view("cameras", SYSTEM, now(seen_town)).page("", 9)[0].count(b'"later"') == 4


def test_areas_of_tomorrow_are_there_tomorrow(held, seen_town, tmp_path):
    file = tmp_path / "clock"
    file.write_text("2026-03-01T23:59:50+08:00")
    do(
        seen_town,
        "UPDATE govgrid.area SET valid = daterange('2026-01-01', '2026-03-02')"
        " WHERE level = 'grid' AND code = :code",
        code=WEST,
    )
    readers = make_readers(seen_town)
    try:
        clock.follow(file)
        before = from_memory(held, seen_town, SYSTEM, "grids")
        assert_equal_for_all(held, seen_town, readers, ("grids", "cameras", "places"))
        file.write_text("2026-03-02T00:00:01+08:00")
        after = from_memory(held, seen_town, SYSTEM, "grids")
        assert_equal_for_all(held, seen_town, readers, ("grids", "cameras", "places"))
    finally:
        clock.follow(None)
    assert [f[0] for f in before] == [WEST, EAST]
    assert [f[0] for f in after] == [EAST]


def test_processes_share_one_file_that_its_owner_alone_may_read(held, seen_town, tmp_path):
    held.view("cameras", SYSTEM, now(seen_town))
    other = Items(seen_town, tmp_path / "snapshots")
    shared = other.view("cameras", SYSTEM, now(seen_town))
    files = list((tmp_path / "snapshots").glob("cameras-*.rows"))
    assert len(files) == 1
    assert files[0].stat().st_mode & 0o777 == 0o600
    assert not isinstance(shared.rows.parts[0], bytes)
    do(seen_town, "TRUNCATE govgrid.camera CASCADE")
    held.view("cameras", SYSTEM, now(seen_town))
    assert list((tmp_path / "snapshots").glob("cameras-*.rows")) != files
    assert shared.page("", 9)[1] == 4


def test_without_a_place_for_the_file_rows_stand_in_the_process(seen_town, tmp_path):
    (tmp_path / "file").write_text("")
    held = Items(seen_town, tmp_path / "file" / "snapshots")
    assert held.view("cameras", SYSTEM, now(seen_town)).page("", 9)[1] == 4


def test_segments_of_many_codes_are_found_patched_and_joined(tmp_path):
    codes = sorted({f"{n:x}" for n in range(0, 3000, 7)} | {"中", "中国", "é"}, key=str.encode)
    segments.write_file(tmp_path / "rows", [(c, (c.encode(), b"|")) for c in codes])
    found = segments.map_file(tmp_path / "rows")
    assert [found.code(n) for n in range(len(found))] == codes
    assert found.positions(["中", "zz", codes[5]]).tolist() == [codes.index("中"), -1, 5]
    for asked in ("", "0", "中", "中国人", "aaaaaaaaaaaa", "\U0010ffff"):
        greater = [c for c in codes if c.encode() > asked.encode()]
        assert len(found) - found.position(asked, after=True) == len(greater)
    patched = found.patch({codes[1]}, [(codes[2], (b"new", b"|")), ("zz", (b"z", b"|"))])
    texts = [patched.piece(n, 0, 1).decode() for n in range(len(patched))]
    expected = {**{c: c for c in codes}, codes[2]: "new", "zz": "z"}
    del expected[codes[1]]
    assert texts == [expected[c] for c in sorted(expected, key=str.encode)]
    import numpy as np

    every = np.arange(len(patched))
    assert patched.join(every, 0, 2).decode() == "".join(f"{each}|" for each in texts)


def test_no_reader_needs_more_views_than_are_kept(held, seen_town, monkeypatch):
    monkeypatch.setattr(items, "MOST_VIEWS", 3)
    for reader in make_readers(seen_town)[:6]:
        held.view("grids", reader, now(seen_town))
    assert len(held._views) == 3
