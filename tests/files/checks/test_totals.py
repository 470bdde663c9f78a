"""The last line of a list that adds up the others is no row of it."""

import pytest

from geo.files.checks.rows.totals import without_totals
from geo.files.readers.rows import make_frame
from geo.files.readers.table import Table

HEADERS = ("编码", "名称", "地址", "数量")


def table(*rows, header_row=1):
    at = range(header_row + 1, header_row + 1 + len(rows))
    return Table(HEADERS, make_frame(HEADERS, rows, at), header_row=header_row)


def test_a_line_that_adds_up_is_left_out_with_a_note_where_it_stood():
    rows = [("1", "甲", "东", "3"), ("2", "乙", "西", "4"), ("合计", None, None, "7")]
    left, notes = without_totals(table(*rows))
    assert left.rows.index.tolist() == [2, 3]
    assert left.rows["编码"].tolist() == ["1", "2"]
    assert [(note.row, note.code, note.value) for note in notes] == [(4, "ROW_TOTAL", "合计")]


@pytest.mark.parametrize(
    "word", ["合 计", "总计：", "小计:", "TOTAL", " Subtotal ", "共计", "总数", "sum"]
)
def test_it_is_known_by_its_first_word_however_it_is_written(word):
    left, notes = without_totals(table(("1", "甲", None, None), (None, word, None, "7")))
    assert left.rows.index.tolist() == [2]
    assert [note.row for note in notes] == [3]


def test_a_row_that_is_more_than_half_filled_may_well_be_called_so():
    left, notes = without_totals(table(("合计", "甲", "东", None), ("合计", "7", None, None)))
    assert left.rows.index.tolist() == [2]
    assert [note.row for note in notes] == [3]


def test_a_list_without_such_a_line_is_as_it_was():
    plain = table(("1", "甲", None, None), ("2", "合计", None, None))
    assert without_totals(plain) == (plain, [])
    empty = table()
    assert without_totals(empty) == (empty, [])
