"""Headings: numbers, Chinese and English words, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.base.errors import InputError
from geo.files.schema.heading import MOST_VIEWS, SCHEMES, Heading, parse_heading, parse_views


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
def test_every_number_of_the_circle_is_itself(deg):
    heading = parse_heading(f"{deg:.6f}")
    assert heading is not None
    assert heading.deg == pytest.approx(deg % 360, abs=1e-6) or deg > 359.999999


@given(st.text(max_size=12))
def test_any_text_gives_a_heading_none_or_a_sentence(text):
    try:
        heading = parse_heading(text)
    except InputError as error:
        said = error.text("zh") + error.text("en")
    else:
        said = ""
        assert heading is None or 0 <= heading.deg < 360
    assert "{" not in said.replace(text.strip(), "")


# codes ---------------------------------------------------------------------------------------

GBT28181 = {1: 90, 2: 270, 3: 180, 4: 0, 5: 135, 6: 45, 7: 225, 8: 315}
GAT1400 = {1: 90, 2: 270, 3: 180, 4: 0, 5: 45, 6: 225, 7: 135, 8: 315}


@pytest.mark.parametrize(("scheme", "codes"), [("gbt28181", GBT28181), ("gat1400", GAT1400)])
def test_a_bare_digit_is_a_code_under_a_code_scheme_and_degrees_elsewhere(scheme, codes):
    for code, deg in codes.items():
        for text in (str(code), f" {code}.0 ", chr(ord("０") + code)):
            assert parse_heading(text, scheme) == Heading(deg, "rounded8")
        assert parse_heading(str(code)) == Heading(code, "number")


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("gbt28181", "西向东 东向西 北向南 南向北 西北到东南 西南到东北 东北到西南 东南到西北"),
        ("gat1400", "西向东 东向西 北向南 南向北 西南到东北 东北到西南 西北到东南 东南到西北"),
    ],
)
def test_each_code_looks_the_way_that_its_standard_words_it(scheme, words):
    said = [parse_heading(word) for word in words.split()]
    assert [parse_heading(str(code), scheme) for code in range(1, 9)] == said


@pytest.mark.parametrize(("text", "scheme"), [("0", "gbt28181"), ("9", "gat1400")])
def test_a_code_that_names_no_direction_is_an_unknown_heading(text, scheme):
    assert parse_heading(text, scheme) is None
    assert parse_views(text, scheme) == ()


@pytest.mark.parametrize(
    ("text", "scheme", "standard"),
    [
        ("9", "gbt28181", "GB/T 28181"),
        ("12", "gbt28181", "GB/T 28181"),
        ("01", "gbt28181", "GB/T 28181"),  # two digits are the lanes' scheme, which runs backwards
        ("45", "gbt28181", "GB/T 28181"),
        ("1.5", "gat1400", "GA/T 1400"),
        ("-1", "gat1400", "GA/T 1400"),
        ("0", "gat1400", "GA/T 1400"),
    ],
)
def test_an_unknown_code_is_refused_with_its_standard_and_the_codes_it_has(text, scheme, standard):
    for parse in (parse_heading, parse_views):
        with pytest.raises(InputError) as caught:
            parse(text, scheme)
        assert caught.value.key == "heading.code_unknown"
        for lang in ("zh", "en"):
            assert standard in caught.value.text(lang)
            assert "1, 2, 3, 4, 5, 6, 7, 8" in caught.value.text(lang)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_words_and_marked_degrees_mean_the_same_under_every_scheme(scheme):
    assert parse_heading("东北", scheme) == Heading(45, "rounded8")
    assert parse_heading("北偏东30°", scheme) == Heading(30, "parsed")
    assert parse_heading("5°", scheme) == Heading(5, "number")
    assert parse_heading("由东向西", scheme) == Heading(270, "rounded8")
    assert parse_heading("不详", scheme) is None


def test_an_unknown_scheme_is_refused_with_the_known_ones():
    for parse in (parse_heading, parse_views):
        with pytest.raises(InputError, match="gat1400") as caught:
            parse("1", "onvif")
        assert caught.value.key == "heading.scheme_unknown"


# ranges and lists ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "deg", "hfov_deg"),
    [
        ("239-284", 261.5, 45),
        ("239°~284°", 261.5, 45),
        ("２３９°～２８４°", 261.5, 45),
        ("239 – 284", 261.5, 45),
        ("239度至284度", 261.5, 45),
        ("270-90", 0, 180),
        ("90-270", 180, 180),
        ("350-10", 0, 20),
        ("10-350", 180, 340),
        ("340-360", 350, 20),
        ("0-360", 180, 360),
        ("22.5-67.5", 45, 45),
    ],
)
def test_a_range_runs_clockwise_with_the_heading_in_its_middle(text, deg, hfov_deg):
    assert parse_views(text) == (Heading(deg, "number", hfov_deg),)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("NE;SW", [45, 225]),
        ("45;225", [45, 225]),
        ("45、225", [45, 225]),
        ("45；135；225；315", [45, 135, 225, 315]),
        ("北偏东30° ; 朝南", [30, 180]),
        ("由东向西、由西向东", [270, 90]),
        ("239-284;45", [261.5, 45]),
    ],
)
def test_a_list_gives_a_view_for_each_in_its_order(text, degrees):
    assert [view.deg for view in parse_views(text)] == degrees


def test_codes_come_in_lists_and_ranges_need_a_degree_sign_beside_them():
    assert [view.deg for view in parse_views("5;6", "gbt28181")] == [135, 45]
    assert [view.deg for view in parse_views("5;6", "gat1400")] == [45, 225]
    assert parse_views("1°-3°", "gat1400") == (Heading(2, "number", 2),)
    with pytest.raises(InputError) as caught:
        parse_views("1-3", "gat1400")
    assert caught.value.key == "heading.unreadable"


@pytest.mark.parametrize("text", ["", "不详", "N/A", "-", "未知;不详"])
def test_nothing_known_is_no_view(text):
    assert parse_views(text) == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("-1", "heading.range"),
        ("-10", "heading.range"),
        ("400-20", "heading.range"),
        ("0-361", "heading.range"),
        ("45;400", "heading.range"),
        ("45-45", "heading.unreadable"),
        ("360-0", "heading.unreadable"),
        ("45-45.5", "heading.unreadable"),
        ("10-20-30", "heading.unreadable"),
        ("45-", "heading.unreadable"),
        ("45--90", "heading.unreadable"),
        ("NE;看大门", "heading.unreadable"),
        ("45;不详", "heading.unreadable"),
        ("45;", "heading.unreadable"),
        ("45,225", "heading.unreadable"),
        (";".join(["45"] * (MOST_VIEWS + 1)), "heading.unreadable"),
    ],
)
def test_ranges_and_lists_that_leave_something_open_are_refused(text, key):
    with pytest.raises(InputError) as caught:
        parse_views(text)
    assert caught.value.key == key


@pytest.mark.parametrize("text", ["45-90", "NE;SW", "45、225"])
def test_one_heading_is_asked_for_and_several_are_refused(text):
    with pytest.raises(InputError) as caught:
        parse_heading(text)
    assert caught.value.key == "heading.unreadable"


@pytest.mark.parametrize("text", ["N30E", "north-west", "S 15° W", "由东向西", "45", "360"])
def test_what_is_one_heading_is_one_view_without_an_angle(text):
    assert parse_views(text) == (parse_heading(text),)
    assert parse_views(text)[0].hfov_deg is None


@given(st.integers(0, 359), st.integers(1, 359))
def test_every_range_starts_and_ends_where_it_says(start, width):
    end = (start + width) % 360
    (view,) = parse_views(f"{start}-{end}")
    assert view.hfov_deg == width
    assert (view.deg - width / 2) % 360 == start
    assert (view.deg + width / 2) % 360 == end


@given(st.text(alphabet="0123456789.-~°;、东南西北由向偏NEW 至", max_size=12))
def test_any_text_gives_views_or_a_sentence_under_every_scheme(text):
    for scheme in SCHEMES:
        try:
            views, said = parse_views(text, scheme), ""
        except InputError as error:
            views, said = (), error.text("zh") + error.text("en")
        assert "{" not in said
        assert all(0 <= view.deg < 360 for view in views)
        assert all(view.hfov_deg is None or 1 <= view.hfov_deg <= 360 for view in views)


def test_a_range_of_exactly_one_degree_is_one():
    (view,) = parse_views("1.3-2.3")
    assert (view.deg, view.hfov_deg) == (1.8, 1.0)
