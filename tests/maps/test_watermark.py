"""Watermarks: what is repeated, and how far apart."""

import re

import pytest

from geo.base.errors import StateError
from maps.watermark import HERE, add_watermark, watermark_svg


@pytest.mark.parametrize(
    ("text", "width"),
    [("ab", 220), ("a" * 22, 220), ("a" * 23, 221), ("图" * 20, 320), ("图" * 20 + "a", 327)],
)
def test_a_tile_is_as_wide_as_its_text_and_a_gap(text, width):
    svg = watermark_svg(text)
    assert re.search(r'<pattern id="stamp" width="(\d+)" height="150"', svg)[1] == str(width)


def test_the_text_stands_in_two_rows_the_second_half_a_tile_aside_and_whole():
    svg = watermark_svg("<ab>")
    assert re.findall(r'<text x="(-?\d+)" y="(\d+)"', svg) == [
        ("0", "40"),
        ("110", "115"),
        ("-110", "115"),
    ]
    assert svg.count(">&lt;ab&gt;</text>") == 3
    assert 'patternTransform="rotate(-22)"' in svg


def test_a_page_without_a_place_for_it_does_not_leave():
    assert add_watermark(f"<p>{HERE}</p>{HERE}", "ab") == f"<p>{watermark_svg('ab')}</p>{HERE}"
    with pytest.raises(StateError):
        add_watermark("<p></p>", "ab")
