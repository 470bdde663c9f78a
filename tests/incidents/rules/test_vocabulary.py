"""What fits a field of a vocabulary, and what a week of working hours must be."""

from datetime import date, time

import pytest

from geo.base.errors import InputError
from geo.incidents.rules import vocabulary
from geo.incidents.rules.vocabulary import VOCABULARIES, check_values, find_vocabulary, split_key
from geo.incidents.rules.week_hours import WeekHours, parse_week, require_usable

MORNING, EVENING = (time(8, 30), time(12)), (time(14), time(17, 30))


def refused(key, work, *given):
    """Expect one refusal and return its sentence."""
    with pytest.raises(InputError) as error:
        work(*given)
    assert error.value.key == key
    return error.value.text("en")


def test_values_are_read_as_what_their_fields_are_however_they_come():
    category = VOCABULARIES["categories"]
    typed = {"zh": " 井盖 ", "sensitive": "是", "arrive_minutes": "30", "limit_amount": "1.5"}
    assert check_values(category, typed) == {
        "name": "井盖",
        "sensitive": True,
        "arrive_minutes": 30,
        "limit_amount": 1.5,
    }
    assert check_values(category, {"limit_amount": None, "upper_code": ""}) == {
        "limit_amount": None,
        "upper_code": None,
    }


@pytest.mark.parametrize(
    ("field", "value", "known"),
    [
        ("limit_unit", "weeks", "working_hours"),
        ("limit_amount", "-1", "number"),
        ("limit_amount", "nan", "number"),
        ("limit_amount", True, "number"),
        ("arrive_minutes", 1.5, "count"),
        ("sensitive", "maybe", "flag"),
        ("zh", "x" * 101, "text"),
        ("zh", "a\nb", "text"),
        ("zh", 5, "text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_does(field, value, known):
    given = {field: value}
    assert known in refused("vocabulary.value", check_values, VOCABULARIES["categories"], given)


def test_fields_keys_and_vocabularies_that_there_are_not_are_named_with_those_there_are():
    sources, reasons = VOCABULARIES["sources"], VOCABULARIES["reasons"]
    assert "zh, en, active" in refused("vocabulary.field", check_values, sources, {"hue": 1})
    assert "categories" in refused("vocabulary.unknown", find_vocabulary, "words")
    refused("vocabulary.empty", check_values, sources, {"zh": "  "})
    assert split_key(reasons, "reject/late") == {"move": "reject", "code": "late"}
    assert split_key(sources, "a/b") == {"code": "a/b"}
    assert "move/code" in refused("vocabulary.key", split_key, reasons, "late")
    assert "reject" in refused("vocabulary.move", split_key, reasons, "accept/late")


def test_a_limit_has_both_its_amount_and_its_unit():
    vocabulary.require_whole_limit({"limit_amount": None, "limit_unit": None})
    refused("vocabulary.limit", vocabulary.require_whole_limit, {"limit_amount": 2.0})


def test_a_week_is_written_in_lines_and_read_back():
    assert parse_week("1-2 08:30-12:00") == [WeekHours(n, *MORNING) for n in (1, 2)]
    summer = parse_week(" 3  14:00-17:30 2026-05-01/2026-09-30 ")
    assert summer == [WeekHours(3, *EVENING, date(2026, 5, 1), date(2026, 9, 30))]
    assert [parse_week(str(row)) for row in summer] == [summer]
    assert parse_week("7 14:00-17:30 2026-05-01/")[0].until is None
    for line in ("8 08:30-12:00", "5-1 08:30-12:00", "1 08:30", "1 8-12 soon", "", "1 25:00-26:00"):
        refused("working_hours.form", parse_week, line)


def test_hours_by_which_no_limit_could_be_counted_are_refused():
    may, june = date(2026, 5, 1), date(2026, 6, 1)
    base = WeekHours(1, *MORNING)
    require_usable([base, WeekHours(1, *EVENING), WeekHours(2, *MORNING)])
    require_usable([WeekHours(1, *MORNING, None, may), WeekHours(1, *MORNING, june)])
    for rows, key in (
        ([WeekHours(1, time(12), time(8))], "order"),
        ([WeekHours(1, *MORNING, june, may)], "order"),
        ([WeekHours(0, *MORNING)], "weekday"),
        ([base, WeekHours(1, time(11), time(13), may)], "overlap"),
        ([WeekHours(1, *MORNING, None, may)], "endless"),
        ([WeekHours(1, time(8, 30, 5), time(12))], "form"),
        ([base] * 201, "many"),
    ):
        refused(f"working_hours.{key}", require_usable, rows)
