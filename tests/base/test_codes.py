"""Codes: cleaning, what makes a camera's code unusable, levels and parents of areas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.base import codes


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("34080200001320000001", "34080200001320000001"),
        ("３４０８０２", "340802"),
        ("\u300034080200001320000055\xa0", "34080200001320000055"),
        ("3408 0200 0013 2000 0001", "34080200001320000001"),
        ("\ufeff340802\u200b", "340802"),
        ("South Baltimore / East", "South Baltimore / East"),
        ("Ａ－７", "A-7"),
        ("   ", ""),
    ],
)
def test_codes_are_cleaned_but_names_keep_their_blanks(written, stored):
    assert codes.clean_code(written) == stored


@given(st.text(max_size=30))
def test_cleaning_twice_changes_nothing_more(text):
    once = codes.clean_code(text)
    assert codes.clean_code(once) == once


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("34080200001320000001", None),
        ("34080200001310000001", None),
        ("34080200001340000051", "CODE_TYPE"),
        ("3408020000132000005", "CODE_LENGTH"),
        ("340802000013200000051", "CODE_LENGTH"),
        ("3.40802E+19", "CODE_SCIENTIFIC"),
        ("3E+19", "CODE_SCIENTIFIC"),
        ("E13", None),
        ("1E2", None),
        ("CAM-0001", None),
        ("0007", None),
    ],
)
def test_a_camera_code_is_usable_or_says_why_not(code, problem):
    assert codes.camera_code_problem(code) == problem


def test_a_device_code_is_taken_apart():
    assert codes.device_code("34080200001320000001") == codes.DeviceCode(
        area="340802", station="00", industry="00", kind="132", network="0", serial="000001"
    )
    assert codes.device_code("CAM-0001") is None


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("340802", "district", None),
        ("340802000000", "district", None),
        ("340802001", "township", "340802000000"),
        ("340802001000", "township", "340802000000"),
        ("340802001001", "community", "340802001000"),
        ("340802001001003", "grid", "340802001001"),
        ("340800000000", None, None),
        ("A7", None, None),
        ("991234", None, None),
    ],
)
def test_an_official_code_says_its_level_and_its_parent(code, level, parent):
    assert codes.area_level(code) == level
    assert codes.parent_area_code(code) == parent


def test_only_official_codes_are_filled_up():
    assert codes.full_area_code("340802") == "340802000000"
    assert codes.full_area_code("340802001") == "340802001000"
    assert codes.full_area_code("991234") == "991234"
    assert codes.full_area_code("340802001001003") == "340802001001003"


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("340802", True),
        ("340800", True),
        ("340000", True),
        ("110101", True),
        ("340002", False),
        ("990802", False),
        ("34080", False),
        ("3408020", False),
        ("34080x", False),
    ],
)
def test_six_digits_have_the_shape_of_a_division_or_not(code, plain):
    assert codes.is_division(code) is plain
