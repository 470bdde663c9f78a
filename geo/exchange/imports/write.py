"""Writing: the usable rows of a file into their tables, part by part."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from geo.areas.store import versions as area_versions
from geo.base import crs
from geo.cameras import headings, view_rows
from geo.cameras import status as camera_status
from geo.cameras.store import cameras, grid_of_camera
from geo.files.checks import Finding
from geo.files.checks.checked_rows import CheckedRows
from geo.files.checks.whole_file import REGISTERS
from geo.files.schema.camera_fields import VIEWS
from geo.files.schema.layers import Layer
from geo.incidents import file_texts, history
from geo.incidents.store import incidents
from geo.store import installation, tables
from geo.store.tables import Change

WHOLE = ("headings", "positions", camera_status.LAYER)


@dataclass
class Writer:
    """The place of one import in the database, and what it has done there so far.

    `complete_under` is the code of an area whose every child of the file's level the file names;
    `ending` are codes of areas that end on `valid_from`; `areas` those of before the import.
    """

    connection: Connection
    layer: Layer
    run: int
    today: date
    timezone: str
    areas: gpd.GeoDataFrame
    valid_from: date | None = None
    complete_under: str | None = None
    ending: tuple[str, ...] = ()
    change: Change = field(default_factory=Change)

    def __post_init__(self) -> None:
        self._areas: list[gpd.GeoDataFrame] = []
        located = self.layer.name in (*REGISTERS, "positions")
        self._grids = None
        if located:
            self._grids = grid_of_camera.grid_locator(self.connection, self.areas)

    def part(self, checked: CheckedRows) -> list[Finding]:
        """Write the usable rows of a part; return what came to light by it."""
        rows = typed(given(checked), self.layer, self.timezone)
        if self.layer.name == "areas":
            self._areas.append(rows)  # they are compared as a whole
            return []
        decide_srid(self.connection, rows)
        done, late = self._written(rows, checked)
        self.change = self.change + done
        return late

    def closing(self, spared: Collection[str]) -> list[Finding]:
        """Write what had to wait for the whole file; return what came to light by it.

        `spared` are the codes of rows that were not taken: the file does name them.
        """
        some = [rows for rows in self._areas if len(rows)]
        if not some:  # where no row can be used, no area ends either
            return []
        rows = pd.concat(some)
        decide_srid(self.connection, rows)
        done = area_versions.bring_in(
            self.connection,
            rows,
            run=self.run,
            valid_from=self.valid_from,
            complete_under=self.complete_under,
            ending=self.ending,
            spared=spared,
        )
        self.change = done.change
        numbers = dict(zip(rows["code"], rows.index, strict=True))
        return (
            [
                Finding(numbers[code], "geometry", "AREA_CHANGED", "error", code)
                for code in done.moved
            ]
            + [
                Finding(
                    0,
                    "",
                    "AREA_CLOSED",
                    "note",
                    code,
                    "",
                    {"code": code, "date": str(self.valid_from)},
                )
                for code in done.closed
            ]
            + self._recorded_late()
        )

    def _recorded_late(self) -> list[Finding]:
        """Say of areas that hold since a day that is over how many incidents stay as they were."""
        day = self.valid_from
        if day is None or day > self.today:
            return []
        count = incidents.count_in_changed_areas(self.connection, self.run, day)
        facts = {"count": count, "date": str(day)}
        return [Finding(0, "", "AREA_INCIDENTS", "note", "", "", facts)] if count else []

    def _written(
        self, rows: gpd.GeoDataFrame, checked: CheckedRows
    ) -> tuple[Change, list[Finding]]:
        connection, run, name = self.connection, self.run, self.layer.name
        if name in REGISTERS:
            return self._registered(rows, checked)
        if name == "headings":
            views = cameras.view_rows(rows)
            return headings.bring_in(connection, rows, views, run=run, today=self.today), []
        if name == VIEWS.name:
            done = view_rows.bring_in(connection, rows, run=run)
            return done.change, [_kept(each, "heading_deg") for each in done.differences]
        if name == "positions":
            verified = cameras.verify_positions(
                connection, rows, run=run, today=self.today, grids=self._grids
            )
            return verified, []
        if name == camera_status.LAYER:
            return camera_status.bring_in(connection, rows, run=run)[0], []
        if name == "incidents":
            return self._history(rows, checked)
        frame = rows if self.layer.shape != "none" else pd.DataFrame(rows.drop(columns="geometry"))
        key = (self.layer.key, *filter(None, [self.layer.moment]))
        return tables.upsert_rows(connection, self.layer.table, frame, key=key, run=run), []

    def _history(
        self, rows: gpd.GeoDataFrame, checked: CheckedRows
    ) -> tuple[Change, list[Finding]]:
        """Write incidents as history; what was changed here since stays, with a finding."""
        states = checked.mapping.get("state")
        unknown = {
            found.row: found.value
            for found in checked.findings
            if found.code == "VALUE_CHOICE" and found.column == states
        }
        rows, redacted = file_texts.redact_texts(self.connection, rows)
        done = history.bring_in(
            self.connection, rows, run=self.run, timezone=self.timezone, unknown_states=unknown
        )
        late = [
            Finding(each.row, checked.mapping.get(each.field, ""), "VALUE_PERSONAL", "warning", "")
            for each in redacted
        ]
        late += [
            Finding(
                each.row,
                checked.mapping.get(each.field, "geometry"),
                "INCIDENT_CHANGED_HERE",
                "warning",
                each.given if each.field != "geom" else "",
                "",
                {"verified": each.here if each.field != "geom" else "—"},
            )
            for each in done.kept
        ]
        column = checked.mapping.get("located_code", "")
        unknown_areas = [
            Finding(each.row, column, "INCIDENT_AREA", "warning", each.word)
            for each in done.unknown
        ]
        return done.change, [*late, *unknown_areas]

    def _registered(
        self, rows: gpd.GeoDataFrame, checked: CheckedRows
    ) -> tuple[Change, list[Finding]]:
        srid = installation.read_value(self.connection, "metric_srid")
        done = cameras.bring_in(
            self.connection, rows, run=self.run, srid=int(srid or crs.WGS84), grids=self._grids
        )
        columns = {
            "position": checked.mapping.get("lon", "geometry"),
            "heading": checked.mapping.get("heading_deg", ""),
        }
        return done.change, [_kept(each, columns[each.field]) for each in done.differences]


def _kept(difference: cameras.Difference, column: str) -> Finding:
    facts = {
        "verified": difference.verified,
        "reported": difference.reported,
        "distance_m": round(difference.by, 1),
    }
    code = f"VERIFIED_{difference.field.upper()}"
    return Finding(difference.row, column, code, "warning", difference.reported, "", facts)


def given(checked: CheckedRows) -> gpd.GeoDataFrame:
    """Return the usable rows without columns that the file lacks, so that those stay as known."""
    if checked.layer.name in WHOLE:
        return checked.rows
    fields = {each.name for each in checked.layer.fields} - {checked.layer.key}
    absent = [name for name in checked.rows.columns if name in fields - set(checked.mapping)]
    listed = "views" in checked.rows and checked.rows["views"].notna().any()
    needed = set(cameras.VIEW_FIELDS) if listed else set()  # a list of headings may name angles
    blank = [n for n in absent if n not in needed and checked.rows[n].isna().all()]
    if "heading_deg" in blank:
        blank += [name for name in ("heading_source", "views") if name in checked.rows]
    return gpd.GeoDataFrame(checked.rows.drop(columns=blank))


def typed(rows: gpd.GeoDataFrame, target: Layer, timezone: str) -> gpd.GeoDataFrame:
    """Return rows with the types of their table: whole numbers, times with zone, multi-lines.

    Parameters
    ----------
    rows
        Usable rows as from the check; not changed.
    target
        Layer with the kind of each field.
    timezone
        IANA name: zone of times that state none.
    """
    rows = rows.copy()
    if target.shape == "line":
        rows = rows.set_geometry([_multi(line) for line in rows.geometry], crs=rows.crs)
    for column in target.fields:
        if column.name not in rows:
            continue
        if column.kind == "integer":
            rows[column.name] = pd.to_numeric(rows[column.name]).round().astype("Int64")
        elif column.kind == "time":
            rows[column.name] = camera_status.zone_times(rows[column.name], timezone)
    return rows


def decide_srid(connection: Connection, rows: gpd.GeoDataFrame) -> None:
    """Store the metric system of a database that has none, chosen by the first imported places.

    Parameters
    ----------
    connection
        Open transaction.
    rows
        Imported rows, EPSG:4326; the middle of their bounds decides.
    """
    placed = rows.geometry.dropna()
    if placed.empty or installation.read_value(connection, "metric_srid") is not None:
        return
    west, south, east, north = map(float, np.asarray(placed.total_bounds))
    srid = crs.metric_srid((west + east) / 2, (south + north) / 2)
    installation.store_value(connection, "metric_srid", srid)


def _multi(line: BaseGeometry) -> BaseGeometry:
    return shapely.MultiLineString([line]) if isinstance(line, shapely.LineString) else line
