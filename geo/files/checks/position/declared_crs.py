"""Coordinate systems of a table's rows: declared, stated by the file, or said row by row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.crs import CGCS2000, WGS84, Geometries, InputCRS, parse_crs, require_shift
from geo.base.errors import CRSError
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.finding import Defect, Finding, Severity
from geo.files.checks.position.raw_position import Site
from geo.files.readers import Table

Mask = NDArray[np.bool_]
Srids = NDArray[np.int32]

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


def systems_of(table: Table, column: str | None, crs: InputCRS | None, srids: Srids) -> Systems:
    """Return the rows' systems: their own word, else the declared one, else the file's.

    Parameters
    ----------
    srids
        What the geometry of each row says itself (0: nothing), the last word of all.

    Raises
    ------
    CRSError
        If nothing says any.
    """
    stated = crs or table.crs
    words = words_of(table, column)
    if stated is None:
        own = [f"EPSG:{srid}" if srid else "" for srid in srids.tolist()]
        words = [word or said for word, said in zip(words, own, strict=True)]
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


def declared_notes(table: Table, crs: InputCRS | None, srids: Srids) -> list[Finding]:
    """Report that the user's declaration stands against what the file, or a geometry, states."""
    if crs is None:
        return []
    said = [] if table.crs is None else [table.crs]
    said += [found for srid in sorted(set(srids.tolist())) if (found := _known(f"EPSG:{srid}"))]
    return [
        Defect("CRS_OVERRIDDEN", facts={"file": each.name, "declared": crs.name}).at(
            table.header_row, "geometry", each.name
        )
        for each in said
        if crs != each and not {crs.srid, each.srid} <= {WGS84, CGCS2000}
    ]


def unshifted_notes(
    table: Table, column: str | None, systems: Systems, site: Site, *, certain: bool
) -> list[Finding]:
    """Report rows in a system whose shift to CGCS2000 nobody publishes; once if that is `certain`.

    Raises
    ------
    CRSError
        If all rows are in such, unless that is certain.
    """
    found = [kind for kind in systems.kinds if kind is not None and kind.is_unshifted]
    if not found:
        return []
    if certain:
        defect = Defect("CRS_UNSHIFTED")
        return [defect.at(table.header_row, "", kind.name, severity="warning") for kind in found]
    if len(found) == len(systems.kinds):
        require_shift(found[0])
    lost = systems.where(lambda kind: kind is not None and kind.is_unshifted)
    words = words_of(table, column)
    return [
        Defect("CRS_UNSHIFTED").at(site.rows[at], column or site.column, words[at])
        for at in np.flatnonzero(lost).tolist()
    ]


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
