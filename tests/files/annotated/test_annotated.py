"""Files of findings: the original with a verdict beside each row, corrected and taken back."""

import datetime as dt

import geopandas as gpd
import openpyxl
import pytest
import shapely
from openpyxl import Workbook
from openpyxl.styles import Font

from geo.base.crs import parse_crs
from geo.base.errors import InputError
from geo.files import annotated, readers
from geo.files.checks import Calendar, Finding
from geo.files.checks.check import Check, check_rows
from geo.files.schema.layers import LAYERS

TODAY = dt.date(2026, 11, 23)
HEAD = ["编码", "名称", "监视方位", "有效距离", "负责人手机", "经度", "纬度"]
GOOD = ["K1", "甲", "90", "60", "13800000000", "117.05", "30.5"]
TEXT = ["K2", "乙", "东北", "60", "13800000001", "117.051", "30.5"]
BAD = ["K3", "丙", "90", "六十", "13800000002", "30.5", "117.05"]


def workbook(path, rows=(GOOD, TEXT, BAD), *, title=False):
    """A register with two sheets, its header in bold, perhaps under a merged title."""
    book = Workbook()
    sheet = book.active
    sheet.title = "台账"
    if title:
        sheet.append(["摄像机台账"])
        sheet.merge_cells("A1:G1")
    sheet.append(HEAD)
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append(row)
    book.create_sheet("附注")["A1"] = "不要动"
    book.save(path)
    return path


def text(path, rows=(GOOD, TEXT, BAD), *, separator=",", encoding="utf-8", before=""):
    lines = [separator.join(row) for row in (HEAD, *rows)]
    path.write_bytes((before + "\r\n".join(lines)).encode(encoding))
    return path


def register(path, crs="wgs84"):
    table = annotated.drop_marks(readers.read_file(path))
    return check_rows(table, LAYERS["cameras"], calendar=Calendar(TODAY), crs=parse_crs(crs))


def mark(path, out, **options):
    taken = register(path)
    annotated.write_annotated(
        path, out, taken.findings, lang="zh", refused=taken.refused, **options
    )
    return taken


def column(sheet, header, header_row=1):
    at = next(cell.column for cell in sheet[header_row] if cell.value == header)
    return {row: sheet.cell(row, at) for row in range(header_row + 1, sheet.max_row + 1)}


def colour(cell):
    return cell.fill.fgColor.rgb[2:]


def test_each_row_says_what_became_of_it_and_bad_cells_are_coloured(tmp_path):
    out = tmp_path / "out.xlsx"
    mark(workbook(tmp_path / "c.xlsx"), out)
    book = openpyxl.load_workbook(out)
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]][-2:] == ["状态", "说明"]
    states = {row: cell.value for row, cell in column(sheet, "状态").items()}
    assert states == {2: "已导入", 3: "已导入（有提示）", 4: "待更正"}
    remarks = column(sheet, "说明")
    assert remarks[2].value is None
    assert remarks[3].value == "监视方位：监视方位“东北”由文字换算为 45 度。"
    assert "经度与纬度颠倒" in remarks[4].value
    headings, ranges, lons = (column(sheet, name) for name in ("监视方位", "有效距离", "经度"))
    assert colour(headings[3]) == "D6E9F8"
    assert colour(ranges[4]) == "FBD38D"
    assert colour(lons[4]) == "F8B4B4"
    assert colour(headings[2]) == "000000"


def test_a_workbook_keeps_its_sheets_and_looks_and_gets_a_sheet_of_all_findings(tmp_path):
    out = tmp_path / "out.xlsx"
    taken = mark(workbook(tmp_path / "c.xlsx"), out)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["台账", "附注", "全部问题"]
    assert book["附注"]["A1"].value == "不要动"
    sheet = book["台账"]
    assert sheet["A1"].font.bold
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:I4")
    assert "红色 = 待更正" in sheet["H1"].comment.text
    listed = list(book["全部问题"].iter_rows(min_row=2, max_col=3, values_only=True))
    assert listed[: len(taken.findings)] == [(f.row, f.column, f.code) for f in taken.findings]
    assert any("红色 = 待更正" in str(row[0]) for row in listed[len(taken.findings) :])
    shades = {row: colour(cell) for row, cell in column(book["全部问题"], "程度").items()}
    wanted = {"error": "F8B4B4", "warning": "FBD38D", "note": "D6E9F8"}
    assert [shades[at] for at, _ in enumerate(taken.findings, start=2)] == [
        wanted[finding.severity] for finding in taken.findings
    ]
    printed = book["全部问题"]
    assert (printed.page_setup.orientation, printed.page_setup.fitToWidth) == ("landscape", 1)
    assert printed.sheet_properties.pageSetUpPr.fitToPage
    assert printed.print_title_rows == "$1:$1"


def test_each_of_several_sheets_gets_its_own_verdicts(tmp_path):
    path, out = tmp_path / "c.xlsx", tmp_path / "out.xlsx"
    book = openpyxl.Workbook()
    for title, name, lon in (("甲街道", "A", 117.1), ("乙街道", "B", 0)):
        sheet = book.create_sheet(title)
        for row in (["名称", "经度", "纬度"], [name, lon, 30.5 if lon else 0]):
            sheet.append(row)
    book.remove(book["Sheet"])
    book.save(path)
    wish = readers.ReadOptions(all_sheets=True)
    whole = Check(LAYERS["cameras"], crs=parse_crs("wgs84"))
    findings = [f for table in readers.read_parts(path, wish) for f in whole.part(table).findings]
    annotated.write_annotated(path, out, findings, lang="zh", wish=wish)
    marked = openpyxl.load_workbook(out)
    assert [marked[title]["D2"].value for title in ("甲街道", "乙街道")] == ["已导入", "待更正"]
    assert "0,0" in marked["乙街道"]["E2"].value
    assert marked["乙街道"].max_row == 2


def test_columns_of_persons_are_blank_and_say_so(tmp_path):
    for out in (tmp_path / "out.xlsx", tmp_path / "out.csv"):
        mark(workbook(tmp_path / "c.xlsx"), out)
        table = readers.read_file(out)
        assert table.rows["负责人手机（未导入）"].isna().all()
        assert "13800000000" not in str(table.rows.to_numpy().tolist())


def test_a_number_of_a_person_in_a_text_does_not_go_out_again(tmp_path):
    rows = ([*GOOD[:1], "甲 找13812345678", *GOOD[2:]],)
    for out in (tmp_path / "out.xlsx", tmp_path / "out.csv"):
        mark(workbook(tmp_path / "c.xlsx", rows), out)
        assert readers.read_file(out).rows["名称"].tolist() == ["甲 找***"]


def test_a_title_over_the_header_stays_and_rows_keep_their_numbers(tmp_path):
    out = tmp_path / "out.xlsx"
    mark(workbook(tmp_path / "c.xlsx", title=True), out)
    sheet = openpyxl.load_workbook(out).worksheets[0]
    assert sheet["A1"].value == "摄像机台账"
    assert sheet["H2"].value == "状态"
    assert {r: c.value for r, c in column(sheet, "状态", 2).items()}[5] == "待更正"
    assert readers.read_file(out).header_row == 2


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
@pytest.mark.parametrize("source", [workbook, text])
def test_a_marked_file_that_was_corrected_gives_the_right_rows(tmp_path, source, ending):
    path = source(tmp_path / ("c.xlsx" if source is workbook else "c.csv"))
    out = tmp_path / f"out{ending}"
    first = mark(path, out)
    assert (len(first.rows), first.quarantined) == (2, 1)
    corrected = tmp_path / f"corrected{ending}"
    if ending == ".xlsx":
        book = openpyxl.load_workbook(out)
        for cell, value in zip(
            book.worksheets[0][4], [*BAD[:3], "60", None, *GOOD[5:]], strict=False
        ):
            cell.value = value
        book.save(corrected)
    else:
        lines = out.read_text(encoding="utf-8-sig")
        corrected.write_text(lines.replace("六十,,30.5,117.05", "60,,117.05,30.5"), "utf-8")
    again = register(corrected)
    assert again.quarantined == 0
    assert again.rows["code"].tolist() == ["K1", "K2", "K3"]
    assert again.rows["range_m"].tolist() == [60, 60, 60]
    assert again.rows["attributes"].tolist() == [{}, {}, {}]
    assert again.refused == frozenset()


def test_a_marked_file_can_be_marked_again_without_more_columns(tmp_path):
    one, two = tmp_path / "one.xlsx", tmp_path / "two.xlsx"
    mark(workbook(tmp_path / "c.xlsx"), one)
    mark(one, two)
    first, second = (openpyxl.load_workbook(path) for path in (one, two))
    assert second.sheetnames == first.sheetnames
    assert [c.value for c in second.worksheets[0][1]] == [c.value for c in first.worksheets[0][1]]
    assert column(second.worksheets[0], "状态")[4].value == "待更正"


def test_text_keeps_separator_encoding_and_the_lines_of_its_rows(tmp_path):
    path = text(tmp_path / "c.csv", separator=";", encoding="gb18030", before="\r\n\r\n")
    out = tmp_path / "out.csv"
    mark(path, out)
    raw = out.read_bytes()
    assert raw.decode("gb18030").startswith("\r\n\r\n编码;名称;")
    before, after = readers.read_file(path), readers.read_file(out)
    assert (after.encoding, after.header_row) == ("gb18030", 3)
    assert after.rows.index.tolist() == before.rows.index.tolist() == [4, 5, 6]
    assert after.rows["状态"].tolist() == ["已导入", "已导入（有提示）", "待更正"]


def test_lines_inside_cells_do_not_shift_the_rows(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text('编码,名称,经度,纬度\nK1,"甲\n乙",117.05,30.5\n\nK2,丙,0,0\n', "utf-8")
    out = tmp_path / "out.csv"
    mark(path, out)
    assert (
        readers.read_file(out).rows.index.tolist()
        == readers.read_file(path).rows.index.tolist()
        == [2, 5]
    )
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    book = tmp_path / "out.xlsx"
    mark(path, book)
    assert {
        r: c.value for r, c in column(openpyxl.load_workbook(book).worksheets[0], "状态").items()
    } == {
        2: "已导入",
        3: None,
        4: None,
        5: "待更正",
    }


def test_an_encoding_without_chinese_gives_way(tmp_path):
    path = tmp_path / "c.csv"
    path.write_bytes("code;name;lon;lat\nK1;Šibenik;16;45\n".encode("cp1250"))
    out = tmp_path / "out.csv"
    annotated.write_annotated(path, out, [], lang="zh", wish=readers.ReadOptions(encoding="cp1250"))
    assert "Šibenik;16;45;已导入;" in out.read_text("utf-8-sig")
    annotated.write_annotated(path, out, [], lang="en", wish=readers.ReadOptions(encoding="cp1250"))
    assert "Šibenik;16;45;taken;" in out.read_bytes().decode("cp1250")


def test_formulas_become_values_and_texts_like_formulas_are_disarmed(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("编码,名称,经度,纬度\nK1,=HYPERLINK(1),117.05,30.5\n", "utf-8")
    for ending in (".csv", ".xlsx"):
        out = tmp_path / f"out{ending}"
        mark(path, out)
        assert readers.read_file(out).rows["名称"].tolist()[0].endswith("=HYPERLINK(1)")
        if ending == ".xlsx":
            cell = openpyxl.load_workbook(out).worksheets[0]["B2"]
            assert (cell.value, cell.data_type) == ("'=HYPERLINK(1)", "s")
    book = Workbook()
    book.active.append(["编码", "名称", "经度", "纬度"])
    book.active.append(["K1", '=HYPERLINK("http://x")', 117.05, 30.5])
    book.save(tmp_path / "f.xlsx")
    mark(tmp_path / "f.xlsx", tmp_path / "fo.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "fo.xlsx").worksheets[0]["B2"]
    assert (cell.value, cell.data_type) == ('\'=HYPERLINK("http://x")', "s")


def test_of_a_geographic_file_the_attributes_are_written_with_wkt(tmp_path):
    layer = gpd.GeoDataFrame(
        {"code": ["P1", "P2"], "name": ["甲", "乙"]},
        geometry=[shapely.Point(117.05, 30.5), shapely.Point(0, 0)],
        crs=4326,
    )
    path = tmp_path / "c.gpkg"
    layer.to_file(path, layer="c")
    taken = check_rows(readers.read_file(path), LAYERS["cameras"], calendar=Calendar(TODAY))
    for ending in (".xlsx", ".csv"):
        out = tmp_path / f"out{ending}"
        annotated.write_annotated(path, out, taken.findings, lang="en")
        table = readers.read_file(out)
        assert table.headers == (
            "code",
            "name",
            "wkt",
            "坐标系",
            "Row of the file",
            "Status",
            "Remarks",
        )
        assert table.rows["wkt"].tolist() == ["POINT (117.05 30.5)", "POINT (0 0)"]
        assert [str(cell) for cell in table.rows["Row of the file"]] == ["1", "2"]
        assert table.rows["Status"].tolist()[1] == "to be corrected"
        again = check_rows(annotated.drop_marks(table), LAYERS["cameras"], calendar=Calendar(TODAY))
        assert again.rows["code"].tolist() == ["P1"]
        assert again.rows["attributes"].tolist() == [{}]
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert colour(sheet["C3"]) == "F8B4B4"


def test_a_shape_that_no_cell_holds_is_left_out_of_a_workbook_and_said_so(tmp_path):
    long = shapely.Point(117, 30).buffer(0.01, quad_segs=400)
    layer = gpd.GeoDataFrame({"code": ["W1"]}, geometry=[long], crs=4326)
    path = tmp_path / "w.gpkg"
    layer.to_file(path, layer="w")
    for ending, holds in ((".xlsx", False), (".csv", True)):
        out = tmp_path / f"out{ending}"
        annotated.write_annotated(path, out, [], lang="zh")
        row = readers.read_file(out).rows.iloc[0]
        assert (row["wkt"] is not None) == holds
        assert ("图形过大" in str(row["说明"])) != holds


def test_of_a_long_file_only_rows_with_findings_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(annotated, "MOST_ROWS", 2)
    path = text(tmp_path / "c.csv")
    for ending in (".xlsx", ".csv"):
        out = tmp_path / f"out{ending}"
        mark(path, out)
        table = readers.read_file(out)
        assert table.rows["编码"].tolist() == ["K2", "K3"]
        assert [str(cell) for cell in table.rows["原文件行号"]] == ["3", "4"]
        assert "原文件行号" not in annotated.drop_marks(table).headers
    said = openpyxl.load_workbook(tmp_path / "out.xlsx")["全部问题"]
    assert any("文件超过 2 行" in str(row[0].value) for row in said.iter_rows())


def test_after_a_mere_check_nothing_is_called_taken(tmp_path):
    out = tmp_path / "out.xlsx"
    mark(workbook(tmp_path / "c.xlsx"), out, taken=False)
    states = [
        cell.value for cell in column(openpyxl.load_workbook(out).worksheets[0], "状态").values()
    ]
    assert states == ["可导入", "可导入（有提示）", "需更正"]
    assert "状态" not in annotated.drop_marks(readers.read_file(out)).headers


def test_a_registers_own_columns_of_that_name_stay(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("编码,名称,状态,说明\nK1,甲,在线,好\n", "utf-8")
    table = readers.read_file(path)
    assert annotated.drop_marks(table) is table
    path.write_text("编码,名称,状态,说明\nK1,甲,,好\n", "utf-8")
    assert annotated.drop_marks(readers.read_file(path)).headers == ("编码", "名称", "状态", "说明")


def test_with_an_own_column_of_that_name_only_the_added_ones_go(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("编码,名称,状态,经度,纬度\nK1,甲,在线,117.05,30.5\nK2,乙,离线,0,0\n", "utf-8")
    for ending in (".csv", ".xlsx"):
        out = tmp_path / f"out{ending}"
        mark(path, out)
        table = readers.read_file(out)
        assert table.headers[-2:] == ("状态#6", "说明")
        back = annotated.drop_marks(table)
        assert back.headers == ("编码", "名称", "状态", "经度", "纬度")
        assert back.rows["状态"].tolist() == ["在线", "离线"]


def test_a_finding_about_a_whole_column_stands_in_the_sheet_of_all(tmp_path):
    path, out = workbook(tmp_path / "c.xlsx"), tmp_path / "out.xlsx"
    whole = Finding(0, "", "DUPLICATE_ROW", "note", facts={"first": 2})
    header = Finding(1, "负责人手机", "COLUMN_PERSONAL", "warning")
    annotated.write_annotated(path, out, [whole, header], lang="en")
    book = openpyxl.load_workbook(out)
    listed = list(book["All findings"].iter_rows(min_row=2, max_row=3, max_col=4, values_only=True))
    assert listed == [
        (None, None, "DUPLICATE_ROW", "note"),
        (1, "负责人手机", "COLUMN_PERSONAL", "warning"),
    ]
    states = {cell.value for cell in column(book.worksheets[0], "Status").values()}
    assert states == {"taken"}


@pytest.mark.parametrize("name", ["out.pdf", "out", "out.gpkg"])
def test_findings_go_to_a_workbook_or_text_and_nowhere_else(tmp_path, name):
    path = text(tmp_path / "c.csv")
    with pytest.raises(InputError, match=r"\.xlsx \.csv"):
        annotated.write_annotated(path, tmp_path / name, [], lang="zh")
    assert [each.name for each in tmp_path.iterdir()] == ["c.csv"]


def test_the_original_may_be_overwritten_by_its_marked_self(tmp_path):
    path = workbook(tmp_path / "c.xlsx")
    mark(path, path)
    assert readers.read_file(path).headers[-2:] == ("状态", "说明")
    assert [each.name for each in tmp_path.iterdir()] == ["c.xlsx"]
