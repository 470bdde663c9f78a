"""``govgrid db``: the private cluster, its tables, its health."""

from typing import Annotated

import typer

from geo.base import homes
from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.cli.app import app, read_settings
from geo.cli.room import Room

room = Room()
app.add_typer(room, name="db")

JsonOption = Annotated[bool, typer.Option("--json")]


@room.command()
def start(context: typer.Context) -> None:
    """Make the private database if there is none, and start it."""
    from geo.cli.output import print_note, translate
    from geo.operations import database

    found = database.private_cluster(
        read_settings(context), waiting=lambda: print_note(translate("db.waiting"))
    )
    print_note(translate("db.running", data=found.data))


@room.command()
def stop(context: typer.Context) -> None:
    """Stop the private database; its data stay."""
    from geo.cli.output import print_note, translate
    from geo.store.cluster import cluster

    config = _private(context)
    print_note(translate("db.stopped" if cluster.stop_cluster(config.home) else "db.was_down"))


@room.command()
def status(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Say where the database lies, whether it runs, and what it holds."""
    from dataclasses import asdict

    from geo.cli.output import as_json, print_note, translate
    from geo.operations import own_home
    from geo.operations.backup import journal
    from geo.store.cluster import cluster

    config = _private(context)
    place = cluster.cluster_status(config.home)
    holds = own_home.describe_holding(config) if place.running else None
    last = journal.read_journal(config.home)
    older = homes.older_home() == config.home
    if as_json_:
        move = "govgrid db move" if older else None
        as_json({**asdict(place), "holds": holds, "move_with": move, "backup": asdict(last)})
        return
    words = {"holds": None if holds is None else translate(f"holds.{holds}")}
    words |= {"backup_at": last.at or None, "backup_failure": last.failure or None}
    for name, value in {**asdict(place), **words}.items():
        print_note(f"{translate(f'db.label.{name}')}: {_cell(value)}")
    if older:
        print_note(translate("home.move_with", real=homes.data_home(), demo=homes.demo_home()))


@room.command()
def move(context: typer.Context) -> None:
    """Move the home of an older version to its place: real data, or the demonstration."""
    from geo.cli.output import print_note, translate
    from geo.operations import own_home

    done = own_home.move_home(_private(context))
    print_note(translate("home.moved", older=done.older, target=done.target))


def _private(context: typer.Context) -> Settings:
    """Return the settings of a call that is about the private database alone."""
    config = read_settings(context)
    if config.database_url is not None:
        raise InputError("db.not_private")
    return config


def _cell(value: object) -> str:
    from geo.cli.output import format_cell, translate

    if isinstance(value, bool):
        return translate("state.yes" if value else "state.no")
    return f"{value:,}" if isinstance(value, int) else format_cell(value)


@room.command()
def migrate(context: typer.Context) -> None:
    """Bring the tables to the revision of this program."""
    from geo.cli.output import print_note, translate
    from geo.operations import database

    print_note(translate("db.migrated", revision=database.migrate_tables(read_settings(context))))


@room.command()
def doctor(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Look at the database and say what it lacks, with what to do. Exit code 2 if anything."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_table, translate
    from geo.operations import database
    from geo.store.doctor import examine

    config = read_settings(context)
    lang = current_language()
    checks = examine(database.database_url(config), timezone=config.timezone)
    columns = ("ok", "name", "found", "expected", "advice")
    rows = [(c.ok, c.label(lang), c.found, c.expected, c.text(lang)) for c in checks]
    if as_json_:
        as_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        marks = [("✓" if ok else "✗", *rest) for ok, *rest in rows]
        print_table(("", *(translate(f"column.{name}") for name in columns[1:])), marks)
    if not all(check.ok for check in checks):
        raise typer.Exit(2)
