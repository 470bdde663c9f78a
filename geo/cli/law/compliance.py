"""``govgrid compliance report``: where the register breaks the law."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import language, reader, settings
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
    from geo.cameras.law.compliance import Wanted
    from geo.cli.output import as_json, note, require_new, told
    from geo.files.writers import draft_of, require_ending
    from geo.operations import database

    if out is not None:
        require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    config = settings(context)
    asked = Wanted(area, tuple(kind or ()), unit, severity)
    with database.opened(config) as engine:
        who = reader(context, engine, "compliance")
        if out is not None:
            content, rows = compliance.workbook(
                engine, who, asked, reason=reason, timezone=config.timezone, lang=language()
            )
            with draft_of(out) as draft:
                draft.write_bytes(content)
            note(told("compliance.written", file=out, count=rows))
            return
        found = compliance.report(engine, who, asked, timezone=config.timezone)
    if as_json_:
        as_json(
            {
                "cameras": found.cameras,
                "clean": found.clean,
                "without_view": found.without_view,
                "figures": found.figures,
                "units": found.units,
                "findings": compliance.told(found.rows, language()),
            }
        )
    else:
        _print(found)


def _print(found: "Report") -> None:
    from geo.cli.output import note, table, told

    note(told("compliance.cameras", cameras=found.cameras, clean=found.clean))
    if found.without_view:
        note(told("compliance.without_view", count=found.without_view))
    rows = [
        [
            told(f"compliance_kind.{row['kind']}"),
            told(f"compliance_severity.{row['severity']}"),
            told(f"compliance_article.{row['article']}"),
            row["findings"],
            row["cameras"],
        ]
        for row in found.figures
    ]
    if rows:
        table([told(f"compliance.column_{name}") for name in SHOWN], rows)
    units = [
        [row["unit"] or told("compliance.no_unit"), row["error"], row["warning"], row["note"]]
        for row in found.units[:MOST_UNITS]
    ]
    if units:
        names = [told(f"compliance_severity.{name}") for name in ("error", "warning", "note")]
        table([told("compliance.column_unit"), *names], units)
