"""What an area was at its times: its history, and where a place lay then."""

from datetime import date, timedelta

import geopandas as gpd
import pytest

from geo.areas import history as service
from geo.areas import lookup, partition
from geo.areas.store import versions as area_versions
from geo.base.errors import NotFoundError
from geo.store import db, installation
from tests.signed_in import SYSTEM
from tests.toy_town import place

pytestmark = pytest.mark.postgis

TODAY = date.today()
TURN = TODAY + timedelta(days=40)
DAY = timedelta(days=1)
FIRST, SECOND = "340802001002", "340802001003"
GRID = SECOND + "001"


def ground(*boxes):
    return gpd.GeoSeries.from_wkt(
        [
            "POLYGON(({0} {1},{2} {1},{2} {3},{0} {3},{0} {1}))".format(*place(a, b), *place(c, d))
            for a, b, c, d in boxes
        ],
        crs=4326,
    )


def layer(level, codes, *boxes):
    columns = {"level": level, "code": codes, "name": [f"名{code[-3:]}" for code in codes]}
    return gpd.GeoDataFrame(columns, geometry=ground(*boxes), crs=4326)


def bring(engine, rows, **options):
    with db.open_transaction(engine) as connection:
        return area_versions.bring_in(connection, rows, run=1, **options)


@pytest.fixture
def merged(engine):
    """Two communities of which the second is merged into the first in forty days."""
    with db.open_transaction(engine) as connection:
        installation.store_value(connection, "metric_srid", 4548)
    bring(engine, layer("district", ["340802000000"], (0, 0, 20, 10)))
    bring(engine, layer("community", [FIRST, SECOND], (0, 0, 10, 10), (10, 0, 20, 10)))
    bring(engine, layer("grid", [GRID], (10, 0, 20, 10)))
    whole = layer("community", [FIRST], (0, 0, 20, 10))
    bring(engine, whole, valid_from=TURN, complete_under="340802000000")
    return engine


@pytest.mark.parametrize(("day", "code"), [(TURN - DAY, SECOND), (TURN + DAY, FIRST)])
def test_a_place_lies_in_the_community_of_the_day(merged, day, code):
    lon, lat = place(15, 5)
    found = lookup.locate_one(merged, SYSTEM, lon, lat, at=day)
    assert (found["grid_code"], found["community_code"]) == (GRID, code)


def test_days_between_two_changes_share_their_areas(merged):
    days = [TODAY, TURN - DAY, TURN, TURN + DAY]
    with db.open_transaction(merged) as connection:
        found = area_versions.unchanged_since(connection, days)
        assert [area_versions.has_grids(connection, at=day) for day in days] == [True] * 4
    assert found[TODAY] == found[TURN - DAY] < TURN
    assert found[TURN] == found[TURN + DAY] == TURN


def test_without_any_change_all_days_share_their_areas(town):
    days = [TODAY, TURN - DAY, TURN]
    with db.open_transaction(town) as connection:
        assert area_versions.unchanged_since(connection, days) == dict.fromkeys(days, min(days))
        assert area_versions.unchanged_since(connection, []) == {}


def test_the_history_of_a_merged_area_says_when_and_into_what(merged):
    found = service.read_history(merged, SECOND)
    assert [(v["state"], v["valid_from"], v["valid_to"]) for v in found.versions] == [
        ("holds", None, TURN)
    ]
    (heir,) = found.succession
    assert (heir["on_date"], heir["kind"], heir["share"]) == (TURN, "merged", 1.0)
    assert (heir["old_code"], heir["new_code"], heir["new_name"]) == (SECOND, FIRST, "名002")


def test_the_history_of_an_area_names_its_parent_at_each_time(merged):
    versions = service.read_history(merged, GRID).versions
    assert [(v["parent_code"], v["state"]) for v in versions] == [
        (SECOND, "holds"),
        (FIRST, "to_come"),
    ]
    # ten steps of 9.6 m by ten of 11.1 m
    assert versions[0]["area_m2"] == pytest.approx(95.9 * 110.9, rel=0.01)


def test_a_short_code_means_the_district(merged):
    assert service.read_history(merged, "340802").code == "340802000000"


def test_a_code_that_never_was_is_said_so(merged):
    with pytest.raises(NotFoundError, match="“X”"):
        service.read_history(merged, "X")


def test_a_made_district_is_none_of_the_areas_that_are_checked(engine):
    with db.open_transaction(engine) as connection:
        installation.store_value(connection, "metric_srid", 4548)
    bring(engine, layer("grid", [GRID, GRID[:-1] + "2"], (0, 0, 10, 10), (9, 0, 20, 10)))
    count, found = partition.check_partition(engine)
    assert count == 2
    assert found[["kind", "level"]].values.tolist() == [["overlap", "grid"]]
    assert found.crs.to_epsg() == 4326
    assert found["area_m2"].iloc[0] == pytest.approx(9.59 * 110.9, rel=0.01)
