"""Coordinate systems of a table's rows: declared, stated by the file, or said row by row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.crs import CGCS2000, WGS84, Geometries, InputCRS, parse_crs
from geo.base.errors import CRSError
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding, Severity
from geo.files.checks.position.raw_position import Site
from geo.files.readers import Table

Mask = NDArray[np.bool_]

_SHIFTED: Final[Mapping[str, str]] = {"gcj02": "CRS_GCJ02", "bd09": "CRS_BD09"}


@dataclass(frozen=True)
class Systems:
    """The systems met in a table (None: unknown), and which of them each row is in."""

    kinds: tuple[InputCRS | None, ...]
    of_row: NDArray[np.intp]

    def where(self, holds: Callable[[InputCRS | None], bool]) -> Mask:
        """Tell for each row whether its system is such."""
        return np.array([holds(kind) for kind in self.kinds], dtype=np.bool_)[self.of_row]

    def named(self, name: str) -> Mask:
        """Tell for each row whether its system has this name."""
        return self.where(lambda kind: kind is not None and kind.name == name)

    def unshifted(self) -> Mask:
        """Tell for each row whether it is in plain degrees, WGS 84 or CGCS2000."""
        return self.where(lambda kind: kind is not None and kind.srid in (WGS84, CGCS2000))


def systems_of(table: Table, column: str | None, crs: InputCRS | None) -> Systems:
    """Return the rows' systems: their own word, else the declared one, else the file's.

    Raises
    ------
    CRSError
        If nothing says any.
    """
    stated = crs or table.crs
    words = words_of(table, column)
    if stated is None and not any(words):
        raise CRSError("crs.missing")
    different, of_row = np.unique(np.array(words, dtype=str), return_inverse=True)
    kinds = tuple(_known(str(word)) if word else stated for word in different)
    return Systems(kinds, of_row)


def words_of(table: Table, column: str | None) -> list[str]:
    """Return what each row says about its system, "" where it is silent."""
    if column is None:
        return [""] * len(table.rows)
    return [text_of(cell).strip() for cell in table.rows[column]]


def declared_notes(table: Table, crs: InputCRS | None) -> list[Finding]:
    """Report that the user's declaration stands against what the file states."""
    if crs is None or table.crs is None:
        return []
    if crs == table.crs or {crs.srid, table.crs.srid} <= {WGS84, CGCS2000}:
        return []
    defect = Defect("CRS_OVERRIDDEN", facts={"file": table.crs.name, "declared": crs.name})
    return [defect.at(table.header_row, "geometry", table.crs.name)]


def row_notes(
    words: Sequence[str], systems: Systems, moved: Geometries, site: Site, column: str
) -> list[Finding]:
    """Report what the column 坐标系 says: nothing, an unknown word, or a shifted system."""
    findings = []
    silent = np.array([not word for word in words], dtype=np.bool_)
    unknown = systems.where(lambda kind: kind is None)
    for at in map(int, np.flatnonzero(silent | unknown)):
        severity: Severity = "error" if unknown[at] else "note"
        defect = Defect("CRS_MISSING" if silent[at] else "CRS_UNKNOWN")
        findings.append(defect.at(site.rows[at], column, words[at], severity=severity))
    for name, code in _SHIFTED.items():
        shifted = systems.named(name) & ~silent & ~shapely.is_missing(moved)
        for at in map(int, np.flatnonzero(shifted)):
            x, y = shapely.get_coordinates(moved[at])[0]
            defect = Defect(code, f"{x:.6f} {y:.6f}")
            findings.append(defect.at(site.rows[at], column, words[at]))
    return findings


def _known(word: str) -> InputCRS | None:
    try:
        return parse_crs(word)
    except CRSError:
        return None
