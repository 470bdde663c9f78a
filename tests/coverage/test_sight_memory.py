"""Who sees a place from memory: the same as by the rule on frames, after any edit."""

import numpy as np
import pytest
from sqlalchemy import text

from geo.access import predicates, transaction
from geo.access.accounts.local_cli import acting_principal
from geo.access.exact_answers import IncidentPlace
from geo.coverage import sight_lines
from geo.coverage.sight_memory import SightMemory
from geo.coverage.store import scene
from geo.store import revisions
from tests.access import attack_town
from tests.signed_in import SYSTEM, account, grant
from tests.toy_town import place

pytestmark = pytest.mark.postgis

READERS = (
    [("operator", None, "picture")],
    [("operator", attack_town.WEST, "picture")],
    [("responder", None, "position")],
    [("responder", attack_town.EAST, "picture"), ("planner", attack_town.WEST, "gaps")],
    [("dispatcher", attack_town.EAST, "position")],
    [("display", attack_town.WEST, "position")],
)
PLACES = {False: 12, True: 170}
"""Places a reader; a thorough run asks for 1,190 of them."""


@pytest.fixture
def full_town(engine, tmp_path):
    attack_town.fill(engine, tmp_path)
    statements = (
        # one sees far, one is removed, one stands alone at the edge
        "UPDATE govgrid.camera_view SET range_m = 2000, res_h_px = 100000"
        " WHERE camera_code = 'K005'",
        "UPDATE govgrid.camera SET status = 'removed' WHERE code = 'K007'",
        "INSERT INTO govgrid.camera_view (camera_code, no, heading_deg, heading_source, hfov_deg)"
        " VALUES ('K009', 2, 10, 'surveyed', 40), ('K010', 2, NULL, 'unknown', NULL)",
    )
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text(BUILDING), blocks())
    return engine


BUILDING = (
    "INSERT INTO govgrid.building (code, geom) VALUES (:code,"
    " ST_Multi(ST_MakeEnvelope(:west, :south, :east, :north, 4326)))"
)


def blocks():
    """Return buildings that stand between cameras, around some of them, and in each other."""
    rng, found = np.random.default_rng(8), []
    corners = [
        *rng.uniform(-attack_town.HALF, attack_town.HALF, (40, 2)),
        *rng.uniform(-7, 7, (30, 2)),
    ]
    for n, (x, y) in enumerate(np.array(corners).tolist()):
        wide, deep = rng.uniform(0.3, 3, 2).tolist()
        (west, south), (east, north) = place(x, y), place(x + wide, y + deep)
        found.append({"code": f"B{n}", "west": west, "south": south, "east": east, "north": north})
    return found


def make_readers(engine):
    found = [SYSTEM]
    for n, grants in enumerate(READERS):
        uuid = account(engine, f"a{n}", None)
        with engine.begin() as connection:
            for role, area, depth in grants:
                grant(connection, uuid, role, area, depth=depth)
        found.append(acting_principal(engine, f"a{n}"))
    return found


def slow_answer(engine, reader, at):
    """Return what the rule on frames says, among all cameras and the buildings on the way."""
    with transaction.open_read_only(engine, reader) as connection:
        granted = predicates.visible_cameras(connection, reader)
        whole = sight_lines.scene_around(connection, *at, granted, detail=20)
    found = sight_lines.lines_at(engine, reader, whole, IncidentPlace("", *at), granted, detail=20)
    return sight_lines.place_lines_of(found.lines), int(found.withheld[""])


def now_of(engine):
    with engine.begin() as connection:
        return revisions.current_revisions(connection)


def quick_answer(memory, engine, reader, at):
    view = memory.view(reader, now_of(engine))
    metric = view.metric(*at)
    hits = view.hits(metric)
    return view.lines(metric, hits), view.hidden(hits)


def told(answer):
    lines, withheld = answer
    return withheld, [
        [v if isinstance(v, str | None) else round(float(v), 6) for v in vars(line).values()]
        for line in lines
    ]


def ask_everywhere(engine, memory, readers, rng, count):
    farthest = attack_town.HALF * 3
    for reader in readers:
        for x, y in rng.uniform(-farthest, farthest, (count, 2)):
            at = place(x, y)
            expected = told(slow_answer(engine, reader, at))
            assert told(quick_answer(memory, engine, reader, at)) == expected


def test_a_place_has_the_same_lines_from_memory_as_by_the_rule_on_frames(full_town, thorough):
    memory = SightMemory(full_town, detail=20)
    readers = make_readers(full_town)
    ask_everywhere(full_town, memory, readers, np.random.default_rng(5), PLACES[thorough])


def test_lines_of_low_buildings_are_the_same_from_memory(full_town, thorough):
    statements = (
        "UPDATE govgrid.building SET height_m = 4",
        "UPDATE govgrid.camera SET mount_height_m = 3 + length(code) % 3 * 4",
        "INSERT INTO govgrid.setting (key, value) VALUES ('building_heights', 'true')"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    with full_town.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    memory = SightMemory(full_town, detail=20)
    assert len(memory.view(SYSTEM, now_of(full_town)).scene.sight.low.parts)
    rng, readers = np.random.default_rng(6), make_readers(full_town)[:2]
    ask_everywhere(full_town, memory, readers, rng, PLACES[thorough] // 2)


EDITS = (
    "UPDATE govgrid.camera_view SET range_m = 30 WHERE camera_code = 'K001'",
    "DELETE FROM govgrid.camera WHERE code = 'K002'",
    "UPDATE govgrid.camera SET geom = ST_Translate(geom, 0.0004, 0) WHERE code = 'K003'",
    "UPDATE govgrid.camera SET code = 'A000' WHERE code = 'K004'",
    "UPDATE govgrid.camera SET status = 'in_use' WHERE code = 'K007'",
    "UPDATE govgrid.camera SET owner_kind = 'social' WHERE code < 'K004'",
    "UPDATE govgrid.building SET geom = ST_Translate(geom, 0.0002, 0)",
    "UPDATE govgrid.viewshed SET geom = ST_Translate(geom, 50, 0)",
)


def test_memory_that_followed_edits_answers_as_the_rule_on_frames(full_town, thorough):
    memory, rng = SightMemory(full_town, detail=20), np.random.default_rng(7)
    readers = make_readers(full_town)[1:4]
    ask_everywhere(full_town, memory, readers, rng, 1)
    for edit in EDITS:
        with full_town.begin() as connection:
            connection.execute(text(edit))
        ask_everywhere(full_town, memory, readers, rng, 1 + PLACES[thorough] // 20)


def test_only_the_cameras_that_changed_are_read_anew(full_town, monkeypatch):
    read, views = [], scene.read_views

    def read_views(connection, codes=None):
        read.append(codes)
        return views(connection, codes)

    monkeypatch.setattr(scene, "read_views", read_views)
    memory = SightMemory(full_town, detail=20)
    memory.prepare()
    assert read == [None]
    for statement in ("SELECT 1", "SELECT 1", EDITS[0], "SELECT 1"):
        with full_town.begin() as connection:
            connection.execute(text(statement))
        found = memory.view(SYSTEM, now_of(full_town))
    assert read == [None, ["K001"]]
    assert found.scene.table.range_m[found.scene.table.codes == "K001"].tolist() == [30.0]


def test_a_view_is_kept_until_what_it_is_made_of_is_written(full_town):
    memory = SightMemory(full_town, detail=20)
    kept = memory.view(SYSTEM, now_of(full_town))
    assert memory.kept(SYSTEM, now_of(full_town)) is kept
    with full_town.begin() as connection:
        connection.execute(text(EDITS[0]))
    assert memory.kept(SYSTEM, now_of(full_town)) is None


def test_a_place_on_the_other_side_of_the_globe_is_seen_by_nobody(full_town):
    view = SightMemory(full_town, detail=20).view(SYSTEM, now_of(full_town))
    lines = view.lines(view.metric(-153.07, 0.0), view.hits(view.metric(-153.07, 0.0)))
    assert {line.relation for line in lines} <= {"near"}
