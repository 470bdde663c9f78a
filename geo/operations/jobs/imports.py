"""Importing an uploaded file as a job: preview, dry run, taking, and undoing what was taken."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.base.errors import NotFoundError, StateError
from geo.base.json_objects import JobResult
from geo.exchange.imports.options import ImportOptions
from geo.operations import uploads
from geo.operations.jobs.job import Work

if TYPE_CHECKING:
    from geo.exchange.imports.run import ImportReport

STEPS: Final = ("preview", "dry_run", "take", "undo")
"""What can be done with an uploaded file, in this order."""
FINDINGS: Final = "findings"
"""Folder, beside the uploaded file, of the same with what was found in it."""


def run_import(work: Work) -> JobResult:
    """Do the step that is asked for; return the report of the import, or what was undone."""
    work.who.require("import")
    work.who.require_whole()
    step = work.job.asked["step"]
    return _undo(work) if step == "undo" else _import(work, step)


def _import(work: Work, step: str) -> Mapping[str, Any]:
    from geo.exchange.imports import run as imports
    from geo.exchange.imports.report import report_values

    folder = uploads.upload_folder(work.config.home, work.job.id)
    path = folder / str(work.job.source)
    if not path.is_file():
        raise NotFoundError("jobs.file_gone")
    shutil.rmtree(folder / FINDINGS, ignore_errors=True)  # of the step before
    report = imports.import_file(
        work.engine,
        str(work.job.layer),
        path,
        replace(
            _options(work.job.asked["options"]),
            dry_run=step != "take",
            preview=step == "preview",
        ),
        who=work.who,
        timezone=work.config.timezone,
        disk=work.config.home if work.config.database_url is None else None,
        progress=work.progress,
    )
    result = {**report_values(report), "step": step, "exit_code": report.exit_code}
    wanted = work.job.asked.get("findings")
    if wanted is not None:
        result |= _write_findings(path, report, wanted)
    if report.run is not None and not report.refused:
        path.unlink()
        if wanted is None:
            uploads.remove_files(work.config.home, work.job.id)
    return result


def _write_findings(
    source: Path, report: "ImportReport", wanted: Mapping[str, str]
) -> Mapping[str, Any]:
    """Write the uploaded file with its findings beside; what hinders it undoes no import."""
    from geo.files import annotated

    path = source.parent / FINDINGS / f"{source.stem}.findings.{wanted['format']}"
    try:
        path.parent.mkdir(mode=0o700)
        annotated.write_annotated(
            source,
            path,
            report.findings,
            lang=wanted["lang"],
            wish=report.wish,
            refused=frozenset(report.preview.refused) if report.preview else frozenset(),
            taken=report.run is not None,
        )
    except Exception as error:  # whatever it was, rows may have been taken
        facts = {"reason": type(error).__name__}
        return {"file": None, "file_error": {"key": "jobs.no_findings", "facts": facts}}
    return {"file": path.name, "bytes": path.stat().st_size}


def _options(asked: Mapping[str, Any]) -> ImportOptions:
    options = dict(asked)
    if options.get("valid_from"):
        options["valid_from"] = date.fromisoformat(options["valid_from"])
    return ImportOptions(**options)


def _undo(work: Work) -> Mapping[str, Any]:
    from geo.exchange.imports import runs

    run = work.job.asked.get("run")
    if run is None:
        raise StateError("jobs.nothing_taken")
    done = runs.undo_run(work.engine, run, who=work.who)
    return {"step": "undo", "run": run, "removed": done.removed, "restored": done.restored}
