"""Personal data is not taken in: columns about people, refused by header or by content."""

import re
from collections.abc import Sequence
from typing import Final

import pandas as pd

from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.column_mapping import is_personal
from geo.files.checks.cells.finding import Defect, Finding

HIDDEN: Final = "***"

# bounded by neither letters nor a decimal point: parts of codes and coordinates are no numbers
_MOBILE: Final = r"(?<![\w.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\w)"
_IDENTITY: Final = r"(?<![\w.])\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])\d{2}\d{3}[\dXx](?!\w)"
_PERSONAL: Final = re.compile(f"(?:{_IDENTITY})|(?:{_MOBILE})", re.ASCII)
# identifiers of things may have eleven digits as well
_KEY: Final = re.compile(r"(?:id|code|编号|编码|代码)$", re.IGNORECASE)
# GB 11643: weights of the first seventeen digits, and the sign for each remainder
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS: Final = "10X98765432"


def personal_number(text: str) -> bool:
    """Tell whether text holds a mobile number or a valid identity number."""
    return any(_is_one(match.group()) for match in _PERSONAL.finditer(text))


def redact_numbers(text: str) -> str:
    """Return text with mobile and identity numbers replaced by ``***``."""
    return _PERSONAL.sub(lambda m: HIDDEN if _is_one(m.group()) else m.group(), text)


def holds_numbers(cells: pd.Series) -> bool:
    """Tell whether any cell of a column holds a personal number."""
    texts = {text_of(cell) for cell in cells if not isinstance(cell, float)}
    return any(personal_number(text) for text in texts)


def personal_columns(
    rows: pd.DataFrame,
    unmapped: Sequence[str],
    phones: Sequence[str],
    *,
    header_row: int,
    known: frozenset[str] = frozenset(),
) -> tuple[frozenset[str], list[Finding]]:
    """Return the columns refused because of personal data, each with a finding.

    Parameters
    ----------
    rows
        Cells as read, columns by header.
    unmapped
        Headers that belong to no field: refused by header or content.
    phones
        Headers of office telephone numbers: refused by content only.
    header_row
        Row of the headers, which the findings name.
    known
        Columns already refused by an earlier part of the file.
    """
    content = personal_content(rows, unmapped, phones) | known
    refused = [
        c for c in (*unmapped, *phones) if c in content or (c in unmapped and is_personal(c))
    ]
    defect = Defect("COLUMN_PERSONAL")
    return frozenset(refused), [defect.at(header_row, column, "") for column in refused]


def personal_content(
    rows: pd.DataFrame, unmapped: Sequence[str], phones: Sequence[str]
) -> frozenset[str]:
    """Return the columns in which at least one cell holds a personal number.

    Parameters
    ----------
    rows
        Cells as read, columns by header.
    unmapped, phones
        Headers to look at; of `unmapped` those that are keys of a register are passed over.
    """
    suspect = [column for column in unmapped if not _KEY.search(column)]
    return frozenset(c for c in (*suspect, *phones) if holds_numbers(rows[c]))


def _is_one(number: str) -> bool:
    if len(number) != 18 or not number[:17].isdigit():
        return True
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return _SIGNS[total % 11] == number[17].upper()
