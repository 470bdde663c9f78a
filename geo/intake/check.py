"""The check: a table against a layer, usable rows apart from findings and quarantine."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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
from geo.intake.identity import content_codes
from geo.intake.personal import personal_columns
from geo.intake.position import Positions, locate
from geo.intake.rules import apply_rules
from geo.intake.shapes import fit_shapes, places_from_areas
from geo.intake.values import Values, read_values
from geo.intake.views import VIEWS, view_columns
from geo.layers import Layer
from geo.sources import Table

Cells = NDArray[np.object_] | NDArray[np.float64]

_JSON: Final = (str, bool, int, float, list, dict)
_PHONES: Final = ("duty_phone",)


@dataclass(frozen=True)
class Intake:
    """What came of a table.

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
        Number of rows in the file, and of those with an error.
    mapping
        Field → header as used.
    """

    layer: Layer
    rows: gpd.GeoDataFrame
    findings: tuple[Finding, ...]
    read: int
    quarantined: int
    mapping: Mapping[str, str]


@dataclass(frozen=True)
class _Place:
    """Geometry fitted to the layer, with what is to be kept of the original."""

    geometry: Geometries
    radius_m: NDArray[np.float64]
    positions: Positions | None


def check(
    table: Table,
    layer: Layer,
    *,
    crs: InputCRS | None = None,
    mapping: Mapping[str, str] | None = None,
    level: str | None = None,
    bounds: BaseGeometry | None = None,
    today: dt.date | None = None,
    heading_scheme: Scheme = "degrees",
) -> Intake:
    """Return the rows of `table` that the layer can use, with everything that was noticed.

    Parameters
    ----------
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
        What a bare number in a column of headings is, see :func:`geo.heading.parse_heading`.

    Raises
    ------
    LayerError
        If `mapping` names no such field or column, no column holds a required field, or `level` is
        none.
    CRSError
        If nothing says the coordinate system, or most positions contradict it.
    InputError
        If a layer with places is given a table without coordinates, or the scheme is none.
    """
    require_scheme(heading_scheme)
    has_geometry = table.geometry is not None and layer.shape != "none"
    used = map_columns(table.headers, layer, given=mapping, has_geometry=has_geometry)
    _require_columns(table, layer, used)
    refused, found = _refused(table, used)
    values, noticed = read_values(
        table,
        layer,
        used,
        refused=refused,
        today=today or dt.date.today(),
        heading_scheme=heading_scheme,
    )
    values, broken = apply_rules(table, layer, used, values, level=level)
    place, placed = _placed(table, layer, used, crs=crs, bounds=bounds)
    found += _notes(table, refused) + noticed + broken + placed
    bad = {finding.row for finding in found if finding.severity == "error"}
    kept = ~table.rows.index.isin(list(bad))
    rows = _frame(table, layer, used, refused, values, place)[kept]
    rows, same = _coded(rows, layer, used)
    return Intake(layer, rows, _sorted(found + same, table), len(table.rows), len(bad), used)


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


def _refused(table: Table, used: Mapping[str, str]) -> tuple[frozenset[str], list[Finding]]:
    """Return the columns that hold persons, and notes on those that hold nothing known."""
    unmapped = [header for header in table.headers if header not in used.values()]
    phones = [used[name] for name in _PHONES if name in used]
    refused, findings = personal_columns(table.rows, unmapped, phones, header_row=table.header_row)
    return refused, findings + [
        Defect("COLUMN_UNMAPPED").at(table.header_row, header, "")
        for header in unmapped
        if header not in refused
    ]


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


def _placed(
    table: Table,
    layer: Layer,
    used: Mapping[str, str],
    *,
    crs: InputCRS | None,
    bounds: BaseGeometry | None,
) -> tuple[_Place, list[Finding]]:
    nowhere = np.full(len(table.rows), None, dtype=object)
    radius_m = np.full(len(table.rows), np.nan)
    if layer.shape == "none":
        return _Place(nowhere, radius_m, None), []
    # areas make the district, they are not measured against it; lines and buildings may cross it
    limits = None if layer.name == "areas" else bounds
    positions = locate(
        table,
        used,
        crs=crs,
        bounds=limits,
        needed=layer.needs_geometry,
        watched=layer.shape == "point",
    )
    geometry, findings, site = positions.geometry, list(positions.findings), site_of(table, used)
    if layer.name == "places":
        geometry, radius_m, noted = places_from_areas(geometry, site)
        findings += noted
    geometry, fitted = fit_shapes(geometry, layer.shape, site)
    return _Place(geometry, radius_m, positions), findings + fitted


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


def _coded(
    rows: gpd.GeoDataFrame, layer: Layer, used: Mapping[str, str]
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Give rows without a code one made from their content; identical rows become one."""
    without = np.flatnonzero(rows[layer.key].isna())
    if without.size == 0:
        return rows, []
    bare = rows.iloc[without]
    names = [text_of(name) for name in bare["name"]] if "name" in bare else [""] * len(bare)
    cells = bare.drop(columns=["geometry"])

    def content(at: int) -> str:
        row = cells.iloc[at].to_dict()
        # a camera of one view keeps the code it always had
        row = {name: cell for name, cell in row.items() if name != VIEWS or cell is not None}
        return json.dumps(row, ensure_ascii=False, default=str)

    codes = content_codes(names, bare.geometry.to_numpy(), content)
    rows = rows.copy()
    rows.loc[bare.index, layer.key] = codes
    return _collapsed(rows, pd.Series(codes, index=bare.index), used.get("name", ""))


def _collapsed(
    rows: gpd.GeoDataFrame, codes: pd.Series, column: str
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    first: dict[str, int] = {}
    findings = []
    for row, code in zip(codes.index, codes.to_numpy(), strict=True):
        if first.setdefault(code, row) != row:
            facts = {"first": first[code]}
            findings.append(Defect("DUPLICATE_ROW", facts=facts).at(row, column, ""))
    return rows.drop(index=[finding.row for finding in findings]), findings


def _sorted(found: list[Finding], table: Table) -> tuple[Finding, ...]:
    order = {header: place for place, header in enumerate(table.headers)}
    return tuple(sorted(found, key=lambda f: (f.row, order.get(f.column, -1), f.code)))
