"""Views, ranges and sectors, checked against examples worked by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.base.errors import InputError, LayerError
from geo.base.words import say
from geo.coverage.kinds import CERTAINTIES, DETAIL_NAMES, DETAILS, detail_of
from geo.coverage.sight.optics import (
    HEADING_TOLERANCE_DEG,
    camera_views,
    heading_bands,
    px_per_m,
    view_sectors,
)


def camera(**given):
    usual = {
        "form": "fixed",
        "heading_deg": 90.0,
        "heading_source": "surveyed",
        "hfov_deg": 90.0,
        "res_h_px": 1920,
        "range_m": np.nan,
        "indoor": False,
        "mount_height_m": np.nan,
        "tilt_deg": np.nan,
        "vfov_deg": np.nan,
    }
    return pd.DataFrame({**usual, **given}, index=pd.Index(["a"], name="code"))


def sector(certainty, **given):
    row = view_sectors(camera_views(camera(**given)), certainty).iloc[0]
    return row["start_deg"], row["width_deg"]


@pytest.mark.parametrize(
    ("res_h_px", "hfov_deg", "detail", "range_m"),
    [
        (1920, 90, 20, 48.0),
        (1920, 90, 125, 7.68),
        (1920, 90, 250, 3.84),
        (3840, 90, 25, 76.8),
        (2560, 84, 25, 2560 / (50 * math.tan(math.radians(42)))),
        (4000, 360, 20, 4000 / (20 * 2 * math.pi)),
        (2560, 180, 40, 2560 / (40 * math.pi)),
    ],
)
def test_range_follows_from_pixels_and_angle(res_h_px, hfov_deg, detail, range_m):
    views = camera_views(camera(res_h_px=res_h_px, hfov_deg=hfov_deg), detail_px_per_m=detail)
    assert views["range_m"].tolist() == pytest.approx([range_m])
    assert px_per_m(views, range_m) == pytest.approx([detail])


def test_the_shortest_of_all_limits_is_the_range():
    assert camera_views(camera(range_m=30.0))["range_m"].tolist() == [30.0]
    assert camera_views(camera(range_m=0.0))["range_m"].tolist() == [0.0]


def ranged(**given_):
    views = camera_views(camera(**given_))
    return views["range_m"].iloc[0], views["assumed"].iloc[0]


def test_a_stated_range_holds_up_to_two_kilometres():
    # 3840 px over 50.2°: 206 m at 20 px/m, though the register says 400 m.
    eagle = {"hfov_deg": 50.0, "res_h_px": 3840}
    optical = 3840 / (40 * math.tan(math.radians(25)))
    assert ranged(**eagle, range_m=400.0) == (pytest.approx(optical), "")
    assert ranged(hfov_deg=10.0, range_m=400.0) == (400.0, "")
    assert ranged(hfov_deg=1.0, res_h_px=7680, range_m=9000.0) == (2000.0, "")


def test_where_no_range_is_stated_the_default_reach_holds_and_is_counted():
    assert ranged(hfov_deg=10.0) == (150.0, "range")
    assert ranged() == (pytest.approx(48.0), "")  # the picture ends sooner: nothing is assumed
    farther = camera_views(camera(hfov_deg=10.0), default_reach_m=300.0)
    assert farther["range_m"].tolist() == [300.0]
    assert farther["assumed"].tolist() == ["range"]


def test_the_range_has_no_jump_where_the_picture_turns_from_plane_to_arc():
    angles = np.arange(60.0, 360.0, 0.5)
    ranges = [ranged(hfov_deg=angle)[0] for angle in angles]
    assert ranges == sorted(ranges, reverse=True)
    steps = np.abs(np.diff(ranges))
    assert steps.max() == pytest.approx(ranges[0] - ranges[1])  # steepest where angles are small
    half_circle = 1920 / (20 * math.pi)
    assert ranged(hfov_deg=180.0)[0] == ranged(hfov_deg=179.9)[0] == pytest.approx(half_circle)
    assert ranged(hfov_deg=115.0)[0] == pytest.approx(half_circle, rel=2e-3)


def test_a_panoramic_picture_follows_the_arc_at_any_angle():
    for angle in (90.0, 179.0, 180.0, 270.0):
        arc = 1920 / (20 * math.radians(angle))
        assert ranged(form="panoramic", hfov_deg=angle)[0] == pytest.approx(arc)


def test_a_lens_tilted_down_sees_the_ground_between_two_edges():
    views = camera_views(camera(mount_height_m=6.0, tilt_deg=35.0, vfov_deg=20.0))
    assert views["near_m"].tolist() == pytest.approx([6.0])
    assert views["range_m"].tolist() == pytest.approx([6 / math.tan(math.radians(25))])


def test_a_lens_that_sees_the_horizon_has_no_far_edge():
    views = camera_views(camera(mount_height_m=6.0, tilt_deg=10.0, vfov_deg=40.0))
    assert views["range_m"].tolist() == pytest.approx([48.0])


def test_every_assumed_input_is_named():
    bare = pd.DataFrame({"form": ["fixed", "panoramic"], "heading_deg": [45.0, np.nan]}, ["a", "b"])
    views = camera_views(bare)
    assert views["assumed"].tolist() == ["hfov,resolution,heading_source", "hfov,resolution"]
    assert views["hfov_deg"].tolist() == [90.0, 360.0]
    assert views["heading_source"].tolist() == ["parsed", "unknown"]
    assert views["range_m"].tolist() == pytest.approx([64.0, 2560 / (40 * math.pi)])


def test_unusable_numbers_count_as_not_given():
    views = camera_views(camera(hfov_deg=0.0, res_h_px=0, range_m=-1.0))
    assert views["assumed"].tolist() == ["hfov,resolution"]
    assert views["range_m"].tolist() == pytest.approx([64.0])


def test_a_table_as_a_database_gives_it_is_read():
    rows = {
        "form": ["fixed", None],
        "heading_deg": [None, -1e-17],
        "heading_source": [None, "rounded8"],
        "hfov_deg": pd.array([None, 80], dtype="Int64"),
        "indoor": [None, True],
    }
    views = camera_views(pd.DataFrame(rows, index=["a", "b"]).astype({"form": object}))
    assert views["indoor"].tolist() == [False, True]
    assert views["heading_source"].tolist() == ["unknown", "rounded8"]
    assert views["hfov_deg"].tolist() == [90.0, 80.0]
    assert views["heading_deg"].iloc[1] == 0.0


def test_rows_of_one_code_are_its_views():
    both = pd.concat([camera(), camera(heading_deg=270.0)])
    views = camera_views(both)
    assert views["camera_code"].tolist() == ["a", "a"]
    assert views["no"].tolist() == [1, 2]
    assert views["heading_deg"].tolist() == [90.0, 270.0]


def test_no_camera_has_no_view():
    views = camera_views(camera().iloc[:0])
    assert len(views) == 0
    assert view_sectors(views, "certain").columns.tolist() == ["start_deg", "width_deg"]


def test_more_detail_never_reaches_farther():
    ranges = [camera_views(camera(), detail_px_per_m=d)["range_m"].iloc[0] for d in DETAILS]
    assert ranges == sorted(ranges, reverse=True)


@pytest.mark.parametrize("detail", [0, -20, math.nan, math.inf])
def test_a_detail_that_is_no_density_is_refused(detail):
    with pytest.raises(InputError, match="pixels per metre"):
        camera_views(camera(), detail_px_per_m=detail)


def test_a_table_without_form_is_refused():
    with pytest.raises(LayerError, match="form"):
        camera_views(camera().drop(columns="form"))


def test_certain_shrinks_and_possible_widens_by_the_uncertainty():
    assert sector("certain") == (50.0, 80.0)
    assert sector("possible") == (40.0, 100.0)
    assert sector("certain", heading_source="rounded8") == (67.5, 45.0)
    assert sector("possible", heading_source="rounded8") == (22.5, 135.0)


def test_an_unknown_heading_is_never_certain_and_possible_all_around():
    for given_ in ({"heading_deg": np.nan}, {"heading_source": "unknown"}):
        assert sector("certain", **given_)[1] == 0.0
        assert sector("possible", **given_) == (0.0, 360.0)


def test_a_sector_wraps_at_north():
    assert sector("certain", heading_deg=359.9) == (pytest.approx(319.9), 80.0)
    assert sector("possible", heading_deg=0.1) == (pytest.approx(310.1), 100.0)


def test_a_ptz_turns_anywhere_but_is_certain_only_around_its_guard_heading():
    assert sector("possible", form="ptz") == (0.0, 360.0)
    assert sector("certain", form="ptz") == (50.0, 80.0)
    assert sector("certain", form="ptz", heading_deg=np.nan)[1] == 0.0


@pytest.mark.parametrize("certainty", ["certain", "possible"])
def test_a_panoramic_camera_sees_all_around_whatever_its_heading(certainty):
    for heading in (np.nan, 12.0):
        assert sector(certainty, form="panoramic", hfov_deg=np.nan, heading_deg=heading) == (0, 360)
    assert sector(certainty, form="panoramic", hfov_deg=180.0)[1] < 360


@pytest.mark.parametrize("certainty", ["certain", "possible"])
def test_an_indoor_camera_covers_no_ground(certainty):
    assert sector(certainty, indoor=True)[1] == 0.0


def test_expected_is_refused_as_a_weighting_and_nonsense_as_unknown():
    views = camera_views(camera())
    assert CERTAINTIES == ("certain", "expected", "possible")
    with pytest.raises(InputError, match="use bands") as caught:
        view_sectors(views, "expected")
    assert caught.value.key == "coverage.certainty_expected"
    with pytest.raises(InputError, match="no certainty"):
        view_sectors(views, "perhaps")


@given(
    heading=st.floats(-720, 720),
    hfov=st.floats(1, 360),
    source=st.sampled_from(["surveyed", "parsed", "rounded8", "unknown"]),
    form=st.sampled_from(["fixed", "ptz", "panoramic"]),
)
def test_certain_lies_within_possible(heading, hfov, source, form):
    given_ = {"heading_deg": heading, "hfov_deg": hfov, "heading_source": source, "form": form}
    start, width = sector("certain", **given_)
    around, whole = sector("possible", **given_)
    assert 0 <= start < 360
    assert 0 <= width <= whole <= 360
    into = (start - around + 1e-6) % 360
    assert width == 0 or whole == 360 or into + width <= whole + 2e-6


# detail --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "detail"),
    [
        ("overview", 20),
        ("outline", 40),
        ("discern", 80),
        ("perceive", 125),
        ("characterise", 250),
        ("Characterize", 250),
        ("validate", 500),
        (" Scrutinise ", 1500),
        ("detect", 25),
        ("observe", 62.5),
        ("recognise", 125),
        ("identify", 250),
        ("40", 40),
        ("62.5", 62.5),
        (40, 40),
    ],
)
def test_details_have_names_and_numbers(word, detail):
    assert detail_of(word) == detail
    views = camera_views(camera(), detail_px_per_m=word)
    assert views["range_m"].tolist() == pytest.approx([960 / detail])


@pytest.mark.parametrize("word", ["", "sharp", "概览", "0", "-20", "nan", "inf", None, math.nan])
def test_a_word_that_is_no_detail_is_refused(word):
    with pytest.raises(InputError, match="pixels per metre") as caught:
        detail_of(word)
    assert caught.value.key == "coverage.detail_invalid"


def test_every_detail_has_a_chinese_word_that_promises_no_face():
    words = {say(f"detail.{detail:g}", "zh") for detail in {*DETAIL_NAMES.values(), *DETAILS}}
    assert len(words) == len(set(DETAIL_NAMES.values()))
    assert not any(taboo in word for word in words for taboo in ("识别", "辨认", "人脸"))
    assert say("detail.20", "zh") == "概览"
    assert {say(f"detail.{n}", "en") for n in DETAILS} < set(DETAIL_NAMES)


# lens ----------------------------------------------------------------------------------------


def test_the_lens_tells_the_angle_where_nobody_gave_it():
    views = camera_views(camera(hfov_deg=np.nan, focal_mm=2.5, sensor_w_mm=5.0))
    assert views["hfov_deg"].tolist() == pytest.approx([90.0])
    assert views["assumed"].tolist() == [""]
    long = camera_views(camera(hfov_deg=np.nan, focal_mm=12.0, sensor_w_mm=4.8))
    assert long["hfov_deg"].tolist() == pytest.approx([22.619865])  # 2 atan(0.2)
    assert long["range_m"].tolist() == [150.0]  # nobody states more


def test_a_given_angle_wins_over_the_lens():
    views = camera_views(camera(hfov_deg=60.0, focal_mm=2.5, sensor_w_mm=5.0))
    assert views["hfov_deg"].tolist() == [60.0]


@pytest.mark.parametrize(
    "lens",
    [
        {"focal_mm": 4.0},
        {"sensor_w_mm": 4.8},
        {"focal_mm": 0.0, "sensor_w_mm": 4.8},
        {"focal_mm": 4.0, "sensor_w_mm": 0.0},
        {"focal_mm": "2.8-12", "sensor_w_mm": 4.8},
        {"focal_mm": None, "sensor_w_mm": None},
    ],
)
def test_half_a_lens_tells_nothing(lens):
    views = camera_views(camera(hfov_deg=np.nan, **lens))
    assert views["hfov_deg"].tolist() == [90.0]
    assert views["assumed"].tolist() == ["hfov"]


def test_a_fisheye_does_not_draw_as_a_rectilinear_lens():
    views = camera_views(camera(form="panoramic", hfov_deg=np.nan, focal_mm=1.05, sensor_w_mm=4.8))
    assert views["hfov_deg"].tolist() == [360.0]
    assert views["assumed"].tolist() == ["hfov"]


# dead ground ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "tilt", "vfov", "near", "range_m"),
    [
        (6.0, 35.0, 20.0, 6.0, 12.867042),  # 6 / tan 45°, 6 / tan 25°
        (3.5, 10.0, 40.0, 6.062178, 48.0),  # 3.5 / tan 30°; the upper edge is above the horizon
        (6.0, 50.0, 20.0, 3.464102, 7.150522),  # 6 / tan 60°, 6 / tan 40°
        (6.0, 80.0, 40.0, 0.0, 3.464102),  # looks past its own foot
        (6.0, 0.0, 0.0, np.nan, 48.0),  # an angle of 0 is not known
        (0.0, 35.0, 20.0, np.nan, 48.0),  # nor is a height of 0
        (6.0, -30.0, 20.0, np.nan, 48.0),  # looks up
    ],
)
def test_dead_ground_ends_where_the_lower_edge_meets_the_ground(height, tilt, vfov, near, range_m):
    given_ = {"mount_height_m": height, "tilt_deg": tilt, "vfov_deg": vfov}
    views = camera_views(camera(**given_))
    assert views["near_m"].tolist() == pytest.approx([near], nan_ok=True, abs=1e-6)
    assert views["range_m"].tolist() == pytest.approx([range_m])


# bands ---------------------------------------------------------------------------------------


def banded(steps=4, **given_):
    return heading_bands(camera_views(camera(**given_)), steps=steps)


def triples(found):
    return found[["start_deg", "width_deg", "weight"]].to_numpy().tolist()


def test_a_wide_picture_is_full_in_the_middle_and_fades_at_both_ends():
    # 90° wide, ±22.5°: certain 67.5 to 112.5, possible 22.5 to 157.5
    assert triples(banded(steps=2, heading_source="rounded8")) == [
        [22.5, 22.5, 0.25],
        [45.0, 22.5, 0.75],
        [67.5, 45.0, 1.0],
        [112.5, 22.5, 0.75],
        [135.0, 22.5, 0.25],
    ]


def test_a_narrow_picture_is_never_certain_anywhere():
    # 9° wide, ±22.5°: at most 9 of 45 headings show a place; ±18° level, gone at ±27°
    found = banded(steps=1, hfov_deg=9.0, heading_source="rounded8")
    assert triples(found) == [[63.0, 9.0, 0.1], [72.0, 36.0, 0.2], [108.0, 9.0, 0.1]]


def test_a_picture_as_wide_as_its_doubt_is_a_triangle():
    found = banded(steps=1, hfov_deg=45.0, heading_source="rounded8")
    assert triples(found) == [[45.0, 45.0, 0.5], [90.0, 45.0, 0.5]]


def test_both_ends_add_up_behind_a_very_wide_picture():
    # 342° wide, ±22.5°: certain ±148.5°; from ±166.5° on both ends reach the place: 13.5 / 22.5
    found = banded(steps=1, form="panoramic", hfov_deg=342.0, heading_source="rounded8")
    assert found["start_deg"].tolist() == [283.5, 301.5, 238.5, 256.5]
    assert found["width_deg"].tolist() == [18.0, 297.0, 18.0, 27.0]
    assert found["weight"].tolist() == pytest.approx([0.8, 1.0, 0.8, 0.6])


@pytest.mark.parametrize("form", ["fixed", "ptz", "panoramic"])
def test_an_unknown_heading_is_one_even_band(form):
    assert triples(banded(form=form, heading_deg=np.nan)) == [[0.0, 360.0, 0.25]]
    assert triples(banded(form=form, heading_source="unknown")) == [[0.0, 360.0, 0.25]]


def test_a_full_circle_is_one_band_whatever_its_heading():
    for heading in (np.nan, 12.0):
        found = banded(form="panoramic", hfov_deg=np.nan, heading_deg=heading)
        assert triples(found) == [[0.0, 360.0, 1.0]]


def test_a_ptz_counts_at_its_guard_heading():
    assert triples(banded(form="ptz")) == triples(banded())


def test_an_indoor_camera_has_no_band_and_the_others_keep_their_position():
    both = pd.concat([camera(indoor=True), camera(heading_deg=np.nan)])
    found = heading_bands(camera_views(both))
    assert found["view"].tolist() == [1]
    assert found.index.tolist() == [0]


def test_no_view_has_no_band():
    found = heading_bands(camera_views(camera()).iloc[:0])
    assert found.columns.tolist() == ["view", "start_deg", "width_deg", "weight"]
    assert len(found) == 0


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps_are_refused(steps):
    with pytest.raises(InputError, match="whole number"):
        banded(steps=steps)


LOOKS = {
    "heading_deg": st.floats(-720, 720),
    "hfov_deg": st.one_of(st.floats(1, 360), st.sampled_from([10, 45, 180, 315, 350, 359.9, 360])),
    "heading_source": st.sampled_from(["surveyed", "parsed", "rounded8", "unknown"]),
    "form": st.sampled_from(["fixed", "ptz", "panoramic"]),
}
looks = st.fixed_dictionaries(LOOKS)
often = settings(derandomize=True, deadline=None, max_examples=40)


@often
@given(st.lists(looks, min_size=1, max_size=4), st.integers(1, 6))
def test_width_times_weight_is_the_angle_of_view_of_every_view(given_, steps):
    views = camera_views(pd.concat([camera(**each) for each in given_]))
    found = heading_bands(views, steps=steps)
    share = (found["width_deg"] * found["weight"]).groupby(found["view"]).sum()
    assert share.index.tolist() == list(range(len(views)))
    assert share.to_numpy() == pytest.approx(views["hfov_deg"].to_numpy(), abs=1e-7)


@often
@given(looks, st.integers(1, 6))
def test_the_bands_of_a_view_are_disjoint_and_make_up_its_possible_sector(given_, steps):
    found = banded(steps=steps, **given_)
    if given_["form"] == "ptz":
        given_ = {**given_, "form": "fixed"}  # the bands hold the guard position only
    start, width = sector("possible", **given_)
    assert found["weight"].between(0, 1, inclusive="right").all()
    assert found["start_deg"].between(0, 360, inclusive="left").all()
    assert found["width_deg"].sum() == pytest.approx(width, abs=1e-7)
    ends = (found["start_deg"] + found["width_deg"]).to_numpy()
    turned = (found["start_deg"].to_numpy()[1:] - ends[:-1] + 180) % 360 - 180
    assert turned == pytest.approx(np.zeros(len(found) - 1), abs=1e-7)
    if width < 360:
        off = (found["start_deg"].iloc[0] - start + 180) % 360 - 180
        assert off == pytest.approx(0, abs=1e-7)


def weight_at(found, deg):
    """The weight of each direction, 0 outside of all bands."""
    into = (np.asarray(deg)[:, None] - found["start_deg"].to_numpy()) % 360
    return (found["weight"].to_numpy() * (into < found["width_deg"].to_numpy())).sum(axis=1)


@often
@given(looks, st.integers(1, 6))
def test_the_weight_is_1_throughout_the_certain_sector_and_0_outside_of_the_possible(given_, steps):
    found = banded(steps=steps, **given_)
    inside, around = sector("certain", **given_), sector("possible", **given_)
    if inside[1] > 1e-3:
        certain = inside[0] + inside[1] * np.linspace(1e-5, 1 - 1e-5, 41)
        assert weight_at(found, certain) == pytest.approx(np.ones(41), abs=1e-9)
    if around[1] < 359.99:
        beyond = around[0] + around[1] + (360 - around[1]) * np.linspace(1e-4, 1 - 1e-4, 41)
        assert weight_at(found, beyond).max() == 0


@often
@given(looks, st.integers(1, 4))
def test_weights_are_the_share_of_headings_that_show_a_direction(given_, steps):
    found = banded(steps=steps, **given_)
    known = given_["heading_source"] != "unknown"
    doubt = HEADING_TOLERANCE_DEG[given_["heading_source"]]
    spread = (np.arange(1500) + 0.5) / 1500 * 2 - 1
    headings = (given_["heading_deg"] if known else 0.0) + doubt * spread
    parts = (np.arange(60) + 0.5) / 60
    directions = found["start_deg"].to_numpy()[:, None] + np.outer(found["width_deg"], parts)
    off = (directions[..., None] - headings + 180) % 360 - 180
    shown = (np.abs(off) <= given_["hfov_deg"] / 2).mean(axis=(1, 2))
    assert found["weight"].to_numpy() == pytest.approx(shown, abs=4e-3)


@often
@given(looks, st.floats(-360, 360), st.integers(-2, 2))
def test_bands_and_sectors_turn_with_the_camera_and_know_no_full_turns(given_, turn, turns):
    turned = {**given_, "heading_deg": given_["heading_deg"] + turn + 360 * turns}
    one, other = banded(**given_), banded(**turned)
    assert other[["width_deg", "weight"]].to_numpy() == pytest.approx(
        one[["width_deg", "weight"]].to_numpy(), abs=1e-7
    )
    whole = one["width_deg"] >= 360
    off = (other["start_deg"] - one["start_deg"] - turn * ~whole + 180) % 360 - 180
    assert off.to_numpy() == pytest.approx(np.zeros(len(one)), abs=1e-6)
    for certainty in ("certain", "possible"):
        (start, width), (start_, width_) = (sector(certainty, **g) for g in (given_, turned))
        assert width_ == pytest.approx(width)
        if 0 < width < 360:
            assert (start_ - start - turn + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


@often
@given(looks, st.integers(1, 4), st.integers(2, 5))
def test_finer_steps_keep_the_mean_of_every_coarse_band(given_, steps, times):
    coarse, fine = banded(steps=steps, **given_), banded(steps=steps * times, **given_)
    middle = (fine["start_deg"] + fine["width_deg"] / 2).to_numpy()
    into = (middle[:, None] - coarse["start_deg"].to_numpy()) % 360
    inside = into < coarse["width_deg"].to_numpy()
    assert inside.sum(axis=1).tolist() == [1] * len(fine)
    seen = inside.T @ (fine["width_deg"] * fine["weight"]).to_numpy()
    share = (coarse["width_deg"] * coarse["weight"]).to_numpy()
    assert seen == pytest.approx(share, abs=1e-7)


def test_only_a_full_circle_begins_in_the_north():
    # 349.5° and 5° of doubt on either side are half a degree less than all around
    assert sector("possible", heading_deg=180.0, hfov_deg=349.5) == (0.25, 359.5)
    assert sector("possible", heading_deg=180.0, hfov_deg=350.0) == (0.0, 360.0)
    assert sector("certain", heading_deg=180.0, hfov_deg=359.5) == (5.25, 349.5)
