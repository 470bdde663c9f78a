"""The check: a table against a layer, usable rows apart from findings and quarantine."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.crs import WGS84, Geometries, InputCRS
from geo.errors import LayerError
from geo.heading import Scheme, require_scheme
from geo.intake.cells import text_of
from geo.intake.columns import map_columns
from geo.intake.finding import Defect, Finding, Severity
from geo.intake.given import site_of
from geo.intake.heaps import Heaps
from geo.intake.identity import Codes
from geo.intake.personal import personal_columns, personal_content
from geo.intake.position import Positions, locate
from geo.intake.rules import apply_rules
from geo.intake.shapes import fit_shapes, places_from_areas
from geo.intake.values import Values, read_values
from geo.intake.views import view_columns
from geo.layers import Layer
from geo.sources import Table

Cells = NDArray[np.object_] | NDArray[np.float64]

_JSON: Final = (str, bool, int, float, list, dict)
_PHONES: Final = ("duty_phone",)


@dataclass(frozen=True)
class Intake:
    """What came of a table, or of one part of a file.

    Attributes
    ----------
    rows
        Usable rows: one column per field of the layer (numbers float, others object, None where
        blank), ``attributes`` (dict of the columns not mapped, JSON values; ``reported`` holds a
        position as given where it was converted), for cameras also ``heading_source`` and
        ``views`` (None, or the list of all views where the heading names several: the columns hold
        the first); geometry in EPSG:4326; index ``row`` = row of the file.
    findings
        In order of rows. Rows with one of severity "error" are not in `rows`.
    read, quarantined
        Number of rows in the table, and of those with an error.
    mapping
        Field → header as used.
    refused
        Headers of columns that were not taken, because they hold persons.
    """

    layer: Layer
    rows: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    read: int
    quarantined: int
    mapping: Mapping[str, str]
    refused: frozenset[str] = frozenset()


class PersonsLater(Exception):  # noqa: N818 - a turn of the work, no error of anybody's
    """A later part of a file shows that `columns` hold persons: begin anew without them."""

    def __init__(self, columns: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(columns)))
        self.columns = columns


@dataclass(frozen=True)
class _Place:
    """Geometry fitted to the layer, with what is to be kept of the original."""

    geometry: Geometries
    radius_m: NDArray[np.float64]
    positions: Positions | None


def check(table: Table, layer: Layer, **options: Any) -> Intake:  # noqa: ANN401 - see Check
    """Return the rows of a whole file that the layer can use, with everything that was noticed.

    The same as one :meth:`Check.part` with :meth:`Check.closing`; see :class:`Check` for `options`
    and errors.
    """
    whole = Check(layer, **options)
    taken = whole.part(table)
    return replace(taken, findings=in_order((*taken.findings, *whole.closing()), table.headers))


class Check:
    """The check of one file, which may come in parts.

    Parameters
    ----------
    layer
        What the file is to be brought into.
    crs
        The user's declaration; a column 坐标系 wins over it, it wins over the file.
    mapping
        Field → header where the headers do not tell; also lon, lat, lonlat, wkt, crs.
    level
        Level of areas that do not say theirs.
    bounds
        The district, lon/lat; None where none is known yet.
    today
        Last date that does not lie in the future; default: the host's.
    heading_scheme
        What a bare number in a column of headings is, see :func:`geo.heading.parse_heading`;
        default: the layer's.
    refused
        Headers known to hold persons, from an earlier try (:class:`PersonsLater`).

    Raises
    ------
    InputError
        If the scheme is none.
    """

    def __init__(
        self,
        layer: Layer,
        *,
        crs: InputCRS | None = None,
        mapping: Mapping[str, str] | None = None,
        level: str | None = None,
        bounds: BaseGeometry | None = None,
        today: dt.date | None = None,
        heading_scheme: Scheme | None = None,
        refused: frozenset[str] = frozenset(),
    ) -> None:
        self.layer, self.crs, self.level, self.bounds = layer, crs, level, bounds
        self.given, self.refused = mapping, refused
        self.today = today or dt.date.today()
        self.scheme = heading_scheme or layer.heading_scheme
        require_scheme(self.scheme)
        self._used: dict[str, str] | None = None
        self._codes: Codes = Codes()
        self._heaps = Heaps()

    def part(self, table: Table) -> Intake:
        """Return what can be used of the next rows of the file.

        Raises
        ------
        LayerError
            If `mapping` names no such field or column, no column holds a required field, or
            `level` is none.
        CRSError
            If nothing says the coordinate system, or most positions contradict it.
        InputError
            If a layer with places is given a table without coordinates.
        PersonsLater
            If a column that was taken so far turns out to hold persons.
        """
        layer, noted = self.layer, self._begin(table)
        used, refused = self.mapping, self.refused
        values, noticed = read_values(
            table, layer, used, refused=refused, today=self.today, heading_scheme=self.scheme
        )
        values, broken = apply_rules(table, layer, used, values, level=self.level, seen=self._codes)
        place, placed = self._placed(table)
        found = noted + _notes(table, refused) + noticed + broken + placed
        bad = {finding.row for finding in found if finding.severity == "error"}
        kept = ~table.rows.index.isin(list(bad))
        rows = _frame(table, layer, used, refused, values, place)[kept]
        rows, same = self._codes.complete(rows, layer, used)
        findings = in_order(found + same, table.headers)
        return Intake(layer, rows, findings, len(table.rows), len(bad), used, refused)

    def closing(self) -> tuple[Finding, ...]:
        """Return what only the whole file tells, such as one position given to many rows."""
        return tuple(self._heaps.findings())

    @property
    def mapping(self) -> dict[str, str]:
        """Field → header; empty before the first part."""
        return self._used or {}

    def _begin(self, table: Table) -> list[Finding]:
        """Settle the columns with the first part; look for persons in each."""
        if self._used is not None:
            later = personal_content(table.rows, *self._suspects(table))
            if later - self.refused:
                raise PersonsLater(later | self.refused)
            return []
        has_geometry = table.geometry is not None and self.layer.shape != "none"
        self._used = map_columns(
            table.headers, self.layer, given=self.given, has_geometry=has_geometry
        )
        _require_columns(table, self.layer, self._used)
        unmapped, phones = self._suspects(table)
        self.refused, findings = personal_columns(
            table.rows, unmapped, phones, header_row=table.header_row, known=self.refused
        )
        return findings + [
            Defect("COLUMN_UNMAPPED").at(table.header_row, header, "")
            for header in unmapped
            if header not in self.refused
        ]

    def _suspects(self, table: Table) -> tuple[list[str], list[str]]:
        """Return the headers without a field, and those of telephones."""
        used = self.mapping
        unmapped = [header for header in table.headers if header not in used.values()]
        return unmapped, [used[name] for name in _PHONES if name in used]

    def _placed(self, table: Table) -> tuple[_Place, list[Finding]]:
        nowhere = np.full(len(table.rows), None, dtype=object)
        radius_m = np.full(len(table.rows), np.nan)
        if self.layer.shape == "none":
            return _Place(nowhere, radius_m, None), []
        # areas make the district, they are not measured against it; lines may cross it
        positions = locate(
            table,
            self.mapping,
            crs=self.crs,
            bounds=None if self.layer.name == "areas" else self.bounds,
            needed=self.layer.needs_geometry,
            watched=self.layer.shape == "point",
        )
        self._heaps.add(positions.geometry, positions.given, site_of(table, self.mapping))
        geometry, findings, site = (
            positions.geometry,
            list(positions.findings),
            site_of(table, self.mapping),
        )
        if self.layer.name == "places":
            geometry, radius_m, noted = places_from_areas(geometry, site)
            findings += noted
        geometry, fitted = fit_shapes(geometry, self.layer.shape, site)
        return _Place(geometry, radius_m, positions), findings + fitted


def _require_columns(table: Table, layer: Layer, used: Mapping[str, str]) -> None:
    lacking = [
        f"{field.name}（{'、'.join(field.aliases[:2])}）"
        for field in layer.fields
        if field.required and field.name not in used
    ]
    if lacking:
        raise LayerError(
            "intake.required_column",
            layer=layer.name,
            fields="; ".join(lacking),
            columns=", ".join(table.headers),
        )


def _notes(table: Table, refused: frozenset[str]) -> list[Finding]:
    findings = []
    for note in table.notes:
        if note.column in refused:
            continue
        suggested = note.value if note.code == "MERGED_CELL" else ""
        value = "" if note.code == "MERGED_CELL" else note.value
        # a formula with a stored result is usable: for information only
        severity: Severity | None = "note" if note.code == "FORMULA_CELL" else None
        defect = Defect(note.code, suggested)
        findings.append(defect.at(note.row, note.column, value, severity=severity))
    return findings


def _frame(
    table: Table,
    layer: Layer,
    used: Mapping[str, str],
    refused: frozenset[str],
    values: Values,
    place: _Place,
) -> gpd.GeoDataFrame:
    """Return all rows, usable or not, in the shape of :class:`Intake`."""
    columns: dict[str, Cells] = {}
    for field in layer.fields:
        if field.kind == "heading":
            columns |= view_columns(values[field.name], values["hfov_deg"])
        elif field.name not in columns:
            columns[field.name] = _typed(values[field.name], field.kind)
    if layer.name == "places":
        radius_m = np.asarray(columns["radius_m"], dtype=np.float64)
        columns["radius_m"] = np.where(np.isnan(radius_m), place.radius_m.round(1), radius_m)
    free = [h for h in table.headers if h not in used.values() and h not in refused]
    columns["attributes"] = _objects(list(_attributes(table.rows[free], place.positions)))
    # pandas would make columns of text of the others: blank is None everywhere
    series = {
        name: pd.Series(cells, index=table.rows.index, dtype=cells.dtype)
        for name, cells in columns.items()
    }
    return gpd.GeoDataFrame(pd.DataFrame(series), geometry=place.geometry, crs=WGS84)


def _typed(values: list[object], kind: str) -> Cells:
    if kind in ("number", "integer"):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return _objects(values)


def _objects(values: list[object]) -> NDArray[np.object_]:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return cells


def _attributes(cells: pd.DataFrame, positions: Positions | None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [{} for _ in range(len(cells))]
    for name in cells.columns:
        for row, cell in zip(found, cells[name].to_numpy(), strict=True):
            if cell is not None:
                row[name] = _json(cell)
    if positions is not None:
        _report(found, positions)
    return found


def _report(found: list[dict[str, object]], positions: Positions) -> None:
    """Keep the coordinates that a point had before it was converted."""
    systems, given = positions.systems, positions.given
    points = shapely.get_type_id(given) == shapely.GeometryType.POINT
    known = systems.where(lambda kind: kind is not None)
    for at in np.flatnonzero(points & known & ~systems.unshifted()):
        system = systems.kinds[systems.of_row[at]]
        if system is not None:
            found[at]["reported"] = {"x": given[at].x, "y": given[at].y, "crs": system.name}


def _json(cell: object) -> object:
    return cell if isinstance(cell, _JSON) else text_of(cell)


def in_order(found: Iterable[Finding], headers: Sequence[str]) -> tuple[Finding, ...]:
    """Return findings by row, then by column as the file has them, then by code."""
    order = {header: place for place, header in enumerate(headers)}
    return tuple(sorted(found, key=lambda f: (f.row, order.get(f.column, -1), f.code)))
