"""Printed forms: columns that fill the sheet."""

import re

from maps.forms import LEDGER_WIDTHS_MM, LedgerPaper, render_ledger


def ledger(**more):
    made = {
        "title": "台账", "number": "1", "heads": ("甲", "乙"), "mark": "演示", "lang": "zh",
        "columns": tuple(f"c{n}" for n in range(15)), "rows": (), "empty": "无",
        "feet": (), "signatures": (),
    }  # fmt: skip
    return render_ledger(LedgerPaper(**{**made, **more}))


def test_the_columns_of_the_ledger_fill_landscape_a4_within_its_margins():
    widths = [int(width) for width in re.findall(r"<col style=\"width: (\d+)mm\">", ledger())]
    assert widths == list(LEDGER_WIDTHS_MM)
    assert len(widths) == 15
    (margin,) = re.findall(r"size: A4 landscape; margin: \d+mm (\d+)mm", ledger())
    assert sum(widths) == 297 - 2 * int(margin)
    assert min(widths) == 8


def test_a_ledger_without_rows_says_so_and_texts_are_escaped():
    assert '<td colspan="15">无</td>' in ledger()
    page = ledger(rows=(("1", *("<b>",) * 14),), feet=("脚",), signatures=("填表人",))
    assert "无</td>" not in page
    assert page.count("&lt;b&gt;") == 14
    assert "脚" in page
    assert "填表人：" in page
