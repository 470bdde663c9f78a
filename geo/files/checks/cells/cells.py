"""Cells: one value read as what its column is for, with what is wrong about it."""

import ast
import datetime as dt
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.base.codes import clean_code, half_width, is_scientific
from geo.base.errors import InputError
from geo.files.checks.cells.finding import Defect
from geo.files.checks.cells.reading import Reading as Reading
from geo.files.checks.cells.reading import text_of as text_of
from geo.files.checks.cells.times import Calendar, read_time
from geo.files.schema.heading import UNKNOWN_WORDS, Heading, Scheme, parse_views
from geo.files.schema.layers import Field

Reader = Callable[[object], "Reading"]

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_PLAIN_CODE: Final = re.compile(r"\d+", re.ASCII)
_UNIT: Final = re.compile(r"(?:米|公尺|m|天|日|度|°|像素|px|个)", re.IGNORECASE)
_COMMA: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_ARITHMETIC: Final = re.compile(r"=[\d.+\-*/() ]{1,60}", re.ASCII)
_ERROR: Final = re.compile(
    r"#(?:REF!|VALUE!|N/A|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA)|Err:5\d\d"
)
_OPERATORS: Final = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_TRUE: Final = frozenset(
    re.findall(r"\S+", "是 有 true yes y t 1 √ ✓ 已联网 联网 室内 indoor 已设置 已安装 已接入")
)
_FALSE: Final = frozenset(
    re.findall(r"\S+", "否 无 false no n f 0 × ✗ 未联网 室外 outdoor public 未设置 未安装 未接入")
)


def cell_reader(field: Field, calendar: Calendar, *, heading_scheme: Scheme = "degrees") -> Reader:
    """Return the function that reads the cells of a field.

    Blank cells read as None; formulas and error values are defects.

    Parameters
    ----------
    field
        Field of a layer; its kind says how a cell is read.
    calendar
        Time zone and latest date for fields of time.
    heading_scheme
        What numbers of a heading mean: degrees, or direction codes of GB/T 28181 or GA/T 1400.
    """
    read = _readers(field, calendar, heading_scheme)[field.kind]

    blank_is_read = field.kind == "heading"  # as missing, which is worth a word

    def careful(cell: object) -> Reading:
        text = text_of(cell).strip()
        if text.startswith("=") and isinstance(cell, str):
            return Reading(None, (Defect("FORMULA_CELL", result_of(text)),))
        if is_error(text):
            return Reading(None, (Defect("ERROR_CELL"),))
        if text in field.blanks:
            return read(None) if blank_is_read else Reading()
        return read(cell) if text or blank_is_read else Reading()

    return careful


def is_error(text: str) -> bool:
    """Tell whether text is what a spreadsheet shows in place of a value that it cannot compute.

    Examples
    --------
    >>> is_error("#REF!"), is_error("Err:502"), is_error("#3")
    (True, True, False)
    """
    return _ERROR.fullmatch(text) is not None


def plain_numbers(cells: Iterable[object]) -> NDArray[np.float64]:
    """Return the cells that are numbers beyond doubt, NaN for all that want a closer look.

    Sees ASCII digits and number cells only; for columns with many different values.
    """
    column = pd.Series(list(cells), dtype=object)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    doubtful = ~np.isfinite(numbers) | np.array(
        [isinstance(cell, bool) for cell in cells], dtype=np.bool_
    )
    return np.where(doubtful, np.nan, numbers)


def read_number(cell: object) -> Reading:
    """Return a finite float; text may have full-width digits, blanks around it and a unit."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return Reading(float(cell)) if math.isfinite(cell) else Reading()
    written = text_of(cell)
    text = half_width(written).strip()
    if _NUMBER.fullmatch(text):
        return Reading(float(text), _width(written, text))
    if text.casefold() in UNKNOWN_WORDS:
        return Reading()
    bare = _UNIT.sub("", text).strip()
    if _NUMBER.fullmatch(bare) and text.startswith(bare):
        return Reading(float(bare), (*_width(written, bare), Defect("VALUE_UNIT", bare)))
    meant = text.replace(",", ".") if _COMMA.fullmatch(text) else ""
    return Reading(None, (Defect("VALUE_NUMBER", meant),))


def read_code(cell: object) -> Reading:
    """Return a code as text; a long number cell has lost its last digits."""
    if isinstance(cell, float) and abs(cell) >= 1e15:
        return Reading(None, (Defect("CODE_AS_NUMBER"),))
    written = text_of(cell)
    if _PLAIN_CODE.fullmatch(written):
        return Reading(written)
    code = clean_code(written)
    if is_scientific(code):
        return Reading(None, (Defect("CODE_SCIENTIFIC"),))
    blank = Defect("WHITESPACE", code)
    trimmed = half_width(written.strip(" \t\r\n"))
    return Reading(code or None, (*_width(written, code), *((blank,) if code != trimmed else ())))


def result_of(formula: str) -> str:
    """Return the result of plain arithmetic ("=117+0.1234"), "" for any other formula."""
    if not _ARITHMETIC.fullmatch(formula):
        return ""
    try:
        return f"{_value(ast.parse(formula[1:].strip(), mode='eval').body):.10g}"
    except (SyntaxError, TypeError, ZeroDivisionError, OverflowError):
        return ""


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return float(_OPERATORS[type(node.op)](_value(node.left), _value(node.right)))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    raise TypeError(type(node).__name__)


def _width(written: str, clean: str) -> tuple[Defect, ...]:
    wide = not written.isascii() and any("\uff01" <= sign <= "\uff5e" for sign in written)
    return (Defect("FULLWIDTH_DIGITS", clean),) if wide else ()


def _readers(field: Field, calendar: Calendar, scheme: Scheme) -> dict[str, Reader]:
    days = replace(calendar, last=dt.date.max) if field.future else calendar
    return {
        "text": lambda cell: Reading(text_of(cell).strip()),
        "code": read_code,
        "number": lambda cell: _limited(read_number(cell), field),
        "integer": lambda cell: _limited(_whole(read_number(cell)), field),
        "boolean": lambda cell: _read_boolean(cell, field),
        "date": lambda cell: read_time(cell, days, only_date=True),
        "time": lambda cell: read_time(cell, days, only_date=False),
        "choice": _choice_reader(field),
        "heading": lambda cell: read_heading(cell, scheme),
    }


def _whole(reading: Reading) -> Reading:
    if isinstance(reading.value, float) and not reading.value.is_integer():
        return Reading(None, (Defect("VALUE_NUMBER", str(round(reading.value))),))
    return reading


def _limited(reading: Reading, field: Field) -> Reading:
    value = reading.value
    low, high = field.low, field.high
    if not isinstance(value, float):
        return reading
    if (low is None or value >= low) and (high is None or value <= high):
        return reading
    code = "FOV_RANGE" if field.name in ("hfov_deg", "vfov_deg") else "VALUE_RANGE"
    facts = {"low": _limit(low), "high": _limit(high)}
    return Reading(None, (*reading.defects, Defect(code, facts=facts)))


def _limit(limit: float | None) -> str:
    return "…" if limit is None else f"{limit:g}"


def _read_boolean(cell: object, field: Field) -> Reading:
    word = half_width(text_of(cell)).strip().casefold()
    if field.choices:
        reading = _choice_reader(field)(cell)
        return reading if reading.value is None else Reading(reading.value == "true")
    # GB/T 28181 writes 1 for outdoor and 2 for indoor: a digit says nothing here
    if word in _TRUE | _FALSE and not (field.name == "indoor" and word.isdigit()):
        return Reading(word in _TRUE)
    if word in UNKNOWN_WORDS:
        return Reading()
    return Reading(None, (Defect("VALUE_CHOICE", facts={"known": "是 / 否"}),))


def _choice_reader(field: Field) -> Reader:
    stored = {_word(w): key for key, words in field.choices.items() for w in (key, *words)}
    known = ", ".join(words[0] if words else key for key, words in field.choices.items())

    def read(cell: object) -> Reading:
        word = _word(text_of(cell))
        if word in stored:
            return Reading(stored[word])
        if word in UNKNOWN_WORDS:
            return Reading()
        return Reading(None, (Defect("VALUE_CHOICE", facts={"known": known}),))

    return read


def _word(text: str) -> str:
    return half_width(text).strip().casefold()


def read_heading(cell: object, scheme: Scheme = "degrees") -> Reading:
    """Return the headings of a cell as a tuple of views, or None with the reason why there is none.

    Parameters
    ----------
    cell
        As read from the file: number, text or None.
    scheme
        What numbers mean: "degrees" clockwise from north, or the direction codes of a standard
        ("gbt28181", "gat1400").
    """
    written = text_of(cell)
    try:
        views = parse_views(written, scheme)
    except InputError as error:
        return Reading(None, (_heading_defect(error),))
    if not views:
        return Reading(None, (Defect("AZIMUTH_MISSING"),))
    return Reading(views, _heading_notes(views, written))


def _heading_defect(error: InputError) -> Defect:
    if error.key == "heading.code_unknown":
        facts = {"declared": error.facts["standard"], "known": error.facts["known"]}
        return Defect("AZIMUTH_CODE", facts=facts)
    return Defect("AZIMUTH_RANGE" if error.key == "heading.range" else "AZIMUTH_UNREADABLE")


def _heading_notes(views: tuple[Heading, ...], written: str) -> tuple[Defect, ...]:
    read = ";".join(f"{view.deg:g}" for view in views)
    if len(views) > 1 or views[0].hfov_deg is not None:
        return (Defect("AZIMUTH_VIEWS", read),)
    if views[0].source == "number":
        return _width(written, read)
    return (Defect("AZIMUTH_TEXT", read),)
