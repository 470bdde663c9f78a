"""Headings: numbers, Chinese and English words, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.heading import Heading, parse_heading


@pytest.mark.parametrize(
    ("text", "deg", "source"),
    [
        ("45", 45, "number"),
        ("45.5", 45.5, "number"),
        ("0", 0, "number"),
        ("360", 0, "number"),
        ("４５°", 45, "number"),
        (" 270度 ", 270, "number"),
        ("北偏东30°", 30, "parsed"),
        ("南偏西15度", 195, "parsed"),
        ("北偏西45°", 315, "parsed"),
        ("东偏北30", 60, "parsed"),
        ("正西偏南 10°", 260, "parsed"),
        ("N30E", 30, "parsed"),
        ("S 15° W", 195, "parsed"),
        ("北偏东", 45, "rounded8"),
        ("东北", 45, "rounded8"),
        ("西北", 315, "rounded8"),
        ("NE", 45, "rounded8"),
        ("sw", 225, "rounded8"),
        ("NNW", 337.5, "rounded8"),
        ("north-west", 315, "rounded8"),
        ("朝南", 180, "rounded8"),
        ("正北", 0, "rounded8"),
        ("面向东南方向", 135, "rounded8"),
        ("由东向西", 270, "rounded8"),
        ("由南向北", 0, "rounded8"),
        ("东北往西南", 225, "rounded8"),
        ("从西到东", 90, "rounded8"),
    ],
)
def test_headings_as_people_write_them(text, deg, source):
    assert parse_heading(text) == Heading(deg, source)


@pytest.mark.parametrize("text", ["", "  ", "不详", "未知", "-", "N/A", "/"])
def test_blank_and_unknown_have_no_heading(text):
    assert parse_heading(text) is None


@pytest.mark.parametrize("text", ["400", "-1", "360.1", "-0.5"])
def test_numbers_outside_the_circle_are_refused(text):
    with pytest.raises(InputError) as caught:
        parse_heading(text)
    assert caught.value.key == "heading.range"
    assert text in caught.value.text("zh")


@pytest.mark.parametrize(
    "text",
    ["看大门", "东北角", "由东向北", "北偏南30°", "北偏东120°", "东东", "45-90", "1e2", "E5N"],
)
def test_nonsense_is_refused(text):
    with pytest.raises(InputError) as caught:
        parse_heading(text)
    assert caught.value.key == "heading.unreadable"


@given(st.floats(0, 360, allow_nan=False))
@settings(derandomize=True, deadline=None)
def test_every_number_of_the_circle_is_itself(deg):
    heading = parse_heading(f"{deg:.6f}")
    assert heading is not None
    assert heading.deg == pytest.approx(deg % 360, abs=1e-6) or deg > 359.999999


@given(st.text(max_size=12))
@settings(derandomize=True, deadline=None)
def test_any_text_gives_a_heading_none_or_a_sentence(text):
    try:
        heading = parse_heading(text)
    except InputError as error:
        said = error.text("zh") + error.text("en")
    else:
        said = ""
        assert heading is None or 0 <= heading.deg < 360
    assert "{" not in said.replace(text.strip(), "")
