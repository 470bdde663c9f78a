"""``govgrid compliance report``: where the register breaks the law."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, current_language, read_settings
from geo.cli.choices import ForceOption
from geo.cli.law.filing import group

if TYPE_CHECKING:
    from geo.cameras.law.compliance import Report

MOST_UNITS = 10
SHOWN = ("kind", "severity", "article", "findings", "cameras")


@group.command("report")
def report(
    context: typer.Context,
    area: str = "",
    kind: list[str] | None = None,
    unit: str = "",
    severity: str = "",
    out: Annotated[Path | None, typer.Option(metavar="OUT.xlsx")] = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Hold each camera of the register against Decree 799; findings are no failure."""
    from geo.cameras.law import compliance
    from geo.cameras.law.compliance import FindingFilter
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.files.writers import draft_of, require_ending
    from geo.operations import database

    if out is not None:
        require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    config = read_settings(context)
    asked = FindingFilter(area, tuple(kind or ()), unit, severity)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "compliance")
        if out is not None:
            made = compliance.make_workbook(
                engine, who, asked, reason=reason, timezone=config.timezone, lang=current_language()
            )
            with draft_of(out) as draft:
                draft.write_bytes(made.content)
            print_note(translate("compliance.written", file=out, count=made.rows))
            return
        found = compliance.compliance_findings(engine, who, asked, timezone=config.timezone)
    if as_json_:
        as_json(
            {
                "cameras": found.cameras,
                "clean": found.clean,
                "without_view": found.without_view,
                "figures": found.figures,
                "units": found.units,
                "findings": compliance.describe_findings(found.rows, current_language()),
            }
        )
    else:
        _print(found)


def _print(found: "Report") -> None:
    from geo.cli.output import print_note, print_table, translate

    print_note(translate("compliance.cameras", cameras=found.cameras, clean=found.clean))
    if found.without_view:
        print_note(translate("compliance.without_view", count=found.without_view))
    rows = [
        [
            translate(f"compliance_kind.{row.kind}"),
            translate(f"compliance_severity.{row.severity}"),
            translate(f"compliance_article.{row.article}"),
            row.findings,
            row.cameras,
        ]
        for row in found.figures
    ]
    if rows:
        print_table([translate(f"compliance.column_{name}") for name in SHOWN], rows)
    units = [
        [row.unit or translate("compliance.no_unit"), row.error, row.warning, row.note]
        for row in found.units[:MOST_UNITS]
    ]
    if units:
        names = [translate(f"compliance_severity.{name}") for name in ("error", "warning", "note")]
        print_table([translate("compliance.column_unit"), *names], units)
