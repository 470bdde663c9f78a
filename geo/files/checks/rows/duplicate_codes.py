"""Identity of rows: codes that repeat, codes made from content, identical rows."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.base.crs import Geometries
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.checks.cells.headings import VIEWS
from geo.files.schema.layers import Layer

MARK: Final = "~"
_HEX_DIGITS: Final = 12
_DECIMALS: Final = 7  # of a degree: about 1 cm
_LATER: Final = frozenset({VIEWS, "area_reported"})


class Codes:
    """The codes of one file: those met so far, and those made from content."""

    def __init__(self) -> None:
        self._first: dict[object, int] = {}
        self._contents: dict[bytes, bytes] = {}
        self._made: dict[str, int] = {}
        self._alike: dict[bytes, tuple[int, str]] = {}
        self._elsewhere: list[Finding] = []

    def repeated(
        self, codes: pd.Series, column: str, moments: Sequence[object] | None = None
    ) -> list[Finding]:
        """Return a finding for each row with the code, and moment, of an earlier one."""
        first, findings = self._first, []
        keys = codes.tolist() if moments is None else zip(codes, moments, strict=True)
        for row, key in zip(codes.index.tolist(), keys, strict=True):
            code = key[0] if isinstance(key, tuple) else key
            if code is not None and first.setdefault(key, row) != row:
                facts = {"first": first[key]}
                findings.append(Defect("CODE_DUPLICATE", facts=facts).at(row, column, str(code)))
        return findings

    def complete(
        self, rows: gpd.GeoDataFrame, layer: Layer, used: Mapping[str, str]
    ) -> tuple[gpd.GeoDataFrame, list[Finding]]:
        """Give rows without a code one made from their content; identical rows become one."""
        without = np.flatnonzero(rows[layer.key].isna())
        if without.size == 0:
            return rows, []
        bare = rows.iloc[without]
        names = [text_of(name) for name in bare["name"]] if "name" in bare else [""] * len(bare)
        content = _contents(bare)
        codes = pd.Series(
            self.of_content(names, bare.geometry.to_numpy(), content), index=bare.index
        )
        rows = rows.copy()
        rows.loc[bare.index, layer.key] = codes
        column = used.get("name", "")
        if layer.shape != "none":
            self._compare(codes, content, column)
        return self._collapsed(rows, codes, column)

    def elsewhere(self) -> list[Finding]:
        """Return a note for each row that is an earlier one in another place.

        None where most rows are: what they hold, such as the kind of a building, names nothing.
        """
        most = 2 * len(self._elsewhere) > len(self._made)
        return [] if most else self._elsewhere

    def _compare(self, codes: pd.Series, content: Callable[[int], str], column: str) -> None:
        """Remember the rows that are earlier ones in another place."""
        for at, (row, code) in enumerate(zip(codes.index.tolist(), codes, strict=True)):
            key = hashlib.sha256(content(at).encode()).digest()
            first, known = self._alike.setdefault(key, (row, code))
            if known != code:
                facts = {"first": first}
                self._elsewhere.append(Defect("ROW_REPEATED", facts=facts).at(row, column, ""))

    def of_content(
        self, names: Sequence[str], geometry: Geometries, content: Callable[[int], str]
    ) -> list[str]:
        """Return stable codes made from content: "~" and 12 hex digits.

        Name and position decide; where an earlier row with other `content` has the same two, the
        content decides too. So the same file twice gives the same codes, and equal rows the same.
        """
        rounded = shapely.transform(geometry, lambda xy: np.round(xy, _DECIMALS) + 0.0)
        places = shapely.to_wkb(rounded)
        codes = []
        for at, (name, place) in enumerate(zip(names, places, strict=True)):
            basis = name.encode() + b"\0" + (place or b"")
            written = content(at).encode()
            digest, key = hashlib.sha256(written).digest(), hashlib.sha256(basis).digest()
            if self._contents.setdefault(key, digest) != digest:
                basis += b"\0" + written
            codes.append(MARK + hashlib.sha256(basis).hexdigest()[:_HEX_DIGITS])
        return codes

    def _collapsed(
        self, rows: gpd.GeoDataFrame, codes: pd.Series, column: str
    ) -> tuple[gpd.GeoDataFrame, list[Finding]]:
        findings = []
        for row, code in zip(codes.index, codes.to_numpy(), strict=True):
            if self._made.setdefault(code, row) != row:
                facts = {"first": self._made[code]}
                findings.append(Defect("DUPLICATE_ROW", facts=facts).at(row, column, ""))
        return rows.drop(index=[finding.row for finding in findings]), findings


def _contents(bare: gpd.GeoDataFrame) -> Callable[[int], str]:
    cells = bare.drop(columns=["geometry"])

    def content(at: int) -> str:
        row = cells.iloc[at].to_dict()
        # rows without what came to be read later keep the code they always had
        row = {name: cell for name, cell in row.items() if name not in _LATER or cell is not None}
        return json.dumps(row, ensure_ascii=False, default=str)

    return content
