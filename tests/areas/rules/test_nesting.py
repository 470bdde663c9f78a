"""What areas belong to over time: by code, by place, by the nearest level that is there."""

from datetime import date, timedelta
from itertools import pairwise

import geopandas as gpd
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.areas.rules.nesting import nest_areas, top_outlines

AUTUMN, SPRING = date(2026, 10, 1), date(2027, 4, 1)
WEST, EAST, WHOLE = box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 0, 2, 1)


def versions(*rows):
    columns = ("unit_id", "code", "level", "parent_given", "valid_from", "valid_to", "geometry")
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=4326)


def area(unit, level, shape, since=None, until=None, parent=None):
    return unit, f"A{unit}", level, parent, since, until, shape


def paths(*rows):
    found = nest_areas(versions(*rows))
    return [(r.unit_id, r.valid_from, r.valid_to, r.path) for r in found.itertuples()]


def test_an_area_belongs_to_the_one_above_that_it_shares_most_ground_with():
    grid = area(3, "grid", box(0.8, 0, 1.8, 1))
    found = paths(area(1, "community", WEST), area(2, "community", EAST), grid)
    assert found[-1] == (3, None, None, "2.3")


def test_equal_ground_goes_to_the_smaller_unit():
    grid = area(3, "grid", box(0.5, 0, 1.5, 1))
    found = paths(area(2, "community", EAST), area(1, "community", WEST), grid)
    assert found[-1] == (3, None, None, "1.3")


def test_a_given_code_beats_the_place():
    grid = area(3, "grid", EAST, parent="A1")
    found = paths(area(1, "community", WEST), area(2, "community", EAST), grid)
    assert found[-1] == (3, None, None, "1.3")


def test_where_a_level_lacks_the_next_one_above_counts():
    found = paths(area(1, "district", WHOLE), area(2, "community", WEST), area(3, "grid", EAST))
    assert found[-1] == (3, None, None, "1.3")


def test_a_parent_changes_while_the_area_does_not():
    found = paths(
        area(1, "community", WEST, until=AUTUMN),
        area(2, "community", EAST, until=AUTUMN),
        area(2, "community", WHOLE, since=AUTUMN),
        area(3, "grid", WEST),
    )
    assert found[-2:] == [(3, None, AUTUMN, "1.3"), (3, AUTUMN, None, "2.3")]


def test_a_version_that_changes_nothing_above_leaves_one_stretch():
    found = paths(
        area(1, "community", WHOLE, until=AUTUMN),
        area(1, "community", WHOLE, since=AUTUMN),
        area(3, "grid", WEST),
    )
    assert found == [(1, None, None, "1"), (3, None, None, "1.3")]


def test_a_given_parent_that_has_ended_gives_way_to_the_place():
    found = paths(
        area(1, "community", WEST, until=AUTUMN),
        area(2, "community", WHOLE, since=AUTUMN),
        area(3, "grid", WEST, parent="A1"),
    )
    assert found[-2:] == [(3, None, AUTUMN, "1.3"), (3, AUTUMN, None, "2.3")]


def test_an_area_has_a_path_only_while_it_is_valid():
    found = paths(area(1, "district", WHOLE), area(3, "grid", WEST, AUTUMN, SPRING))
    assert found == [(1, None, None, "1"), (3, AUTUMN, SPRING, "1.3")]


def test_the_outline_of_the_topmost_areas_follows_their_times():
    found = top_outlines(
        versions(area(1, "grid", WEST), area(2, "grid", EAST, since=AUTUMN, until=SPRING))
    )
    times = list(zip(found["valid_from"], found["valid_to"], strict=True))
    assert times == [(None, AUTUMN), (AUTUMN, SPRING), (SPRING, None)]
    assert [shape.area for shape in found.geometry] == [1.0, 2.0, 1.0]


def test_there_is_no_outline_while_there_is_a_district():
    found = top_outlines(versions(area(1, "district", WHOLE, since=AUTUMN), area(2, "grid", WEST)))
    assert found[["valid_from", "valid_to"]].values.tolist() == [[None, AUTUMN]]
    assert top_outlines(versions(area(1, "district", WHOLE), area(2, "grid", WEST))).empty


DAYS = st.integers(0, 40).map(lambda days: AUTUMN + timedelta(days=days))


@given(st.lists(DAYS, min_size=1, max_size=4, unique=True), DAYS)
def test_on_every_day_the_path_is_what_the_areas_of_that_day_say(changes, day):
    # the western community and the eastern one take turns in holding the whole
    bounds = [None, *sorted(changes), None]
    rows = [area(9, "grid", WEST)]
    for turn, (since, until) in enumerate(pairwise(bounds)):
        rows.append(area(1 + turn % 2, "community", WHOLE, since, until))
    expected = f"{1 + sum(change <= day for change in changes) % 2}.9"
    found = [
        path
        for unit, since, until, path in paths(*rows)
        if unit == 9 and (since is None or since <= day) and (until is None or day < until)
    ]
    assert found == [expected]
