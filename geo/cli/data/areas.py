"""``govgrid area``: what an area was at its times, and what became of it."""

from typing import Annotated, Any

import typer

from geo.cli.app import app, read_settings, require_unlimited
from geo.cli.room import Room

room = Room()
app.add_typer(room, name="area")

VERSION = ("state", "valid_from", "valid_to", "level", "code", "name", "parent_code", "area_m2")
HEIR = ("on_date", "old", "kind", "share", "new")


@room.command()
def history(
    context: typer.Context,
    code: str,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Show the versions of an area with their dates, and what it came from and became."""
    from geo.areas import history as areas_history
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.operations import database

    with database.open_database(read_settings(context)) as engine:
        require_unlimited(engine, "map")
        found = areas_history.read_history(engine, code)
    if as_json_:
        as_json(found)
        return
    print_table(_heads(VERSION), [_version(row) for row in found.versions])
    if found.succession:
        rows = [_heir(row) for row in found.succession]
        print_table(_heads(HEIR), rows, title=translate("area.succession"))
    else:
        print_note(translate("area.no_succession"))


def _heads(columns: tuple[str, ...]) -> list[str]:
    from geo.cli.output import translate

    return [translate(f"area.column.{name}") for name in columns]


def _version(row: dict[str, Any]) -> list[Any]:
    from geo.cli.output import translate

    words = {
        "state": translate(f"area.state.{row['state']}"),
        "level": translate(f"level.{row['level']}"),
    }
    return [words.get(name, row[name]) for name in VERSION]


def _heir(row: dict[str, Any]) -> list[Any]:
    from geo.cli.output import translate

    cells = {
        "on_date": row["on_date"],
        "old": _named(row["old_code"], row["old_name"]),
        "kind": translate(f"area.succession_kind.{row['kind']}"),
        "share": f"{row['share']:.1%}",
        "new": _named(row["new_code"], row["new_name"]),
    }
    return [cells[name] for name in HEIR]


def _named(code: str | None, name: str | None) -> str | None:
    return code if name in (None, code) else f"{code} {name}"
