"""Times: as databases, spreadsheets and people write them, and what is odd about them."""

import datetime as dt

import pandas as pd
import pytest

from geo.files.checks import Calendar
from geo.files.checks.cells.times import read_time
from geo.files.checks.check import check_rows
from geo.files.readers import Table
from geo.files.schema.layers import find_layer

TODAY = dt.date(2026, 11, 23)
SHANGHAI = Calendar(TODAY, "Asia/Shanghai")


def read(cell, calendar=SHANGHAI, *, only_date=False):
    reading = read_time(cell, calendar, only_date=only_date)
    return reading.value, [(defect.code, defect.suggested) for defect in reading.defects]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-09-01 08:00:00+08", "2026-09-01T08:00:00+08:00"),
        ("2026-09-01 00:00:00.123456+00", "2026-09-01T00:00:00.123456+00:00"),
        ("1900-12-31 08:05:43+08:05:43", "1900-12-31T08:05:43+08:05:43"),
        ("2026-09-01 08:00:00 +0800", "2026-09-01T08:00:00+08:00"),
        ("2026-09-01 08:00 UTC+8", "2026-09-01T08:00:00+08:00"),
        ("2026-09-01 08:00:00 UTC", "2026-09-01T08:00:00+00:00"),
        ("2026-09-01 08:00:00 北京时间", "2026-09-01T08:00:00+08:00"),
        ("2026-09-01 24:00:00", "2026-09-02T00:00:00"),
        ("2026-09-01 上午8:00", "2026-09-01T08:00:00"),
        ("2026/9/1 下午 3:05:09", "2026-09-01T15:05:09"),
        ("2026年9月1日下午3时5分", "2026-09-01T15:05:00"),
        ("2026-09-01 晚上8点半", "2026-09-01T20:30:00"),
        ("2026-09-01 中午12:30", "2026-09-01T12:30:00"),
        ("2026-09-01 3:05 PM", "2026-09-01T15:05:00"),
        ("2026-09-01 12:00 AM", "2026-09-01T00:00:00"),
        ("20260901080910", "2026-09-01T08:09:10"),
        ("20260901T080910Z", "2026-09-01T08:09:10+00:00"),
    ],
)
def test_times_are_read_as_they_are_written_elsewhere(cell, value):
    assert read(cell) == (value, [])


@pytest.mark.parametrize(
    "cell",
    ["2026-09-01 24:01", "2026-09-01 上午15:00", "2026-09-01 晚上12点", "2026-02-30", "8:00"],
)
def test_what_is_no_moment_is_none(cell):
    assert read(cell) == (None, [("DATE_TEXT", "")])


@pytest.mark.parametrize(
    ("cell", "suggested"),
    [
        ("1990-04-15 02:30:00", "1990-04-15 03:30:00+09:00"),
        ("1990-09-16 01:30:00", "1990-09-16 01:30:00+09:00"),
    ],
)
def test_a_time_that_clocks_skipped_or_repeated_is_taken_and_named(cell, suggested):
    value, defects = read(cell)
    assert value == cell.replace(" ", "T")
    assert defects == [("DATE_AMBIGUOUS", suggested)]
    assert read(cell + "+08")[1] == []
    assert read(cell, Calendar(TODAY))[1] == []
    assert read(cell, only_date=True) == (cell[:10], [])


def test_a_moment_of_another_zone_counts_by_the_day_of_the_district():
    # 23:00 in Greenwich is the next morning in Shanghai
    late = "2026-11-23T23:00:00Z"
    assert read(late) == (None, [("DATE_FUTURE", "")])
    assert read(late, Calendar(TODAY, "UTC"))[1] == []


@pytest.mark.parametrize(
    "cell", ["0001-01-01", "1500-06-01 08:00:00+08", dt.datetime(1899, 12, 31)]
)
def test_a_day_before_there_were_cameras_is_out_of_range(cell):
    assert read(cell) == (None, [("VALUE_RANGE", "")])


def test_the_day_number_of_a_workbook_counts_from_its_own_begin():
    assert read(43585)[1] == [("DATE_TEXT", "2019-04-30")]
    assert read(43585, Calendar(TODAY, from_1904=True))[1] == [("DATE_TEXT", "2023-05-01")]


def incidents(*rows, calendar=SHANGHAI):
    headers = ("编号", "标题", "发生时间", "上报时间", "结案时间")
    cells = [(str(number), "井盖缺失", *row) for number, row in enumerate(rows)]
    index = pd.RangeIndex(2, 2 + len(rows), name="row")
    frame = pd.DataFrame(cells, columns=headers, index=index, dtype=object)
    return check_rows(
        Table(headers, frame, header_row=1), find_layer("incidents"), calendar=calendar
    )


def test_a_matter_closed_before_it_happened_is_named_and_taken():
    noon, morning = "2026-09-01 12:00", "2026-09-01 08:00"
    taken = incidents(
        (noon, None, morning),
        (noon, noon, noon),
        (noon, morning, None),
        # one is told with its offset: the same moment
        (noon, None, "2026-09-01T04:00:00Z"),
        # a mere day says nothing of the hour
        (noon, None, "2026-09-01"),
        (noon, None, "2026-08-31"),
    )
    assert [(f.row, f.column, f.code, f.severity) for f in taken.findings] == [
        (2, "结案时间", "DATE_ORDER", "warning"),
        (4, "上报时间", "DATE_ORDER", "warning"),
        (7, "结案时间", "DATE_ORDER", "warning"),
    ]
    assert len(taken.rows) == 6
    assert "发生时间" in taken.findings[0].advice("zh")
