"""Templates: the empty form of a layer as a workbook that the importer reads without mapping."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from geo.base.errors import InputError
from geo.base.words import say
from geo.files.schema.fields import Field, Layer
from geo.files.schema.form_columns import FROM_PLATFORM, FormColumn, columns_of
from geo.files.writers import draft_of
from geo.files.writers.page_head import add_notice

LAST_ROW: Final = 5000  # to which lists of allowed words reach
_TEXT_FORMAT: Final = "@"
_GREY: Final = "808080"
_SHADE: Final = PatternFill("solid", fgColor="DDE8F0")
_PAPER_A4: Final = 9
_WIDEST: Final = 40
_COMMENT_PX: Final = (260, 130)


def write_template(layer: Layer, path: Path) -> None:
    """Write the empty form of a layer as a workbook: headers, one example row, a sheet 说明.

    Columns of codes, words and dates are text, so that a spreadsheet cannot round or convert them;
    columns with allowed words offer them as a list; required ones are starred. No column asks for a
    person.

    Parameters
    ----------
    layer
        Any layer that people fill in.
    path
        File to write, ending in .xlsx.

    Raises
    ------
    InputError
        If the name does not end in .xlsx, the file cannot be written, or the layer comes from a
        video platform and nobody fills it in.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError("export.ending", file=path.name, known=".xlsx")
    if layer.name in FROM_PLATFORM:
        raise InputError("template.from_platform", layer=layer.name)
    columns = columns_of(layer)
    book = Workbook()
    form = book.worksheets[0]
    form.title = say("template.form", "zh")
    _write_form(form, columns)
    _write_notes(book.create_sheet(say("template.notes", "zh")), columns)
    for sheet in book.worksheets:
        add_notice(sheet)
    with draft_of(path) as draft:
        book.save(draft)


def _write_form(sheet: Worksheet, columns: Sequence[FormColumn]) -> None:
    for number, column in enumerate(columns, start=1):
        letter = get_column_letter(number)
        head, example = sheet.cell(1, number, column.header), sheet.cell(2, number)
        head.font, head.fill = Font(bold=True), _SHADE
        head.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        head.comment = _comment(column)
        example.value, example.font = column.example or None, Font(italic=True, color=_GREY)
        sheet.column_dimensions[letter].width = _width(column)
        if column.is_text:
            sheet.column_dimensions[letter].number_format = _TEXT_FORMAT
            head.number_format = example.number_format = _TEXT_FORMAT
        if column.words:
            sheet.add_data_validation(_choice(column.words, letter))
    sheet.freeze_panes = "A2"
    _for_print(sheet)


def _for_print(sheet: Worksheet) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _PAPER_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _width(column: FormColumn) -> int:
    longest = max(_cells_wide(column.header), _cells_wide(str(column.example)))
    return min(max(10, longest + 2), _WIDEST)


def _cells_wide(text: str) -> int:
    """Return the width of a text in digits; a Chinese character is as wide as two."""
    return sum(1 if sign.isascii() else 2 for sign in text)


def _comment(column: FormColumn) -> Comment:
    said = [say(f"template.kind.{column.kind}", "zh")]
    if column.field.required:
        said.append(say("template.yes", "zh"))
    if column.unit:
        said.append(f"{say('template.head.unit', 'zh')}：{column.unit}")
    if allowed := _allowed(column.field):
        said.append(f"{say('template.head.allowed', 'zh')}：{allowed}")
    width_px, height_px = _COMMENT_PX
    return Comment("\n".join(said), "govgrid", height=height_px, width=width_px)


def _choice(words: Sequence[str], letter: str) -> DataValidation:
    # other accepted words may be typed: the list helps, it does not forbid
    offer = DataValidation(type="list", formula1=f'"{",".join(words)}"', showErrorMessage=False)
    offer.add(f"{letter}2:{letter}{LAST_ROW}")
    return offer


def _write_notes(sheet: Worksheet, columns: Sequence[FormColumn]) -> None:
    heads = ("header", "field", "meaning", "unit", "required", "allowed")
    sheet.append([say(f"template.head.{head}", "zh") for head in heads])
    for head in sheet[1]:
        head.font, head.fill = Font(bold=True), _SHADE
    for column in columns:
        sheet.append(
            [
                column.header,
                column.field.name,
                say(f"template.kind.{column.kind}", "zh"),
                column.unit,
                say("template.yes", "zh") if column.field.required else "",
                _allowed(column.field),
            ]
        )
    sheet.append([])
    for line in ("starred", "delete_example", "no_persons", "codes_as_text"):
        sheet.append([say(f"template.{line}", "zh")])
    for letter, width in zip("ABCDEF", (20, 18, 44, 8, 8, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    _for_print(sheet)


def _allowed(field: Field) -> str:
    if field.choices:
        return "；".join("、".join(words) for words in field.choices.values())
    if field.low is None and field.high is None:
        return ""
    low, high = ("" if limit is None else f"{limit:g}" for limit in (field.low, field.high))
    return f"{low}–{high}"
