"""Twins: one device entered twice under two codes, told from cameras that share a pole."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.base.crs import parse_crs
from geo.files.checks import Calendar
from geo.files.checks.check import check_rows
from geo.files.checks.position.duplicate_places import CameraPlaces
from geo.files.readers import read_file
from geo.files.schema.layers import find_layer

POLE, OTHER = (117.1, 30.5), (117.1000001, 30.5)
MAPPING = {"code": "设备编码"}


def cameras(*rows):
    """Cameras from row 2 on: code, name, form, heading, position[, views]."""
    frame = pd.DataFrame(
        [(*row, None)[:6] for row in rows],
        columns=["code", "name", "form", "heading_deg", "at", "views"],
        index=pd.RangeIndex(2, 2 + len(rows), name="row"),
    ).astype({"name": object, "form": object, "heading_deg": float, "views": object})
    points = [None if at is None else shapely.Point(at) for at in frame.pop("at")]
    return gpd.GeoDataFrame(frame, geometry=points, crs=4326)


def found(*parts):
    twins = CameraPlaces()
    for part in parts:
        twins.add(part, MAPPING)
    return [(f.row, f.value, f.severity, f.facts["first"]) for f in twins.findings()]


def test_two_that_look_the_same_way_from_one_place_are_named():
    rows = cameras(
        ("A", "东", "fixed", 90.0, POLE),
        ("B", "西", "fixed", 270.0, POLE),
        ("C", "再", "fixed", 90.0, POLE),
    )
    assert found(rows) == [(4, "C", "warning", 2)]
    twins = CameraPlaces()
    twins.add(rows, MAPPING)
    (finding,) = twins.findings()
    assert (finding.code, finding.column) == ("PLACE_DUPLICATE", "设备编码")
    assert "第 2 行" in finding.advice("zh")


@pytest.mark.parametrize(
    "second",
    [
        ("B", "甲", "fixed", 270.0, POLE),
        ("B", "甲", "ptz", 90.0, POLE),
        ("B", "甲", "fixed", 90.0, OTHER),
        ("B", "甲", "fixed", np.nan, POLE),
        ("B", "甲", "fixed", 90.0, None),
    ],
    ids=["other way", "other form", "a centimetre apart", "unknown heading", "no position"],
)
def test_cameras_of_one_pole_are_silent(second):
    assert found(cameras(("A", "甲", "fixed", 90.0, POLE), second)) == []


def test_unknown_headings_are_noted_only_under_one_name():
    rows = cameras(
        ("A", "甲", "fixed", np.nan, POLE),
        ("B", "甲", "ptz", np.nan, POLE),
        ("C", "乙", "fixed", np.nan, POLE),
        ("D", None, "fixed", np.nan, POLE),
        ("E", None, "fixed", np.nan, POLE),
    )
    assert found(rows) == [(3, "B", "note", 2)]


def test_all_views_of_a_camera_count():
    both = [{"heading_deg": 90.0}, {"heading_deg": 270.0}]
    other = [{"heading_deg": 90.0}, {"heading_deg": 180.0}]
    rows = cameras(
        ("A", "甲", "multi", 90.0, POLE, both),
        ("B", "乙", "multi", 90.0, POLE, other),
        ("C", "丙", "multi", 90.0, POLE, both),
    )
    assert found(rows) == [(4, "C", "warning", 2)]


def test_the_first_may_stand_in_an_earlier_part():
    first = cameras(("A", "甲", "fixed", 90.0, POLE))
    later = cameras(("LONGER-CODE", "乙", "fixed", 90.0, POLE))
    later.index = pd.Index([900], name="row")
    assert found(first, first.iloc[:0], later) == [(900, "LONGER-CODE", "warning", 2)]


def test_a_geocoders_default_is_no_pole():
    rows = cameras(*((f"C{n}", f"{n}", "fixed", 90.0, POLE) for n in range(12)))
    assert found(rows) == []


def test_nothing_gives_nothing():
    assert found() == []
    assert found(cameras(("A", "甲", "fixed", 90.0, POLE)).iloc[:0]) == []


def test_two_cameras_on_one_pole_of_the_register_are_silent(shared_data):
    table = read_file(shared_data / "register" / "cameras_register.xlsx")
    crs, today = parse_crs("wgs84"), dt.date(2026, 11, 23)
    taken = check_rows(table, find_layer("cameras"), crs=crs, calendar=Calendar(today))
    twins = CameraPlaces()
    twins.add(taken.rows, taken.mapping)
    assert {59, 60} <= set(taken.rows.index)
    assert twins.findings() == []
