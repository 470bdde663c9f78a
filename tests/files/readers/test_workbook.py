"""Workbooks of old and other programs, and how long a sheet may be."""

import re
import zipfile

import openpyxl
import pytest

from geo.base.errors import SourceError
from geo.files.readers import SourceNote, limits, read_file
from tests.toy_workbook import ods, xls

ROWS = [["编码", "数", "备注"], ["01", 2.5, "同上"], ["02", 3.0, None]]


def refusal(path, **options):
    with pytest.raises(SourceError) as caught:
        read_file(path, **options)
    assert caught.value.text("zh")
    assert caught.value.text("en")
    return caught.value


def xlsx(path, rows, *, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    for cells in merged:
        book.worksheets[0].merge_cells(cells)
    book.save(path)
    return path


@pytest.mark.parametrize(("write", "name"), [(xls, "台账.xls"), (ods, "台账.ods")])
def test_old_excel_and_office_suites_are_read_like_any_workbook(tmp_path, write, name):
    table = read_file(write(tmp_path / name, ROWS, title="台账"))
    assert table.headers == ("编码", "数", "备注")
    assert table.rows.loc[2].tolist() == ["01", 2.5, "同上"]
    assert table.rows.loc[3].tolist() == ["02", 3, None]
    assert type(table.rows.loc[3, "数"]) is int
    assert table.header_row == 1
    assert refusal(tmp_path / name, sheet="其他").facts["known"] == "台账"


@pytest.mark.parametrize(("write", "name"), [(xls, "a.xls"), (ods, "a.ods")])
def test_a_code_that_became_a_number_stays_a_float_there_too(tmp_path, write, name):
    table = read_file(
        write(tmp_path / name, [["code"], [34080200001320000007.0], [340802001001.0]])
    )
    code, area = table.rows["code"]
    assert isinstance(code, float)
    assert code >= 1e15
    assert (type(area), area) == (int, 340802001001)


def test_merged_cells_of_old_excel_are_filled(tmp_path):
    table = read_file(xls(tmp_path / "a.xls", ROWS, merged=[(1, 2, 2, 2)]))
    assert table.rows["备注"].tolist() == ["同上", "同上"]
    assert table.notes == (SourceNote("MERGED_CELL", 3, "备注", "", "同上"),)


def test_a_new_workbook_with_the_old_ending_is_read(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"], ["x", "=50*2"]])
    table = read_file(path.rename(tmp_path / "a.xls"))
    assert table.rows.loc[2].tolist() == ["x", "=50*2"]


def test_a_merged_cell_may_reach_beyond_what_is_written(tmp_path):
    table = read_file(xlsx(tmp_path / "a.xlsx", [["a", "b"], ["x", "y"]], merged=["B2:D9"]))
    assert table.rows.loc[2].tolist() == ["x", "y"]


def test_a_last_row_of_nothing_but_a_formula_is_kept(tmp_path):
    table = read_file(xlsx(tmp_path / "a.xlsx", [["a", "b"], ["x", 1], [None, "=SUM(B2:B2)"]]))
    assert table.rows.loc[3].tolist() == [None, "=SUM(B2:B2)"]


@pytest.mark.parametrize("write", [xlsx, xls, ods])
def test_a_sheet_that_is_too_long_is_to_be_saved_as_text(tmp_path, monkeypatch, write):
    monkeypatch.setattr(limits, "MAX_SHEET_ROWS", 3)
    kind = write.__name__
    told = refusal(write(tmp_path / f"long.{kind}", [["a"], *[[n] for n in range(4)]]))
    assert told.key == "source.sheet_rows"
    assert (told.facts["found"], told.facts["limit"]) == (4, 3)
    assert "CSV" in told.text("zh")
    far = write(tmp_path / f"far.{kind}", [["a"], *[[n] for n in range(99)]])
    assert refusal(far).facts["found"] == 100
    assert len(read_file(write(tmp_path / f"fits.{kind}", [["a"], [1], [2], [3]])).rows) == 3


def test_a_lonely_cell_far_below_does_not_make_a_sheet_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SHEET_ROWS", 3)
    rows = [["a"], ["x"], *[[None]] * 60, ["total"]]
    assert read_file(xlsx(tmp_path / "a.xlsx", rows)).rows.index.tolist() == [2, 63]


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = xlsx(tmp_path / "a.xlsx", [["a"], ["x"]])
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1000)
    assert refusal(path).key == "source.unpacked"


def test_a_formula_with_a_stored_result_is_read_as_it_and_the_result_is_named(tmp_path):
    xlsx(tmp_path / "bare.xlsx", [["a", "b"], ["x", "=50*2"]])
    with zipfile.ZipFile(tmp_path / "bare.xlsx") as bare:
        parts = {name: bare.read(name) for name in bare.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    stored = b"<f>50*2</f><v>100</v>"
    parts[sheet], found = re.subn(rb"<f>50\*2</f>(<v ?/>|<v></v>)", stored, parts[sheet])
    assert found == 1
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    table = read_file(tmp_path / "a.xlsx")
    assert table.rows.loc[2].tolist() == ["x", 100]
    assert table.notes == (SourceNote("FORMULA_CELL", 2, "b", "=50*2", "100"),)
