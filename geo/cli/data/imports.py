"""``govgrid import``: files in, and what was done with them."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.base.errors import InputError
from geo.cli.app import app, current_language, read_settings, require_unlimited
from geo.cli.choices import ForceOption
from geo.files.schema.heading import Scheme

if TYPE_CHECKING:
    from geo.base.settings import Settings
    from geo.exchange.imports.options import ImportOptions
    from geo.exchange.imports.run import ImportReport

USAGE = {
    "template": "LAYER OUT.xlsx",
    "runs": "",
    "show": "RUN",
    "undo": "RUN",
    "quarantine": "RUN OUT.xlsx",
    "retry": "RUN FILE",
    "sources": "",
    "forget": "LAYER SOURCE",
}

WRITING = ("template", "quarantine")
"""Verbs whose last word is a file to be written."""


@app.command("import")
def import_(
    context: typer.Context,
    layer: str,
    file: Annotated[str | None, typer.Argument()] = None,
    out: Annotated[str | None, typer.Argument()] = None,
    crs: str | None = None,
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=HEADER")] = None,
    level: str | None = None,
    sheet: str | None = None,
    all_sheets: Annotated[bool, typer.Option("--all-sheets")] = False,
    header_row: Annotated[int | None, typer.Option(min=1, metavar="N")] = None,
    encoding: str | None = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"]),
    ] = None,
    complete_under: Annotated[
        str | None,
        typer.Option(metavar="CODE"),
    ] = None,
    heading_scheme: Scheme | None = None,
    source: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    remember: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    certain: Annotated[bool, typer.Option("--crs-is-certain")] = False,
    preview: Annotated[bool, typer.Option("--preview")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    strict: Annotated[bool, typer.Option("--strict")] = False,
    findings: Path | None = None,
    force: ForceOption = False,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Bring FILE into LAYER.

    Exit code 0: all rows taken; 3: some quarantined; 2: refused or held, nothing written.

    Also: import template LAYER OUT.xlsx (the empty form) · import runs · import show RUN ·
    import undo RUN · import quarantine RUN OUT.xlsx and, mended, import retry RUN FILE ·
    import sources (saved declarations) · import forget LAYER SOURCE.
    """
    from geo.cli.data import import_verbs
    from geo.cli.output import require_new
    from geo.exchange.imports.options import ImportOptions

    require_new(findings, force=force)
    if layer in USAGE and layer != "retry":
        words = _arguments(layer, file, out)
        if layer in WRITING:
            require_new(Path(words[-1]), force=force)
        import_verbs.run_verb(layer, words, read_settings(context), as_json=as_json_)
        return
    options = ImportOptions(
        crs=crs,
        mapping=parse_pairs(mapping or []),
        level=level,
        sheet=sheet,
        encoding=encoding,
        header_row=header_row,
        all_sheets=all_sheets,
        valid_from=valid_from.date() if valid_from else None,
        complete_under=complete_under,
        dry_run=dry_run or preview,
        preview=preview,
        strict=strict,
        certain=certain,
        heading_scheme=heading_scheme,
        source=source,
        remember=remember,
    )
    if layer == "retry":
        run, file = _arguments(layer, file, out)
        layer, options = import_verbs.retry_options(
            read_settings(context), import_verbs.parse_run(run), options
        )
    if file is None:
        raise InputError("import.no_file", layer=layer)
    report, more = _bring_in(read_settings(context), layer, Path(file), options, findings)
    if as_json_:
        _print_json(report, more)
    else:
        _tell(report, more, preview=preview, trial=dry_run)
    raise typer.Exit(report.exit_code)


def parse_pairs(given: list[str]) -> dict[str, str]:
    """Return ``FIELD=HEADER`` options as a mapping."""
    broken = [pair for pair in given if "=" not in pair]
    if broken:
        raise InputError("import.map_form", pair=broken[0])
    return {name.strip(): header.strip() for name, _, header in (p.partition("=") for p in given)}


def _arguments(verb: str, *given: str | None) -> list[str]:
    """Return what stands behind a verb; refuse too little and too much."""
    said = [argument for argument in given if argument is not None]
    if len(said) != len(USAGE[verb].split()):
        raise InputError("import.usage", usage=f"govgrid import {verb} {USAGE[verb]}".rstrip())
    return said


def _bring_in(
    config: "Settings",
    layer: str,
    path: Path,
    options: "ImportOptions",
    findings: Path | None,
) -> tuple["ImportReport", Any]:
    """Import a file; states of cameras also amend the figures."""
    from geo.cli.data import status
    from geo.cli.output import show_progress
    from geo.exchange.imports import run as imports
    from geo.files import readers, writers
    from geo.files.schema import layers
    from geo.operations import database

    layers.find_layer(layer)
    readers.require_readable(path)  # no database is started for a file that is not there
    if findings is not None and writers.require_ending(findings) not in (".csv", ".xlsx"):
        # Before the import: a file of findings that cannot be written must not follow taken rows.
        raise InputError("export.ending", file=findings.name, known=".csv .xlsx")
    with database.open_database(config) as engine, show_progress(quiet_log=True) as moving:
        who = require_unlimited(engine, "import")

        def write(trial: bool) -> imports.ImportReport:
            return imports.import_file(
                engine,
                layer,
                path,
                replace(options, dry_run=trial),
                who=who,
                timezone=config.timezone,
                disk=config.home if config.database_url is None else None,
                progress=moving,
            )

        amendment = None
        if layer == status.LAYER and not options.dry_run:
            report, amendment = status.bring_in(engine, write, moving)
        else:
            report = write(options.dry_run)
    if findings is not None:
        from geo.files import annotated

        refused = frozenset(report.preview.refused) if report.preview else frozenset()
        annotated.write_annotated(
            path,
            findings,
            report.findings,
            lang=current_language(),
            wish=report.wish,
            refused=refused,
            taken=report.run is not None,
        )
    return report, amendment


def _print_json(report: "ImportReport", amendment: Any) -> None:  # noqa: ANN401 - loaded late
    from geo.cli.data import import_report, status
    from geo.cli.output import as_json

    more = status.as_plain(amendment) if report.layer == status.LAYER else {}
    as_json({**import_report.as_plain(report), **more})


def _tell(report: "ImportReport", amendment: Any, *, preview: bool, trial: bool) -> None:  # noqa: ANN401
    from geo.cli.data import import_report, status

    if report.preview is not None and (preview or trial):
        import_report.tell_preview(report.preview)
    if preview:
        import_report.tell_counts(report)
        return
    import_report.print_report(report)
    status.print_amendment(amendment)
