"""The line of a system that is not cleared for secrets, at the head of every printed sheet."""

import openpyxl
import pandas as pd
import pytest

from geo.base import notice
from geo.files import annotated, writers
from geo.files.schema.layers import find_layer
from geo.files.schema.templates import write_template

TABLE = pd.DataFrame({"编码": ["1"]})


def heads(path):
    return {sheet.oddHeader.center.text for sheet in openpyxl.load_workbook(path).worksheets}


@pytest.mark.parametrize("own", ["", "本机非密"])
def test_every_sheet_of_a_workbook_is_printed_with_the_line(tmp_path, monkeypatch, own):
    monkeypatch.setenv("GOVGRID_NOTICE", own)
    line = own or f"{notice.notice_line('zh')} {notice.notice_line('en')}"
    writers.write_workbook({"甲": TABLE, "乙": TABLE}, tmp_path / "book.xlsx", mark="x")
    writers.write_file(TABLE, tmp_path / "layer.xlsx", layer="cameras")
    write_template(find_layer("cameras"), tmp_path / "form.xlsx")
    (tmp_path / "a.csv").write_text("编码\n1\n", encoding="utf-8")
    for name in ("a.csv", "layer.xlsx"):
        annotated.write_annotated(tmp_path / name, tmp_path / f"{name}.found.xlsx", [], lang="zh")
    for path in tmp_path.glob("*.xlsx"):
        assert heads(path) == {line}, path
