"""Bodies of JSON are read strictly: no value is made of another kind than was written."""

import typing
from datetime import date, datetime, time
from uuid import UUID

import pytest
from pydantic import Strict, ValidationError

import api.app  # noqa: F401 - so that all bodies are known
from api.answers.bodies import Body, Part
from api.answers.times import Day, Id, Moment, TimeOfDay
from geo.base.errors import InputError

WRITTEN_AS_TEXT = (date, datetime, time, UUID)


class Asked(Body):
    """Values of each kind."""

    many: int | None = None
    far_m: float | None = None
    job: bool = False
    day: Day | None = None
    at: Moment | None = None
    opens: TimeOfDay | None = None
    number: Id | None = None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("many", each) for each in (True, "5", 2.5)],
        *[("far_m", each) for each in (False, "2.5")],
        *[("job", each) for each in (0, 1, "true", "on")],
        *[("day", each) for each in (0, 1790000000, "0", "1790000000", True, "2026-13-01")],
        *[("at", each) for each in (0, 1.5, "0", "0.5", False, "2026-09-30T25:00")],
        *[("opens", each) for each in (0, 3600, "3600", True)],
        *[("number", each) for each in (1, "x", True)],
    ],
)
def test_what_is_of_another_kind_is_refused(field, value):
    with pytest.raises(ValidationError):
        Asked.model_validate({field: value})


@pytest.mark.parametrize("no_text", ["\ud834", "a\udfff", "\x00"])
def test_nul_and_half_of_a_character_are_no_text_in_values_and_keys(no_text):
    with pytest.raises(InputError) as refused:
        Asked.model_validate({"many": 5, "others": [{no_text: "a"}]})
    with pytest.raises(InputError):
        Asked.model_validate({"day": [no_text]})
    assert refused.value.key == "ogc.no_text"


def test_what_json_has_no_kind_for_is_a_text():
    number = "00000000-0000-0000-0000-000000000001"
    found = Asked.model_validate(
        {
            **{"many": 5, "far_m": 2, "job": True, "day": "2026-09-30", "opens": "08:30"},
            **{"at": "2026-09-30T21:40:00+08:00", "number": number},
        }
    )
    assert (found.many, found.far_m, found.job) == (5, 2.0, True)
    assert (found.day, found.opens) == (date(2026, 9, 30), time(8, 30))
    assert (str(found.number), found.at.isoformat()) == (number, "2026-09-30T21:40:00+08:00")


def kinds_of(part: type[Part]):
    """Yield each field of a body with what its kind is made of."""
    for name, field in part.model_fields.items():
        yield name, field, [field.annotation, *typing.get_args(field.annotation)]


def test_no_field_of_a_body_demands_what_json_cannot_write():
    waiting, seen = [Part], set()
    while waiting:
        part = waiting.pop()
        seen.add(part)
        waiting += set(part.__subclasses__()) - seen
        for name, field, kinds in kinds_of(part):
            bare = [kind for kind in kinds if kind in WRITTEN_AS_TEXT]
            lax = any(isinstance(each, Strict) for each in field.metadata)
            told = f"{part.__name__}.{name}: use a type of api.answers.times"
            assert not bare or lax, told
    assert len(seen) > 20
