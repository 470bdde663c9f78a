"""Disputes and the like: where and what is told to who handles them, and to nobody else."""

import pytest
from sqlalchemy import text

from geo.access import transaction
from geo.coverage.store import demand_incidents
from geo.exchange.publish import collections
from geo.incidents import assign, intake
from geo.incidents.location import Asked
from geo.incidents.report import Report
from tests.incident_town import SHANGHAI, X, make_desk
from tests.signed_in import SYSTEM
from tests.toy_town import place

pytestmark = pytest.mark.postgis


@pytest.fixture
def desk(incident_town, tmp_path):
    return make_desk(incident_town, tmp_path)


def take(desk, category, words):
    lon, lat = place(*X)
    given = Report(category, words, Asked(lon, lat))
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
