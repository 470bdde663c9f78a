"""Bring a file in: read, check, compare, write, all in one transaction or not at all."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine, text

from geo import crs as crs_module
from geo import intake, sources
from geo.errors import InputError, StoreError
from geo.heading import Scheme
from geo.intake import Finding
from geo.layers import Layer, layer
from geo.services import headings, status
from geo.services.progress import Progress, silent
from geo.store import areas, db, decisions, frames, runs, tables
from geo.store.tables import Change

VIEW_FIELDS = (
    "heading_deg",
    "heading_source",
    "hfov_deg",
    "vfov_deg",
    "tilt_deg",
    "res_h_px",
    "range_m",
)
# A table with its index and its log takes about this many times the file; the rest is for the log
# of the transaction itself.
DISK_TIMES_FILE = 4
DISK_RESERVE_MB = 100


@dataclass(frozen=True)
class ImportOptions:
    """What the caller declares about a file; see ``govgrid import --help``."""

    crs: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    level: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    valid_from: date | None = None
    dry_run: bool = False
    strict: bool = False
    heading_scheme: Scheme = "degrees"


@dataclass(frozen=True)
class ImportReport:
    """What an import read, changed and left out; nothing was written if `refused` or `dry_run`."""

    layer: str
    source: str
    read: int
    change: Change
    quarantined: int
    findings: tuple[Finding, ...]
    dry_run: bool
    refused: bool = False

    @property
    def repeated(self) -> int:
        """How many rows said again what an earlier one had said, and were taken once."""
        if self.refused:
            return 0
        change = self.change
        done = change.inserted + change.updated + change.unchanged + self.quarantined
        return self.read - done

    @property
    def exit_code(self) -> int:
        """0 all rows taken, 3 some quarantined, 2 refused and nothing written."""
        if self.refused:
            return 2
        return 3 if self.quarantined else 0


def import_file(
    engine: Engine,
    layer_name: str,
    path: Path,
    options: ImportOptions,
    *,
    by_whom: str,
    timezone: str,
    disk: Path | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Bring the file at `path` into the layer called `layer_name`.

    Parameters
    ----------
    engine
        A database with current tables.
    by_whom
        Who does it, for the run's row.
    timezone
        Zone of times that state none (an IANA name).
    disk
        A folder on the disk of the database, where that is known: its free space is looked at
        before anything is written.

    Raises
    ------
    InputError
        If the file as a whole cannot be taken; nothing is written then.
    """
    target = layer(layer_name)
    progress("import.read", 0, 0)
    table = sources.read(path, sheet=options.sheet, encoding=options.encoding)
    _require_disk(path, disk)
    with engine.connect() as connection:
        bounds = _bounds(connection)
    progress("import.check", 0, len(table.rows))
    checked = intake.check(
        table,
        target,
        crs=crs_module.parse_crs(options.crs) if options.crs else None,
        mapping=options.mapping,
        level=options.level,
        bounds=bounds if target.name != "areas" else None,
        today=datetime.now(ZoneInfo(timezone)).date(),
        heading_scheme=options.heading_scheme,
    )
    if target.name == "headings":
        with engine.connect() as connection:
            checked = headings.screened(connection, table, checked)
    if target.name == status.LAYER:
        with engine.connect() as connection:
            checked = status.screened(connection, checked, timezone=timezone)
    report = ImportReport(
        layer=target.name,
        source=path.name,
        read=checked.read,
        change=Change(),
        quarantined=checked.quarantined,
        findings=checked.findings,
        dry_run=options.dry_run,
    )
    if options.strict and checked.quarantined:
        return replace(report, refused=True)
    rows = typed(given(checked), target, timezone)
    progress("import.write", 0, len(rows))
    return _write(engine, target, path, rows, report, options, by_whom)


def given(checked: intake.Intake) -> gpd.GeoDataFrame:
    """Return the usable rows without the columns that the file lacks, so that those stay as known.

    Areas keep all: their versions are compared whole.
    """
    if checked.layer.name in ("areas", "headings", status.LAYER):
        return checked.rows
    fields = {each.name for each in checked.layer.fields} - {checked.layer.key}
    absent = [name for name in checked.rows.columns if name in fields - set(checked.mapping)]
    listed = "views" in checked.rows and checked.rows["views"].notna().any()
    needed = set(VIEW_FIELDS) if listed else set()  # a list of headings may name angles as well
    blank = [n for n in absent if n not in needed and checked.rows[n].isna().all()]
    if "heading_deg" in blank:
        blank += [name for name in ("heading_source", "views") if name in checked.rows]
    return gpd.GeoDataFrame(checked.rows.drop(columns=blank))


def typed(rows: gpd.GeoDataFrame, target: Layer, timezone: str) -> gpd.GeoDataFrame:
    """Return `rows` as their table wants them: whole numbers, times with zone, multi-lines."""
    rows = rows.copy()
    if target.shape == "line":
        rows = rows.set_geometry([_multi(line) for line in rows.geometry], crs=rows.crs)
    for column in target.fields:
        if column.name not in rows:
            continue
        if column.kind == "integer":
            rows[column.name] = pd.to_numeric(rows[column.name]).round().astype("Int64")
        elif column.kind == "time":
            rows[column.name] = status.zoned(rows[column.name], timezone)
    return rows


def _multi(line: BaseGeometry) -> BaseGeometry:
    return shapely.MultiLineString([line]) if isinstance(line, shapely.LineString) else line


def _write(
    engine: Engine,
    target: Layer,
    path: Path,
    rows: gpd.GeoDataFrame,
    report: ImportReport,
    options: ImportOptions,
    by_whom: str,
) -> ImportReport:
    with db.transaction(engine, keep=not options.dry_run) as connection:
        db.take_turn(connection, db.IMPORTING)
        run = runs.begin(connection, _run_row(target, path, options, by_whom))
        _decide_srid(connection, rows)
        change, late = _bring_in(connection, target, rows, run, options)
        findings = (*report.findings, *late)
        quarantined = report.quarantined + len(late)
        if options.strict and late:
            raise InputError("import.moved", codes="、".join(f.value for f in late[:5]))
        runs.write_findings(connection, run, [_finding_row(f) for f in findings])
        runs.finish(connection, run, change, read=report.read, quarantined=quarantined)
    return replace(report, change=change, findings=findings, quarantined=quarantined)


def _bring_in(
    connection: Connection,
    target: Layer,
    rows: gpd.GeoDataFrame,
    run: int,
    options: ImportOptions,
) -> tuple[Change, tuple[Finding, ...]]:
    if target.name == "areas":
        done = areas.bring_in(connection, rows, run=run, valid_from=options.valid_from)
        numbers = dict(zip(rows["code"], rows.index, strict=True))
        late = tuple(
            Finding(numbers[code], "geometry", "AREA_CHANGED", "error", code, "", {})
            for code in done.moved
        )
        return done.change, late
    if target.name == "cameras":
        return _cameras(connection, rows, run), ()
    if target.name == "headings":
        return headings.bring_in(connection, rows, view_rows(rows), run=run), ()
    if target.name == status.LAYER:
        return status.bring_in(connection, rows, run=run)[0], ()
    frame = rows if target.shape != "none" else pd.DataFrame(rows.drop(columns="geometry"))
    return tables.upsert(connection, target.table, frame, key=(target.key,), run=run), ()


def _cameras(connection: Connection, rows: gpd.GeoDataFrame, run: int) -> Change:
    given = [name for name in VIEW_FIELDS if name in rows]
    apart = [*given, *(["views"] if "views" in rows else [])]
    changed = tables.merge(connection, "camera", rows.drop(columns=apart), run=run)
    views = _known_headings(connection, view_rows(rows))
    if "heading_source" not in views:
        new = set(changed.loc[changed["is_new"].astype(bool), "code"])
        views = views[views["camera_code"].isin(new)].assign(heading_source="unknown")
    seen = tables.merge(connection, "camera_view", views, key=("camera_code", "no"))
    touched = pd.concat([seen["camera_code"], _drop_surplus(connection, views)])
    # a further view of a known camera is a change of it, not a new camera
    of_views = pd.DataFrame({"code": touched, "is_new": False})
    return tables.change_of(rows, pd.concat([changed, of_views]).drop_duplicates("code"))


def _known_headings(connection: Connection, views: pd.DataFrame) -> pd.DataFrame:
    """Return views where a blank heading is the one that is known: nobody unlearns a survey."""
    if "heading_deg" not in views or not views["heading_deg"].isna().any():
        return views
    known = frames.read(
        connection,
        "SELECT camera_code, no, heading_deg AS known_deg, heading_source AS known_source"
        " FROM govgrid.camera_view WHERE heading_deg IS NOT NULL",
    )
    both = views.merge(known, on=["camera_code", "no"], how="left")
    known_deg = both["known_deg"].astype(float)
    blank = both["heading_deg"].isna() & known_deg.notna()
    return both.drop(columns=["known_deg", "known_source"]).assign(
        heading_deg=both["heading_deg"].where(~blank, known_deg),
        heading_source=both["heading_source"].where(~blank, both["known_source"]),
    )


def view_rows(rows: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rows of ``camera_view`` for rows of cameras as :func:`geo.intake.check` has them.

    One row a view: `camera_code`, `no` from 1, and those of `VIEW_FIELDS` that `rows` has. Where
    `views` lists several, each has its own of the list; the other columns are shared.
    """
    shared = ["code", *(name for name in VIEW_FIELDS if name in rows)]
    listed = rows["views"] if "views" in rows else pd.Series(None, index=rows.index, dtype=object)
    views = pd.DataFrame(rows[shared]).assign(own=listed).explode("own", ignore_index=True)
    several = views["own"].notna()
    own = pd.DataFrame(views.loc[several, "own"].tolist(), index=views.index[several])
    for name in own:
        views.loc[several, name] = own[name].astype(views[name].dtype)
    views["no"] = views.groupby("code", sort=False).cumcount() + 1
    return views.drop(columns="own").rename(columns={"code": "camera_code"})


def _drop_surplus(connection: Connection, views: pd.DataFrame) -> pd.Series:
    """Delete the views that a file no longer names of its cameras; return these cameras' codes."""
    kept = views.groupby("camera_code")["no"].max()
    gone = connection.execute(
        text(
            "DELETE FROM govgrid.camera_view v USING unnest(CAST(:codes AS text[]),"
            " CAST(:counts AS integer[])) AS kept (code, count)"
            " WHERE v.camera_code = kept.code AND v.no > kept.count RETURNING v.camera_code"
        ),
        {"codes": kept.index.tolist(), "counts": kept.tolist()},
    )
    return pd.Series(gone.scalars().all(), dtype=object)


def _bounds(connection: Connection) -> Any:  # noqa: ANN401 - a geometry or None
    known = areas.now(connection)
    districts = known[known["level"] == "district"]
    return None if districts.empty else districts.geometry.union_all()


def _decide_srid(connection: Connection, rows: gpd.GeoDataFrame) -> None:
    placed = rows.geometry.dropna()
    if placed.empty or decisions.get(connection, "metric_srid") is not None:
        return
    west, south, east, north = map(float, np.asarray(placed.total_bounds))
    srid = crs_module.metric_srid((west + east) / 2, (south + north) / 2)
    decisions.put(connection, "metric_srid", srid)


def _require_disk(path: Path, disk: Path | None) -> None:
    if disk is None:
        return
    free_mb = shutil.disk_usage(disk).free / 1e6
    needed_mb = DISK_RESERVE_MB + DISK_TIMES_FILE * path.stat().st_size / 1e6
    if free_mb < needed_mb:
        raise StoreError("store.disk_low", free_mb=round(free_mb), needed_mb=round(needed_mb))


def _run_row(target: Layer, path: Path, options: ImportOptions, by_whom: str) -> dict[str, Any]:
    given = {
        "crs": options.crs,
        "level": options.level,
        "sheet": options.sheet,
        "encoding": options.encoding,
        "mapping": dict(options.mapping),
        "heading_scheme": "" if options.heading_scheme == "degrees" else options.heading_scheme,
    }
    return {
        "layer": target.name,
        "source": path.name,
        "file_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "options": {name: value for name, value in given.items() if value},
        "by_whom": by_whom,
    }


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "row": finding.row,
        "column": finding.column,
        "code": finding.code,
        "severity": finding.severity,
        "value": finding.value,
        "suggested": finding.suggested,
        "facts": dict(finding.facts),
    }
