"""Parts of 20-digit device codes beside length and type: county, industry, network."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from geo.base.codes import (
    DEVICE_CODE_LENGTH,
    INDUSTRIES,
    RESERVED_NETWORK,
    device_code,
    is_division,
)
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding, Severity
from geo.files.checks.cells.values import Values
from geo.files.readers import Table

_STANDARD: Final = "GB/T 2260"
_PREFIX: Final = 14  # all but the serial number
_ZEROES: Final = "000000"


def code_structure(
    table: Table,
    mapping: Mapping[str, str],
    values: Values,
    *,
    district_codes: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Return doubts about the parts of usable 20-digit device codes (GB/T 28181, annex).

    A county that is none by the shape of GB/T 2260, or none of the district's, is a warning; an
    unknown industry and the reserved network are notes. Codes of the city or province above a
    district count as the district's.

    Parameters
    ----------
    table
        One part of the file.
    mapping
        Field → header.
    values
        Field → values as read.
    district_codes
        Six digits each; empty: counties are not compared.
    """
    column = mapping.get("code")
    if column is None:
        return []
    codes = pd.Series(values["code"], index=table.rows.index, dtype=object)
    prefixes = codes[codes.map(_is_whole)].str[:_PREFIX]
    # a register has few different beginnings
    doubts = {prefix: _doubts(prefix, district_codes) for prefix in prefixes.unique()}
    doubtful = prefixes[prefixes.map(lambda prefix: bool(doubts[prefix]))]
    cells = table.rows[column].reindex(doubtful.index)
    return [
        defect.at(row, column, text_of(cell).strip(), severity=severity)
        for row, prefix, cell in zip(doubtful.index, doubtful, cells, strict=True)
        for defect, severity in doubts[prefix]
    ]


def _is_whole(code: object) -> bool:
    return (
        isinstance(code, str)
        and len(code) == DEVICE_CODE_LENGTH
        and code.isascii()
        and code.isdigit()
    )


def _doubts(
    prefix: str, district_codes: frozenset[str]
) -> tuple[tuple[Defect, Severity | None], ...]:
    parts = device_code(prefix.ljust(DEVICE_CODE_LENGTH, "0"))
    if parts is None:
        return ()
    found: list[tuple[Defect, Severity | None]] = []
    if not is_division(parts.area):
        facts = {"county": parts.area, "expected": ", ".join(sorted(district_codes)) or _STANDARD}
        found.append((Defect("CODE_AREA", facts=facts), None))
    elif district_codes and not any(_holds(parts.area, own) for own in district_codes):
        facts = {"county": parts.area, "expected": ", ".join(sorted(district_codes))}
        found.append((Defect("CODE_AREA", facts=facts), "note"))
    if parts.industry not in INDUSTRIES:
        found.append((Defect("CODE_INDUSTRY", facts={"industry": parts.industry}), None))
    if parts.network == RESERVED_NETWORK:
        found.append((Defect("CODE_NETWORK"), None))
    return tuple(found)


def _holds(area: str, district: str) -> bool:
    """Tell whether a division of six digits is the district or one above it: 340800, 340000."""
    significant = area.rstrip("0")
    length = len(significant) + len(significant) % 2
    return district[:length] == area[:length] and area[length:] == _ZEROES[length:]
