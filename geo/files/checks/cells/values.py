"""Values: the columns of a table read as the fields of a layer."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from geo.files.checks.cells.cells import Reader, Reading, cell_reader, text_of
from geo.files.checks.cells.finding import SEVERITY, Defect, Finding, Severity
from geo.files.checks.cells.personal_data import personal_number, redact_numbers
from geo.files.checks.cells.times import Calendar
from geo.files.readers import Table
from geo.files.schema.heading import Scheme
from geo.files.schema.layers import Field, Layer

Values = dict[str, list[object]]

_REQUIRED: Final = Reading(None, (Defect("VALUE_REQUIRED"),))


def read_values(
    table: Table,
    layer: Layer,
    mapping: Mapping[str, str],
    *,
    refused: frozenset[str],
    calendar: Calendar,
    heading_scheme: Scheme = "degrees",
) -> tuple[Values, list[Finding]]:
    """Return field → one value per row, None where blank or unusable, and the findings.

    Parameters
    ----------
    table
        The file, or one part of it.
    layer
        Fields to read.
    mapping
        Field → header.
    refused
        Headers of columns that are read as blank.
    calendar
        Time zone and latest date for fields of time.
    heading_scheme
        What numbers of a heading mean, see :func:`geo.files.checks.cells.cells.read_heading`.
    """
    values: Values = {}
    findings: list[Finding] = []
    for field in layer.fields:
        header = mapping.get(field.name)
        taken = header is not None and header not in refused
        if not taken and not field.required:
            values[field.name] = [None] * len(table.rows)
            continue
        blank = pd.Series(None, index=table.rows.index, dtype=object)
        cells = table.rows[header] if taken else blank
        read = cell_reader(field, calendar, heading_scheme=heading_scheme)
        key = field.name in (layer.key, layer.moment)
        values[field.name], found = _column(cells, field, header or "", read, key=key)
        findings += found
    return values, findings


def _column(
    cells: pd.Series, field: Field, header: str, read: Reader, *, key: bool
) -> tuple[list[object], list[Finding]]:
    written = cells.tolist()
    if _is_ready(written, field):
        return written, []
    marks = [cell if type(cell) is str else _mark(cell) for cell in written]
    # each different cell is read once
    known = {mark: _demanded(read(_cell(mark)), field) for mark in dict.fromkeys(marks)}
    values = [known[mark].value for mark in marks]
    said = {
        mark: [(defect, _severity(defect, reading, field, key=key)) for defect in reading.defects]
        for mark, reading in known.items()
        if reading.defects
    }
    shown = {mark: redact_numbers(text_of(_cell(mark))) for mark in said}
    return values, [
        defect.at(row, header, shown[mark], severity=severity)
        for row, mark in zip(cells.index.tolist(), marks, strict=True)
        if mark in said
        for defect, severity in said[mark]
    ]


def _is_ready(cells: Sequence[object], field: Field) -> bool:
    """Tell whether a column is its own reading: clean texts or plain digits, none of it odd.

    A look at the whole column costs a tenth of reading each cell of it.
    """
    texts = [cell for cell in cells if type(cell) is str]
    if len(texts) < len(cells) - cells.count(None) or (field.required and None in cells):
        return False
    if field.blanks or not texts:
        return not texts and field.kind != "heading"
    if field.kind == "code":
        return all(map(str.isdecimal, texts)) and "".join(texts).isascii()
    joined = "\n".join(texts)
    clean = field.kind == "text" and not joined.startswith("=") and "\n=" not in joined
    clean = clean and "#" not in joined and "Err:" not in joined  # errors of a spreadsheet
    return clean and all(map(_is_trim, texts)) and not personal_number(joined)


def _is_trim(text: str) -> bool:
    return text == text.strip() != ""


def _mark(cell: object) -> tuple[type, object]:
    """Return what tells cells apart: 1, 1.0 and True are equal but not the same."""
    return type(cell), cell if getattr(cell, "__hash__", None) else text_of(cell)


def _cell(mark: str | tuple[type, object]) -> object:
    return mark if isinstance(mark, str) else mark[1]


def _demanded(reading: Reading, field: Field) -> Reading:
    if field.kind == "text":
        reading = _discreet(reading)
    missing = reading.value is None and not reading.defects
    return _REQUIRED if missing and field.required else reading


def _discreet(reading: Reading) -> Reading:
    """Take numbers of persons out of free text."""
    text = reading.value
    if not isinstance(text, str) or (clean := redact_numbers(text)) == text:
        return reading if text != "" else Reading(None, reading.defects)
    return Reading(clean, (*reading.defects, Defect("VALUE_PERSONAL")))


def _severity(defect: Defect, reading: Reading, field: Field, *, key: bool) -> Severity:
    """Return the code's severity, raised or lowered by what the field is for."""
    usual = SEVERITY[defect.code]
    if usual == "note" or defect.code == "VALUE_PERSONAL":
        return usual
    if reading.value is None and (field.required or key):
        return "error"
    # a broken code beside the key costs that value, not the row
    return "warning" if field.kind == "code" else usual
