"""The workbook of coverage figures as a committee reads it."""

import openpyxl
import pytest

from geo.coverage.report import CameraCounts
from geo.documents.coverage_workbook import Heading, write_workbook

HEADING = Heading(
    "迎江区",
    "2026-11-30 09:30",
    remark="演示数据",
    stamp="李娜 & 例会",
    incidents_until="2026-11-29 18:00",
)


def figures(level, code, name, certainty, **changes):
    """Return the row of an area of which the cameras see a part."""
    row = {
        **{"level": level, "code": code, "name": name, "device_set": "all", "detail": 20},
        **{"certainty": certainty, "places": 4, "places_seen": 1, "entrances": 0},
        **{"entrances_seen": 0, "road_m": 2500.0, "road_seen_m": 500.0, "junctions": 8},
        **{"junctions_seen": 2, "crossings": 2, "crossings_seen": 1, "longest_blind_m": 812.5},
        **{"demand_m2": 40_000.0, "covered_demand_m2": 7339.6, "covered_demand_share": 0.18349},
        **{"open_ground_m2": 60_000.0, "covered_area_m2": 7000.0},
        **{"covered_open_ground_m2": 6000.0, "covered_share": 0.1},
        **{"area_m2": 90_000.0, "obstacles_known": True},
    }
    return {**row, **changes}


REPORT = {
    "areas": [
        figures("district", "340802", "迎江区", "certain"),
        figures("district", "340802", "迎江区", "possible", places_seen=3),
        figures("district", "340802", "迎江区", "expected", places_seen=1.7),
        figures("grid", "340802001001001", "第一网格", "certain"),
        figures("grid", "340802001001001", "第一网格", "possible"),
    ],
    "cameras": [CameraCounts("skynet", reported=2075, registered=9, located=8, computed=7)],
    "assumptions": {
        **{"views": 12, "heading_unknown": 3},
        "difference": {
            **{"basis": "demand", "total_m2": 4000.0, "several_m2": 600.0},
            "turning": {"views": 2, "m2": 2500.0},
            "tolerance": {"views": 7, "m2": 400.0},
            "heading_unknown": {"views": 3, "m2": 500.0},
        },
    },
}


@pytest.fixture
def book(tmp_path):
    out = tmp_path / "coverage.xlsx"
    within = {("grid", "340802001001001"): "吴樾社区"}
    write_workbook(REPORT, out, heading=HEADING, within=within, lang="zh")
    book = openpyxl.load_workbook(out)
    assert all("非涉密系统" in each.oddHeader.center.text for each in book.worksheets)
    return book


def texts(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_the_summary_comes_first_and_each_level_has_a_sheet(book):
    assert book.sheetnames == ["概要", "区", "网格", "附表（期望值）", "指标定义"]


def test_the_summary_says_what_is_seen_as_a_range_with_its_whole(book):
    rows = {row[0]: row for row in texts(book["概要"])}
    assert rows["迎江区视频监控覆盖情况表"]
    assert rows["核算时间：2026-11-30 09:30"]
    assert rows["事项数据截至：2026-11-29 18:00"]
    assert rows["迎江区（20 像素/米）：应覆盖面积的 18.3 %（确定可见）～18.3 %（可能可见）"]
    assert rows["重点部位（处）"][1:4] == [4, 0.25, 0.75]
    assert rows["道路（公里）"][1:4] == [2.5, 0.2, 0.2]
    assert rows["出入口（处）"][1:4] == [0, None, None]  # nothing of nothing is no share
    assert rows["天网"][1:5] == [2075, 9, 8, 7]
    assert rows["朝向不详"][1] == 3


def test_the_summary_says_what_makes_the_difference_in_views_and_in_area(book):
    rows = {row[0]: row for row in texts(book["概要"])}
    assert rows["可转动的摄像机"][1:3] == [2, 0.25]
    assert rows["朝向误差"][1:3] == [7, 0.04]
    assert rows["朝向不详的摄像机"][1:3] == [3, 0.05]
    assert rows["几种原因共同造成"][1:3] == [None, 0.06]
    assert rows["差额合计"][1:3] == [None, 0.4]


def test_a_share_is_rounded_once_by_the_format_of_its_cell(book):
    sheet = book["区"]
    heads = [cell.value for cell in sheet[1]]
    cell = sheet.cell(3, heads.index("应覆盖面积（万平方米）") + 2)
    assert cell.value == 0.18349
    assert cell.number_format == "0.0%"


def test_a_sheet_of_a_level_is_frozen_filtered_and_can_be_read_on_a4(book):
    sheet = book["网格"]
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref.startswith("A2:")
    assert sheet.print_title_rows == "$1:$2"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    # 29 columns on one page could not be read: two side by side, each with the names
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (2, 0)
    assert (sheet.print_title_cols, sheet.page_setup.pageOrder) == ("$A:$A", "overThenDown")
    assert book["概要"].page_setup.fitToWidth == 1
    assert [cell.value for cell in sheet[3]][:5] == [
        *("第一网格", "340802001001001", "吴樾社区", "全部", 20)
    ]


def test_every_filter_has_its_name_in_the_row_it_stands_on(book):
    for name in ("区", "网格", "附表（期望值）"):
        assert all(cell.value for cell in book[name][2])


def test_expected_stands_in_the_annex_only(book):
    assert "期望" not in str(texts(book["区"]) + texts(book["概要"]))
    assert book["附表（期望值）"].max_row == 3


def test_every_head_has_its_definition(book):
    heads = {cell.value for cell in book["区"][1] if cell.value}
    terms = {row[0] for row in texts(book["指标定义"])}
    assert heads <= terms


def test_the_stamp_is_printed_at_the_foot_of_every_sheet(book):
    for sheet in book.worksheets:
        assert sheet.oddFooter.left.text == "李娜 && 例会"


def test_a_name_that_a_spreadsheet_would_run_is_disarmed(tmp_path):
    report = {**REPORT, "areas": [figures("grid", "=1+1", "=cmd()", "certain")]}
    out = tmp_path / "coverage.xlsx"
    write_workbook(report, out, heading=HEADING, within={}, lang="zh")
    row = [cell.value for cell in openpyxl.load_workbook(out)["网格"][3]]
    assert row[:2] == ["'=cmd()", "'=1+1"]
