"""Labels: spellings of one word in a column, and what only looks like one."""

import gzip
import shutil

import pandas as pd
import pytest

from geo.files.checks.cells.label_variants import Labels, label_columns, plain_label
from geo.files.readers import Table, read_file
from geo.files.schema.layers import find_layer


def table(cells, column="警务区", first=2):
    index = pd.RangeIndex(first, first + len(cells), name="row")
    return Table((column,), pd.DataFrame({column: cells}, index=index, dtype=object))


def found(*parts, column="警务区"):
    labels = Labels()
    for part in parts:
        labels.add(part, [column])
    return [(f.row, f.value, f.suggested, dict(f.facts)) for f in labels.findings()]


def test_the_rarer_spelling_is_named_at_its_first_row_with_the_usual_one():
    cells = ["B2"] * 7 + ["B-2", "b 2", "B-2"] + ["C11"] * 8
    assert found(table(cells)) == [
        (9, "B-2", "B2", {"times": 2, "of": 10}),
        (10, "b 2", "B2", {"times": 1, "of": 10}),
    ]
    labels = Labels()
    labels.add(table(cells), ["警务区"])
    first = labels.findings()[0]
    assert (first.code, first.severity, first.column) == ("LABEL_VARIANT", "note", "警务区")
    assert "B-2" in first.advice("zh")


def test_a_number_with_and_without_its_word_is_one_label():
    cells = ["Ward 7"] * 6 + ["07"] * 2 + ["7"] + ["Ward 12"] * 6
    assert found(table(cells)) == [
        (8, "07", "Ward 7", {"times": 2, "of": 9}),
        (10, "7", "Ward 7", {"times": 1, "of": 9}),
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["东区7"] * 5 + ["西区7"] * 5 + ["7"] * 5,
        ["South Boston"] * 5 + ["Boston"] * 5,
        ["1-12"] * 5 + ["11-2"] * 5 + ["甲"],
        ["-1层"] * 5 + ["1层"] * 5,
        ["1.05米"] * 5 + ["1.5米"] * 5,
        ["7", "07", "7.0", "8"] * 5,
        ["ab", "Ab"] + ["c"] * 3,
        [[1, 2]] * 5 + ["a"] * 5 + ["A"] * 5,
        [None, ""] * 9,
        [],
    ],
    ids=["two words", "parts of names", "ranges", "floors", "decimals", "numbers", "few rows",
         "lists", "blank", "none"],
)  # fmt: skip
def test_what_differs_is_no_variant(cells):
    assert found(table(cells)) == []


def test_a_column_of_many_different_words_is_no_list_of_labels():
    cells = [f"{n}号 院" for n in range(600)] * 3
    assert found(table([*cells, "1号院"])) == []


def test_words_are_counted_over_all_parts():
    parts = [table(["宜城路街道"] * 9), table(["宜城路 街道"], first=50), table([1.0], first=60)]
    assert found(*parts) == [(50, "宜城路 街道", "宜城路街道", {"times": 1, "of": 10})]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ｂ－２", "b2"), ("B.2", "b2"), ("b_2", "b2"), ("B–2", "b2"), ("007", "7"), ("100", "100"),
        ("A 1-12", "a1-12"), ("1 2", "1-2"), ("-1", "-1"), ("2-B", "2b"), ("0", "0"),
        ("St. Mary", "stmary"),
    ],
)  # fmt: skip
def test_signs_go_but_numbers_stay_what_they_are(text, plain):
    assert plain_label(text) == plain


def test_names_codes_and_numbers_are_never_looked_at():
    headers = ("设备编码", "设备名称", "安装地址", "安装高度", "管理单位", "备注", "联系人")
    fields = ("code", "name", "address", "mount_height_m", "management_unit")
    rows = pd.DataFrame(columns=list(headers), dtype=object)
    mapping = dict(zip(fields, headers, strict=False))
    columns = label_columns(
        Table(headers, rows), find_layer("cameras"), mapping, frozenset({"联系人"})
    )
    assert columns == ["管理单位", "备注"]


def test_bostons_variants_are_named(shared_data, tmp_path):
    plain = tmp_path / "requests.csv"
    with gzip.open(shared_data / "boston" / "requests.csv.gz") as packed, plain.open("wb") as out:
        shutil.copyfileobj(packed, out)
    labels, requests = Labels(), read_file(plain)
    mapping = {"code": "id", "category": "category"}
    columns = label_columns(requests, find_layer("incidents"), mapping, frozenset())
    labels.add(requests, columns)
    variants = labels.findings()
    police = [f for f in variants if f.column == "police_district"]
    assert ("B-2", "B2") in {(f.value, f.suggested) for f in police}
    assert sum(f.facts["times"] for f in police) == 9
    assert all(f.value.replace("-", "") == f.suggested for f in police)
    wards = {(f.value, f.suggested) for f in variants if f.column == "ward"}
    assert {("07", "Ward 7"), ("7", "Ward 7")} <= wards or {("Ward 7", "07"), ("7", "07")} <= wards
    assert {f.column for f in variants} == {"police_district", "ward"}
