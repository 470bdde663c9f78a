"""The border rule, on three squares whose answers are known by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geo.areas.rules import border, locate, nearest_edge

SRID = 32650
# Near 30.5 N one degree of longitude is about 95.9 km, so 1e-5 degrees are about 0.96 m.
METRE_LON = 1 / 95_900


@pytest.fixture(scope="module")
def squares() -> locate.Locator:
    """A | B side by side on the meridian 117.05, C above A; names out of order on purpose."""
    shapes = {
        "B": box(117.05, 30.50, 117.06, 30.51),
        "A": box(117.04, 30.50, 117.05, 30.51),
        "C": box(117.04, 30.51, 117.05, 30.52),
    }
    frame = gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs=4326)
    return locate.make_locator(frame, srid=SRID)


def ask(where: locate.Locator, lon: float, lat: float, accuracy_m: float = 0.0) -> pd.Series:
    return locate.locate_points(
        np.array([lon]), np.array([lat]), where, accuracy_m=accuracy_m
    ).iloc[0]


def test_a_place_well_inside_has_one_candidate(squares):
    answer = ask(squares, 117.045, 30.505)
    assert (answer["status"], answer["code"], answer["candidates"]) == ("inside", "A", ["A"])
    assert (answer["nearest_code"], answer["nearest_m"]) == ("A", 0.0)


def test_one_covering_area_wins_even_if_others_are_within_tolerance(squares):
    answer = ask(squares, 117.05 + 0.5 * METRE_LON, 30.505)
    assert (answer["status"], answer["code"], answer["candidates"]) == ("border", "B", ["B", "A"])


def test_two_metres_from_the_border_it_is_inside_again(squares):
    assert ask(squares, 117.05 + 2 * METRE_LON, 30.505)["status"] == "inside"


def test_stated_accuracy_widens_the_tolerance(squares):
    answer = ask(squares, 117.05 + 20 * METRE_LON, 30.505, accuracy_m=25)
    assert (answer["status"], answer["code"], answer["candidates"]) == ("border", "B", ["B", "A"])


def test_on_a_common_border_equal_overlap_goes_to_the_smallest_code(squares):
    answer = ask(squares, 117.05, 30.505)
    assert (answer["status"], answer["code"], answer["candidates"]) == ("border", "A", ["A", "B"])


def test_where_three_meet_the_largest_overlap_wins(squares):
    # Corner of A, B and C: A and C hold a quarter disc each, B a quarter; nudged down, C loses.
    answer = ask(squares, 117.05, 30.51 - 0.3 / 110_900)
    assert answer["status"] == "border"
    assert answer["code"] == "A"
    assert answer["candidates"] == ["A", "B", "C"]


def test_just_outside_everything_but_within_tolerance_is_the_border_of_the_nearest(squares):
    answer = ask(squares, 117.06 + 0.5 * METRE_LON, 30.505)
    # One candidate only, so nobody else can claim it.
    assert (answer["status"], answer["code"]) == ("inside", "B")
    assert 0.3 < answer["nearest_m"] < 0.7


def test_outside_names_the_nearest_and_its_distance_but_no_grid(squares):
    answer = ask(squares, 117.06 + 100 * METRE_LON, 30.505)
    assert (answer["status"], answer["code"], answer["candidates"]) == ("outside", "", [])
    assert answer["nearest_code"] == "B"
    assert answer["nearest_m"] == pytest.approx(100, abs=1)


def test_no_position_gives_no_status(squares):
    answer = ask(squares, float("nan"), 30.5)
    assert answer["status"] is None
    assert (answer["code"], answer["candidates"], answer["nearest_code"]) == ("", [], "")


def test_an_empty_partition_leaves_everything_outside():
    nothing = gpd.GeoDataFrame({"code": []}, geometry=[], crs=4326)
    answer = ask(locate.make_locator(nothing, srid=SRID), 117.0, 30.5)
    assert (answer["status"], answer["nearest_code"]) == ("outside", "")
    assert np.isnan(answer["nearest_m"])


def test_rows_come_back_in_their_order(squares):
    lon = np.array([117.055, np.nan, 117.045, 117.045])
    lat = np.array([30.505, 30.5, 30.505, 30.515])
    assert locate.locate_points(lon, lat, squares)["code"].tolist() == ["B", "", "A", "C"]


@given(
    lon=st.floats(117.0399, 117.0601),
    lat=st.floats(30.4999, 30.5201),
    accuracy_m=st.sampled_from([0.0, 1.0, 15.0]),
)
def test_the_answer_is_a_candidate_and_follows_the_written_rule(lon, lat, accuracy_m):
    shapes = {
        "A": box(117.04, 30.50, 117.05, 30.51),
        "B": box(117.05, 30.50, 117.06, 30.51),
        "C": box(117.04, 30.51, 117.05, 30.52),
    }
    frame = gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs=4326)
    answer = ask(locate.make_locator(frame, srid=SRID), lon, lat, accuracy_m)
    assert answer.to_dict() | {"nearest_m": 0} == _by_hand(frame, lon, lat, accuracy_m)


def _by_hand(frame: gpd.GeoDataFrame, lon: float, lat: float, accuracy_m: float) -> dict:
    """The rule once more, one area at a time, without any index."""
    tolerance = max(1.0, accuracy_m)
    dense = gpd.GeoSeries(shapely.segmentize(frame.geometry.to_numpy(), 0.001), crs=4326)
    metric = dict(zip(frame["code"], dense.to_crs(SRID), strict=True))
    place = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(SRID).iloc[0]
    covers = [
        c for c, g in zip(frame["code"], frame.geometry, strict=True) if g.covers(Point(lon, lat))
    ]
    near = {c for c, g in metric.items() if g.exterior.distance(place) <= tolerance}
    candidates = sorted(near | set(covers))
    disc = place.buffer(tolerance, quad_segs=16)
    shared = {c: metric[c].intersection(disc).area / disc.area for c in candidates}
    if len(covers) == 1:
        code = covers[0]
    else:
        code = max(candidates, key=lambda c: (round(shared[c], 3), -ord(c)), default="")
    status = {0: "outside", 1: "inside"}.get(len(candidates), "border")
    others = [c for c in candidates if c != code]
    nearest = code or min(metric, key=lambda c: (metric[c].distance(place), c))
    return {
        "status": status,
        "code": code,
        "candidates": [code, *others] if code else [],
        "nearest_code": nearest,
        "nearest_m": 0,
    }


@given(
    st.lists(st.tuples(st.floats(-400, 1400), st.floats(-400, 1400)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12, unique=True),
    st.integers(1, 9),
)
def test_the_nearest_edges_of_many_places_are_those_of_each(places, corners, per_square):
    x, y = 100.0 * np.array(corners).T
    squares = np.asarray(shapely.box(x, y, x + 100, y + 100))
    edges, owner = border.single_edges(squares)
    tree, points = shapely.STRtree(edges), shapely.points(places)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest_edge, "FEW", 0)
        patch.setattr(nearest_edge, "PER_SQUARE", per_square)
        patch.setattr(nearest_edge, "PAIRS", 50)
        found, metres = nearest_edge.nearest_owners(points, tree, owner)
    away = shapely.distance(points[:, np.newaxis], edges[np.newaxis])
    assert metres == pytest.approx(away.min(axis=1), abs=1e-9)
    near = away <= away.min(axis=1, keepdims=True) + nearest_edge.SAME_M
    assert found.tolist() == np.where(near, owner, len(corners)).min(axis=1).tolist()
