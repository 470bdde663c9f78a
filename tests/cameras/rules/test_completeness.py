"""Completeness of the register: what counts, whom a field is spared, shares by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.cameras.rules import completeness
from geo.cameras.rules.completeness import ITEMS, NAMES, OF_CAMERAS, OF_VIEWS
from geo.files.schema.layers import find_layer

NATIONAL = "34080200001320000001"
FULL = {
    **dict.fromkeys(OF_CAMERAS, "x"),
    "position_source": "verified",
    "point_class": "一类",
    "form": "fixed",
    "indoor": False,
    "connection": "online",
    "status": "in_use",
}
BARE = {**dict.fromkeys(OF_CAMERAS), "position_source": "reported"}
VIEW = {"heading_deg": 90.0, "hfov_deg": 60.0, "range_m": 80.0}


def cameras(*rows):
    frame = pd.DataFrame([{"code": f"K{n}", **row} for n, row in enumerate(rows, start=1)])
    return frame.astype(object) if len(frame) else pd.DataFrame(columns=["code", *BARE])


def views(*rows):
    return pd.DataFrame(rows, columns=["camera_code", *OF_VIEWS])


def view(code, **changes):
    return {"camera_code": code, **VIEW, **changes}


def register(*rows, seen=()):
    return completeness.measure_completeness(cameras(*rows), views(*seen))


def fields_of(frame, code):
    row = frame.loc[code]
    return {name for name in NAMES if row[name]}


def total(found):
    return int(found.known.to_numpy().sum()), int(found.applies.to_numpy().sum())


def test_a_camera_with_name_and_position_only_is_at_nothing_of_all():
    found = register(BARE)
    assert total(found) == (0, 24)
    assert completeness.missing_fields(found)["K1"] == NAMES


def test_a_camera_of_which_all_is_known_is_complete():
    found = register({"code": NATIONAL, **FULL}, seen=[view(NATIONAL)])
    assert total(found) == (24, 24)
    assert completeness.missing_fields(found)[NATIONAL] == ()


def test_only_twenty_digits_of_a_camera_are_a_national_code():
    for code, known in (
        (NATIONAL, True),
        ("34080200001340000001", False),
        ("~0a1b2c3d4e5f", False),
    ):
        assert bool(register({"code": code, **FULL}).known.loc[code, "national_code"]) is known


@pytest.mark.parametrize(
    ("stated", "spared"),
    [
        ({"form": "panoramic"}, {"heading_deg", "hfov_deg"}),
        ({"indoor": True}, {"mount_height_m", "supply_light"}),
        ({"point_class": "三类"}, {"filing_no"}),
        ({"point_class": "其他"}, {"filing_no"}),
        ({"point_class": "二类"}, set()),
        ({"form": None, "indoor": None, "point_class": None}, set()),
        ({"form": "multi", "indoor": False}, set()),
    ],
)
def test_only_what_is_stated_spares_a_camera_a_field(stated, spared):
    found = register({**FULL, **stated}, seen=[view("K1")])
    assert set(NAMES) - fields_of(found.applies, "K1") == spared
    assert fields_of(found.known, "K1") <= fields_of(found.applies, "K1")


def test_a_heading_is_known_only_if_every_view_has_one():
    found = register(
        FULL,
        FULL,
        FULL,
        seen=[view("K1"), view("K1", heading_deg=None), view("K2", range_m=float("nan"))],
    )
    assert found.known[list(OF_VIEWS)].to_numpy().tolist() == [
        [False, True, True],
        [True, True, False],
        [False, False, False],
    ]


def test_views_of_unknown_cameras_are_nobodys():
    assert total(register(BARE, seen=[view("K9")])) == (0, 24)


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("connection", "unknown", False),
        ("connection", "offline", True),
        ("indoor", False, True),
        ("retention_days", 0, True),
        ("duty_phone", "  ", False),
        ("filing_no", "", False),
        ("site", float("nan"), False),
    ],
)
def test_blank_and_unknown_are_no_knowledge_but_no_and_nought_are(name, value, known):
    assert bool(register({**BARE, name: value}).known.loc["K1", name]) is known


def test_removed_cameras_are_no_part_of_the_register():
    found = register({**FULL, "status": "removed"}, BARE)
    assert found.known.index.tolist() == ["K2"]


def test_shares_by_field_count_cameras_that_it_applies_to():
    found = register(
        {**BARE, "form": "panoramic"}, BARE, {**BARE, "owner_kind": "social"}, seen=[view("K2")]
    )
    rows = completeness.by_field(found).set_index("field")
    assert rows.index.tolist() == [item.name for item in ITEMS]
    assert rows.loc["heading_deg", ["filled", "applicable", "share"]].tolist() == [1, 2, 0.5]
    assert rows.loc["owner_kind", "share"] == pytest.approx(1 / 3)
    assert rows.loc["owner_kind", "group"] == "basic"


def test_what_the_catalog_must_state_is_counted_for_class_one_alone():
    stated = {**BARE, "point_class": "1", "retention_days": 30}
    found = register(stated, {**BARE, "point_class": "一类点"}, {**stated, "point_class": "二类"})
    rows = completeness.by_field(found).set_index("field")
    needed = rows[rows["first_class"] > 0]
    assert set(needed.index) == {
        *("national_code", "address", "point_class"),
        *("duty_phone", "retention_days", "installed_on"),
    }
    assert needed.loc["retention_days", ["first_class_filled", "first_class"]].tolist() == [1, 2]
    assert rows.loc["site", "first_class"] == 0


def test_groups_sum_their_fields():
    found = register({**BARE, "filing_no": "1"}, {**BARE, "point_class": "三类"})
    rows = completeness.by_group(found).set_index("group")
    assert rows.index.tolist() == list(completeness.GROUPS)
    assert rows.loc["security", ["filled", "applicable"]].tolist() == [1, 5]
    assert rows[["filled", "applicable"]].sum().tolist() == list(total(found))


def test_figures_by_label_keep_those_without_one_apart_and_last():
    found = register(FULL, BARE, BARE, seen=[view("K1")])
    rows = completeness.by_label(found, pd.Series({"K2": "skynet", "K1": "social", "K7": "social"}))
    assert rows.to_dict("list") == {
        "label": ["skynet", "social", None],
        "cameras": [1, 1, 1],
        "filled": [0, 23, 0],
        "applicable": [24, 24, 24],
        "share": [0.0, 23 / 24, 0.0],
    }


def test_an_empty_register_has_no_share_and_no_crash():
    found = register()
    rows = completeness.by_field(found)
    assert rows[["filled", "applicable"]].to_numpy().sum() == 0
    assert rows["share"].isna().all()
    assert completeness.by_group(found)["share"].isna().all()
    assert completeness.by_label(found, pd.Series(dtype=object)).empty
    assert completeness.missing_fields(found).empty


def test_every_field_is_one_of_the_layer_or_made_of_it():
    known = {field.name for field in find_layer("cameras").fields}
    assert set(NAMES) - known == {"national_code", "position_verified"}
    assert {item.group for item in ITEMS} == set(completeness.GROUPS)


def test_the_input_is_left_as_it_was():
    given, seen = cameras(FULL, BARE), views(view("K1"))
    before = given.copy(), seen.copy()
    completeness.measure_completeness(given, seen)
    pd.testing.assert_frame_equal(given, before[0])
    pd.testing.assert_frame_equal(seen, before[1])


cells = st.sampled_from(["x", "", None])
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(OF_CAMERAS, cells),
        "form": st.sampled_from(["fixed", "panoramic", None]),
        "indoor": st.sampled_from([True, False, None]),
        "point_class": st.sampled_from(["一类", "三类", "9", None]),
        "status": st.sampled_from(["in_use", "removed", None]),
        "position_source": st.sampled_from(["reported", "verified"]),
    }
)


@given(st.lists(rows, max_size=6), st.lists(st.sampled_from(["a", "b", None]), max_size=6))
def test_fields_groups_and_labels_sum_to_the_same(register_rows, labels):
    found = register(*register_rows)
    named = pd.Series({f"K{n}": label for n, label in enumerate(labels, start=1)}, dtype=object)
    for figures in (
        completeness.by_field(found),
        completeness.by_group(found),
        completeness.by_label(found, named),
    ):
        assert figures[["filled", "applicable"]].sum().tolist() == list(total(found))
        assert (figures["filled"] <= figures["applicable"]).all()
