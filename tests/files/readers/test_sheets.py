"""Sheets as offices keep them: hidden ones, one a township, titles, formats, errors, calendars."""

import datetime as dt

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from geo.base.crs import parse_crs
from geo.base.errors import SourceError
from geo.files.checks import Calendar
from geo.files.checks.cells.column_mapping import known_headers
from geo.files.checks.check import check_rows
from geo.files.readers import ReadOptions, SourceNote, read_file, read_parts
from geo.files.readers import old_cells as old_numbers
from geo.files.readers.number_formats import format_number
from geo.files.readers.old_cells import old_cells
from geo.files.readers.rows import make_frame
from geo.files.readers.several_sheets import one_below_the_other
from geo.files.readers.table import Table
from geo.files.schema.layers import find_layer
from tests.toy_workbook import ods_cells, xls_cells

HEAD = ["名称", "经度", "纬度", "安装时间", "录像保存天数"]
ROW = ["A", 117.0451, 30.5031, None, 30]
CAMERAS = find_layer("cameras")
KNOWN = ReadOptions(known=known_headers(CAMERAS, {}))


def book(path, *sheets, hidden=(), formats=None, epoch=None):
    """Write a workbook of (title, rows); `formats` maps cells of the first sheet to formats."""
    made = openpyxl.Workbook()
    if epoch:
        made.epoch = epoch
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title in hidden:
            sheet.sheet_state = "hidden"
    for cell, number_format in (formats or {}).items():
        made.worksheets[0][cell].number_format = number_format
    made.save(path)
    return path


def cameras(path, wish=KNOWN, **options):
    options = {"crs": parse_crs("wgs84"), "calendar": Calendar(dt.date(2026, 11, 23))} | options
    return check_rows(read_file(path, wish), CAMERAS, **options)


def found(taken):
    return [(f.row, f.column, f.code, f.severity) for f in taken.findings]


def test_a_hidden_sheet_is_passed_over_and_named(tmp_path):
    old, new = ("旧数据", [HEAD, ["OLD", *ROW[1:]]]), ("台账", [HEAD, ["NEW", *ROW[1:]]])
    path = book(tmp_path / "a.xlsx", old, new, hidden=["旧数据"])
    table = read_file(path)
    assert (table.rows["名称"].tolist(), table.sheet) == (["NEW"], "台账")
    assert table.notes == (SourceNote("SHEET_HIDDEN", 1, "", "旧数据", "台账"),)
    assert read_file(path, sheet="旧数据").rows["名称"].tolist() == ["OLD"]
    assert read_file(path, sheet="旧数据").notes == ()


def test_a_blank_first_sheet_is_passed_over(tmp_path):
    table = read_file(book(tmp_path / "a.xlsx", ("Sheet1", []), ("台账", [HEAD, ROW])))
    assert (table.sheet, table.notes) == ("台账", ())


def test_sheets_that_were_not_read_are_named(tmp_path):
    towns = [(name, [HEAD, [name, *ROW[1:]]]) for name in ("甲街道", "乙街道", "丙镇")]
    path = book(tmp_path / "a.xlsx", *towns, ("填报说明", [["请填写"]]))
    table = read_file(path)
    assert table.rows["名称"].tolist() == ["甲街道"]
    assert table.notes == (SourceNote("SHEETS_UNREAD", 1, "", "乙街道、丙镇", "甲街道"),)


def test_all_sheets_are_one_table_whose_rows_count_on(tmp_path):
    other = ["经度", "名称", "纬度", "备注"]
    path = book(
        tmp_path / "a.xlsx",
        ("甲街道", [HEAD, ROW]),
        ("乙街道", [["乙街道台账"], [], other, [117.05, "B", 30.5, "近桥"]]),
        ("汇总", [["街道", "数量"], ["甲", 1]]),
        ("隐藏", [HEAD, ["H", *ROW[1:]]]),
        hidden=["隐藏"],
    )
    first, second = read_parts(path, ReadOptions(all_sheets=True, known=KNOWN.known))
    assert first.headers == second.headers == (*HEAD, "备注")
    assert (first.rows.index.tolist(), second.rows.index.tolist()) == ([2], [1004])
    assert second.rows.loc[1004].tolist() == ["B", 117.05, 30.5, None, None, "近桥"]
    assert first.notes == (SourceNote("SHEETS_UNREAD", 1, "", "汇总", "甲街道"),)
    assert second.notes == (
        SourceNote("SHEET_ROWS", 1003, "", "乙街道", "1000"),
        SourceNote("HEADER_ROW", 1003, "", "3", "1"),
    )


@pytest.mark.parametrize(
    ("number", "number_format", "text"),
    [
        (7, "0000", "0007"),
        (12, '"K-"0000', "K-0012"),
        (5561234, "000-0000", "556-1234"),
        (7, r"\K\-0000;-0", "K-0007"),
        (7, "[$-804]000_ ", "007"),
        (7, "[Red]00", "07"),
        (12345, "000", "12345"),
        (7.0, "00", "07"),
        (7, "0", None),
        (7, "General", None),
        (7, "@", None),
        (7, "0.00", None),
        (7, "#,##0", None),
        (45000, "yyyy-mm-dd", None),
        (7.5, "0000", None),
        (-7, "0000", None),
        (True, "0000", None),
    ],
)
def test_whole_numbers_are_shown_as_their_format_says(number, number_format, text):
    assert format_number(number, number_format) == text


def test_codes_are_what_the_sheet_shows(tmp_path):
    head = ["编码", "本地编码", *HEAD]
    rows = [[7, 12, *ROW], [123456, 7, "B", *ROW[1:]], [None, None, "C", *ROW[1:]]]
    formats = {"A2": "000000", "A3": "000000", "B2": '"K-"0000', "G2": "0.00", "E2": "0.0000"}
    taken = cameras(book(tmp_path / "a.xlsx", ("台账", [head, *rows]), formats=formats))
    assert taken.rows["code"].tolist()[:2] == ["000007", "123456"]
    assert taken.rows["local_code"].tolist()[:2] == ["K-0012", "7"]
    assert found(taken) == [
        (1, "编码", "NUMBER_SHOWN", "note"),
        (1, "本地编码", "NUMBER_SHOWN", "note"),
    ]
    assert (taken.findings[0].value, taken.findings[0].suggested) == ("7", "000007")


def errors_of_excel(path, rows):
    return book(path, ("台账", rows))


@pytest.mark.parametrize(
    ("write", "name"), [(errors_of_excel, "a.xlsx"), (xls_cells, "a.xls"), (ods_cells, "a.ods")]
)
def test_errors_of_a_spreadsheet_are_findings(tmp_path, write, name):
    rows = [HEAD, ["A", 117.0451, 30.5031, "#VALUE!", "#N/A"], ["#REF!", *ROW[1:]]]
    rows.append(["C", "#DIV/0!", 30.5, None, 30])
    taken = cameras(write(tmp_path / name, rows))
    assert found(taken) == [
        (2, "安装时间", "ERROR_CELL", "warning"),
        (2, "录像保存天数", "ERROR_CELL", "warning"),
        (3, "名称", "ERROR_CELL", "error"),
        (4, "经度", "ERROR_CELL", "error"),
    ]
    assert taken.findings[1].value == "#N/A"
    assert taken.rows["name"].tolist() == ["A"]


def test_a_formula_of_an_old_workbook_is_an_error_only_where_its_result_is_one(tmp_path):
    rows = [HEAD, ["=#REF!", *ROW[1:]], ["A", "=#N/A", *ROW[2:]], ["B", *ROW[1:4], "=TRUE"]]
    found_ = [line for line in found(cameras(xls_cells(tmp_path / "a.xls", rows))) if line[0] < 4]
    assert found_ == [(2, "名称", "ERROR_CELL", "error"), (3, "经度", "ERROR_CELL", "error")]
    shown = old_cells((tmp_path / "a.xls").read_bytes()).shown["Sheet1"]
    assert shown == {(1, 0): "#REF!", (2, 1): "#N/A"}


def test_an_error_as_text_is_one_in_a_text_file_too(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("名称,经度,纬度,备注\nA,#REF!,30.5,#N/A\n#3 门,117.1,30.5,\n", "utf-8")
    taken = cameras(path)
    assert [line for line in found(taken) if line[2] == "ERROR_CELL"] == [
        (2, "经度", "ERROR_CELL", "error")
    ]
    assert taken.rows["name"].tolist() == ["#3 门"]


@pytest.mark.parametrize(("write", "name"), [(xls_cells, "a.xls"), (ods_cells, "a.ods")])
def test_numbers_in_a_shape_are_read_as_shown_in_other_workbooks_too(tmp_path, write, name):
    rows = [["编码", *HEAD], [("000007", 7, "000000"), *ROW], [("12", 12, "0"), "B", *ROW[1:]]]
    rows.append([("K-0012", 12, '"K-"0000'), "C", *ROW[1:]])
    taken = cameras(write(tmp_path / name, rows))
    assert taken.rows["code"].tolist() == ["000007", "12", "K-0012"]
    assert found(taken) == [(1, "编码", "NUMBER_SHOWN", "note")]


TITLES = [["某区视频监控台账（2023年）"], ["填报：某街道", "日期：2023-05-01"]]


@pytest.mark.parametrize(
    "titles",
    [
        TITLES,
        TITLES[:1],
        [*TITLES, [], ["单位：", "甲", "填报人：", "乙岗", "电话：", "0556-1"]],
        [["一"], ["二"], ["三"], ["四"]],
    ],
)
def test_headers_are_found_under_titles(tmp_path, titles):
    rows = [*titles, HEAD, ROW, ["合计", 1]]
    path = book(tmp_path / "a.xlsx", ("台账", rows))
    taken = cameras(path)
    at = len(titles) + 1
    above = sum(map(bool, titles))
    assert taken.rows["name"].to_dict() == {at + 1: "A"}
    assert found(taken) == [(at, "", "HEADER_ROW", "note"), (at + 2, "", "ROW_TOTAL", "note")]
    assert (taken.findings[0].value, taken.findings[0].suggested) == (str(at), str(above))
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    text = tmp_path / "a.csv"
    text.write_text("\n".join(lines), "utf-8")
    assert found(cameras(text))[-2:] == found(taken)


def test_the_row_of_the_headers_can_be_named(tmp_path):
    rows = [["a", "b", "c"], ["x", "y", "z"], [1, 2, 3]]
    path = book(tmp_path / "a.xlsx", ("台账", rows))
    text = tmp_path / "a.csv"
    text.write_text("a,b,c\nx,y,z\n1,2,3\n", "utf-8")
    for file in (path, text):
        assert read_file(file).headers == ("a", "b", "c")
        table = read_file(file, ReadOptions(header_row=2))
        assert (table.headers, table.header_row, len(table.rows)) == (("x", "y", "z"), 2, 1)
        assert table.notes == ()
        with pytest.raises(SourceError) as caught:
            read_file(file, ReadOptions(header_row=9))
        assert (caught.value.key, caught.value.facts["row"]) == ("source.header_row", 9)


def test_a_refusal_names_the_row_it_took_for_headers_and_the_option(tmp_path):
    path = book(tmp_path / "a.xlsx", ("台账", [["x", "y", "z"], [1, 2, 3]]))
    with pytest.raises(Exception, match=r"row 1.*--header-row"):
        cameras(path)


def test_a_thing_that_is_called_total_is_no_total(tmp_path):
    path = book(tmp_path / "a.xlsx", ("台账", [HEAD, ["合计", 117.1, 30.5, None, 30]]))
    assert cameras(path).rows["name"].tolist() == ["合计"]


def test_days_of_a_workbook_of_1904_are_told_by_its_own_calendar(tmp_path):
    day = dt.datetime(2023, 5, 1)
    rows = [HEAD, ["A", 117.0451, 30.5031, 43585, 30], ["B", 117.0452, 30.5031, day, 30]]
    path = book(tmp_path / "a.xlsx", ("台账", rows), epoch=CALENDAR_MAC_1904)
    taken = cameras(path)
    (finding,) = taken.findings
    assert (finding.row, finding.code, finding.suggested) == (2, "DATE_TEXT", "2023-05-01")
    assert taken.rows["installed_on"].tolist() == [None, "2023-05-01"]
    old = xls_cells(tmp_path / "a.xls", rows[:2], from_1904=True)
    assert cameras(old).findings[0].suggested == "2023-05-01"


@pytest.mark.parametrize(
    ("name", "wish", "unused"),
    [
        ("a.csv", ReadOptions(sheet="台账", all_sheets=True), ["--sheet 台账", "--all-sheets"]),
        ("a.xlsx", ReadOptions(encoding="gbk"), ["--encoding gbk"]),
        ("a.csv", ReadOptions(encoding="utf-8", header_row=1), []),
        ("a.xlsx", ReadOptions(sheet="台账", header_row=1), []),
    ],
)
def test_an_option_without_use_is_named(tmp_path, name, wish, unused):
    path = tmp_path / name
    if name.endswith("csv"):
        path.write_text("a,b\n1,2\n")
    else:
        book(path, ("台账", [["a", "b"], [1, 2]]))
    notes = read_file(path, wish).notes
    assert [note.value for note in notes if note.code == "OPTION_UNUSED"] == unused


def test_rows_and_notes_of_later_sheets_count_on_from_a_round_number():
    def sheet(title, rows, note_row):
        at = range(2, 2 + len(rows))
        note = SourceNote("SHEET_ROWS", note_row, "", "x")
        return Table(
            ("a", "b"), make_frame(("a", "b"), rows, at), sheet=title, header_row=1, notes=(note,)
        )

    first = sheet("甲", [("1", "2")] * 7, 8)
    second = sheet("乙", [("3", "4")] * 1005, 1003)
    third = sheet("丙", [("5", None)], 2)
    tables = list(one_below_the_other([first, second, third]))
    assert [table.rows_ahead for table in tables] == [0, 1000, 3000]
    assert [table.rows.index[0] for table in tables] == [2, 1002, 3002]
    assert [[note.row for note in table.notes] for table in tables] == [
        [8],
        [1001, 2003],
        [3001, 3002],
    ]


def test_a_sheet_is_read_on_where_half_of_the_headers_are_those_of_the_first():
    def sheet(title, headers):
        rows = [tuple("x" for _ in headers)]
        return Table(headers, make_frame(headers, rows, [2]), sheet=title, header_row=1)

    sheets = [sheet("甲", ("a", "b", "c", "d")), sheet("乙", ("a", "b")), sheet("丙", ("a", "x"))]
    tables = list(one_below_the_other(sheets))
    assert [table.sheet for table in tables] == ["甲", "乙"]
    assert [(note.code, note.value) for note in tables[0].notes] == [("SHEETS_UNREAD", "丙")]
    assert tables[1].rows.to_numpy().tolist() == [["x", "x", None, None]]


@pytest.mark.parametrize(
    ("bits", "number"),
    [
        (5 << 2 | 2, 5.0),
        (5 << 2 | 3, 0.05),
        (0xFFFFFFFE, -1.0),
        (0xFFFFFFFF, -0.01),
        (0x80000002, -536870912.0),
        (0x7FFFFFFE, 536870911.0),
        (0x3FF80000, 1.5),
        (0x3FF80001, 0.015),
        (0, 0.0),
    ],
)
def test_short_numbers_are_whole_ones_or_fronts_of_floats_perhaps_by_a_hundred(bits, number):
    assert old_numbers._whole(bits) == number
