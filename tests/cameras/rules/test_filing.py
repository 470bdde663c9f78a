"""Filing: what of a camera is filed, and what has changed since."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.base.words import load_catalogue
from geo.cameras.rules.filing import (
    CAMERA,
    FILED_FIELDS,
    POSITION,
    POSITION_TOLERANCE_M,
    SNAPSHOT,
    changed_fields,
    filing_snapshot,
    spell_value,
)

DEGREE_M = 6_371_008.8 * math.pi / 180  # of latitude, on the sphere
KEPT = {"name": "路口枪机", "lon": 117.05, "lat": 30.5, "form": "fixed", "retention_days": 30}


def cameras(**rows):
    """Cameras by code; each has what it is given of a snapshot beside KEPT."""
    return pd.DataFrame([{"camera_code": code, **KEPT, **more} for code, more in rows.items()])


def cells(found):
    assert list(found.columns) == ["camera_code", "field", "filed", "now"]
    assert found.index.tolist() == list(range(len(found)))
    return [tuple(row) for row in found.itertuples(index=False)]


def test_what_is_as_it_was_filed_is_no_change():
    assert cells(changed_fields(cameras(K1={}, K2={}), cameras(K2={}, K1={}))) == []


def test_a_field_that_differs_is_told_with_both_values():
    now = cameras(K1={"form": "dome", "retention_days": 15, "name": "路口半球"})
    assert cells(changed_fields(cameras(K1={}), now)) == [
        ("K1", "name", "路口枪机", "路口半球"),
        ("K1", "form", "fixed", "dome"),
        ("K1", "retention_days", "30", "15"),
    ]


@pytest.mark.parametrize(("metres", "told"), [(4.9, False), (5.1, True)])
def test_a_position_differs_beyond_the_tolerance(metres, told):
    assert POSITION_TOLERANCE_M == 5
    now = cameras(K1={"lat": 30.5 + metres / DEGREE_M})
    assert [row[1] for row in cells(changed_fields(cameras(K1={}), now))] == [POSITION] * told


def test_eastwards_a_degree_is_shorter_the_farther_north():
    step = 5.5 / DEGREE_M
    assert len(
        changed_fields(cameras(K1={"lat": 0.0}), cameras(K1={"lat": 0.0, "lon": 117.05 + step}))
    )
    north = cameras(K1={"lat": 60.0}), cameras(K1={"lat": 60.0, "lon": 117.05 + step})
    assert changed_fields(*north).empty


def test_a_position_is_written_with_longitude_first():
    found = changed_fields(cameras(K1={}), cameras(K1={"lon": 117.051}))
    assert cells(found) == [("K1", POSITION, "117.050000 30.500000", "117.051000 30.500000")]


def test_a_camera_that_is_gone_and_one_that_has_come_are_changes_of_the_filing():
    found = changed_fields(cameras(K1={"name": "旧"}, K2={}), cameras(K2={}, K3={"name": "新"}))
    assert cells(found) == [("K1", CAMERA, "旧", None), ("K3", CAMERA, None, "新")]


def test_a_camera_without_a_name_is_told_by_its_code():
    found = changed_fields(cameras(K1={"name": None}), cameras(K1={})[:0])
    assert cells(found) == [("K1", CAMERA, "K1", None)]


def test_what_was_blank_when_it_was_filed_and_is_known_now_is_to_be_filed():
    found = changed_fields(cameras(K1={"retention_days": None}), cameras(K1={}))
    assert cells(found) == [("K1", "retention_days", None, "30")]
    found = changed_fields(cameras(K1={}), cameras(K1={"form": np.nan}))
    assert cells(found) == [("K1", "form", "fixed", None)]


def test_nothing_is_told_of_a_field_that_was_not_stated():
    assert changed_fields(cameras(K1={}).drop(columns="form"), cameras(K1={"form": "dome"})).empty
    assert changed_fields(
        cameras(K1={}).drop(columns=["lon", "lat"]), cameras(K1={"lat": 31.0})
    ).empty


def test_blanks_around_a_text_and_the_kind_of_a_number_are_no_change():
    now = cameras(K1={"name": " 路口枪机 ", "retention_days": 30.0, "form": "fixed"})
    assert changed_fields(cameras(K1={}), now).empty
    assert changed_fields(cameras(K1={"name": ""}), cameras(K1={"name": None})).empty


def test_without_any_camera_nothing_has_changed():
    found = changed_fields(cameras(K1={})[:0], cameras(K1={})[:0])
    assert cells(found) == []
    assert cells(changed_fields(pd.DataFrame({"camera_code": []}), cameras(K1={}))) == [
        ("K1", CAMERA, None, "路口枪机")
    ]


def test_the_input_stays_as_it_was():
    filed, now = cameras(K1={}), cameras(K1={"form": "dome"})
    before = filed.copy(), now.copy()
    changed_fields(filed, now)
    pd.testing.assert_frame_equal(filed, before[0])
    pd.testing.assert_frame_equal(now, before[1])


def test_a_snapshot_is_made_of_values_of_json():
    row = {**KEPT, "name": " 甲 ", "installed_on": dt.date(2023, 5, 1), "mount_height_m": 6.5}
    row |= {"retention_days": 30.0, "address": "", "form": np.nan, "connection": "online"}
    assert filing_snapshot(row) == {
        "name": "甲",
        "lon": 117.05,
        "lat": 30.5,
        "address": None,
        "form": None,
        "mount_height_m": 6.5,
        "retention_days": 30,
        "installed_on": "2023-05-01",
    }
    assert filing_snapshot({**row, "installed_on": pd.NaT})["installed_on"] is None


def test_each_field_that_is_filed_has_a_place_in_the_snapshot_and_a_name():
    assert set(SNAPSHOT) - {"lon", "lat"} == set(FILED_FIELDS) - {POSITION}
    named = {
        key.removeprefix("filing_field.") for key in load_catalogue() if "filing_field." in key
    }
    assert named == {CAMERA, *FILED_FIELDS}


def test_stored_words_are_spelt_for_people():
    assert spell_value("form", "fixed") == "枪机"
    assert spell_value("form", "fixed", "en") == "fixed"
    assert spell_value("owner_kind", "skynet") == "天网"
    assert spell_value("name", "fixed") == "fixed"
    assert spell_value("form", None) == ""
    assert spell_value(CAMERA, "甲") == "甲"
    assert spell_value(POSITION, "117.05 30.5") == "117.05 30.5"


_STATES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["甲", "乙", None]),
        "lon": st.floats(117, 117.1),
        "lat": st.floats(30.4, 30.5),
        "form": st.sampled_from(["fixed", "dome", None]),
        "retention_days": st.sampled_from([None, 15, 30]),
    }
)
_REGISTERS = st.dictionaries(st.sampled_from("ABCDE"), _STATES, max_size=5)


@given(_REGISTERS, _REGISTERS)
def test_changes_there_and_back_are_the_same_ones_turned_round(one, other):
    first, second = (cameras(**{k: dict(v) for k, v in r.items()}) for r in (one, other))
    first, second = (
        frame if len(frame) else pd.DataFrame(columns=["camera_code", *KEPT])
        for frame in (first, second)
    )
    there, back = changed_fields(first, second), changed_fields(second, first)
    turned = back.rename(columns={"filed": "now", "now": "filed"})[list(there.columns)]
    assert sorted(map(str, cells(there))) == sorted(map(str, cells(turned)))
    assert changed_fields(first, first).empty
