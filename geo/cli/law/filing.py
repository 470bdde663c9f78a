"""``govgrid compliance filing`` and ``filed``: the filing sheet out, and what was handed in."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.base.errors import InputError
from geo.cli.app import acting_reader, app, read_settings, require_unlimited
from geo.cli.choices import ForceOption
from geo.cli.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from geo.cameras.law.filing_sheet import FilingSheet

group = Room()
app.add_typer(group, name="compliance")

JsonOption = Annotated[bool, typer.Option("--json")]


@group.command("filing")
def filing(
    context: typer.Context,
    unit: str,
    out: Annotated[str | None, typer.Argument(metavar="OUT.xlsx")] = None,
    every: Annotated[bool, typer.Option("--all")] = False,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Write the filing sheet (Art. 14) of UNIT to OUT.xlsx, or of all units to a folder.

    What has changed since the unit filed stands in a sheet of its own; blanks are yellow.
    """
    from geo.cameras.law import filing_sheet
    from geo.operations import database

    target = _target(unit, out, every=every, force=force)
    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "compliance")
        zone = config.timezone
        if every:
            found = filing_sheet.make_sheets(engine, who, reason=reason, timezone=zone)
            made = list(_into(target, found))
        else:
            one = filing_sheet.make_sheet(engine, who, unit, reason=reason, timezone=zone)
            _write(target, one)
            made = [(target, one)]
    _tell(made, as_json=as_json_)


@group.command("filed")
def filed(
    context: typer.Context,
    sheet: Annotated[Path, typer.Argument(metavar="SHEET.xlsx")],
    number: Annotated[str, typer.Option()],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    unit: str = "",
    crs: str | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Register that SHEET was filed: changes are from then on held against its very rows.

    It is an import run: govgrid import undo RUN puts everything back.
    """
    from geo.cameras.law import filing_register
    from geo.cli.output import as_json, print_note, translate
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        done = filing_register.register_filing(
            engine,
            sheet,
            number=number,
            filed_on=on.date(),
            who=require_unlimited(engine, "import"),
            timezone=config.timezone,
            unit=unit,
            crs=crs,
        )
    if as_json_:
        as_json(vars(done))
    else:
        print_note(translate("filing.registered", on=done.filed_on, **vars(done)))


def _target(unit: str, out: str | None, *, every: bool, force: bool) -> Path:
    """Return the file, or with --all the folder, that is to be written.

    Raises
    ------
    InputError
        If it is not named, is no .xlsx, or the folder cannot be made; without `force` if the file
        is there already, or the folder holds workbooks.
    """
    from geo.cli.output import private_folder, require_new
    from geo.files.writers import require_ending

    if every != (out is None):
        raise InputError("filing.no_out")
    target = Path(unit if out is None else out)
    if not every:
        require_ending(target, known=(".xlsx",))
        require_new(target, force=force)
        return target
    there = next(target.glob("*.xlsx"), None)
    if there is not None and not force:
        raise InputError("export.no_new_folder", folder=str(target), file=there.name)
    try:
        if not target.is_dir():
            private_folder(target)
    except OSError as error:
        reason = error.strerror
        raise InputError("export.cannot_write", file=str(target), reason=reason) from error
    return target


def _into(folder: Path, sheets: "Iterable[FilingSheet]") -> "Iterator[tuple[Path, FilingSheet]]":
    """Write each sheet below a name of its own; yield file and sheet."""
    from geo.cli.output import translate
    from geo.files.writers.file_name import safe_name

    taken: set[str] = set()
    for each in sheets:
        plain = Path(safe_name(translate("filing.file", unit=each.unit)))
        name, number = plain.name, 2
        while name.casefold() in taken:  # two units whose names differ in signs of paths only
            name, number = f"{plain.stem} {number}.xlsx", number + 1
        taken.add(name.casefold())
        _write(folder / name, each)
        yield folder / name, each


def _write(out: Path, sheet: "FilingSheet") -> None:
    from geo.files.writers import draft_of

    with draft_of(out) as draft:
        draft.write_bytes(sheet.content)


def _tell(made: "list[tuple[Path, FilingSheet]]", *, as_json: bool) -> None:
    from geo.cli import output

    rows = [
        {
            "unit": sheet.unit,
            "file": str(out),
            "cameras": sheet.cameras,
            "lacking": sheet.lacking,
            "changes": sheet.changes,
        }
        for out, sheet in made
    ]
    if as_json:
        output.as_json({"sheets": rows})
        return
    for row in rows:
        output.print_note(output.translate("filing.written", **row))
