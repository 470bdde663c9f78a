"""Coordinate systems of a table's rows: declared by the user, stated by the file, or row by row."""

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
    """Return the text of each row in the column of coordinate systems, "" where blank.

    Parameters
    ----------
    table
        The file, or one part of it.
    column
        Header of that column, None if the file has none.
    """
    if column is None:
        return [""] * len(table.rows)
    return [text_of(cell).strip() for cell in table.rows[column]]


def declared_notes(table: Table, crs: InputCRS | None, srids: Srids) -> list[Finding]:
    """Return findings where the declared system differs from what the file or a geometry states.

    WGS 84 and CGCS2000 count as the same here.

    Parameters
    ----------
    table
        Its `crs` is what the file states.
    crs
        System declared by the user, None for no declaration.
    srids
        SRID of each geometry, 0 where it has none.
    """
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
    """Return findings for rows in a system for which no public shift to CGCS2000 exists.

    Parameters
    ----------
    table
        The file, or one part of it.
    column
        Header of the column of coordinate systems, None if there is none.
    systems
        Systems of the rows.
    site
        Rows and column that findings name.
    certain
        Whether the user insists on such a system: one warning per system then.

    Raises
    ------
    CRSError
        If every row is in such a system and the user does not insist.
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
    """Return findings on the column 坐标系: blank, an unknown word, or a shifted system.

    Parameters
    ----------
    words
        Text of each row in that column.
    systems
        Systems of the rows as understood.
    moved
        Geometries in EPSG:4326, which findings on shifted systems suggest.
    site
        Rows that findings name.
    column
        Header of that column.
    """
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
