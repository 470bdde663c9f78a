"""The check: a table against a layer, usable rows apart from findings and quarantine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.base import clock
from geo.base.crs import WGS84, Geometries, InputCRS
from geo.base.errors import CRSError
from geo.files.checks.cells.cells import text_of
from geo.files.checks.cells.file_headers import Headers
from geo.files.checks.cells.finding import Defect, Finding, Severity
from geo.files.checks.cells.headings import view_columns
from geo.files.checks.cells.refused import Refused
from geo.files.checks.cells.times import Calendar
from geo.files.checks.cells.values import Values, read_values
from geo.files.checks.checked_rows import CheckedRows
from geo.files.checks.position.declared_area import areas_said, find_misplaced
from geo.files.checks.position.position import Positions, locate_rows
from geo.files.checks.position.raw_position import site_of
from geo.files.checks.position.shapes import fit_shapes, places_from_areas
from geo.files.checks.rows.area_parts import unite_parts
from geo.files.checks.rows.class_requirements import missing_columns, missing_fields
from geo.files.checks.rows.device_codes import code_structure
from geo.files.checks.rows.duplicate_codes import Codes
from geo.files.checks.rows.rules import apply_rules
from geo.files.checks.rows.totals import without_totals
from geo.files.checks.sample import Sample
from geo.files.checks.whole_file import REGISTERS, Whole
from geo.files.readers import Table
from geo.files.schema.examples import find_examples
from geo.files.schema.extra_columns import restore_column
from geo.files.schema.heading import Scheme, require_scheme
from geo.files.schema.layers import DERIVED, Layer

Cells = NDArray[np.object_] | NDArray[np.float64]

NOTHING_REFUSED: Final = Refused()
_JSON: Final = (str, bool, int, float, list, dict)


@dataclass(frozen=True)
class _Place:
    """Geometry fitted to the layer, with what is to be kept of the original."""

    geometry: Geometries
    radius_m: NDArray[np.float64]
    positions: Positions | None


def check_rows(table: Table, layer: Layer, **options: Any) -> CheckedRows:  # noqa: ANN401 - see Check
    """Return the rows of a whole file that the layer can use, and all findings.

    The same as one :meth:`Check.part` with :meth:`Check.closing`.

    Parameters
    ----------
    table
        The whole file.
    layer
        The layer that it is meant for.
    **options
        As of :class:`Check`, which also says the errors.
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
    calendar
        What times are read by; default: to the host's date, in no zone.
    heading_scheme
        What a bare number in a column of headings is, see
        :func:`geo.files.schema.heading.parse_heading`; default: the layer's.
    refused
        What is known not to be taken, from an earlier try (:class:`geo.files.checks.RefusedLater`).

    Attributes
    ----------
    certain
        Whether the declared system is known to be right, also one whose shift is unknown.
    looks_only
        Whether nothing is to be written: then a file need not say its coordinate system.
    unplaced
        Whether it says none, so that its rows have no place.
    near
        Box of the areas that its rows can have to do with, EPSG:4326; None: all areas.

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
        calendar: Calendar | None = None,
        heading_scheme: Scheme | None = None,
        refused: Refused = NOTHING_REFUSED,
    ) -> None:
        self.layer, self.crs, self.level, self.bounds = layer, crs, level, bounds
        self.calendar = calendar or Calendar(clock.now().date())
        self.scheme = heading_scheme or layer.heading_scheme
        require_scheme(self.scheme)
        self.certain = self.looks_only = self.unplaced = False
        self.near: tuple[float, float, float, float] | None = None
        self.areas: gpd.GeoDataFrame | None = None
        self._headers = Headers(layer, mapping, refused)
        self._codes, self._whole = Codes(), Whole(layer)

    def know(self, areas: gpd.GeoDataFrame) -> None:
        """Check against the areas there are: `code`, `level`, `name`, polygons in EPSG:4326."""
        self.areas = areas
        districts = areas[areas["level"] == "district"]
        if not districts.empty:
            self.bounds = districts.geometry.union_all()

    def part(self, table: Table) -> CheckedRows:
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
        RefusedLater
            If a column that was taken so far turns out to hold persons or addresses.
        """
        first = not self.mapping
        table, left = _without_example(table, self.layer)
        table, totals = without_totals(table)
        found = [*left, *totals, *self._headers.settle(table)]
        values, noticed = self._values(table, first=first)
        place, placed = self._placed(table, self._named(values))
        key = self.mapping.get(self.layer.key)
        found += [*_notes(table, self.refused, key), *noticed, *placed]
        bad = {finding.row for finding in found if finding.severity == "error"}
        rows = _frame(table, self.layer, self.mapping, self.refused, values, place)
        rows, parts = unite_parts(rows, self.layer, bad, self.mapping.get("code", ""))
        bad |= {finding.row for finding in parts if finding.severity == "error"}
        found += parts
        rows = rows[~rows.index.isin(list(bad))]
        rows, same = self._codes.complete(rows, self.layer, self.mapping)
        self._whole.add(table, self._headers, rows)
        if self.areas is not None:
            found += find_misplaced(rows, self.layer, self.mapping, table, self.areas)
        findings = in_order(found + same, table.headers)
        return CheckedRows(
            self.layer, rows, findings, len(table.rows), len(bad), self.mapping, self.refused
        )

    def closing(self) -> tuple[Finding, ...]:
        """Return what only the whole file tells, such as one position given to many rows."""
        whole = self._whole.findings(district_known=self.bounds is not None)
        return (*self._codes.elsewhere(), *whole)

    @property
    def mapping(self) -> dict[str, str]:
        """Field → header; empty before the first part."""
        return self._headers.mapping

    @property
    def refused(self) -> frozenset[str]:
        """Headers of columns that are not taken."""
        return self._headers.refused

    @property
    def sample(self) -> Sample:
        """Some positions of the file in each system that is declared in it."""
        return self._whole.sample

    def _values(self, table: Table, *, first: bool) -> tuple[Values, list[Finding]]:
        """Return the values of a part, and what is wrong with them."""
        layer, used = self.layer, self.mapping
        days = replace(self.calendar, from_1904=table.from_1904)
        values, found = read_values(
            table, layer, used, refused=self.refused, calendar=days, heading_scheme=self.scheme
        )
        values, broken = apply_rules(
            table,
            layer,
            used,
            values,
            level=self.level,
            seen=self._codes,
            timezone=self.calendar.timezone,
        )
        if layer.name in REGISTERS:
            broken += code_structure(table, used, values, district_codes=self._counties())
        broken += missing_fields(table, layer, used, values)
        return values, found + broken + (
            missing_columns(table, layer, used, values) if first else []
        )

    def _named(self, values: Values) -> list[str | None]:
        """Return the area that each row says it is in, None where it says none."""
        return [text or None for text in areas_said(values, self.layer)]

    def _counties(self) -> frozenset[str]:
        """Return the six digits of the districts there are."""
        if self.areas is None:
            return frozenset()
        codes = self.areas.loc[self.areas["level"] == "district", "code"]
        return frozenset(code[:6] for code in codes if code[:6].isdecimal())

    def _placed(self, table: Table, named: list[str | None]) -> tuple[_Place, list[Finding]]:
        """Return where the rows are; `named` is the area that each says it is in."""
        nowhere = np.full(len(table.rows), None, dtype=object)
        radius_m = np.full(len(table.rows), np.nan)
        if self.layer.shape == "none":
            return _Place(nowhere, radius_m, None), []
        try:
            positions = self._located(table)
        except CRSError as error:
            if not self.looks_only or error.key != "crs.missing":
                raise
            self.unplaced = True
            missing = Defect("CRS_MISSING").at(table.header_row, "", "", severity="warning")
            return _Place(nowhere, radius_m, None), [missing]
        geometry, findings = positions.geometry, list(positions.findings)
        site = site_of(table, self.mapping)
        self._whole.place(table, self._headers, positions, named)
        if self.layer.name == "places":
            geometry, radius_m, noted = places_from_areas(geometry, site)
            findings += noted
        geometry, fitted = fit_shapes(geometry, self.layer.shape, site)
        return _Place(geometry, radius_m, positions), findings + fitted

    def _located(self, table: Table) -> Positions:
        # areas make the district, they are not measured against it; lines may cross it
        return locate_rows(
            table,
            self.mapping,
            crs=self.crs,
            bounds=None if self.layer.name == "areas" else self.bounds,
            needed=self.layer.needs_geometry,
            watched=self.layer.shape == "point",
            certain=self.certain,
        )


def _without_example(table: Table, layer: Layer) -> tuple[Table, list[Finding]]:
    """Leave out the example row of the layer's form, if somebody forgot to."""
    left = find_examples(layer, table.rows)
    if not left.any():
        return table, []
    defect = Defect("EXAMPLE_ROW")
    found = [defect.at(int(row), "", "") for row in table.rows.index[left]]
    return replace(table, rows=table.rows[~left]), found


def _notes(table: Table, refused: frozenset[str], key: str | None) -> list[Finding]:
    """Return what the reader noticed; `key` is the column that tells the rows apart."""
    findings = []
    for note in table.notes:
        if note.column in refused:
            continue
        severity: Severity | None = None
        if note.code == "FORMULA_CELL":  # with a stored result it is usable: for information only
            severity = "note"
        elif note.code == "TEXT_BROKEN" and note.column == key and note.row > table.header_row:
            severity = "error"
        defect = Defect(note.code, note.suggested)
        findings.append(defect.at(note.row, note.column, note.value, severity=severity))
    return findings


def _frame(
    table: Table,
    layer: Layer,
    used: Mapping[str, str],
    refused: frozenset[str],
    values: Values,
    place: _Place,
) -> gpd.GeoDataFrame:
    """Return all rows, usable or not, in the shape of :class:`CheckedRows`."""
    columns: dict[str, Cells] = {}
    for field in layer.fields:
        if field.kind == "heading":
            columns |= view_columns(values[field.name], values["hfov_deg"])
        elif field.name not in columns:
            columns[field.name] = _typed(values[field.name], field.kind)
    if layer.name == "places":
        radius_m = np.asarray(columns["radius_m"], dtype=np.float64)
        columns["radius_m"] = np.where(np.isnan(radius_m), place.radius_m.round(1), radius_m)
    apart = {*used.values(), *refused, *DERIVED}
    free = [header for header in table.headers if header not in apart]
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
                header, value = restore_column(str(name), cell)
                row[header] = _json(value)
    if positions is not None:
        _report(found, positions)
    return found


def _report(found: list[dict[str, object]], positions: Positions) -> None:
    """Keep the coordinates that a point had before it was shifted: no projection loses any."""
    systems, given = positions.systems, positions.given
    points = shapely.get_type_id(given) == shapely.GeometryType.POINT
    shifted = systems.where(lambda kind: kind is not None and kind.srid is None)
    for at in np.flatnonzero(points & shifted):
        system = systems.kinds[systems.of_row[at]]
        if system is not None:
            found[at]["reported"] = {"x": given[at].x, "y": given[at].y, "crs": system.name}


def _json(cell: object) -> object:
    return cell if isinstance(cell, _JSON) else text_of(cell)


def in_order(found: Iterable[Finding], headers: Sequence[str]) -> tuple[Finding, ...]:
    """Return findings by row, then by column as in the file, then by code.

    Parameters
    ----------
    found
        Findings in any order.
    headers
        Headers of the file; findings of other columns come first in their row.
    """
    order = {header: place for place, header in enumerate(headers)}
    return tuple(sorted(found, key=lambda f: (f.row, order.get(f.column, -1), f.code)))
