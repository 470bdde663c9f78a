"""Bring a file in: read, check, compare, write, all in one transaction or not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from geo.access.audit import record as audit
from geo.access.principal import RESTRICTED_LAYERS, Principal
from geo.base import clock
from geo.base import crs as crs_module
from geo.base.errors import DiskFullError
from geo.base.progress import Progress, ignore_progress
from geo.exchange.imports import declarations, run_events
from geo.exchange.imports.held_reason import HeldReason
from geo.exchange.imports.options import ImportOptions
from geo.files import readers
from geo.files.checks import Calendar, Finding, Refused, RefusedLater
from geo.files.readers import Table
from geo.files.schema.layers import Layer, find_layer
from geo.files.schema.vocabularies import known_level
from geo.store import db
from geo.store import import_runs as stored_runs
from geo.store.tables import Change

if TYPE_CHECKING:
    from geo.exchange.imports.pipeline import RunningImport
    from geo.files.checks.check import Check
    from geo.files.checks.preview import Preview

# A table with its index and its log takes about this many times the file; the rest is for the log
# of the transaction itself.
DISK_TIMES_FILE = 4
DISK_RESERVE_MB = 100
# Systems whose conversion is audited, and what is found on rows that name one themselves.
SHIFTED = {"gcj02": "CRS_GCJ02", "bd09": "CRS_BD09"}


@dataclass(frozen=True)
class ImportReport:
    """What an import read, changed and left out; nothing was written if `refused` or `dry_run`.

    `findings` are all of them, or where `omitted` is above zero the first of each kind. `held` says
    why the coordinate system is doubted: nothing was written then. `unplaced` says that nothing
    tells the coordinate system, so that rows were only looked at; `wish` is how the file was read.
    """

    layer: str
    source: str
    read: int
    change: Change
    quarantined: int
    findings: tuple[Finding, ...]
    dry_run: bool
    refused: bool = False
    run: int | None = None
    omitted: int = 0
    preview: Preview | None = None
    held: HeldReason | None = None
    solved: int = 0
    unplaced: bool = False
    wish: readers.ReadOptions = readers.NO_WISH

    @property
    def repeated(self) -> int:
        """How many rows said again what an earlier one had said, and were taken once."""
        if self.refused or self.unplaced:
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
    who: Principal,
    timezone: str,
    disk: Path | None = None,
    progress: Progress = ignore_progress,
) -> ImportReport:
    """Bring the file at `path` into the layer called `layer_name`.

    Parameters
    ----------
    engine
        A database with current tables.
    who
        Who does it, for the run's row and the audit.
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
    target = find_layer(layer_name)
    progress("import.read", 0, 0)
    options = declarations.complete_options(engine, target.name, options, who=who)
    readers.require_readable(path)
    _require_disk(path, disk)
    _require_options(target, options)
    without = Refused()
    while True:
        try:
            return _tried(engine, target, path, options, who, timezone, progress, without)
        except RefusedLater as later:  # nothing of it may stay
            without = later.refused


def _tried(
    engine: Engine,
    target: Layer,
    path: Path,
    options: ImportOptions,
    who: Principal,
    timezone: str,
    progress: Progress,
    without: Refused,
) -> ImportReport:
    from geo.exchange.imports.pipeline import RunningImport

    row = _run_row(target, path, options, who.account)
    with db.open_transaction(engine, keep=not options.dry_run) as connection:
        db.take_turn(connection, db.IMPORTING, waiting=lambda: progress("import.waiting", 0, 0))
        run = stored_runs.insert_run(connection, row)
        running = RunningImport(
            connection,
            run,
            _check(target, options, timezone, without),
            timezone=timezone,
            valid_from=options.valid_from,
            complete_under=options.complete_under,
            retry_of=options.retry_of,
        )
        running.take(_tables(target, path, options), progress)
        held = running.closed(certain=options.certain)
        refused = held is not None or (options.strict and running.quarantined > 0)
        report = _report(target, path, options, running, held, refused=refused)
        if refused:
            db.roll_back(connection)
        else:
            _audit(connection, who, row, report)
            _tell(connection, report)
            if options.remember:
                declarations.save_source(connection, target.name, options, by_whom=who.account)
    return _refused(engine, who, row, report) if refused and not options.dry_run else report


def _tell(connection: Connection, report: ImportReport) -> None:
    """Tell who listens that a run changed a layer; which rows, they read by their own rights."""
    if report.change.inserted or report.change.updated:
        run_events.add_run_event(connection, report.layer, "imported", report.run)


def _refused(
    engine: Engine, who: Principal, row: Mapping[str, Any], report: ImportReport
) -> ImportReport:
    """Remember what was refused: a held file as a run of its own, the others in the audit only."""
    with db.open_transaction(engine) as connection:
        if report.held is not None:
            number = stored_runs.insert_run(
                connection, {**row, "state": "held", "held": report.held}
            )
            stored_runs.finish_run(
                connection, number, Change(), read=report.read, quarantined=report.read
            )
            report = replace(report, run=number)
        _audit(connection, who, row, report)
    return report


def _audit(
    connection: Connection, who: Principal, row: Mapping[str, Any], report: ImportReport
) -> None:
    codes = {finding.code for finding in report.findings}
    declared = row["options"].get("crs")
    system = crs_module.parse_crs(declared).name if declared else None
    change = report.change
    facts = {
        "run": report.run,
        "sha256": row["file_sha256"],
        "options": _shown_options(report.layer, row["options"]),
        "read": report.read,
        "inserted": change.inserted,
        "updated": change.updated,
        "unchanged": change.unchanged,
        "quarantined": report.quarantined,
        "held": report.held is not None,
        "retry_of": row["retry_of"],
        "reverse_conversion": [n for n, code in SHIFTED.items() if n == system or code in codes],
    }
    outcome = "refused" if report.refused else "done"
    audit.record(
        connection, who, f"import.{report.layer}", row["source"], outcome=outcome, facts=facts
    )


def _shown_options(layer: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a file declared, without names of sheets and columns that may tell zones."""
    if layer not in RESTRICTED_LAYERS:
        return options
    return {name: value for name, value in options.items() if name not in ("sheet", "mapping")}


def _tables(target: Layer, path: Path, options: ImportOptions) -> Iterator[Table]:
    """Return the parts of the file; areas come as one, since they may have parts of their own."""
    wish = _wish(target, options)
    if target.name == "areas":
        return iter([readers.read_file(path, wish)])
    return readers.read_parts(path, wish)


def _wish(target: Layer, options: ImportOptions) -> readers.ReadOptions:
    from geo.files.checks.cells.column_mapping import known_headers

    return readers.ReadOptions(
        sheet=options.sheet,
        encoding=options.encoding,
        header_row=options.header_row,
        all_sheets=options.all_sheets,
        known=known_headers(target, options.mapping),
    )


def _check(target: Layer, options: ImportOptions, timezone: str, without: Refused) -> Check:
    from geo.files.checks.check import Check

    check = Check(
        target,
        crs=crs_module.parse_crs(options.crs) if options.crs else None,
        mapping=options.mapping,
        level=options.level,
        calendar=Calendar(clock.today(timezone), timezone),
        heading_scheme=options.heading_scheme,
        refused=without,
    )
    check.certain, check.looks_only = options.certain, options.preview
    return check


def _report(
    target: Layer,
    path: Path,
    options: ImportOptions,
    running: RunningImport,
    held: HeldReason | None,
    *,
    refused: bool,
) -> ImportReport:
    return ImportReport(
        layer=target.name,
        source=path.name,
        read=running.read,
        change=Change() if refused else running.change,
        quarantined=running.quarantined,
        findings=running.noted.kept,
        dry_run=options.dry_run,
        refused=refused,
        run=None if refused or options.dry_run else running.run,
        omitted=running.noted.omitted,
        preview=running.preview,
        held=held,
        solved=running.solved,
        unplaced=running.unplaced,
        wish=_wish(target, options),
    )


def _require_options(target: Layer, options: ImportOptions) -> None:
    """Refuse declarations that no file could make good."""
    if options.crs:
        crs_module.parse_crs(options.crs)
    if target.name == "areas" and options.level is not None:
        known_level(options.level)


def _require_disk(path: Path, disk: Path | None) -> None:
    if disk is None:
        return
    free_mb = shutil.disk_usage(disk).free / 1e6
    needed_mb = DISK_RESERVE_MB + DISK_TIMES_FILE * path.stat().st_size / 1e6
    if free_mb < needed_mb:
        raise DiskFullError("store.disk_low", free_mb=round(free_mb), needed_mb=round(needed_mb))


def _run_row(target: Layer, path: Path, options: ImportOptions, by_whom: str) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "layer": target.name,
        # runs and the audit are read by others than the zones: the file's name may hold theirs
        "source": target.name if target.name in RESTRICTED_LAYERS else path.name,
        "file_sha256": digest,
        "options": declarations.declared_values(options),
        "by_whom": by_whom,
        "named": options.source or options.remember,
        "retry_of": options.retry_of,
    }
