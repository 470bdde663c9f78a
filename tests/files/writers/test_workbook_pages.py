"""Workbooks as they come out of a printer: landscape, wide enough, every line whole."""

import openpyxl
import pandas as pd

from geo.files import writers


def sheet_of(table, path, **options):
    writers.write_workbook({"表": pd.DataFrame(table)}, path, **options)
    return openpyxl.load_workbook(path)["表"]


def test_a_sheet_is_printed_on_landscape_a4_under_its_head(tmp_path):
    sheet = sheet_of({"名称": ["大桥路口"], "台数": [3]}, tmp_path / "a.xlsx", mark="李娜 & 例会")
    page = sheet.page_setup
    assert (page.orientation, str(page.paperSize)) == ("landscape", sheet.PAPERSIZE_A4)
    assert (page.fitToWidth, page.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B2")
    assert sheet["A1"].font.bold
    assert sheet.oddFooter.left.text == "李娜 && 例会"


def test_chinese_writing_takes_two_letters_of_width(tmp_path):
    sheet = sheet_of({"名称": ["新河路街道派出所"], "no": ["abc"]}, tmp_path / "a.xlsx")
    assert sheet.column_dimensions["A"].width == 18
    assert sheet.column_dimensions["B"].width == 8


def test_a_long_text_is_broken_and_its_row_is_as_high(tmp_path):
    texts = ["短", "请" * 60, "G" * 2000]
    sheet = sheet_of({"建议": texts[:2], "甲": [1, 2]}, tmp_path / "a.xlsx")
    assert sheet.column_dimensions["A"].width == 48
    assert sheet["A3"].alignment.wrap_text
    assert not sheet["B3"].alignment.wrap_text
    assert sheet.row_dimensions[3].height == 3 * 17
    assert sheet.row_dimensions[2].height is None
    # the outline of a shape would fill pages
    shapes = sheet_of({"形状": texts}, tmp_path / "b.xlsx")
    assert not shapes["A4"].alignment.wrap_text


def test_many_columns_are_printed_on_sheets_side_by_side_with_the_first_on_each(tmp_path):
    sheet = sheet_of({f"第{n}列": ["字" * 20] for n in range(12)}, tmp_path / "a.xlsx")
    assert sheet.page_setup.fitToWidth == 3
    assert sheet.print_title_cols == "$A:$A"


def test_shares_are_shown_as_percent_where_the_head_says_so(tmp_path):
    table = {"完整率": [0.8175, 1.0], "台数": [1, 2]}
    sheet = sheet_of(table, tmp_path / "a.xlsx", percent=["完整率"])
    assert [sheet["A2"].number_format, sheet["B2"].number_format] == ["0.0%", "General"]
    assert sheet["A2"].value == 0.8175


def test_a_table_without_rows_or_columns_is_a_sheet_all_the_same(tmp_path):
    assert sheet_of({"名称": []}, tmp_path / "a.xlsx").max_row == 1
    assert sheet_of({}, tmp_path / "b.xlsx").max_row == 1
