"""Disputes and the like: where and what is told to who handles them, and to nobody else."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.base import clock
from geo.base.errors import NotFoundError, StateError
from geo.coverage.store import demand_incidents
from geo.exchange.publish import collections
from geo.incidents import assign, hotline, intake, listing, whistles
from geo.incidents.ledger import LedgerQuery, read_ledger
from geo.incidents.listing import IncidentFilter
from geo.incidents.location import TypedPlace
from geo.incidents.report import Report
from geo.incidents.rules.small_cells import FEW_KEY
from geo.incidents.statistics import read_statistics
from geo.incidents.statistics_query import StatisticsQuery
from geo.store import db
from geo.store.cluster import cluster
from tests.incident_town import C1, G1, SHANGHAI, X, make_desk
from tests.incidents.moving_town import principal_of
from tests.signed_in import SYSTEM
from tests.toy_town import place

pytestmark = pytest.mark.postgis

SEND = "INSERT INTO govgrid.dispatch (incident_code, unit_code) VALUES (:code, 'U1')"
ORDER = "INSERT INTO govgrid.hotline_order (incident, number) VALUES (:id, 'H1')"
DONE = "UPDATE govgrid.incident SET state = 'done', result = '已调解' WHERE id = :id"
ASKED = (
    "INSERT INTO govgrid.approval (incident, kind, asked_by, reason)"
    " VALUES (:id, 'whistle', 'x', '漏水')"
)


@pytest.fixture
def desk(incident_town, tmp_path):
    return make_desk(incident_town, tmp_path)


@pytest.fixture
def service(incident_town, database_url):
    found = db.connect(database_url, role=cluster.SERVICE_ROLE)
    yield found
    found.dispose()


def take(desk, category, words):
    lon, lat = place(*X)
    given = Report(category, words, TypedPlace(lon, lat))
    return intake.take_incident(desk, SYSTEM, given).created


def test_a_sensitive_incident_is_in_no_layer_map_or_demand(desk):
    take(desk, "邻里纠纷", "三单元二楼漏水争吵")
    open_one = take(desk, "井盖缺失", "井盖没了")
    assert list(collections.read_page(desk.engine, SYSTEM, "incidents")["code"]) == [open_one.code]
    with transaction.open_as(desk.engine, SYSTEM) as connection:
        shown = assign.assign_incidents(connection, SYSTEM, lang="zh", timezone=SHANGHAI)
        assert list(shown["code"]) == [open_one.code]
        assert len(demand_incidents.take_snapshot(connection).places) == 1
        for view in ("tile_incident", "search_incident"):
            found = connection.execute(text(f"SELECT code FROM govgrid.{view}")).scalars()
            assert list(found) == [open_one.code]


def test_it_follows_its_category(desk):
    made = take(desk, "井盖缺失", "井盖没了")
    kept = text("SELECT sensitive FROM govgrid.incident WHERE id = :id")
    change = text("UPDATE govgrid.category SET sensitive = :value WHERE code = '0101'")
    with desk.engine.begin() as connection:
        for value in (True, False):
            connection.execute(change, {"value": value})
            assert connection.execute(kept, {"id": made.id}).scalar_one() is value
        connection.execute(
            text("UPDATE govgrid.incident SET category = '邻里纠纷' WHERE id = :id"),
            {"id": made.id},
        )
        assert connection.execute(kept, {"id": made.id}).scalar_one() is True


def test_a_place_that_nobody_sees_and_somebody_ticked_weighs_more(desk):
    made = take(desk, "井盖缺失", "井盖没了")
    with desk.engine.begin() as connection:
        connection.execute(
            text("UPDATE govgrid.incident SET unseen_demand = true WHERE id = :id"), {"id": made.id}
        )
        assert list(demand_incidents.take_snapshot(connection).places["weight"]) == [3.0]


def reading(desk, name, role, area=None):
    """Return a principal that reads incidents of an area (None: all)."""
    return principal_of(desk.engine, name, role, area)


def listed(desk, who, **asked):
    return listing.list_incidents(desk.engine, who, IncidentFilter(**asked))["incidents"]


def test_others_are_told_the_community_and_no_filter_history_or_unit_says_more(desk, service):
    made, open_one = take(desk, "邻里纠纷", "漏水争吵"), take(desk, "暴露垃圾", "一堆垃圾")
    with desk.engine.begin() as connection:
        for each in (made, open_one):
            connection.execute(text(SEND), {"code": each.code})
        connection.execute(text("UPDATE govgrid.incident SET unit_code = 'U1'"))
    planner, chief = (reading(desk, role, role, C1) for role in ("planner", "dispatcher"))
    desk = replace(desk, engine=service)
    assert len(listed(desk, chief, grid=G1)) == 2
    (hidden,) = [row for row in listed(desk, planner) if row["code"] == made.code]
    assert (hidden["community_code"], hidden["title"]) == (C1, "邻里纠纷")
    for name in ("grid_code", "unit_code", "unit_name", "duty_phone", "lon", "address"):
        assert hidden[name] is None, name
    for asked in ({"grid": G1}, {"unit": "U1"}):
        assert [row["code"] for row in listed(desk, planner, **asked)] == [open_one.code], asked
    told = listing.read_incident(desk.engine, planner, made.code)
    assert (told["dispatches"], told["approvals"]) == ([], [])
    assert {move["unit_code"] for move in told["moves"]} == {None}
    assert (
        listing.read_incident(desk.engine, chief, made.code)["dispatches"][0]["unit_code"] == "U1"
    )
    asked = LedgerQuery(G1, year="2026")
    ask = {"timezone": SHANGHAI, "month_starts": 1, "lang": "zh"}
    found = {who.account: read_ledger(service, who, asked, **ask) for who in (planner, chief)}
    assert [each.collected for each in found.values()] == [1, 2]


def test_who_reads_a_grid_alone_does_not_learn_that_one_lies_in_it(desk, service):
    made = take(desk, "邻里纠纷", "漏水争吵")
    below, worker = reading(desk, "below", "planner", G1), reading(desk, "worker", "reporter", G1)
    desk = replace(desk, engine=service)
    assert listed(desk, below) == []
    with pytest.raises(NotFoundError):
        listing.read_incident(desk.engine, below, made.code)
    assert [row["code"] for row in listed(desk, worker)] == [made.code]


def test_fewer_than_three_of_a_sensitive_category_are_counted_by_no_key(desk):
    for category, count in (("邻里纠纷", 2), ("信访", 1), ("暴露垃圾", 1)):
        for _ in range(count):
            take(desk, category, "一件")
    ask = {"timezone": SHANGHAI, "month_starts": 1}
    year = str(clock.today(SHANGHAI).year)
    planner, chief = (reading(desk, role, role, C1) for role in ("planner", "dispatcher"))

    def counted(who, outgoing=False, **asked):
        query = StatisticsQuery(year=year, **asked)
        found = read_statistics(desk.engine, who, query, outgoing=outgoing, **ask)
        return {row.key: row.counts["collected"] for row in found.rows}

    assert counted(planner, by="category") == {"暴露垃圾": 1, FEW_KEY: 3}
    assert counted(chief, by="category") == {"暴露垃圾": 1, "信访": 1, "邻里纠纷": 2}
    assert counted(chief, outgoing=True, by="category") == {"暴露垃圾": 1, FEW_KEY: 3}
    with pytest.raises(StateError):
        counted(planner, by="community", category="邻里纠纷")
    assert counted(planner, by="community", category="暴露垃圾") == {C1: 1}
    take(desk, "邻里纠纷", "一件")
    assert counted(planner, by="community", category="邻里纠纷") == {C1: 3}
    assert counted(planner, by="category") == {"暴露垃圾": 1, FEW_KEY: 1, "邻里纠纷": 3}


def test_no_reply_or_whistle_of_a_sensitive_one_goes_to_who_does_not_handle_it(desk, service):
    made = take(desk, "邻里纠纷", "漏水争吵")
    with desk.engine.begin() as connection:
        for statement in (ORDER, DONE, ASKED):
            connection.execute(text(statement), {"id": made.id})
    planner, chief = (reading(desk, role, role, C1) for role in ("planner", "dispatcher"))
    told = {"again": True, "timezone": SHANGHAI, "lang": "zh"}
    for who, count in ((planner, 0), (chief, 1)):
        assert len(hotline.list_replies(service, who, **told)) == count
        assert len(whistles.list_whistles(service, who).asked) == count
