"""What became of areas, recorded while they are brought in."""

from datetime import date

import geopandas as gpd
import pytest
from shapely import box

from geo.areas.store import succession
from geo.areas.store import versions as area_versions
from geo.store import db

pytestmark = pytest.mark.postgis

AUTUMN, WINTER = date(2026, 10, 1), date(2027, 1, 1)


def communities(**shapes):
    columns = {"level": "community", "code": list(shapes), "name": [f"{c}社区" for c in shapes]}
    return gpd.GeoDataFrame(columns, geometry=list(shapes.values()), crs=4326)


HALVES = {"C2": box(117, 30, 117.01, 30.01), "C3": box(117.01, 30, 117.02, 30.01)}
BOTH = box(117, 30, 117.02, 30.01)


def bring(engine, run=1, **shapes):
    with db.open_transaction(engine) as connection:
        return area_versions.bring_in(connection, communities(**shapes), run=run)


def change(engine, day=AUTUMN, run=2, complete_under=area_versions.MADE_CODE, **shapes):
    with db.open_transaction(engine) as connection:
        return area_versions.bring_in(
            connection,
            communities(**shapes),
            run=run,
            valid_from=day,
            complete_under=complete_under,
        )


def recorded(engine):
    with db.open_transaction(engine) as connection:
        units = area_versions.valid_areas(connection, at=date(2020, 1, 1)).index
        rows = succession.of_units(connection, units.tolist())
    names = ["on_date", "old_code", "kind", "new_code", "share"]
    return [tuple(row) for row in rows[names].itertuples(index=False)]


@pytest.fixture
def halves(engine):
    bring(engine, **HALVES)
    return engine


def test_a_merger_is_recorded_with_its_date_and_share(halves):
    change(halves, C2=BOTH)
    assert recorded(halves) == [
        (AUTUMN, "C2", "redrawn", "C2", 1.0),
        (AUTUMN, "C3", "merged", "C2", 1.0),
    ]


def test_a_new_code_for_the_same_ground_is_recorded(halves):
    change(halves, C2=HALVES["C2"], C30=HALVES["C3"])
    assert recorded(halves) == [(AUTUMN, "C3", "renumbered", "C30", 1.0)]


def test_the_same_file_again_records_nothing_more(halves):
    change(halves, C2=BOTH)
    before = recorded(halves)
    change(halves, run=3, C2=BOTH)
    assert recorded(halves) == before


def test_what_a_corrected_file_says_otherwise_takes_the_place_of_what_was_recorded(halves):
    change(halves, C2=BOTH)
    change(halves, run=3, **{**HALVES, "C3": HALVES["C3"]})
    assert recorded(halves) == []


def test_a_merger_in_two_steps_is_one(halves):
    change(halves, complete_under=None, C2=BOTH)
    change(halves, run=3, C2=BOTH)
    assert recorded(halves)[-1] == (AUTUMN, "C3", "merged", "C2", 1.0)


def test_a_new_name_is_no_succession(halves):
    renamed = communities(**HALVES).assign(name=["甲", "乙"])
    with db.open_transaction(halves) as connection:
        area_versions.bring_in(connection, renamed, run=2, valid_from=AUTUMN)
    assert recorded(halves) == []


def test_a_boundary_without_a_date_is_no_succession(engine):
    bring(engine, **HALVES)
    bring(engine, run=2, C4=box(117.02, 30, 117.03, 30.01))
    assert recorded(engine) == []
