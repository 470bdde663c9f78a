"""Findings of the law, on cameras whose breach is known by hand."""

from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.cameras.rules import compliance
from geo.cameras.rules.rulebook import RULES

TODAY = date(2026, 11, 25)
GOOD = {
    "code": "K1",
    "owner_kind": "skynet",
    "legal_basis": "art7_gov",
    "retention_days": 30,
    "retention_reason": None,
    "filing_no": "B1",
    "sign_present": True,
    "sign_checked_on": date(2026, 6, 1),
    "installed_on": date(2024, 1, 1),
}


def kinds(today=TODAY, **changed):
    found = compliance.judge_register(
        pd.DataFrame([{**GOOD, **changed}], dtype=object), today=today
    )
    assert set(found["camera_code"]) <= {"K1"}
    return list(found["kind"])


def metric(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=32650)


def test_a_camera_that_keeps_the_law_has_no_finding():
    assert kinds() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"legal_basis": None}, ["BASIS_MISSING"]),
        ({"legal_basis": " "}, ["BASIS_MISSING"]),
        ({"legal_basis": "公安建设"}, ["BASIS_UNCLEAR"]),
        ({"legal_basis": "art9_other"}, ["BASIS_CONTRADICTS"]),
        ({"retention_days": 29}, ["RETENTION_SHORT"]),
        ({"retention_days": None}, ["RETENTION_UNKNOWN"]),
        ({"retention_days": 90}, []),
        ({"retention_days": 91}, ["RETENTION_LONG"]),
        ({"retention_days": 180, "retention_reason": "反恐怖主义法"}, []),
        ({"sign_present": False}, ["SIGN_MISSING"]),
        ({"sign_present": None}, ["SIGN_UNKNOWN"]),
        ({"sign_checked_on": TODAY - timedelta(days=366)}, ["SIGN_OLD"]),
        ({"sign_checked_on": None}, []),
        ({"filing_no": None}, ["FILING_MISSING"]),
        ({"filing_no": ""}, ["FILING_MISSING"]),
        ({"filing_no": None, "installed_on": None}, ["FILING_UNKNOWN"]),
        ({"installed_on": None}, []),
    ],
)
def test_each_breach_of_the_register_is_found_and_nothing_else(changed, expected):
    assert kinds(**changed) == expected


def test_what_was_in_use_before_the_decree_was_to_be_filed_by_the_end_of_june_2025():
    assert kinds(date(2025, 6, 30), filing_no=None) == ["FILING_DUE"]
    assert kinds(date(2025, 7, 1), filing_no=None) == ["FILING_MISSING"]


def test_what_came_later_is_to_be_filed_within_thirty_days():
    new = {"filing_no": None, "installed_on": date(2026, 11, 1)}
    assert kinds(date(2026, 12, 1), **new) == ["FILING_DUE"]
    assert kinds(date(2026, 12, 2), **new) == ["FILING_MISSING"]
    found = compliance.judge_register(pd.DataFrame([{**GOOD, **new}], dtype=object), today=TODAY)
    assert found["facts"].iloc[0] == {"deadline": "2026-12-01", "days": 6}


def test_other_public_places_owe_no_filing_and_no_retention_but_a_sign():
    other = {"legal_basis": "第九条", "owner_kind": "social", "filing_no": None}
    assert kinds(**other, retention_days=7, sign_present=False) == ["SIGN_MISSING"]


def test_private_places_owe_no_sign_either():
    other = {"legal_basis": "art33_private", "owner_kind": "social", "filing_no": None}
    assert kinds(**other, retention_days=7, sign_present=False) == []


@pytest.mark.parametrize(
    ("basis", "article"),
    [
        ("art7_gov", 7),
        ("art7_operator", 7),
        ("《条例》第七条第二款", 7),
        ("第9条", 9),
        ("第三十三条", 33),
        ("Art. 33", 33),
        ("第三十条", 0),
        ("第十七条", 0),
        ("x", 0),
        ("", None),
        (None, None),
    ],
)
def test_the_article_is_read_from_what_people_write(basis, article):
    assert compliance.article_of(basis) == article


@given(st.text(max_size=30))
def test_any_text_is_an_article_none_or_nothing(basis):
    assert compliance.article_of(basis) in {7, 9, 33, 0, None}


def test_a_view_into_a_privacy_zone_is_measured_and_clipped():
    views = metric([shapely.box(0, 0, 10, 10), shapely.box(0, 20, 1, 21)], camera_code=["K1", "K2"])
    zones = metric([shapely.box(8, 0, 20, 5)], code=["Z1"])
    found = compliance.looking_in(views, zones)
    assert found["facts"].tolist() == [{"zone": "Z1", "area_m2": 10, "share": 0.1}]
    assert found.geometry.iloc[0].equals(shapely.box(8, 0, 10, 5))


def test_several_views_of_a_camera_are_one():
    views = metric([shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)], camera_code=["K1", "K1"])
    found = compliance.looking_in(views, metric([shapely.box(0, 0, 15, 2)], code=["Z"]))
    assert found["facts"].iloc[0]["area_m2"] == 30


def test_a_view_that_only_touches_a_zone_is_no_finding():
    views = metric([shapely.box(0, 0, 10, 10)], camera_code=["K1"])
    zones = metric([shapely.box(10, 0, 20, 10), shapely.box(9.95, 0, 20, 10)], code=["Z1", "Z2"])
    assert len(compliance.looking_in(views, zones)) == 0


def test_without_zones_or_views_nothing_is_found():
    none = metric([], code=[], camera_code=[])
    views = metric([shapely.box(0, 0, 1, 1)], camera_code=["K1"])
    assert len(compliance.looking_in(views, none)) == len(compliance.looking_in(none, none)) == 0


def test_a_camera_in_a_zone_is_to_be_reported_and_near_its_edge_to_be_checked():
    at = [shapely.Point(x, 5) for x in (5, 9.5, 10.5, 13, 50)]
    cameras = metric(
        at, code=["in", "edge", "out", "far", "away"], position_sigma_m=[1, 1, 1, 1, None]
    )
    found = compliance.standing_in(cameras, metric([shapely.box(0, 0, 10, 10)], code=["Z"]))
    assert dict(zip(found["camera_code"], found["kind"], strict=True)) == {
        "in": "PRIVACY_INSIDE",
        "edge": "PRIVACY_DOUBT",
        "out": "PRIVACY_DOUBT",
    }


def test_a_camera_of_known_position_is_in_or_out():
    cameras = metric([shapely.Point(9.5, 5), shapely.Point(10.5, 5)], code=["a", "b"])
    cameras["position_sigma_m"] = None
    found = compliance.standing_in(cameras, metric([shapely.box(0, 0, 10, 10)], code=["Z"]))
    assert found[["camera_code", "kind"]].to_numpy().tolist() == [["a", "PRIVACY_INSIDE"]]


def test_near_a_restricted_unit_a_consent_for_that_unit_is_needed():
    cameras = metric([shapely.Point(x, 5) for x in (60, 61, 200)], code=["K1", "K2", "K3"])
    zones = metric([shapely.box(0, 0, 10, 10)], code=["R1"])
    found = compliance.near_restricted(cameras, zones, [("K1", "R1"), ("K2", "R9")])
    assert found["camera_code"].tolist() == ["K2"]
    assert found["facts"].iloc[0] == {"zone": "R1", "distance_m": 51, "buffer_m": 100}


def change(code, kind, day, distance_m=30.0, basis="art7_gov", owner="skynet"):
    return {
        "camera_code": code,
        "name": code,
        "owner_kind": owner,
        "legal_basis": basis,
        "kind": kind,
        "on": date(2026, 5, day),
        "distance_m": distance_m if kind == "moved" else None,
    }


def unpermitted(changes, permits=()):
    given = pd.DataFrame(permits, columns=["camera_code", "kind", "permitted_on"], dtype=object)
    found = compliance.find_unpermitted_changes(pd.DataFrame(changes, dtype=object), given)
    return [(row["camera_code"], row["kind"], row["facts"]["on"]) for _, row in found.iterrows()]


def test_a_move_or_removal_needs_its_permission():
    changes = [change("K1", "moved", 3), change("K2", "removed", 4)]
    assert unpermitted(changes) == [("K1", "MOVED", "2026-05-03"), ("K2", "REMOVED", "2026-05-04")]
    permits = [("K1", "moved", date(2026, 5, 3)), ("K2", "removed", date(2026, 5, 1))]
    assert unpermitted(changes, permits) == []


def test_a_permission_of_another_kind_a_later_day_or_no_day_permits_nothing():
    permits = [
        ("K1", "removed", date(2026, 5, 1)),
        ("K1", "moved", date(2026, 5, 9)),
        ("K1", "moved", None),
        ("K2", "moved", date(2026, 5, 1)),
    ]
    assert len(unpermitted([change("K1", "moved", 3)], permits)) == 1


def test_a_permission_permits_one_change():
    changes = [change("K1", "moved", day) for day in (3, 4)]
    assert unpermitted(changes, [("K1", "moved", date(2026, 5, 1))]) == [
        ("K1", "MOVED", "2026-05-04")
    ]


def test_a_correction_of_the_register_is_no_move():
    assert unpermitted([change("K1", "moved", 3, distance_m=1.9)]) == []


def test_only_equipment_of_article_7_needs_it_but_who_knows_of_a_skynet_camera():
    assert unpermitted([change("K1", "moved", 3, basis="art9_other", owner="social")]) == []
    assert unpermitted([change("K1", "moved", 3, basis=None, owner="social")]) == []
    assert len(unpermitted([change("K1", "moved", 3, basis=None)])) == 1


def test_fields_changed_since_the_filing_are_one_finding_a_camera():
    changes = pd.DataFrame(
        {"camera_code": ["K1", "K1"], "filing_code": ["B1", "B1"], "field": ["name", "form"]}
    )
    found = compliance.find_changed_filings(changes)
    assert found["facts"].tolist() == [{"filing": "B1", "fields": ["name", "form"]}]


def test_every_kind_has_its_words(catalogued):
    for kind in RULES:
        for section in ("kind", "finding", "advice"):
            assert f"compliance_{section}.{kind}" in catalogued


@pytest.fixture
def catalogued():
    from geo.base.words import load_catalogue

    return load_catalogue()
