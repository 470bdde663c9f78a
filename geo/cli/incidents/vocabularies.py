"""``govgrid vocabulary`` and ``govgrid hours``: what a site edits of its incidents."""

from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, app, read_settings
from geo.cli.incidents.intake import JsonOption
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.incidents.vocabularies import Entry
    from geo.incidents.working_hours import Week

vocabulary = Room()
hours = Room()
app.add_typer(vocabulary, name="vocabulary")
app.add_typer(hours, name="hours")

FieldOption = Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE")]
HEADS = ("code", "zh", "en", "limit", "state")


@vocabulary.command("list")
def list_rows(context: typer.Context, name: str, as_json_: JsonOption = False) -> None:
    """List the rows of a vocabulary."""
    from geo.cli.output import as_json, print_table, translate
    from geo.incidents import vocabularies
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "incident")
        found = vocabularies.list_entries(engine, who, name)
    if as_json_:
        as_json({"vocabulary": name, "rows": [_values(each) for each in found]})
        return
    heads = [translate(f"vocabulary_head.{head}") for head in HEADS]
    print_table(heads, [_cells(each) for each in found])


@vocabulary.command("add")
def add_row(
    context: typer.Context,
    name: str,
    code: str,
    field: FieldOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Add a row to a vocabulary."""
    from geo.incidents import vocabularies
    from geo.operations import database

    given = _fields(name, field or [])
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, vocabularies.ACTION, whole=True)
        entry = vocabularies.add_entry(engine, who, name, code, given)
    _print_entry(name, entry, as_json_=as_json_)


@vocabulary.command("change")
def change_row(
    context: typer.Context,
    name: str,
    code: str,
    field: FieldOption = None,
    version: str | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Change a row of a vocabulary; the newest version counts unless another is named."""
    from geo.incidents import vocabularies
    from geo.operations import database

    given = _fields(name, field or [])
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, vocabularies.ACTION, whole=True)
        seen = version or vocabularies.read_entry(engine, who, name, code).version
        entry = vocabularies.change_entry(engine, who, name, code, given, version=seen)
    _print_entry(name, entry, as_json_=as_json_)


@hours.command("show")
def show_hours(
    context: typer.Context,
    unit: Annotated[str | None, typer.Argument()] = None,
    as_json_: JsonOption = False,
) -> None:
    """Show the working hours of the site, or of a unit."""
    from geo.incidents import working_hours
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "incident")
        week = working_hours.read_week(engine, who, unit)
    _print_week(week, as_json_=as_json_)


@hours.command("set")
def set_hours(
    context: typer.Context,
    line: Annotated[list[str] | None, typer.Argument()] = None,
    unit: str | None = None,
    version: str | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Replace the working hours of the site, or of a unit, and the limits that follow."""
    from geo.cli.output import print_note, translate
    from geo.incidents import vocabularies, working_hours
    from geo.incidents.rules.week_hours import parse_week
    from geo.operations import database

    config = read_settings(context)
    rows = [row for each in line or [] for row in parse_week(each)]
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, vocabularies.ACTION, whole=True)
        seen = version or working_hours.read_week(engine, who, unit).version
        week = working_hours.replace_week(
            engine, who, rows, unit=unit, version=seen, timezone=config.timezone
        )
    _print_week(week, as_json_=as_json_)
    if not as_json_:
        print_note(translate("working_hours.written", count=week.recomputed))


def _fields(name: str, written: list[str]) -> dict[str, str]:
    """Return what was typed, FIELD=VALUE each."""
    from geo.cli.incidents.fields import parse_fields
    from geo.incidents.rules.vocabulary import find_vocabulary

    known = [field.name for field in find_vocabulary(name).fields]
    return parse_fields(written, known, times=(), timezone="")


def _values(entry: "Entry") -> dict[str, object]:
    return {"code": entry.code, **entry.values, "version": entry.version}


def _cells(entry: "Entry") -> list[str]:
    from geo.cli.output import translate

    values = entry.values
    amount, unit = values.get("limit_amount"), values.get("limit_unit")
    states = ["active" if values["active"] else "retired", *(["default"] * values["default"])]
    states_text = "、".join(translate(f"vocabulary_state.{state}") for state in states)
    limit = f"{amount:g} {unit}" if amount is not None else ""
    return [entry.code, values["zh"], values["en"] or "", limit, states_text]


def _print_entry(name: str, entry: "Entry", *, as_json_: bool) -> None:
    from geo.cli.output import as_json, print_line, translate

    if as_json_:
        as_json(_values(entry))
    else:
        print_line(translate("vocabulary.written", name=name, code=entry.code))


def _print_week(week: "Week", *, as_json_: bool) -> None:
    from geo.cli.output import as_json, print_line, print_note, translate

    rows = [str(row) for row in week.rows]
    if as_json_:
        shown = {"unit": week.unit, "default": week.shipped, "hours": rows}
        as_json({**shown, "version": week.version, "recomputed": week.recomputed})
        return
    for row in rows:
        print_line(row)
    if not rows:
        print_note(translate("working_hours.of_site"))
    elif week.shipped:
        print_note(translate("working_hours.shipped"))
