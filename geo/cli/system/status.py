"""``govgrid status`` and ``govgrid report problem``: how it stands, and a file for who helps."""

from pathlib import Path
from typing import Annotated

import typer

from geo.cli.app import app, read_settings
from geo.cli.choices import ForceOption
from geo.cli.room import Room

room = Room()
app.add_typer(room, name="report")

JsonOption = Annotated[bool, typer.Option("--json")]


@app.command()
def status(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Say versions, sizes, last backup, last computation, queue and errors."""
    from dataclasses import asdict

    from geo.cli.output import as_json, print_note, translate
    from geo.operations.status import read_status

    found = read_status(read_settings(context))
    if as_json_:
        as_json(asdict(found))
        return
    for name, value in asdict(found).items():
        if name != "warnings" and value not in ("", None):
            shown = translate(f"engine_state.{value}") if name == "engine" else _cell(value)
            print_note(f"{translate(f'overview.{name}')}: {shown}")
    for name in found.warnings:
        print_note(translate(f"warning.{name}"))


def _cell(value: object) -> str:
    from geo.cli.output import format_cell, translate

    if isinstance(value, bool):
        return translate("state.yes" if value else "state.no")
    return format_cell(value)


@room.command()
def problem(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT.zip")],
    force: ForceOption = False,
) -> None:
    """Write a file for whoever helps, without places, codes or names."""
    from geo.cli.output import print_note, require_new, translate
    from geo.operations.problem_report import write_report

    require_new(out, force=force)
    parts = write_report(read_settings(context), out)
    print_note(translate("overview.written", file=out, parts="、".join(parts)))
