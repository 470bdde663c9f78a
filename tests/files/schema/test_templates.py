"""Templates: every layer's form comes back through the importer without a complaint."""

import datetime as dt

import openpyxl
import pandas as pd
import pytest

from geo.base.errors import InputError
from geo.files.checks import Calendar
from geo.files.checks.cells.column_mapping import is_personal, map_columns
from geo.files.checks.check import check_rows
from geo.files.readers import read_file
from geo.files.schema import templates
from geo.files.schema.camera_fields import VIEWS
from geo.files.schema.examples import find_examples
from geo.files.schema.form_columns import columns_of
from geo.files.schema.layers import LAYERS
from geo.files.schema.templates import write_template

FORMS = [name for name in LAYERS if name != "catalog"]
TODAY = dt.date(2026, 11, 23)


def form(folder, name):
    path = folder / f"{name}.xlsx"
    write_template(LAYERS[name], path)
    return path


def filled(path, *, mark):
    """The form with its example row entered as a real one: `mark` is what the mark becomes."""
    book = openpyxl.load_workbook(path)
    for cell in book.worksheets[0][2]:
        if isinstance(cell.value, str) and cell.value.startswith("示例："):
            cell.value = mark + cell.value.removeprefix("示例：")
    book.save(path)
    return path


@pytest.mark.parametrize("name", FORMS)
def test_a_row_like_the_example_is_taken_without_a_finding(name, tmp_path):
    table = read_file(filled(form(tmp_path, name), mark=""))
    taken = check_rows(table, LAYERS[name], calendar=Calendar(TODAY))
    assert not find_examples(LAYERS[name], table.rows).any()
    assert (taken.read, len(taken.rows)) == (1, 1)
    assert [(f.column, f.code) for f in taken.findings] == []


@pytest.mark.parametrize("name", FORMS)
def test_every_column_of_a_form_is_a_field_of_its_layer(name, tmp_path):
    table = read_file(form(tmp_path, name))
    used = map_columns(table.headers, LAYERS[name])
    wanted = {column.field.name: column.header for column in columns_of(LAYERS[name])}
    assert used == wanted


def is_example(layer, row):
    return find_examples(layer, pd.DataFrame([row], dtype=object)).tolist() == [True]


@pytest.mark.parametrize("name", FORMS)
def test_the_example_left_in_a_form_is_known_as_such(name, tmp_path):
    table = read_file(form(tmp_path, name))
    assert find_examples(LAYERS[name], table.rows).tolist() == [True]


def test_an_example_with_one_cell_changed_is_a_row_of_its_own(tmp_path):
    table = read_file(form(tmp_path, "cameras"))
    for header in table.headers:
        row = {**table.rows.iloc[0].to_dict(), header: "改过"}
        assert not is_example(LAYERS["cameras"], row), header


def test_a_spreadsheet_may_write_the_numbers_of_the_example_in_its_own_way(tmp_path):
    row = read_file(form(tmp_path, "cameras")).rows.iloc[0].to_dict()
    assert row["安装高度（米）"] == 6
    assert is_example(LAYERS["cameras"], {**row, "安装高度（米）": "6.0"})
    assert not is_example(LAYERS["cameras"], {**row, "安装高度（米）": 7})


def test_a_table_that_is_no_form_has_no_example():
    assert not is_example(LAYERS["cameras"], {"名称": "示例：人民路与龙山路口东北角枪机"})
    assert not is_example(LAYERS["catalog"], {"Name": "x"})


@pytest.mark.parametrize("name", FORMS)
def test_no_form_asks_for_a_person(name, tmp_path):
    headers = [cell.value for cell in openpyxl.load_workbook(form(tmp_path, name)).worksheets[0][1]]
    assert len(headers) == len(set(headers))
    assert not [header for header in headers if is_personal(header)]


@pytest.mark.parametrize("name", FORMS)
def test_headers_are_chinese_starred_where_required_and_explained(name, tmp_path):
    sheet = openpyxl.load_workbook(form(tmp_path, name)).worksheets[0]
    for cell, column in zip(sheet[1], columns_of(LAYERS[name]), strict=True):
        assert cell.value == "WKT" or not cell.value.isascii()
        assert cell.value.startswith("*") == column.field.required
        assert cell.comment.text
        assert 10 <= sheet.column_dimensions[cell.column_letter].width <= 40


@pytest.mark.parametrize("name", FORMS)
def test_lists_of_words_are_short_enough_for_a_spreadsheet(name, tmp_path):
    sheet = openpyxl.load_workbook(form(tmp_path, name)).worksheets[0]
    for rule in sheet.data_validations.dataValidation:
        assert len(rule.formula1) <= 255
        assert not rule.showErrorMessage


def test_codes_are_text_words_are_offered_and_units_are_named(tmp_path):
    book = openpyxl.load_workbook(form(tmp_path, "cameras"))
    sheet, notes = book.worksheets
    headers = {cell.value: cell for cell in sheet[1]}
    assert sheet.cell(2, headers["设备编码"].column).number_format == "@"
    assert sheet.column_dimensions[headers["设备编码"].column_letter].number_format == "@"
    offered = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert {'"天网,社会面"', '"是,否"'} <= offered
    assert notes.title == "说明"
    explained = {row[0].value: [cell.value for cell in row] for row in notes.iter_rows()}
    assert explained["有效距离（米）"][3] == "米"
    assert explained["*设备名称"][4] == "必填"
    assert "天网工程" in explained["建设类别"][5]
    assert "0–5000" in headers["有效距离（米）"].comment.text


def test_the_example_is_grey_and_the_form_prints_on_one_width(tmp_path):
    sheet = openpyxl.load_workbook(form(tmp_path, "cameras")).worksheets[0]
    assert sheet["D2"].value == "示例：人民路与龙山路口东北角枪机"
    assert sheet["D2"].font.color.rgb == "00808080"
    assert sheet.freeze_panes == "A2"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$1"


@pytest.mark.parametrize("name", ["form.pdf", "form", "form.csv"])
def test_a_form_is_a_workbook_and_nothing_else(tmp_path, name):
    with pytest.raises(InputError, match=r"\.xlsx"):
        write_template(LAYERS["cameras"], tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_catalog_has_no_form_because_the_platform_exports_it(tmp_path):
    with pytest.raises(InputError, match="XML"):
        write_template(LAYERS["catalog"], tmp_path / "catalog.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_the_sheet_of_notes_is_as_wide_as_its_texts_need(tmp_path):
    notes = openpyxl.load_workbook(form(tmp_path, "cameras")).worksheets[1]
    widths = [notes.column_dimensions[letter].width for letter in "ABCDEF"]
    assert widths == [20, 18, 44, 8, 8, 60]
    assert [notes.freeze_panes, notes.print_title_rows] == ["A2", "$1:$1"]
    assert all(cell.font.bold for cell in notes[1])


def test_a_form_is_printed_on_landscape_a4_with_its_headers_on_each_page(tmp_path):
    for sheet in openpyxl.load_workbook(form(tmp_path, "cameras")).worksheets:
        page = sheet.page_setup
        assert (page.orientation, page.paperSize) == ("landscape", 9)
        assert (page.fitToWidth, page.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_columns_of_a_form_are_as_wide_as_header_and_example_within_limits(tmp_path):
    sheet = openpyxl.load_workbook(form(tmp_path, "cameras")).worksheets[0]
    for column in sheet.iter_cols(1, sheet.max_column, 1, 2):
        head, example = (
            sum(1 if sign.isascii() else 2 for sign in str(cell.value or "")) for cell in column
        )
        width = sheet.column_dimensions[column[0].column_letter].width
        assert width == min(max(10, head + 2, example + 2), templates._WIDEST)


BOUNDS = {
    "cameras": {
        "mount_height_m": (0, 120),
        "hfov_deg": (1, 360),
        "vfov_deg": (1, 180),
        "tilt_deg": (-90, 90),
        "res_h_px": (160, 20000),
        "range_m": (0, 5000),
        "retention_days": (0, 3650),
        "position_sigma_m": (0, 1000),
    },
    "headings": {"hfov_deg": (1, 360)},
    "catalog": {
        "hfov_deg": (1, 360),
        "vfov_deg": (1, 180),
        "range_m": (0, 5000),
        "retention_days": (0, 3650),
    },
    "positions": {"position_sigma_m": (0, 1000)},
    "poles": {"height_m": (0, 120)},
    "buildings": {"height_m": (0, 900)},
    "roads": {"width_m": (0.5, 200)},
    "places": {"weight": (0, 100), "radius_m": (1, 1000)},
    "categories": {"limit_amount": (0.1, 9999)},
    "area-counts": {
        "households": (0, 10000000),
        "residents": (0, 10000000),
        "unmanaged_estates": (0, 100000),
    },
    "incidents": {"accuracy_m": (0, 100000)},
    "views": {
        "hfov_deg": (1, 360),
        "vfov_deg": (1, 180),
        "tilt_deg": (-90, 90),
        "res_h_px": (160, 20000),
        "range_m": (0, 5000),
    },
}


def test_numbers_have_bounds_beyond_which_they_are_slips():
    found = {
        name: {f.name: (f.low, f.high) for f in layer.fields if (f.low, f.high) != (None, None)}
        for name, layer in {**LAYERS, "views": VIEWS}.items()
    }
    assert {name: bounds for name, bounds in found.items() if bounds} == BOUNDS


REQUIRED = {
    "areas": "code name",
    "cameras": "name",
    "headings": "code",
    "camera-status": "code status",
    "catalog": "code name",
    "positions": "code",
    "poles": "",
    "buildings": "",
    "roads": "class",
    "water": "",
    "farmland": "",
    "privacy-zones": "",
    "restricted-zones": "",
    "pairings": "area_code unit_code",
    "filings": "code unit_name filed_on",
    "consents": "camera_code zone_code document",
    "permits": "camera_code kind document",
    "places": "name kind",
    "entrances": "",
    "addresses": "name kind",
    "units": "code name",
    "centres": "code name",
    "duties": "unit_code area_code",
    "categories": "name",
    "calendar": "day kind",
    "area-counts": "area_code day source",
    "incidents": "title",
    "views": "code",
}


def test_columns_are_required_without_which_a_row_says_nothing():
    found = {
        name: " ".join(f.name for f in layer.fields if f.required)
        for name, layer in {**LAYERS, "views": VIEWS}.items()
    }
    assert found == REQUIRED
