"""``govgrid db archive``: the log archived as it is written, for any moment to come back."""

from pathlib import Path
from typing import Annotated

import typer

from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.cli.app import read_settings
from geo.cli.room import Room
from geo.cli.system import database
from geo.cli.system.database import JsonOption

room = Room()
database.room.add_typer(room, name="archive")


@room.command()
def on(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    encrypt: Annotated[bool, typer.Option("--encrypt")] = False,
) -> None:
    """Archive the log of the private database into a folder, beginning with a base backup."""
    from geo.cli.output import print_note, show_progress, translate
    from geo.operations.backup import point_in_time

    with show_progress() as progress:
        base = point_in_time.begin_archive(
            _private(context), folder, encrypt=encrypt, progress=progress
        )
    print_note(translate("archive.begun", folder=base.parent, base=base.name))


@room.command()
def off(context: typer.Context) -> None:
    """Archive no longer; what is in the folder stays."""
    from geo.cli.output import print_note, translate
    from geo.operations.backup import point_in_time

    point_in_time.end_archive(_private(context))
    print_note(translate("archive.ended"))


@room.command()
def base(context: typer.Context) -> None:
    """Take another base backup; the older ones and their log go but for one."""
    from geo.cli.output import print_note, show_progress, translate
    from geo.operations.backup import point_in_time

    with show_progress() as progress:
        made = point_in_time.take_base(_private(context), progress=progress)
    print_note(translate("archive.base", base=made))


@room.command()
def status(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Say into which folder is archived, how that goes, and from when on moments come back."""
    from dataclasses import asdict

    from geo.cli.output import as_json, print_note, translate
    from geo.operations.backup import point_in_time

    found = point_in_time.read_archive_state(_private(context))
    if as_json_:
        as_json(asdict(found))
    elif found.server is None:
        print_note(translate("archive.off"))
    else:
        print_note(translate("archive.state", **{**vars(found), **vars(found.server)}))
        if found.encrypted:
            print_note(translate("archive.sealed", waiting=found.waiting))


def _private(context: typer.Context) -> Settings:
    config = read_settings(context)
    if config.database_url is not None:
        raise InputError("archive.not_private")
    return config
