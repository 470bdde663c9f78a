"""Identity of rows: codes that repeat, codes made from content, identical rows."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd
import shapely

from geo.crs import Geometries
from geo.intake.finding import Defect, Finding

MARK: Final = "~"
_HEX_DIGITS: Final = 12
_DECIMALS: Final = 7  # of a degree: about 1 cm


def repeated_codes(
    codes: pd.Series, column: str, moments: Sequence[object] | None = None
) -> list[Finding]:
    """Return a finding for each later row with the code, and moment, of an earlier one."""
    first: dict[object, int] = {}
    findings = []
    times = [None] * len(codes) if moments is None else moments
    for row, code, moment in zip(codes.index, codes.to_numpy(), times, strict=True):
        if code is not None and first.setdefault((code, moment), row) != row:
            facts = {"first": first[code, moment]}
            findings.append(Defect("CODE_DUPLICATE", facts=facts).at(row, column, str(code)))
    return findings


def content_codes(
    names: Sequence[str], geometry: Geometries, content: Callable[[int], str]
) -> list[str]:
    """Return stable codes made from content: "~" and 12 hex digits.

    Name and position decide; where an earlier row with other `content` has the same two, the
    content decides too. So the same file twice gives the same codes, and equal rows the same one.
    """
    rounded = shapely.transform(geometry, lambda xy: np.round(xy, _DECIMALS) + 0.0)
    bases = [
        name.encode() + b"\0" + (place or b"")
        for name, place in zip(names, shapely.to_wkb(rounded), strict=True)
    ]
    first: dict[bytes, int] = {}
    for at, basis in enumerate(bases):
        earlier = first.setdefault(basis, at)
        if earlier != at and content(earlier) != content(at):
            bases[at] = basis + b"\0" + content(at).encode()
    return [MARK + hashlib.sha256(basis).hexdigest()[:_HEX_DIGITS] for basis in bases]
