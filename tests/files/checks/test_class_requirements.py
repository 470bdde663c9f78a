"""Classes: what a camera must say by its class, and by the edition of its catalog."""

import datetime as dt

import pandas as pd
import pytest

from geo.base.crs import parse_crs
from geo.files.checks import Calendar
from geo.files.checks.check import check_rows
from geo.files.checks.rows.class_requirements import (
    is_first_class,
    is_of_2022,
    missing_columns,
    missing_fields,
)
from geo.files.readers import Table, read_file
from geo.files.schema.layers import find_layer

TODAY = dt.date(2026, 11, 23)
CODE = "34080200001320000001"
HEADERS = {
    "point_class": "点位类别",
    "installed_on": "安装时间",
    "retention_days": "录像保存天数",
    "duty_phone": "值班电话",
}


def table(rows):
    frame = pd.DataFrame(rows, index=pd.RangeIndex(3, 3 + len(rows), name="row"), dtype=object)
    frame = frame.astype(object).where(frame.notna(), None)
    return Table(tuple(frame.columns), frame, header_row=2)


def told(findings):
    return [(f.row, f.column, f.code, f.severity) for f in findings]


def register(*rows, without=()):
    """Judge rows of a register: class, installed, days, phone as written."""
    names = [name for name in HEADERS if name not in without]
    written = table([dict(zip(HEADERS.values(), row, strict=True)) for row in rows])
    values = {"point_class": [row[0] for row in rows], "code": [None] * len(rows)}
    mapping = {name: HEADERS[name] for name in names}
    return written, find_layer("cameras"), mapping, values


def catalog(*items):
    """Judge items of a catalog; a class is what PointType says."""
    words = {"1": "一类", "2": "二类", "3": "三类"}
    values = {
        "point_class": [words.get(item.get("PointType") or "") for item in items],
        "code": [item.get("DeviceID") for item in items],
    }
    fields = {"RecordSaveDays": "retention_days", "InstallTime": "installed_on"}
    written = table(list(items))
    mapping = {name: header for header, name in fields.items() if header in written.headers}
    return written, find_layer("catalog"), mapping, values


def item(**elements):
    usual = {
        "DeviceID": CODE,
        "PTZType": "3",
        "PointType": "1",
        "GrassrootsCode": "000000",
        "InstallTime": "2020-01-15T09:00:00",
        "RecordSaveDays": "30",
    }
    return {**usual, **elements}


@pytest.mark.parametrize(
    "word", ["1", "一类", "1类", "一类点", "第一类", "一类视频监控点", "Ⅰ类", "１"]
)
def test_words_for_the_first_class_are_known(word):
    assert is_first_class(word)


@pytest.mark.parametrize("word", ["", "2", "二类", "三类", "其他", "9", "11", "10", "1号", "一期"])
def test_other_words_are_not_the_first_class(word):
    assert not is_first_class(word)


def test_blank_cells_of_a_first_class_point_are_warned_of_each():
    found = missing_fields(*register(("一类", None, " ", None), ("二类", None, None, None)))
    assert told(found) == [
        (3, "安装时间", "FIELD_BY_CLASS", "warning"),
        (3, "录像保存天数", "FIELD_BY_CLASS", "warning"),
        (3, "值班电话", "FIELD_BY_CLASS", "warning"),
    ]


def test_filled_cells_are_silent_even_where_they_cannot_be_used():
    assert missing_fields(*register(("1", "2021.5", "半年", "0556-1"))) == []
    assert missing_columns(*register(("1", "2021.5", "半年", "0556-1"))) == []


def test_a_lacking_column_is_one_note_for_the_file():
    case = register(("1", "2021", "30", None), ("1", "2021", "30", None), without=("duty_phone",))
    assert missing_fields(*case) == []
    found = missing_columns(*case)
    assert told(found) == [(2, "", "COLUMN_BY_CLASS", "note")]
    assert "duty_phone（值班电话）" in found[0].advice("zh")


def test_without_a_point_of_the_first_class_no_column_is_asked_for():
    case = register(("二类", None, None, None), without=("duty_phone", "installed_on"))
    assert missing_columns(*case) == []


def test_a_right_item_of_2022_is_silent():
    case = catalog(item(), item(PointType="3", InstallTime=None, RecordSaveDays="0"))
    assert missing_fields(*case) == []
    assert missing_columns(*case) == []


@pytest.mark.parametrize(
    ("elements", "column", "code", "severity"),
    [
        ({"PointType": None}, "PointType", "FIELD_BY_CLASS", "warning"),
        ({"GrassrootsCode": None}, "GrassrootsCode", "FIELD_BY_CLASS", "warning"),
        ({"InstallTime": None}, "InstallTime", "FIELD_BY_CLASS", "warning"),
        ({"RecordSaveDays": "0"}, "RecordSaveDays", "FIELD_BY_CLASS", "warning"),
        ({"Owner": "示例单位"}, "Owner", "ELEMENT_OBSOLETE", "note"),
        ({"UseType": "1"}, "UseType", "ELEMENT_OBSOLETE", "note"),
    ],
)
def test_each_breach_of_the_2022_edition_is_found(elements, column, code, severity):
    found = missing_fields(*catalog(item(), item(**elements)))
    assert told(found) == [(4, column, code, severity)]
    assert found[0].advice("zh")


def test_an_item_without_info_needs_no_grassroots_code():
    bare = {"DeviceID": CODE.replace("132", "200"), "GrassrootsCode": None}
    assert missing_fields(*catalog(item(), bare)) == []


def test_an_edition_of_2016_is_held_to_its_own_rules():
    old = {"DeviceID": CODE, "Owner": "示例单位", "SafetyWay": "0", "UseType": "1", "PTZType": "3"}
    assert not is_of_2022(tuple(old))
    assert missing_fields(*catalog(old)) == []
    assert missing_columns(*catalog(old)) == []


def test_a_2022_catalog_without_an_element_that_it_needs_is_noted_once():
    lacking = {key: value for key, value in item().items() if key != "GrassrootsCode"}
    found = missing_columns(*catalog(lacking, lacking))
    assert told(found) == [(2, "", "COLUMN_BY_CLASS", "note")]
    assert "GrassrootsCode" in found[0].advice("en")


@pytest.mark.parametrize(
    ("name", "defects"),
    [
        (
            "catalog_2016_gb18030.xml",
            {
                (4, "Longitude", "ZERO_COORDINATES"),
                (7, "DeviceID", "CODE_TYPE"),
                (9, "DeviceID", "CODE_DUPLICATE"),
                (11, "DirectionType", "AZIMUTH_CODE"),
            },
        ),
        (
            "catalog_2022_utf8.xml",
            {
                (3, "PointType", "FIELD_BY_CLASS"),
                (5, "DirectionType", "AZIMUTH_CODE"),
                (6, "Longitude", "ZERO_COORDINATES"),
                (8, "DeviceID", "CODE_DUPLICATE"),
                (9, "DeviceID", "CODE_TYPE"),
                (10, "RecordSaveDays", "RETENTION_BELOW_30"),
                (11, "Owner", "ELEMENT_OBSOLETE"),
                (12, "GrassrootsCode", "FIELD_BY_CLASS"),
            },
        ),
    ],
)
def test_every_defect_planted_in_the_catalogs_is_found_and_clean_items_stay_silent(
    shared_data, name, defects
):
    table = read_file(shared_data / "gb28181" / name)
    taken = check_rows(
        table, find_layer("catalog"), crs=parse_crs("wgs84"), calendar=Calendar(TODAY)
    )
    found = {(f.row, f.column, f.code) for f in taken.findings}
    assert defects <= found
    loud = {f.row for f in taken.findings if f.severity != "note" and f.row > 0}
    assert loud <= {row for row, _, _ in defects} | blank_headings(table)


def blank_headings(table):
    """Items that do not report a direction: worth a warning, but no defect of the catalog."""
    return set(table.rows.index[table.rows["DirectionType"].isin(["0", None])])


@pytest.mark.parametrize("name", ["cameras_register.xlsx", "cameras_gbk.csv"])
def test_the_registers_are_complete_by_class(shared_data, name):
    table = read_file(shared_data / "register" / name)
    taken = check_rows(
        table, find_layer("cameras"), crs=parse_crs("wgs84"), calendar=Calendar(TODAY)
    )
    assert [f for f in taken.findings if f.code == "FIELD_BY_CLASS"] == []
