"""Templates: the empty form of a layer as a workbook that the importer reads without mapping."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from geo.errors import InputError
from geo.exports import draft_of
from geo.layers import Field, Layer
from geo.words import say

LAST_ROW: Final = 5000  # to which lists of allowed words reach
_TEXT_FORMAT: Final = "@"
_UNITS: Final = {"m": "米", "deg": "度", "px": "像素", "days": "天"}
_POINT: Final = (
    Field("lon", "number", ("经度",), example="117.045000"),
    Field("lat", "number", ("纬度",), example="30.506400"),
    Field("crs", "text", ("坐标系",), example="WGS-84"),
)
_SHAPES: Final = {
    "point": _POINT,
    "line": (
        Field("wkt", "text", ("WKT",), example="LINESTRING (117.0450 30.5064, 117.0460 30.5064)"),
        _POINT[2],
    ),
    "polygon": (
        Field(
            "wkt",
            "text",
            ("WKT",),
            example="POLYGON ((117.045 30.506, 117.046 30.506, 117.046 30.507, 117.045 30.506))",
        ),
        _POINT[2],
    ),
    "none": (),
}


@dataclass(frozen=True)
class _Column:
    """A column of the form: its header and what is said about it."""

    field: Field
    position: bool

    @property
    def header(self) -> str:
        return self.field.aliases[0] if self.field.aliases else self.field.name

    @property
    def words(self) -> list[str]:
        return [accepted[0] for accepted in self.field.choices.values()]

    @property
    def is_text(self) -> bool:
        return self.field.kind in ("text", "code", "choice", "boolean", "date", "time")

    @property
    def example(self) -> str | float:
        example = self.field.example
        if not example and self.field.required:
            example = say("template.example", "zh", header=self.header)
        return example if self.is_text or not example else float(example)


def write_template(layer: Layer, path: Path) -> None:
    """Write the form of a layer to an XLSX file: headers, one example row, a sheet 说明.

    Columns of codes, words and dates are text, so that a spreadsheet cannot round or turn them;
    columns with allowed words offer them as a list. Nothing in it asks for a person.

    Raises
    ------
    InputError
        If the name does not end in .xlsx, or the file cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError("export.ending", file=path.name, known=".xlsx")
    columns = [_Column(field, False) for field in layer.fields]
    columns += [_Column(field, True) for field in _SHAPES[layer.shape]]
    book = Workbook()
    form = book.worksheets[0]
    form.title = say("template.form", "zh")
    _write_form(form, columns)
    _write_notes(book.create_sheet(say("template.notes", "zh")), columns)
    with draft_of(path) as draft:
        book.save(draft)


def _write_form(sheet: Worksheet, columns: Sequence[_Column]) -> None:
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        head, example = sheet.cell(1, number, column.header), sheet.cell(2, number)
        head.font = Font(bold=True)
        example.value, example.font = column.example or None, Font(italic=True, color="808080")
        sheet.column_dimensions[letter].width = max(12, 2 * len(column.header) + 4)
        if column.is_text:
            sheet.column_dimensions[letter].number_format = _TEXT_FORMAT
            head.number_format = example.number_format = _TEXT_FORMAT
        if column.words:
            sheet.add_data_validation(_choice(column.words, letter))
    sheet.freeze_panes = "A2"


def _choice(words: Sequence[str], letter: str) -> DataValidation:
    # other accepted words may be typed: the list helps, it does not forbid
    offer = DataValidation(type="list", formula1=f'"{",".join(words)}"', showErrorMessage=False)
    offer.add(f"{letter}2:{letter}{LAST_ROW}")
    return offer


def _write_notes(sheet: Worksheet, columns: Sequence[_Column]) -> None:
    heads = ("header", "field", "meaning", "unit", "required", "allowed")
    sheet.append([say(f"template.head.{head}", "zh") for head in heads])
    for column in columns:
        sheet.append(
            [
                column.header,
                column.field.name,
                say(f"template.kind.{_kind(column)}", "zh"),
                _unit(column.field.name),
                say("template.yes", "zh") if column.field.required else "",
                _allowed(column),
            ]
        )
    sheet.append([])
    for line in ("delete_example", "no_persons", "codes_as_text"):
        sheet.append([say(f"template.{line}", "zh")])
    for letter, width in zip("ABCDEF", (16, 18, 44, 8, 8, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _kind(column: _Column) -> str:
    own = column.field.name in ("lon", "lat", "crs", "wkt")
    return column.field.name if column.position and own else column.field.kind


def _unit(name: str) -> str:
    return _UNITS.get(name.rpartition("_")[2], "") if "_" in name else ""


def _allowed(column: _Column) -> str:
    field = column.field
    if field.choices:
        return "；".join("、".join(words) for words in field.choices.values())
    if field.low is None and field.high is None:
        return ""
    low, high = ("" if limit is None else f"{limit:g}" for limit in (field.low, field.high))
    return f"{low}–{high}"
