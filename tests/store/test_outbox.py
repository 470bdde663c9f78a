"""Events: written with what happened, read in an order in which none is missed."""

import select
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.access.event_access import may_receive
from geo.access.principal import Grant, Principal
from geo.base.errors import InputError, StoreError
from geo.store import db, outbox
from geo.store.cluster import cluster
from geo.store.outbox import Event, Position
from tests import PATIENCE_S
from tests.signed_in import SYSTEM

pytestmark = pytest.mark.postgis


def write(engine, *events):
    with db.open_transaction(engine) as connection:
        outbox.add_events(connection, events)


BEGINNING = Position()
SETTLED = text(
    "SELECT coalesce(max(xact) < pg_snapshot_xmin(pg_current_snapshot()), true) FROM govgrid.outbox"
    " WHERE xact < '9000000000000'"
)


def read(engine, after=BEGINNING):
    """Return the events that can be read once all that was written can, but for imports."""
    with engine.connect() as connection:
        while not connection.execute(SETTLED).scalar_one():  # others work on the same server
            connection.rollback()
            time.sleep(0.02)
    return tuple(each for each in read_now(engine, after) if each.kind != "imported")


def read_now(engine, after=BEGINNING, limit=500):
    with db.open_transaction(engine) as connection:
        return outbox.read_events(connection, after, limit=limit)


def unit_ids(engine):
    with engine.connect() as connection:
        found = connection.execute(text("SELECT code, unit_id FROM govgrid.area_now"))
        return {row.code: row.unit_id for row in found}


def test_an_event_is_read_as_it_was_written(engine):
    box = (117.0, 30.0, 117.1, 30.2)
    write(
        engine,
        Event("cameras", "edited", "K1", boxes=[box], owner_kind="social", data={"run": 7}),
        Event("incidents", "moved", "I1", "figures", units=["U1", "U2"]),
    )
    first, second = read(engine)
    assert (first.layer, first.kind, first.code, first.action) == ("cameras", "edited", "K1", "map")
    assert (first.box, first.owner_kind, first.data) == (box, "social", {"run": 7})
    assert (first.areas, first.units) == (frozenset(), frozenset())
    assert (second.action, second.box, second.areas) == ("figures", None, None)
    assert second.units == {"U1", "U2"}
    assert first.position < second.position
    assert read(engine, first.position) == (second,)
    assert read(engine, second.position) == ()


def test_an_event_names_the_areas_that_its_old_and_new_place_touch(town):
    known = unit_ids(town)
    with town.connect() as connection:
        points = dict(
            connection.execute(
                text(
                    "SELECT code, ARRAY[ST_X(p), ST_Y(p)] FROM govgrid.area_now,"
                    " LATERAL ST_PointOnSurface(geom) AS p WHERE level = 'grid'"
                )
            ).all()
        )
    here, there = sorted(points)[:2]
    boxes = [(*points[code], *points[code]) for code in (here, there)]
    write(town, Event("poles", "edited", "P", boxes=boxes), Event("poles", "edited", boxes=[]))
    moved, nowhere = read(town)
    assert {known[here], known[there]} <= moved.areas
    levels = {code for code, unit_id in known.items() if unit_id in moved.areas}
    assert {each for each in points if each in levels} == {here, there}
    assert len(levels) > 2  # the areas above them
    assert nowhere.areas == frozenset()


def test_nothing_is_told_of_what_is_taken_back(engine):
    with db.open_transaction(engine, keep=False) as connection:
        outbox.add_event(connection, Event("poles", "edited"))
    assert read(engine) == ()


def test_events_that_are_committed_late_are_not_missed(engine):
    with engine.connect() as late, late.begin():
        outbox.add_event(late, Event("poles", "first"))
        write(engine, Event("poles", "second"))
        assert read_now(engine) == ()  # the first one has the lower number and is still to come
    assert [each.kind for each in read(engine)] == ["first", "second"]


def test_each_event_of_many_writers_is_read_once(database_url):
    engine = db.connect(database_url, pool_size=8)
    writers, each = 6, 50
    begin = threading.Barrier(writers + 1)

    def work(number):
        begin.wait(PATIENCE_S)
        for n in range(each):
            write(engine, Event("poles", "edited", f"{number}-{n}"), Event("poles", "seen"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(writers)]
    for one in threads:
        one.start()
    begin.wait(PATIENCE_S)
    found, after = [], Position()
    while any(one.is_alive() for one in threads) or len(found) < 2 * writers * each:
        events = read_now(engine, after, limit=7)
        found += [event.code for event in events]
        after = events[-1].position if events else after
    engine.dispose()
    codes = [code for code in found if code]
    assert sorted(codes) == sorted(f"{w}-{n}" for w in range(writers) for n in range(each))
    assert len(found) == 2 * writers * each


def test_who_listens_is_woken_with_layers_and_revisions_only(engine):
    raw = engine.raw_connection()
    with closing(raw):
        listening = raw.driver_connection
        listening.autocommit = True
        with listening.cursor() as cursor:
            cursor.execute(f"LISTEN {outbox.CHANNEL}")
        with db.open_transaction(engine) as connection:
            connection.execute(text("INSERT INTO govgrid.setting VALUES ('x', '1')"))
            outbox.add_event(connection, Event("poles", "edited", "secret"))
            revision = connection.execute(
                text("SELECT revision + 1 FROM govgrid.layer_revision WHERE layer = 'setting'")
            ).scalar_one()
        assert select.select([listening], [], [], 10) != ([], [], [])
        listening.poll()
        found = {each.payload for each in listening.notifies}
        listening.cursor().execute("UNLISTEN *")
        listening.autocommit = False
    assert found == {"outbox 0", f"setting {revision}"}


def test_the_service_writes_events_and_reads_them_with_the_reading_role_only(town, database_url):
    service = db.connect(database_url, role=cluster.SERVICE_ROLE)
    nobody = Principal("nobody")
    with transaction.open_as(service, nobody) as connection:
        outbox.add_event(connection, Event("poles", "edited", boxes=[(117, 30, 117, 30)]))
    with pytest.raises(StoreError), transaction.open_as(service, nobody) as connection:
        connection.execute(text("SELECT * FROM govgrid.outbox"))
    read(town)
    with transaction.open_read_only(service, SYSTEM) as connection:
        assert outbox.read_events(connection, Position())[-1].box == (117, 30, 117, 30)
    for statement in ("DELETE FROM govgrid.outbox", "UPDATE govgrid.outbox SET kind = 'x'"):
        with pytest.raises(StoreError), transaction.open_as(service, SYSTEM) as connection:
            connection.execute(text(statement))
    service.dispose()


def test_old_events_are_deleted_but_for_the_newest(engine):
    write(engine, Event("poles", "first"))
    write(engine, Event("poles", "second"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE govgrid.outbox SET at = at - interval '3 days'"))
    first = read(engine)[0].position
    with db.open_transaction(engine) as connection:
        assert outbox.is_position_kept(connection, first)
        assert outbox.delete_old_events(connection, timedelta(days=1)) == 1
        assert not outbox.is_position_kept(connection, first)
        newest = outbox.recent_position(connection)
        assert outbox.is_position_kept(connection, newest)
    assert [each.kind for each in read(engine)] == ["second"]


def test_events_of_another_server_whose_data_were_restored_are_deleted(engine):
    write(engine, Event("poles", "mine"))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO govgrid.outbox (xact, layer, kind, action)"
                " VALUES ('9000000000000', 'poles', 'foreign', 'map')"
            )
        )
    assert [each.kind for each in read(engine)] == ["mine"]
    mine = read(engine)[0].position
    with db.open_transaction(engine) as connection:
        assert outbox.recent_position(connection) == mine
        outbox.delete_old_events(connection, timedelta(days=1))
        assert connection.execute(text("SELECT count(*) FROM govgrid.outbox")).scalar() == 1


def test_a_position_is_read_as_it_is_written():
    assert Position.parse(str(Position(812, 40))) == Position(812, 40)
    for broken in ("", "812", "812-", "-40", "a-1", "1-2-3", "-1-2", "²-1", f"{10**20}-1"):
        with pytest.raises(InputError, match="no position of an event"):
            Position.parse(broken)


def told(reader, **event):
    about = {"code": None, "action": "map", "areas": None, "units": frozenset(), "owner_kind": None}
    found = outbox.StoredEvent(
        Position(1, 1), None, "cameras", "edited", box=None, data={}, **{**about, **event}
    )
    return may_receive(reader, found)


def test_an_event_is_told_within_granted_areas_and_by_the_action_it_needs():
    operator = Principal("o", grants=(Grant("operator", area=5),))
    assert told(operator, areas=frozenset({1, 5}))
    assert not told(operator, areas=frozenset({1, 6}))
    assert not told(operator, areas=frozenset())
    assert told(operator, areas=None)
    assert not told(operator, areas=None, action="audit")
    whole = Principal("w", grants=(Grant("operator"),))
    assert told(whole, areas=frozenset())
    # each grant by itself: the planner of one area is no planner of another
    both = Principal("b", grants=(Grant("planner", area=1), Grant("operator", area=5)))
    assert told(both, areas=frozenset({1}), action="export")
    assert not told(both, areas=frozenset({5}), action="export")
    key = Principal("k", grants=(Grant("operator"),), scopes=frozenset({"figures"}))
    assert not told(key)
    assert told(key, action="figures")


def test_a_unit_is_told_wherever_it_is():
    responder = Principal("r", unit_code="U1", grants=(Grant("responder", area=5),))
    assert told(responder, areas=frozenset({9}), units=frozenset({"U1"}))
    assert not told(responder, areas=frozenset({9}), units=frozenset({"U2"}))
    assert not told(Principal("n"), units=frozenset({"U1"}))


def test_a_camera_is_told_by_grants_that_open_its_class_and_its_place():
    social = Principal("s", grants=(Grant("operator", classes=frozenset({"social"})),))
    assert told(social, owner_kind="social")
    assert not told(social, owner_kind="skynet")
    assert not told(social, owner_kind="unknown")
    assert told(Principal("b", grants=(Grant("operator"),)), owner_kind="unknown")
    screen = Principal("d", grants=(Grant("display", depth="count"),))
    assert not told(screen, owner_kind="social")


def test_restricted_zones_are_told_to_security_administrators_only():
    assert told(Principal("s", grants=(Grant("security_administrator"),)), action="restricted")
    assert not told(Principal("a", grants=(Grant("administrator"),)), action="restricted")
    assert not told(SYSTEM, action="restricted")
