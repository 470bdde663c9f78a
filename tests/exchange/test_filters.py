"""Filters in CQL2: what is read, and where the limits are."""

import pytest

from geo.base.errors import InputError
from geo.exchange.rules import filters
from geo.exchange.rules.filters import parse_filter


def key(written, language="cql2-text"):
    with pytest.raises(InputError) as caught:
        parse_filter(written, language)
    return caught.value.key


def nested(depth):
    return "(" * depth + "code = 'A'" + ")" * depth


def test_text_and_json_of_one_filter_are_the_same_expression():
    text = parse_filter("code = 'A' AND NOT range_m > 50")
    json = (
        '{"op":"and","args":[{"op":"=","args":[{"property":"code"},"A"]},'
        '{"op":"not","args":[{"op":">","args":[{"property":"range_m"},50]}]}]}'
    )
    assert text == parse_filter(json, "cql2-json")


def test_a_filter_of_the_greatest_length_is_read_and_one_letter_more_is_not():
    longest = f"code = '{'A' * (filters.MOST_LETTERS - 9)}'"
    assert len(longest) == 4_000
    assert parse_filter(longest)["op"] == "="
    assert key(f"{longest} ") == "ogc.filter_long"


def test_brackets_nest_forty_deep_and_no_deeper_but_not_inside_texts():
    assert parse_filter(nested(40)) == parse_filter("code = 'A'")
    assert key(nested(41)) == "ogc.filter_deep"
    assert parse_filter(f"code = '{'(' * 60}'")["args"][1] == "(" * 60


def test_signs_and_negations_do_not_pile_up():
    assert parse_filter("range_m = --1")
    assert key("range_m = ----1") == "ogc.filter_deep"
    assert key("NOT " * 20 + "code = 'A'") == "ogc.filter_deep"


@pytest.mark.parametrize("written", ["code = 'A\x00'", "code = 'A\ud800'"])
def test_what_is_no_text_is_refused(written):
    assert key(written) == "ogc.no_text"


def test_no_text_hides_in_the_escapes_of_json():
    hidden = '{"op":"=","args":[{"property":"code"},"A\\u0000"]}'
    assert key(hidden, "cql2-json") == "ogc.no_text"


@pytest.mark.parametrize(
    ("written", "language"),
    [("code = ", "cql2-text"), ("[]", "cql2-json"), ("{", "cql2-json"), ("1", "cql2-json")],
)
def test_what_is_no_filter_is_a_mistake_at_a_place(written, language):
    assert key(written, language) == "ogc.filter_syntax"
