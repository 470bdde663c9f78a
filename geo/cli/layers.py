"""``govgrid import`` and ``govgrid export``: files in and out."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from geo.cli.app import app, settings
from geo.errors import InputError
from geo.heading import Scheme

GRAVITY = ("error", "warning", "note")
SHOWN_ROWS = 5


@app.command("import")
def import_(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="areas, cameras, buildings, … or: template")],
    file: Annotated[str, typer.Argument(help="The file; for template: the layer")],
    out: Annotated[Path | None, typer.Argument(help="For template: the file to write")] = None,
    crs: Annotated[str | None, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=HEADER", help="Repeatable.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="For areas: district, township, community or grid")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet or layer inside the file")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the text")] = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="For areas: from when new boundaries hold"),
    ] = None,
    heading_scheme: Annotated[
        Scheme, typer.Option(help="For cameras: what a bare number in the heading is")
    ] = "degrees",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="All rows or none.")] = False,
    findings: Annotated[
        Path | None, typer.Option(help="Write the findings to this CSV or XLSX")
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Bring FILE into LAYER, or write the empty form: import template LAYER OUT.xlsx.

    Exit code 0: all rows taken; 3: some quarantined; 2: refused, nothing written.
    """
    from geo import exports
    from geo.cli import status
    from geo.cli.output import as_json, progress
    from geo.services import database, imports

    if layer == "template":
        _template(file, out)
        return
    if findings is not None:
        # Before the import: a file of findings that cannot be written must not follow taken rows.
        exports.require_ending(findings)
    config = settings(context)
    options = imports.ImportOptions(
        crs=crs,
        mapping=pairs(mapping or []),
        level=level,
        sheet=sheet,
        encoding=encoding,
        valid_from=valid_from.date() if valid_from else None,
        dry_run=dry_run,
        strict=strict,
        heading_scheme=heading_scheme,
    )
    amendment = None
    with database.opened(config) as engine, progress(quiet_log=True) as moving:

        def write(trial: bool) -> imports.ImportReport:
            return imports.import_file(
                engine,
                layer,
                Path(file),
                replace(options, dry_run=trial),
                by_whom=database.whoami(),
                timezone=config.timezone,
                disk=config.home if config.database_url is None else None,
                progress=moving,
            )

        if layer == status.LAYER and not dry_run:
            report, amendment = status.bring_in(engine, write, moving)
        else:
            report = write(dry_run)
    if findings is not None:
        _write_findings(report.findings, findings)
    if as_json_:
        more = status.as_plain(amendment) if layer == status.LAYER else {}
        as_json({**_report(report), **more})
    else:
        _tell(report)
        status.tell(amendment)
    raise typer.Exit(report.exit_code)


@app.command("export")
def export(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="grids, cameras, gaps, viewsheds, …")],
    out: Annotated[Path, typer.Argument(help="File; its ending chooses the format")],
    crs: Annotated[str, typer.Option(help="wgs84, cgcs2000 or EPSG:n")] = "wgs84",
) -> None:
    """Write LAYER to OUT (.geojson .gpkg .shp .csv .xlsx)."""
    from geo import exports
    from geo.cli.output import note, told
    from geo.crs import parse_crs
    from geo.services import database, layers

    exports.require_ending(out)
    target = parse_crs(crs)
    if target.srid is None:
        raise InputError("export.crs_refused", crs=target.name)
    with database.opened(settings(context)) as engine:
        frame = layers.page(engine, layer)
    exports.write(frame.to_crs(target.srid), out, layer=layer)
    note(told("export.written", file=out, count=len(frame)))


def pairs(given: list[str]) -> dict[str, str]:
    """Return ``FIELD=HEADER`` options as a mapping."""
    broken = [pair for pair in given if "=" not in pair]
    if broken:
        raise InputError("import.map_form", pair=broken[0])
    return {name.strip(): header.strip() for name, _, header in (p.partition("=") for p in given)}


def _template(layer_name: str, out: Path | None) -> None:
    from geo.cli.output import note, told
    from geo.layers import layer
    from geo.templates import write_template

    if out is None:
        raise InputError("import.template_form")
    write_template(layer(layer_name), out)
    note(told("import.template_written", file=out))


def _report(report: Any) -> dict[str, Any]:  # noqa: ANN401 - services.imports is loaded late
    return {
        "layer": report.layer,
        "source": report.source,
        "dry_run": report.dry_run,
        "refused": report.refused,
        "read": report.read,
        "inserted": report.change.inserted,
        "updated": report.change.updated,
        "unchanged": report.change.unchanged,
        "repeated": report.repeated,
        "quarantined": report.quarantined,
        "findings": _finding_rows(report.findings),
    }


def _finding_rows(findings: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    from geo.cli.app import language

    return [
        {
            "row": f.row,
            "column": f.column,
            "code": f.code,
            "severity": f.severity,
            "value": f.value,
            "suggested": f.suggested,
            "advice": f.advice(language()),
        }
        for f in findings
    ]


def _write_findings(findings: Any, out: Path) -> None:  # noqa: ANN401
    import pandas as pd

    from geo import exports

    columns = ("row", "column", "code", "severity", "value", "suggested", "advice")
    exports.write(pd.DataFrame(_finding_rows(findings), columns=columns), out, layer="findings")


def _tell(report: Any) -> None:  # noqa: ANN401
    from geo.cli.output import counts, note, told

    for line in _summary(_finding_rows(report.findings)):
        note(told("import.finding", **line))
    note(counts(report) + (told("import.dry") if report.dry_run else ""))
    if report.refused:
        note(told("import.refused", quarantined=report.quarantined))


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one line for each kind of finding in a column: how many, where, the first value."""
    kinds: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault((row["severity"], row["code"], row["column"]), []).append(row)
    ordered = sorted(kinds.items(), key=lambda item: (GRAVITY.index(item[0][0]), -len(item[1])))
    return [
        {
            **found[0],
            "severity": told_severity(severity),
            "count": len(found),
            "rows": ", ".join(str(row["row"]) for row in found[:SHOWN_ROWS])
            + (" …" if len(found) > SHOWN_ROWS else ""),
        }
        for (severity, _, _), found in ordered
    ]


def told_severity(severity: str) -> str:
    """Return the word for a severity."""
    from geo.cli.output import told

    return told(f"severity.{severity}")
