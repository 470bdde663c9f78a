"""The footer of sheets holds a typed reason, whatever was typed."""

import pandas as pd

from geo.files.writers.xlsx import write_sheets


def test_a_reason_with_control_characters_stands_in_the_footer_without_them(tmp_path):
    import openpyxl

    write_sheets({"a": pd.DataFrame({"b": [1]})}, tmp_path / "a.xlsx", mark="查\x1c看\ufffe")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["a"]
    assert sheet.oddFooter.left.text == "查 看 "
