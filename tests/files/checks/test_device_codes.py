"""Devices: what is odd about the parts of a 20-digit code, and codes of areas with lost digits."""

import datetime as dt

import pandas as pd
import pytest

from geo.base import codes
from geo.base.crs import parse_crs
from geo.files.checks import Calendar
from geo.files.checks.check import check_rows
from geo.files.checks.rows.device_codes import code_structure
from geo.files.readers import Table, read_file
from geo.files.schema.layers import find_layer

HERE = frozenset({"340802"})


def doubts(*cells, district_codes=HERE):
    index = pd.RangeIndex(2, 2 + len(cells), name="row")
    table = Table(("编码",), pd.DataFrame({"编码": cells}, index=index, dtype=object))
    values = {"code": list(cells)}
    found = code_structure(table, {"code": "编码"}, values, district_codes=district_codes)
    return [(f.row, f.code, f.severity) for f in found]


def code(area="340802", station="00", industry="00", kind="132", network="0", serial="000001"):
    return area + station + industry + kind + network + serial


@pytest.mark.parametrize(
    "right",
    [
        code(),
        code(industry="08"),
        code(industry="45", network="7"),
        code(area="340800"),
        code(area="340000"),
        "CAM-0001",
        "0007",
        None,
    ],
)
def test_right_codes_and_codes_of_ones_own_are_silent(right):
    assert doubts(right) == []


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (code(area="990802"), ("CODE_AREA", "warning")),
        (code(area="340002"), ("CODE_AREA", "warning")),
        (code(area="340803"), ("CODE_AREA", "note")),
        (code(area="320800"), ("CODE_AREA", "note")),
        (code(industry="99"), ("CODE_INDUSTRY", "note")),
        (code(network="9"), ("CODE_NETWORK", "note")),
    ],
)
def test_each_odd_part_is_told(wrong, found):
    assert doubts(code(), wrong) == [(3, *found)]


def test_several_odd_parts_are_told_each():
    assert [code for _, code, _ in doubts(code(area="990802", industry="99", network="9"))] == [
        "CODE_AREA",
        "CODE_INDUSTRY",
        "CODE_NETWORK",
    ]


def test_while_no_district_is_known_another_county_is_nothing_to_tell():
    assert doubts(code(area="110101"), district_codes=frozenset()) == []
    assert doubts(code(area="990101"), district_codes=frozenset()) == [(2, "CODE_AREA", "warning")]


def test_the_advice_names_the_county_and_what_was_expected():
    index = pd.Index([9], name="row")
    cell = code(area="340803")
    table = Table(("编码",), pd.DataFrame({"编码": [cell]}, index=index))
    (found,) = code_structure(table, {"code": "编码"}, {"code": [cell]}, district_codes=HERE)
    assert (found.row, found.column, found.value) == (9, "编码", cell)
    assert "340803" in found.advice("zh")
    assert "340802" in found.advice("en")


@pytest.mark.parametrize(
    "name",
    [
        "register/cameras_register.xlsx",
        "register/cameras_gbk.csv",
        "gb28181/catalog_2016_gb18030.xml",
        "gb28181/catalog_2022_utf8.xml",
    ],
)
def test_the_registers_and_catalogs_have_right_parts(shared_data, name):
    taken = check_rows(
        read_file(shared_data / name),
        find_layer("catalog" if name.endswith("xml") else "cameras"),
        crs=parse_crs("wgs84"),
        calendar=Calendar(dt.date(2026, 11, 23)),
    )
    parts = {"CODE_AREA", "CODE_INDUSTRY", "CODE_NETWORK"}
    assert [f for f in taken.findings if f.code in parts] == []


# areas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("340802001", None),
        ("340802001001", None),
        ("340802001001003", None),
        ("340802", None),
        ("34080200", 8),
        ("34080200100", 11),
        ("3408020010010031", 16),
        ("12", None),
        ("99080200", None),
        ("A7", None),
        ("02134", None),
    ],
)
def test_an_area_code_of_odd_length_is_told_from_short_local_ones(written, digits):
    assert codes.area_code_digits(written) == digits


def test_an_area_code_of_odd_length_is_taken_as_local_and_warned_of():
    index = pd.Index([2], name="row")
    rows = pd.DataFrame(
        {"编码": ["34080200100"], "名称": ["甲"], "wkt": ["POLYGON((0 0,1 0,1 1,0 0))"]},
        index=index,
        dtype=object,
    )
    table = Table(tuple(rows), rows, header_row=1)
    taken = check_rows(table, find_layer("areas"), crs=parse_crs("wgs84"), level="township")
    assert taken.rows["code"].tolist() == ["34080200100"]
    (found,) = [f for f in taken.findings if f.code == "CODE_DIGITS"]
    assert (found.row, found.column, found.severity) == (2, "编码", "warning")
    assert "11" in found.advice("en")
