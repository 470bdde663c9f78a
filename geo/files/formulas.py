"""Texts that a spreadsheet would run as formulas, disarmed and brought back."""

import re
from typing import Final

import pandas as pd

# What a spreadsheet takes for the start of a formula (OWASP, CSV injection), after any number of
# apostrophes: so disarming can be undone.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_DISARMED: Final = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
_NEGATIVE: Final = re.compile(r"-(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def escape_formula(value: object) -> object:
    """Return `value`; a text that a spreadsheet would run as a formula gets an apostrophe.

    Negative numbers stay as they are; a telephone number with its country code does not.
    """
    if isinstance(value, str) and _FORMULA.match(value) and not _NEGATIVE.fullmatch(value):
        return "'" + value
    return value


def escape_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose cells and headers no spreadsheet takes for a formula."""
    return table.map(escape_formula).rename(columns=escape_formula)


def unescape_formula(value: object) -> object:
    """Return the text that :func:`escape_formula` made `value` of; everything else as it is.

    Examples
    --------
    >>> unescape_formula(escape_formula("+86 556 0000000")), unescape_formula("'tis")
    ('+86 556 0000000', "'tis")
    >>> unescape_formula(escape_formula("'=1"))
    "'=1"
    """
    if isinstance(value, str) and _DISARMED.match(value):
        return value[1:]
    return value
