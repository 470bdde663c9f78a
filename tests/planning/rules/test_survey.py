"""How much depends on an unknown heading, on toy streets with answers by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from geo.planning.rules.survey import heading_dependence, is_unsettled

STREET = box(0, 0, 100, 10)


def views_of(*rows):
    columns = ("heading_deg", "heading_source", "hfov_deg", "indoor", "placement")
    return pd.DataFrame(rows, columns=columns)


def may(**shapes):
    """Views that cameras may have, by code; a list is several views of one camera."""
    rows = [
        (code, view)
        for code, views in shapes.items()
        for view in (views if isinstance(views, list) else [views])
    ]
    codes, geometry = zip(*rows, strict=True) if rows else ((), ())
    return gpd.GeoDataFrame({"camera_code": list(codes)}, geometry=list(geometry), crs=32650)


def told(found):
    return {row.camera_code: (row.depends_m2, row.entrances) for row in found.itertuples()}


def scatter(rng, count, side_m=200.0):
    middles = shapely.points(rng.uniform(0, side_m, (count, 2)))
    return shapely.buffer(middles, rng.uniform(5, 60, count), quad_segs=3)


def test_only_outdoor_headings_of_cameras_in_their_place_are_worth_a_survey():
    views = views_of(
        (np.nan, "unknown", 90.0, False, "open"),
        (np.nan, "unknown", 90.0, False, "snapped"),
        (np.nan, "unknown", 360.0, False, "open"),  # sees all around anyway
        (np.nan, "unknown", 90.0, True, "indoor"),
        (np.nan, "unknown", 90.0, False, "suspect"),
        (45.0, "rounded8", 90.0, False, "open"),
        (45.0, "rounded8", 90.0, True, "indoor"),
        (45.0, "surveyed", 90.0, False, "open"),
        (45.0, "parsed", 90.0, False, "open"),
    )
    assert np.flatnonzero(is_unsettled(views)).tolist() == [0, 1]
    assert np.flatnonzero(is_unsettled(views, eight_way=True)).tolist() == [0, 1, 5]


def test_what_depends_is_the_demand_that_may_be_seen_and_is_not_seen():
    found = heading_dependence(may(a=box(20, 5, 50, 50)), certain=box(0, 0, 30, 10), demand=STREET)
    assert found.to_dict("records") == [
        {"rank": 1, "camera_code": "a", "depends_m2": 100.0, "entrances": 0}
    ]


def test_the_camera_on_which_most_depends_comes_first_and_equal_ones_by_code():
    possible = may(c=box(0, 0, 10, 10), b=box(40, 0, 60, 10), a=box(70, 0, 80, 99))
    found = heading_dependence(possible, certain=None, demand=STREET)
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["camera_code"].tolist() == ["b", "a", "c"]
    assert found["depends_m2"].tolist() == [200.0, 100.0, 100.0]


def test_of_equal_ground_the_camera_with_more_entrances_comes_first():
    possible = may(a=box(0, 0, 10, 10), b=box(20, 0, 30, 10))
    entrances = [Point(25, 10.2), Point(25, 9), None, Point()]
    found = heading_dependence(possible, certain=None, demand=STREET, entrances=entrances)
    assert found["camera_code"].tolist() == ["b", "a"]
    assert told(found) == {"a": (100.0, 0), "b": (100.0, 1)}


def test_an_entrance_that_somebody_sees_depends_on_nobody():
    possible, doors = may(a=box(0, 0, 40, 20)), [Point(5, 12), Point(35, 12)]
    found = heading_dependence(possible, certain=box(0, 0, 10, 20), demand=STREET, entrances=doors)
    assert told(found) == {"a": (300.0, 1)}


def test_several_views_of_a_camera_count_their_common_ground_once():
    possible = may(a=[box(0, 0, 30, 10), box(20, 0, 50, 10)])
    assert told(heading_dependence(possible, certain=None, demand=STREET)) == {"a": (500.0, 0)}


def test_ground_that_two_may_see_counts_for_both():
    found = heading_dependence(
        may(a=box(0, 0, 30, 10), b=box(0, 0, 30, 10)), certain=None, demand=STREET
    )
    assert found["depends_m2"].tolist() == [300.0, 300.0]


def test_a_camera_that_sees_nothing_or_nothing_new_stands_last_with_nothing():
    possible = may(a=shapely.Polygon(), b=box(0, 0, 10, 10), c=box(90, 0, 99, 10))
    found = heading_dependence(possible, certain=box(0, 0, 50, 50), demand=STREET)
    assert found["camera_code"].tolist() == ["c", "a", "b"]
    assert found["depends_m2"].tolist() == [90.0, 0.0, 0.0]


@pytest.mark.parametrize("demand", [None, STREET])
@pytest.mark.parametrize("possible", [may(), may(a=box(0, 0, 1, 1))])
def test_empty_layers_are_answered(possible, demand):
    found = heading_dependence(possible, certain=None, demand=demand, entrances=None)
    assert found.columns.tolist() == ["rank", "camera_code", "depends_m2", "entrances"]
    assert len(found) == len(possible)


@given(seed=st.integers(0, 10**6), cameras=st.integers(1, 12), sure=st.integers(0, 8))
def test_it_is_what_the_figure_gains_where_all_that_may_be_seen_is_seen(seed, cameras, sure):
    rng = np.random.default_rng(seed)
    demand = shapely.get_parts(shapely.union_all(scatter(rng, 6)))
    certain = scatter(rng, sure)
    codes = rng.integers(0, 5, cameras).astype(str)
    possible = gpd.GeoDataFrame({"camera_code": codes}, geometry=scatter(rng, cameras))
    doors = shapely.points(rng.uniform(0, 200, (20, 2)))
    found = heading_dependence(possible, certain=certain, demand=demand, entrances=doors)
    seen, wanted = shapely.union_all(certain), shapely.union_all(demand)
    assert found["depends_m2"].is_monotonic_decreasing
    assert set(found["camera_code"]) == set(codes)
    for code, (depends_m2, entrances) in told(found).items():
        own = possible[possible["camera_code"] == code].union_all()
        more = shapely.union(seen, own)
        before, after = (shapely.intersection(wanted, ground).area for ground in (seen, more))
        assert depends_m2 == pytest.approx(after - before, abs=1e-6)
        gained = shapely.intersects(more, doors).sum() - shapely.intersects(seen, doors).sum()
        assert entrances == gained


@given(seed=st.integers(0, 10**6))
def test_a_further_certain_view_never_makes_more_depend(seed):
    rng = np.random.default_rng(seed)
    possible = gpd.GeoDataFrame({"camera_code": list("abc")}, geometry=scatter(rng, 3))
    certain = scatter(rng, 5)
    demand = shapely.get_parts(shapely.union_all(scatter(rng, 6)))
    some = told(heading_dependence(possible, certain=certain[:4], demand=demand))
    more = told(heading_dependence(possible, certain=certain, demand=demand))
    assert all(more[code][0] <= some[code][0] + 1e-6 for code in "abc")
