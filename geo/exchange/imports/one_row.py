"""One row on its way in, as a file of one row: the same checks, the same log, the same undo."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from geo.access.principal import RESTRICTED_LAYERS, Principal
from geo.base import clock
from geo.base import crs as crs_module
from geo.base.errors import InputError
from geo.base.progress import ignore_progress
from geo.files.checks import Calendar, Finding
from geo.files.schema.layers import Layer
from geo.store import import_runs as stored_runs
from geo.store import single_rows
from geo.store.single_rows import StoredRow
from geo.store.tables import Change

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from geo.areas.store.versions import Box
    from geo.files.readers import Table

MOST_TEXT: Final = 2_000
MOST_NUMBER: Final = 10**15
"""A spreadsheet keeps no more digits."""
NEAR_DEG: Final = 0.01
"""Half a kilometre at least: more than a grid is away that holds a place by the border rule."""
FAR_REACHING: Final = ("area_reported", "position_sigma_m")
"""Fields by which areas elsewhere can matter: the one that is named, those of a vague position."""


@dataclass(frozen=True)
class Row:
    """Cells by field, and the place, lon/lat; `code` is one of the cells, `stored` where it was."""

    code: str
    cells: Mapping[str, object]
    shape: BaseGeometry | None
    stored: BaseGeometry | None = None


@dataclass(frozen=True)
class TakenRows:
    """What became of rows: their findings, and whether one was refused."""

    findings: tuple[Finding, ...]
    refused: bool


def row_of(
    layer: Layer,
    code: str | None,
    given: Mapping[str, object],
    shape: BaseGeometry | None,
    before: StoredRow | None,
) -> Row:
    """Return the row that an edit makes: what it gives, and of what is stored what has to be there.

    Parameters
    ----------
    layer
        Layer with its fields.
    code
        Code of the row; None: it gets one.
    given
        Values by field; others stay as they are.
    shape
        Its place, None: where it is.
    before
        The row as stored, None for a new one.

    Raises
    ------
    InputError
        For a field that the layer has not, or a value that is no cell.
    """
    known = {field.name for field in layer.fields} - {layer.key}
    for name, value in given.items():
        if name not in known:
            raise InputError("edit.field", found=name[:100], known=", ".join(sorted(known)))
        _require_cell(name, value)
    named = code or f"H-{uuid.uuid4().hex[:12].upper()}"
    _require_cell(layer.key, named)
    cells = {layer.key: named, **given}
    stored = None
    if before is not None:
        needed = [field.name for field in layer.fields if field.required]
        cells |= {n: before.values.get(n) for n in needed if n not in cells}
        if before.shape is not None and layer.shape != "none":
            from shapely import from_wkb

            stored = from_wkb(before.shape)
    return Row(named, cells, stored if shape is None else shape, stored)


def begin_run(connection: Connection, who: Principal, layer: str, source: str, digest: str) -> int:
    """Write the run of one row and return its number.

    Parameters
    ----------
    connection
        Transaction of the edit.
    who
        Account that edits.
    layer
        Name of the layer.
    source
        Where the row comes from.
    digest
        SHA-256 of what was asked, hexadecimal.
    """
    row = {
        "layer": layer,
        "source": layer if layer in RESTRICTED_LAYERS else source,
        "file_sha256": digest,
        "options": {"crs": "wgs84"},
        "by_whom": who.account,
    }
    return stored_runs.insert_run(connection, row)


def take_rows(
    connection: Connection,
    run: int,
    layer: Layer,
    rows: Sequence[Row],
    *,
    timezone: str,
    valid_from: date | None = None,
    ending: Sequence[str] = (),
) -> TakenRows:
    """Check rows of the same fields and write them as the work of a run.

    Parameters
    ----------
    connection
        Transaction of the edit; it must be taken back where a row is refused.
    run
        Number of the run.
    layer
        Layer with its fields.
    rows
        The rows.
    timezone
        IANA name, for times that state none.
    valid_from
        Of areas: the day from which they hold.
    ending
        Codes of areas that end on that day.
    """
    from geo.exchange.imports.pipeline import RunningImport
    from geo.files.checks.check import Check

    calendar = Calendar(clock.today(timezone), timezone)
    check = Check(layer, crs=crs_module.parse_crs("wgs84"), calendar=calendar)
    check.certain = True  # one row is no evidence against the system that the interface has
    check.near = _surroundings(layer, rows)
    running = RunningImport(
        connection, run, check, timezone=timezone, valid_from=valid_from, ending=ending
    )
    running.take(iter([_table(rows)]), ignore_progress)
    running.closed(certain=True)
    given = {*rows[0].cells, "geometry", ""}
    found = [f for f in running.noted.kept if f.severity == "error" or f.column in given]
    return TakenRows(tuple(found), running.quarantined > 0)


def delete_row(
    connection: Connection,
    run: int,
    layer: Layer,
    code: str,
    *,
    delete: Callable[[Connection, str], None] | None = None,
) -> None:
    """Delete a row as the work of a run.

    Parameters
    ----------
    connection
        Transaction of the edit.
    run
        Number of the run.
    layer
        Layer of the row.
    code
        Code of the row.
    delete
        What deletes it, where that is not its table alone.
    """
    stored_runs.remember_changes(connection, run)
    if delete is None:
        single_rows.delete_row(connection, layer.table, layer.key, code)
    else:
        delete(connection, code)
    stored_runs.remember_changes(connection, None)
    stored_runs.finish_run(connection, run, Change(updated=1), read=1, quarantined=0)


def _surroundings(layer: Layer, rows: Sequence[Row]) -> Box | None:
    """Return the box of the areas that rows can have to do with, EPSG:4326; None: all areas."""
    if layer.name == "areas" or any(row.shape is None for row in rows):
        return None
    # the place that was verified stays, however far off the one that is given
    shapes = [shape for row in rows for shape in (row.shape, row.stored) if shape is not None]
    if any(row.cells.get(name) for row in rows for name in FAR_REACHING):
        return None
    west, south, east, north = zip(*(shape.bounds for shape in shapes), strict=True)
    return min(west) - NEAR_DEG, min(south) - NEAR_DEG, max(east) + NEAR_DEG, max(north) + NEAR_DEG


def _table(rows: Sequence[Row]) -> Table:
    import geopandas as gpd
    import pandas as pd

    from geo.files.readers import Table
    from geo.files.readers.control_characters import without_controls

    index = pd.RangeIndex(1, len(rows) + 1, name="row")
    cells = pd.DataFrame([dict(row.cells) for row in rows], index=index, dtype=object)
    cells = cells.where(cells.notna(), None)
    shapes = [row.shape for row in rows if row.shape is not None]
    placed = gpd.GeoSeries(shapes, index=index) if len(shapes) == len(rows) else None
    return without_controls(Table(tuple(cells.columns), cells, placed, None, header_row=0))


def _require_cell(name: str, value: object) -> None:
    """Refuse what no cell of a file could hold."""
    fits = value is None or isinstance(value, bool | int | float | str)
    if isinstance(value, int | float):
        fits = math.isfinite(value) if isinstance(value, float) else abs(value) < MOST_NUMBER
    if isinstance(value, str):
        fits = len(value) <= MOST_TEXT and value.isprintable()
    if not fits:
        raise InputError("edit.value", field=name, most=MOST_TEXT)
