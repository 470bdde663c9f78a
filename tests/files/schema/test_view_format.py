"""Views written as cells: each cell reads back as the same degrees, source and angle."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.files.schema.heading import parse_views
from geo.files.schema.view_format import cells_of_views, spelt


def read(text):
    return [(view.deg, view.source, view.hfov_deg) for view in parse_views(text)]


@given(st.integers(0, 3599), st.integers(2, 720))
def test_a_heading_with_its_angle_reads_back_as_both(tenths, halves):
    deg, width = tenths / 10, halves / 2
    (view,) = parse_views(spelt(deg, "surveyed", width))
    assert (view.source, view.hfov_deg) == ("number", width)
    assert view.deg == pytest.approx(deg, abs=1e-6)


@given(st.integers(0, 359))
def test_words_with_degrees_read_back_as_words(deg):
    if deg % 45:
        assert read(spelt(float(deg), "parsed")) == [(deg, "parsed", None)]


@pytest.mark.parametrize("eighth", range(8))
def test_a_compass_point_reads_back_as_one(eighth):
    assert read(spelt(45.0 * eighth, "rounded8")) == [(45.0 * eighth, "rounded8", None)]


def test_several_headings_share_a_cell_and_keep_angles_that_differ():
    columns = ["camera_code", "no", "heading_deg", "heading_source", "hfov_deg"]
    rows = [
        ("A", 2, 270.0, "surveyed", 60.0),
        ("A", 1, 90.0, "surveyed", 60.0),
        ("B", 1, 90.0, "surveyed", 60.0),
        ("B", 2, 270.0, "surveyed", 40.0),
        ("C", 1, None, None, 60.0),
        ("D", 1, 45.0, "rounded8", None),
        ("D", 2, None, None, None),
    ]
    cells = cells_of_views(pd.DataFrame(rows, columns=columns))
    found = {code: tuple(None if pd.isna(c) else c for c in row) for code, row in cells.iterrows()}
    assert found == {
        "A": ("90;270", 60.0),
        "B": ("60-120;250-290", None),
        "C": (None, 60.0),
        "D": (None, None),
    }
