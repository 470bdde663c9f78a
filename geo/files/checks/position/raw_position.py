"""Positions as handed in: geometry of the file, or of its columns, before any conversion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.base.codes import half_width
from geo.base.crs import Geometries
from geo.base.errors import InputError
from geo.files.checks.cells.cells import (
    Reading,
    is_error,
    plain_numbers,
    read_number,
    result_of,
    text_of,
)
from geo.files.checks.cells.finding import SEVERITY, Defect, Finding, Severity
from geo.files.checks.position.angles import Axis, angle_of, angles_of
from geo.files.checks.position.geometry_text import geometry_of
from geo.files.readers import Table

_SEPARATORS: Final = str.maketrans(";、/|", ",,,,")


@dataclass(frozen=True)
class Site:
    """Where in the file positions stand: its rows and the column that findings name."""

    rows: tuple[int, ...]
    column: str
    value: Callable[[int], str]

    def note(
        self,
        at: int,
        code: str,
        suggested: str = "",
        *,
        severity: Severity | None = None,
        **facts: object,
    ) -> Finding:
        """Return a finding about the position of the row at place `at`."""
        defect = Defect(code, suggested, facts)
        return defect.at(self.rows[at], self.column, self.value(at), severity=severity)


def site_of(table: Table, mapping: Mapping[str, str]) -> Site:
    """Return the rows and the column that hold the positions of a table, for findings.

    Parameters
    ----------
    table
        The file, or one part of it.
    mapping
        Field → header; used where the file has no geometry.
    """
    rows = tuple(int(row) for row in table.rows.index)
    if table.geometry is not None:
        shapes = table.geometry.to_numpy()
        return Site(rows, "geometry", lambda at: _place_text(shapes[at]))
    column = next((mapping[name] for name in ("lon", "lonlat", "wkt") if name in mapping), "")
    cells = table.rows[column].to_numpy() if column else [None] * len(rows)
    return Site(rows, column, lambda at: text_of(cells[at]).strip()[:80])


def given_positions(
    table: Table, mapping: Mapping[str, str], site: Site, *, needed: bool
) -> tuple[Geometries, list[Finding]]:
    """Return the geometries in the file's coordinates, and findings where there is none.

    Parameters
    ----------
    table
        The file, or one part of it.
    mapping
        Field → header: `lon` and `lat`, `lonlat` or `wkt` where the file has no geometry.
    site
        Rows and column that findings name.
    needed
        Whether a row without position is an error.

    Returns
    -------
    tuple[Geometries, list[Finding]]
        Array with None where a row has no position, and the findings.

    Raises
    ------
    InputError
        If `needed` and the file has neither geometry nor columns of coordinates.
    """
    if table.geometry is not None:
        return _from_file(table.geometry, site, needed=needed)
    if "lon" in mapping and "lat" in mapping:
        return _from_pair(table.rows, mapping["lon"], mapping["lat"], needed=needed)
    for name in ("lonlat", "wkt"):
        if name in mapping:
            return _from_text(table.rows[mapping[name]], site, needed=needed)
    if needed:
        raise InputError("intake.no_position", known=", ".join(table.headers))
    return np.full(len(table.rows), None, dtype=object), []


def _from_file(
    geometry: pd.Series, site: Site, *, needed: bool
) -> tuple[Geometries, list[Finding]]:
    shapes = np.array(shapely.force_2d(geometry.to_numpy()), dtype=object)
    x0, y0, x1, y1 = shapely.bounds(shapes).T
    # empty ones and those with coordinates that are no numbers
    shapes[~np.isfinite(x0 + y0 + x1 + y1)] = None
    severity: Severity = "error" if needed else "warning"
    return shapes, [
        site.note(int(at), "GEOMETRY_MISSING", severity=severity)
        for at in np.flatnonzero(shapely.is_missing(shapes))
    ]


def _from_pair(
    rows: pd.DataFrame, lon: str, lat: str, *, needed: bool
) -> tuple[Geometries, list[Finding]]:
    sides = [_coordinates(rows[column], needed=needed) for column in (lon, lat)]
    pairs = np.column_stack([side.numbers for side in sides])
    # letters say which is which, whatever the header says
    turned = [
        at for at, axis in sides[0].axes.items() if axis == "lat" and sides[1].axes.get(at) == "lon"
    ]
    pairs[turned] = pairs[turned, ::-1]
    shapes = np.full(len(rows), None, dtype=object)
    whole = np.isfinite(pairs).all(axis=1)
    shapes[whole] = shapely.points(pairs[whole])
    return shapes, [finding for side in sides for finding in side.findings]


@dataclass(frozen=True)
class _Side:
    """One coordinate of each row, NaN where there is none; `axes` has those that letters name."""

    numbers: NDArray[np.float64]
    findings: list[Finding]
    axes: dict[int, Axis]


def _coordinates(cells: pd.Series, *, needed: bool) -> _Side:
    written, column = cells.to_numpy(), str(cells.name)
    side = _Side(plain_numbers(written), _blanks(cells), {})
    side.numbers[~np.isfinite(side.numbers)] = np.nan
    for at in map(int, np.flatnonzero(np.isnan(side.numbers))):
        reading, axis = _coordinate(written[at])
        side.numbers[at] = reading.value if isinstance(reading.value, float) else np.nan
        if axis is not None:
            side.axes[at] = axis
        side.findings.extend(
            defect.at(
                int(cells.index[at]),
                column,
                text_of(written[at]).strip(),
                severity=_severity(defect, needed=needed),
            )
            for defect in reading.defects
        )
    return side


def _blanks(cells: pd.Series) -> list[Finding]:
    """Return a note for each coordinate with blanks around it, which do no harm."""
    return [
        Defect("WHITESPACE", cell.strip()).at(row, str(cells.name), cell)
        for row, cell in zip(cells.index.tolist(), cells.tolist(), strict=True)
        if isinstance(cell, str) and cell != (bare := cell.strip()) and bare
    ]


def _severity(defect: Defect, *, needed: bool) -> Severity:
    """Return "error" for whatever leaves no coordinate; a blank may be allowed."""
    if SEVERITY[defect.code] == "note":
        return "note"
    return "error" if needed or defect.code != "COORDINATES_MISSING" else "warning"


def _coordinate(cell: object) -> tuple[Reading, Axis | None]:
    """Return one coordinate of a cell, and the axis that a letter in it names."""
    text = text_of(cell).strip()
    if isinstance(cell, str) and text.startswith("="):
        return Reading(None, (Defect("FORMULA_CELL", result_of(text)),)), None
    if is_error(text):
        return Reading(None, (Defect("ERROR_CELL"),)), None
    reading = read_number(cell) if cell is not None else Reading()
    if reading.value is None and not reading.defects:
        return Reading(None, (Defect("COORDINATES_MISSING"),)), None
    if isinstance(reading.value, float):
        finite = bool(np.isfinite(reading.value))
        return reading if finite else Reading(None, (Defect("VALUE_NUMBER"),)), None
    angle = angle_of(text)
    if angle is None:
        return reading, None
    return Reading(
        angle.degrees, (Defect("COORDINATE_SPELT", f"{angle.degrees:.10g}"),)
    ), angle.axis


def _from_text(cells: pd.Series, site: Site, *, needed: bool) -> tuple[Geometries, list[Finding]]:
    """Return the geometry of each cell: a pair of coordinates, or a geometry in whatever text."""
    shapes = np.full(len(cells), None, dtype=object)
    findings = []
    for at, cell in enumerate(cells.tolist()):
        text = text_of(cell).strip()
        shape, defect = _of_text(text)
        shapes[at] = shape
        if defect is not None:
            missing = shape is None and (needed or text)
            usual = SEVERITY[defect.code]
            severity: Severity = "error" if missing else usual if shape is not None else "warning"
            findings.append(site.note(at, defect.code, defect.suggested, severity=severity))
    return shapes, findings


def _of_text(text: str) -> tuple[BaseGeometry | None, Defect | None]:
    if not text:
        return None, Defect("COORDINATES_MISSING")
    if is_error(text):
        return None, Defect("ERROR_CELL")
    if pair := _plain_pair(text):
        return shapely.Point(pair), None
    if angles := angles_of(half_width(text)):
        point = shapely.Point([angle.degrees for angle in angles])
        return point, Defect("COORDINATE_SPELT", f"{point.x:.10g} {point.y:.10g}")
    shape = geometry_of(text)
    if shape is None:
        return None, Defect("GEOMETRY_TEXT")
    if shape.is_empty or not np.isfinite(shapely.total_bounds(shape)).all():
        return None, Defect("GEOMETRY_MISSING")
    return shape, None


def _plain_pair(text: str) -> list[float]:
    plain = half_width(text).strip("()[] ").translate(_SEPARATORS)
    parts = plain.split(",") if "," in plain else plain.split()
    numbers = [value for part in parts if isinstance(value := read_number(part).value, float)]
    return numbers if len(numbers) == len(parts) == 2 else []


def _place_text(geometry: BaseGeometry | None) -> str:
    if geometry is None or geometry.is_empty:
        return ""
    x, y = shapely.get_coordinates(geometry)[0]
    return f"{x:.10g} {y:.10g}"
