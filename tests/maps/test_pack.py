"""Frames as short arrays: nothing is lost beyond the step, nothing can break out."""

import itertools
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.pack import (
    STEP_DEG,
    as_json,
    pack_flags,
    pack_numbers,
    pack_points,
    pack_shapes,
    pack_texts,
    pack_times,
)


def unpacked(packed: dict) -> list[list[np.ndarray]]:
    """Return the rings of each feature in lon/lat, as the browser reads them."""
    xy = (np.cumsum(np.reshape(packed["d"], (-1, 2)), axis=0) + packed["o"]) * packed["s"]
    rings = np.split(xy, np.cumsum(packed["n"])[:-1]) if packed["n"] else []
    ends = np.cumsum([0, *packed["f"]])
    return [rings[a:b] for a, b in itertools.pairwise(ends)]


def test_no_text_can_end_the_script_element():
    hostile = "</script><img src=x onerror=alert(1)>&\u2028\u2029<!--"
    written = as_json({"a": hostile})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {"a": hostile}


@given(st.text())
def test_every_text_comes_back_as_it_was(text):
    written = as_json([text])
    assert json.loads(written) == [text]
    assert not set(written) & set("<>&\u2028\u2029")


def test_half_a_character_does_not_stop_the_page():
    assert json.loads(as_json(["a\ud800b"])) == ["a?b"]


def test_repeated_texts_are_written_once():
    frame = pd.DataFrame({"kind": ["a", "b", "a", None, "a", "a", float("nan")]})
    assert pack_texts(frame, "kind") == {"d": ["a", "b", ""], "i": [0, 1, 0, 2, 0, 0, 2]}


def test_texts_that_differ_stay_a_list():
    assert pack_texts(pd.DataFrame({"code": ["1", "2"]}), "code") == ["1", "2"]


def test_an_absent_column_is_unknown_not_an_error():
    frame = pd.DataFrame({"code": ["1", "2"]})
    assert pack_texts(frame, "name") == {"d": [""], "i": [0, 0]}
    assert pack_numbers(frame, "area_m2") == [None, None]
    assert pack_flags(frame, "indoor") == [None, None]
    assert pack_times(frame, "at", timezone="Asia/Shanghai") == ["", ""]


def test_numbers_without_value_are_none():
    frame = pd.DataFrame({"m": [1.26, float("nan"), float("inf"), 3.0]})
    assert pack_numbers(frame, "m", digits=1) == [1.3, None, None, 3]


def test_unknown_is_a_third_value_of_a_flag():
    assert pack_flags(pd.DataFrame({"on": [True, False, None]}), "on") == [1, 0, None]


def test_times_are_shown_in_the_district_s_zone():
    frame = pd.DataFrame({"at": pd.to_datetime(["2026-09-30T13:40Z", None])})
    assert pack_times(frame, "at", timezone="Asia/Shanghai") == ["2026-09-30 21:40", ""]


def test_a_time_given_as_text_stays_as_it_is():
    frame = pd.DataFrame({"at": ["2026-09-30 21:40"]})
    assert pack_times(frame, "at", timezone="Asia/Shanghai") == ["2026-09-30 21:40"]


def test_points_keep_their_place_and_may_have_none():
    where = gpd.GeoSeries([shapely.Point(117.05, 30.5), None, shapely.Point()], crs=4326)
    packed = pack_points(gpd.GeoDataFrame(geometry=where))
    assert packed["x"][1:] == [None, None]
    assert (packed["o"][0] + packed["x"][0]) * STEP_DEG == pytest.approx(117.05, abs=STEP_DEG / 2)
    assert (packed["o"][1] + packed["y"][0]) * STEP_DEG == pytest.approx(30.5, abs=STEP_DEG / 2)


def test_a_square_with_a_hole_gives_two_rings_running_against_each_other():
    square = shapely.box(117, 30, 117.01, 30.01) - shapely.box(117.002, 30.002, 117.004, 30.004)
    (rings,) = unpacked(pack_shapes([square], closed=True))
    assert [len(ring) for ring in rings] == [4, 4]
    turns = [np.sign(shapely.LinearRing(ring).is_ccw - 0.5) for ring in rings]
    assert turns[0] == -turns[1]


def test_features_without_a_shape_keep_their_row():
    packed = pack_shapes(
        [None, shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.Point(0, 0)], closed=True
    )
    assert packed["f"] == [0, 0, 1, 0]
    assert packed["n"] == [4]


def test_points_closer_than_a_step_are_written_once():
    line = shapely.LineString([(0, 0), (STEP_DEG / 5, 0), (1, 0)])
    assert pack_shapes([line], closed=False)["n"] == [2]


@given(
    st.lists(st.tuples(st.floats(73, 136), st.floats(3, 54)), min_size=2, max_size=40, unique=True)
)
def test_every_line_comes_back_within_half_a_step(xy):
    line = shapely.LineString(xy)
    (rings,) = unpacked(pack_shapes([line], closed=False))
    for ring in rings:
        away = shapely.hausdorff_distance(shapely.LineString(ring), line) if len(ring) > 1 else 0
        assert away <= STEP_DEG


def test_nothing_at_all_is_packed_as_nothing():
    assert pack_shapes([], closed=True) == {"o": [0, 0], "s": STEP_DEG, "f": [], "n": [], "d": []}
    assert pack_points(gpd.GeoDataFrame(geometry=[], crs=4326))["x"] == []
