"""Templates: every layer's form comes back through the importer without a complaint."""

import datetime as dt

import openpyxl
import pytest

from geo.errors import InputError
from geo.intake import check
from geo.intake.columns import is_personal
from geo.layers import LAYERS
from geo.sources import read
from geo.templates import write_template


@pytest.mark.parametrize("name", LAYERS)
def test_the_example_row_of_every_form_is_taken_without_a_finding(name, tmp_path):
    path = tmp_path / f"{name}.xlsx"
    write_template(LAYERS[name], path)
    taken = check(read(path), LAYERS[name], today=dt.date(2026, 11, 23))
    assert (taken.read, len(taken.rows)) == (1, 1)
    assert [(f.column, f.code) for f in taken.findings] == []


@pytest.mark.parametrize("name", LAYERS)
def test_no_form_asks_for_a_person(name, tmp_path):
    path = tmp_path / f"{name}.xlsx"
    write_template(LAYERS[name], path)
    headers = [cell.value for cell in openpyxl.load_workbook(path).worksheets[0][1]]
    assert len(headers) == len(set(headers))
    assert not [header for header in headers if is_personal(header)]


def test_codes_are_text_and_words_are_offered(tmp_path):
    path = tmp_path / "cameras.xlsx"
    write_template(LAYERS["cameras"], path)
    book = openpyxl.load_workbook(path)
    form, notes = book.worksheets
    headers = {cell.value: cell for cell in form[1]}
    assert form.cell(2, headers["设备编码"].column).number_format == "@"
    assert form.column_dimensions[headers["设备编码"].column_letter].number_format == "@"
    offered = {rule.formula1 for rule in form.data_validations.dataValidation}
    assert '"天网,社会面"' in offered
    assert notes.title == "说明"
    explained = {row[0].value: [cell.value for cell in row] for row in notes.iter_rows()}
    assert explained["有效距离"][3] == "米"
    assert explained["设备名称"][4] == "必填"
    assert "天网工程" in explained["建设类别"][5]


@pytest.mark.parametrize("name", ["form.pdf", "form", "form.csv"])
def test_a_form_is_a_workbook_and_nothing_else(tmp_path, name):
    with pytest.raises(InputError, match=r"\.xlsx"):
        write_template(LAYERS["cameras"], tmp_path / name)
    assert list(tmp_path.iterdir()) == []
