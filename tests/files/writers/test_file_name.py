"""Names of files that every desk takes."""

import pytest

from geo.files.writers.file_name import safe_name


@pytest.mark.parametrize("device", ["con", "PRN", "aux", "nul", "com1", "COM9", "lpt1", "lpt9"])
def test_a_name_of_a_device_gets_an_underscore_whatever_its_ending(device):
    assert safe_name(f"{device}.csv") == f"_{device}.csv"
    assert safe_name(device) == f"_{device}"


@pytest.mark.parametrize("name", ["com10.csv", "com0.csv", "lpt.csv", "contact.csv"])
def test_what_only_looks_like_a_device_stays(name):
    assert safe_name(name) == name


def test_a_long_name_is_cut_to_120_letters_and_keeps_an_ending_of_16():
    assert safe_name("a" * 200) == "a" * 120
    assert safe_name("a" * 200 + ".csv") == "a" * 117 + ".csv"
    assert safe_name("a." + "b" * 40) == "a." + "b" * 16


@pytest.mark.parametrize("letter", "/\\:*?\"<>|%;'\x00\x1f\u202e")
def test_a_letter_that_no_file_may_have_is_an_underscore(letter):
    assert safe_name(f"a{letter}b.csv") == "a_b.csv"


def test_where_nothing_is_left_another_name_is_taken():
    assert safe_name(" ._", "ledger") == "ledger"
