"""Coordinate systems: names people write, the Chinese shifts there and back, the metric zone."""

import csv
import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.base import chinese_shifts as shifts
from geo.base import crs as c
from geo.base.errors import CRSError
from tests import SHARED_DATA

DATA = SHARED_DATA
needs_data = pytest.mark.skipif(not DATA.exists(), reason="shared test data are not here")
METRE_DEG = 1 / 111_000
MILLIMETRE_DEG = METRE_DEG / 1000


@pytest.mark.parametrize(
    ("text", "name", "srid"),
    [
        ("wgs84", "wgs84", 4326),
        ("WGS-84", "wgs84", 4326),
        ("WGS 84", "wgs84", 4326),
        ("EPSG:4326", "wgs84", 4326),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84", 4326),
        ("CGCS2000", "cgcs2000", 4490),
        ("国家2000", "cgcs2000", 4490),
        ("国家2000（CGCS2000）", "cgcs2000", 4490),
        ("2000国家大地坐标系", "cgcs2000", 4490),
        ("GCJ-02", "gcj02", None),
        ("gcj02", "gcj02", None),
        ("火星坐标系", "gcj02", None),
        ("高德坐标", "gcj02", None),
        ("高德地图", "gcj02", None),
        ("腾讯地图坐标系", "gcj02", None),
        ("国测局", "gcj02", None),
        ("百度地图", "bd09", None),
        ("天地图", "cgcs2000", 4490),
        ("1980西安坐标系", "EPSG:4610", 4610),
        ("北京54", "EPSG:4214", 4214),
        ("火星坐标（GCJ-02，高德、腾讯）", "gcj02", None),
        ("ＢＤ－０９", "bd09", None),
        ("百度坐标", "bd09", None),
        ("EPSG:4548", "EPSG:4548", 4548),
        ("epsg:2249", "EPSG:2249", 2249),
        ("urn:ogc:def:crs:EPSG::4548", "EPSG:4548", 4548),
    ],
)
def test_names_as_people_write_them_are_known(text, name, srid):
    assert c.parse_crs(text) == c.InputCRS(name, srid)


@pytest.mark.parametrize(
    "text",
    ["", "本地坐标", "EPSG:999999", "EPSG:5773", "EPSG:4978", "WGS84/GCJ02", "WGS84 or GCJ02 54"],
)
def test_an_unknown_system_is_refused_with_the_known_ones(text):
    with pytest.raises(CRSError) as caught:
        c.parse_crs(text)
    assert "gcj02" in str(caught.value)
    assert "gcj02" in caught.value.text("zh")


def test_a_wkt_definition_is_identified():
    import pyproj

    wkt = pyproj.CRS.from_epsg(4548).to_wkt("WKT1_ESRI")
    assert c.crs_of_definition(wkt) == c.InputCRS("EPSG:4548", 4548)
    assert c.crs_of_definition("LOCAL_CS[grid of the town]") is None


@needs_data
def test_the_published_pairs_are_reproduced():
    with (DATA / "yingjiang" / "gcj02_test_pairs.csv").open(encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    map_readings = {"shanghai xuhui", "beijing railway station"}
    assert len(rows) == 13
    for row in rows:
        lon, lat = shifts.wgs84_to_gcj02(float(row["wgs_lon"]), float(row["wgs_lat"]))
        # two rows were read off a map, about 1 m from the formula
        limit_deg = 1.1e-5 if row["name"] in map_readings else 1e-8
        assert abs(lon - float(row["gcj_lon"])) <= limit_deg, row["name"]
        assert abs(lat - float(row["gcj_lat"])) <= limit_deg, row["name"]
        if row["bd_lon"]:
            bd = shifts.gcj02_to_bd09(float(row["gcj_lon"]), float(row["gcj_lat"]))
            assert np.allclose(bd, (float(row["bd_lon"]), float(row["bd_lat"])), atol=1e-5)


@needs_data
def test_the_district_in_gcj02_comes_back_with_its_area():
    def polygon(name):
        text = (DATA / "yingjiang" / name).read_text(encoding="utf-8")
        return shapely.geometry.shape(json.loads(text)["features"][0]["geometry"])

    shifted = np.array([polygon("district_gcj02.geojson")], dtype=object)
    back = c.to_lonlat(shifted, c.parse_crs("gcj02"))
    truth = np.array([polygon("district_wgs84.geojson")], dtype=object)
    assert shapely.area(c.project(back, source=4326, target=4548))[0] / 1e6 == pytest.approx(
        206.93, abs=0.1
    )
    apart = np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(truth))
    assert apart.max() <= METRE_DEG


@given(st.floats(72.1, 137.7), st.floats(0.9, 55.7))
def test_both_shifts_are_undone_to_a_millimetre(lon, lat):
    gcj = shifts.wgs84_to_gcj02(lon, lat)
    assert np.allclose(shifts.gcj02_to_wgs84(*gcj), (lon, lat), rtol=0, atol=MILLIMETRE_DEG / 10)
    bd = shifts.gcj02_to_bd09(lon, lat)
    assert np.allclose(shifts.bd09_to_gcj02(*bd), (lon, lat), rtol=0, atol=MILLIMETRE_DEG / 10)


@pytest.mark.parametrize("place", [(-71.06, 42.36), (15.97, 45.81), (151.2, -33.87)])
def test_places_outside_china_pass_unchanged(place):
    for shift in (
        shifts.wgs84_to_gcj02,
        shifts.gcj02_to_wgs84,
        shifts.gcj02_to_bd09,
        shifts.bd09_to_gcj02,
    ):
        assert tuple(map(float, shift(*place))) == place


def test_whole_arrays_are_shifted_at_once():
    lon, lat = shifts.wgs84_to_gcj02(np.array([117.05, -71.06]), np.array([30.5, 42.36]))
    assert lon.shape == lat.shape == (2,)
    assert lon[0] - 117.05 == pytest.approx(0.0054, abs=1e-4)
    assert lon[1] == -71.06


def test_missing_and_empty_geometries_stay_as_they_are():
    given_ = np.array([None, shapely.Point(), shapely.Point(117, 30, 9)], dtype=object)
    moved = c.to_lonlat(given_, c.parse_crs("bd09"))
    assert moved[0] is None
    assert moved[1].is_empty
    assert not moved[2].has_z
    assert c.is_lonlat(moved).tolist() == [False, False, True]


def test_no_geometry_at_all_is_no_error():
    assert c.to_lonlat(np.array([], dtype=object), c.parse_crs("EPSG:4548")).size == 0


def test_easting_comes_before_northing():
    xy = np.array([shapely.Point(500_000, 3_375_000)], dtype=object)
    (moved,) = c.to_lonlat(xy, c.parse_crs("EPSG:4548"))
    assert moved.x == pytest.approx(117, abs=1e-9)
    assert moved.y == pytest.approx(30.5, abs=0.01)


def test_feet_read_as_degrees_are_refused_with_the_reason():
    feet = np.array([shapely.Point(739826.9, 2908285.1)], dtype=object)
    with pytest.raises(CRSError, match="lie nowhere on the globe"):
        c.to_lonlat(feet, c.parse_crs("wgs84"))
    (moved,) = c.to_lonlat(feet, c.parse_crs("EPSG:2249"))
    assert (round(moved.x), round(moved.y)) == (-71, 42)


def test_one_absurd_row_among_many_is_left_for_the_caller():
    rows = np.array([shapely.Point(117, 30)] * 3 + [shapely.Point(-999, -999)], dtype=object)
    assert c.is_lonlat(c.to_lonlat(rows, c.parse_crs("wgs84"))).tolist() == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("lon", "lat", "srid"),
    [
        (117.05, 30.5, 4548),
        (73.2, 39.0, 4534),
        (75.0, 39.0, 4534),
        (136.0, 48.0, 4554),
        (115.4999, 30.0, 4547),
        (115.5, 30.0, 4548),
        (-71.06, 42.36, 32619),
        (15.97, 45.81, 32633),
        (151.2, -33.87, 32756),
        (180.0, 0.0, 32660),
        (-180.0, -1.0, 32701),
        (117.0, -8.0, 32750),
    ],
)
def test_the_metric_zone_is_the_districts_own(lon, lat, srid):
    assert c.metric_srid(lon, lat) == srid


@given(st.floats(73, 136), st.floats(3, 54))
def test_the_chosen_zone_has_the_nearest_central_meridian(lon, lat):
    meridian = 75 + 3 * (c.metric_srid(lon, lat) - 4534)
    assert 75 <= meridian <= 135
    # the first zone also serves the country's western edge, half a degree beyond it
    assert abs(lon - meridian) <= (2.0 if lon < 73.5 else 1.5)


@pytest.mark.parametrize("place", [(math.nan, 30), (117, math.inf), (200, 30), (117, 91)])
def test_no_place_has_no_zone(place):
    with pytest.raises(CRSError):
        c.metric_srid(*place)


def test_degrees_are_told_from_metres():
    assert c.parse_crs("gcj02").is_degrees
    assert c.parse_crs("wgs84").is_degrees
    assert not c.parse_crs("EPSG:4548").is_degrees


@pytest.mark.parametrize(
    ("text", "unshifted"),
    [
        *((f"EPSG:{code}", True) for code in (4610, 2384, 2363, 4214, 2436, 21460, 4555)),
        *((f"EPSG:{code}", False) for code in (4490, 4548, 4527, 4326, 32650, 2249)),
        ("西安80", True),
        ("gcj02", False),
    ],
)
def test_systems_of_before_2000_have_no_published_shift(text, unshifted):
    crs = c.parse_crs(text)
    assert crs.is_unshifted == unshifted
    if unshifted:
        with pytest.raises(CRSError) as caught:
            c.require_shift(crs)
        assert "CGCS2000" in caught.value.text("en")
    else:
        c.require_shift(crs)


@pytest.mark.parametrize(
    ("x", "y", "declared", "key", "meant"),
    [
        (39504331.5, 3375952.1, "EPSG:4548", "crs.zone_x", "EPSG:4527"),
        (20504331.5, 3375952.1, "EPSG:4548", "crs.zone_x", "EPSG:4498"),
        (40504331.5, 3375952.1, "EPSG:4527", "crs.zone_x", "EPSG:4528"),
        (504331.5, 3375952.1, "EPSG:4527", "crs.zone_plain", "EPSG:4548"),
        (3375952.1, 39504331.5, "EPSG:4548", "crs.zone_y", "EPSG:4527"),
    ],
)
def test_a_refusal_names_the_zone_that_coordinates_say_and_never_the_one_declared(
    x, y, declared, key, meant
):
    with pytest.raises(CRSError) as caught:
        c.require_zone(x, y, c.parse_crs(declared))
    assert (caught.value.key, caught.value.facts["meant"]) == (key, meant)
    for lang in ("zh", "en"):
        assert meant in caught.value.text(lang)
        assert f"--crs {declared}" not in caught.value.text(lang)


@pytest.mark.parametrize(
    ("x", "declared"),
    [(39504331.5, "EPSG:4527"), (504331.5, "EPSG:4548"), (1e9, "EPSG:4548"), (117.0, "wgs84")],
)
def test_coordinates_that_say_no_other_zone_pass(x, declared):
    assert c.require_zone(x, 3375952.1, c.parse_crs(declared)) is None


def test_the_system_just_declared_is_never_proposed():
    point = np.array([shapely.Point(1e12, 1e12)], dtype=object)
    for declared in ("EPSG:4548", "EPSG:4549"):
        with pytest.raises(CRSError) as caught:
            c.to_lonlat(point, c.parse_crs(declared))
        assert f"--crs {declared}" not in caught.value.text("en")
