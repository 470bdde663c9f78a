"""Edits of areas over HTTP: the partition stays whole, and what became of an area is known."""

from datetime import date, timedelta

import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import text

from api.app import create_app
from geo.areas.rules import division
from geo.exchange.imports import runs
from geo.store import db
from tests.signed_in import SYSTEM, account, sign_in
from tests.toy_town import place, rectangle

pytestmark = pytest.mark.postgis
EAST, WEST = "340802001001002", "340802001001001"
TODAY = date.today()
TURN = str(TODAY + timedelta(days=3))


@pytest.fixture
def client(town, settings):
    with TestClient(create_app(settings)) as found:
        found.headers["accept-language"] = "en"
        yield sign_in(found, town, account(town, "admin", "administrator"))


def valid(engine, day):
    """Return code → (name, area in square metres) of the grids of a day."""
    with db.open_transaction(engine) as connection:
        found = connection.execute(
            text(
                "SELECT code, name, ST_Area(geom::geography) AS m2 FROM govgrid.area"
                " WHERE level = 'grid' AND valid @> CAST(:day AS date)"
            ),
            {"day": day},
        )
        return {row.code: (row.name, row.m2) for row in found}


def successions(engine):
    with db.open_transaction(engine) as connection:
        found = connection.execute(
            text(
                "SELECT o.code AS old, n.code AS new, s.kind FROM govgrid.area_succession s"
                " JOIN (SELECT DISTINCT unit_id, code FROM govgrid.area) o"
                "  ON o.unit_id = s.old_unit_id"
                " JOIN (SELECT DISTINCT unit_id, code FROM govgrid.area) n"
                "  ON n.unit_id = s.new_unit_id ORDER BY 1, 2"
            )
        )
        return [tuple(row) for row in found]


def line(*points):
    return {"type": "LineString", "coordinates": [place(*point) for point in points]}


def split(client, code, parts, *points, day=TURN):
    body = {"line": line(*points), "parts": parts, "valid_from": day}
    return client.post(f"/api/areas/{code}/split", json=body)


def test_an_area_is_split_along_a_line_from_a_day_on(client, town):
    before = valid(town, TODAY)
    new = EAST[:-1] + "9"
    parts = [{"code": EAST}, {"code": new, "name": "新格"}]
    done = split(client, EAST, parts, (-50, 0.5), (50, 0.5))
    assert done.status_code == 200, done.text
    assert valid(town, TODAY) == before
    after = valid(town, TURN)
    assert set(after) == {*before, new}
    assert after[new][0] == "新格"
    assert after[EAST][0] == before[EAST][0]
    assert after[EAST][1] + after[new][1] == pytest.approx(before[EAST][1], rel=1e-9)
    assert after[WEST] == before[WEST]
    assert (EAST, new, "split") in successions(town)
    runs.undo_run(town, done.json()["run"], who=SYSTEM)
    assert valid(town, TURN) == before
    assert successions(town) == []


def test_the_first_part_lies_left_of_the_line(client, town):
    north, south = EAST[:-1] + "7", EAST[:-1] + "8"
    parts = [{"code": north, "name": "北"}, {"code": south, "name": "南"}]
    assert split(client, EAST, parts, (-50, 0.5), (50, 0.5)).status_code == 200
    with db.open_transaction(town) as connection:
        middle = dict(
            connection.execute(
                text(
                    "SELECT code, ST_Y(ST_Centroid(geom)) FROM govgrid.area"
                    " WHERE level = 'grid' AND valid @> CAST(:day AS date)"
                ),
                {"day": TURN},
            ).all()
        )
    assert middle[north] > middle[south]
    assert EAST not in middle


def test_areas_are_merged_and_what_became_of_them_is_known(client, town):
    before = valid(town, TODAY)
    body = {"codes": [EAST], "name": "合", "valid_from": TURN}
    done = client.post(f"/api/areas/{WEST}/merge", json=body)
    assert done.status_code == 200, done.text
    after = valid(town, TURN)
    assert set(after) == set(before) - {EAST}
    assert after[WEST][1] == pytest.approx(before[WEST][1] + before[EAST][1], rel=1e-9)
    assert (EAST, WEST, "merged") in successions(town)


def test_a_merger_that_is_recorded_late_says_how_many_incidents_stay_where_they_were(client, town):
    body = {"codes": [EAST], "valid_from": str(TODAY - timedelta(days=30))}
    with town.begin() as connection:
        old = "UPDATE govgrid.incident SET reported_at = govgrid.now() - interval '60 days'"
        connection.execute(text(f"{old} WHERE code = 'M1'"))
    done = client.post(f"/api/areas/{WEST}/merge", json=body).json()
    told = {each["code"]: each["advice"] for each in done["findings"]}
    assert told["AREA_INCIDENTS"].startswith("2 incidents that lie in it")


def test_what_would_break_the_partition_is_refused_and_nothing_is_written(client, town):
    before = valid(town, TURN)
    halves = [{"code": EAST}, {"code": EAST[:-1] + "9"}]
    refused = [
        split(client, EAST, halves, (-50, 80), (50, 80)),  # misses it
        split(client, EAST, halves, (-50, 0.5), (3, 0.5)),  # ends within it
        split(client, EAST, [{"code": WEST}, {"code": EAST}], (-50, 0.5), (50, 0.5)),
        split(client, EAST, [{"code": EAST}, {"code": EAST}], (-50, 0.5), (50, 0.5)),
        client.post(f"/api/areas/{WEST}/merge", json={"codes": [WEST], "valid_from": TURN}),
    ]
    for answer in refused:
        assert answer.status_code == 400, answer.text
        assert "Nothing was written" in answer.json()["detail"]
    assert split(client, "nothing", halves, (-50, 0.5), (50, 0.5)).status_code == 404
    assert valid(town, TURN) == before


def test_one_area_is_put_and_the_defects_of_the_partition_are_told(client, town):
    path = f"/api/areas/{WEST}"
    named = client.put(path, json={"properties": {"name": "新名"}})
    assert named.status_code == 200, named.text
    assert valid(town, TODAY)[WEST][0] == "新名"
    assert named.json()["defects"] == []
    smaller = {"geometry": rectangle(-3, -1, 0, 1)}
    undated = client.put(path, json=smaller)
    assert undated.status_code == 422
    assert [each["code"] for each in undated.json()["findings"]] == ["AREA_CHANGED"]
    dated = client.put(path, json=smaller, params={"valid-from": TURN})
    assert dated.status_code == 200, dated.text
    assert valid(town, TURN)[WEST][1] < valid(town, TODAY)[WEST][1]


def test_who_is_limited_to_an_area_divides_none(client, town):
    sign_in(client, town, account(town, "west", "administrator", WEST))
    assert client.put(f"/api/areas/{WEST}", json={"properties": {}}).status_code == 403


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    strategies.lists(strategies.floats(0.05, 0.95), min_size=2, max_size=6),
    strategies.booleans(),
)
def test_the_parts_of_an_area_are_the_area(heights, with_island):
    whole = shapely.box(0, 0, 10, 1)
    if with_island:
        whole = shapely.MultiPolygon([whole, shapely.box(20, 0, 21, 1)])
    step = 12 / (len(heights) - 1)
    cut = shapely.LineString([(-1 + n * step, y) for n, y in enumerate(heights)])
    parts = division.split_along(whole, cut)
    assert parts is not None
    assert shapely.intersection(*parts).area == pytest.approx(0, abs=1e-12)
    united = division.unite_areas(parts)
    assert united is not None
    assert united.symmetric_difference(whole).area == pytest.approx(0, abs=1e-12)
    above, below = parts if not with_island else (None, None)
    if above is not None:
        assert above.centroid.y > below.centroid.y  # drawn eastwards: left is north
