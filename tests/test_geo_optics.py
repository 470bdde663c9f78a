"""Views, ranges and sectors, checked against examples worked by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError, LayerError
from geo.optics import DETAILS, camera_views, px_per_m, sectors


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
    row = sectors(camera_views(camera(**given)), certainty).iloc[0]
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
    assert px_per_m(np.array([hfov_deg]), np.array([res_h_px]), np.array([range_m])) == (
        pytest.approx([detail])
    )


def test_the_shortest_of_all_limits_is_the_range():
    assert camera_views(camera(range_m=30.0))["range_m"].tolist() == [30.0]
    assert camera_views(camera(range_m=0.0))["range_m"].tolist() == [0.0]
    far = camera_views(camera(hfov_deg=10.0))
    assert far["range_m"].tolist() == [150.0]
    assert far["assumed"].tolist() == ["range"]


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
    assert sectors(views, "certain").columns.tolist() == ["start_deg", "width_deg"]


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


def test_expected_is_refused_as_not_available_and_nonsense_as_unknown():
    views = camera_views(camera())
    with pytest.raises(InputError, match="not available yet"):
        sectors(views, "expected")
    with pytest.raises(InputError, match="no certainty"):
        sectors(views, "perhaps")


@settings(derandomize=True, deadline=None, max_examples=40)
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
