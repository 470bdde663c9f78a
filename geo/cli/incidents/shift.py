"""``govgrid incident shift now | take | hand-over | list | log``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.choices import ForceOption
from geo.cli.incidents.intake import JsonOption, room
from geo.cli.room import Room

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.access.principal import Principal
    from geo.incidents.shifts import Shift
    from geo.operations.database import Engine

shift_room = Room()
room.add_typer(shift_room, name="shift")
COUNTS = ("open", "overdue", "unsigned", "waiting", "on_hold", "emergencies", "down")
ShiftArgument = Annotated[str | None, typer.Argument(metavar="ID")]


@shift_room.command()
def now(context: typer.Context, as_json_: JsonOption = False) -> None:
    """Say what is open at this moment, and who has the desk."""
    from geo.cli.output import as_json
    from geo.incidents import shifts
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        found = shifts.look_now(engine, acting_reader(context, engine, "shift"))
    if as_json_:
        as_json(found)
        return
    if found.shift is not None:
        _print([found.shift], config.timezone)
    _print_counts(found.now["counts"])


@shift_room.command()
def take(
    context: typer.Context,
    post: str,
    leader: str | None = None,
    weather: str | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Take the own desk over."""
    from geo.cli.output import as_json
    from geo.incidents import shifts
    from geo.operations import database

    config = read_settings(context)
    asked = shifts.TakeOver(post, leader, weather)
    with database.open_database(config) as engine:
        made = shifts.take_over(engine, acting_reader(context, engine, "shift"), asked)
    as_json(made) if as_json_ else _print([made], config.timezone)


@shift_room.command("hand-over")
def hand_over(
    context: typer.Context,
    shift: ShiftArgument = None,
    note: str | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Hand the shift of the own desk over, with what is open and a note for the next."""
    from geo.cli.output import as_json
    from geo.incidents import shifts
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "shift")
        ended = shifts.hand_over(engine, who, _named(engine, who, shift), note)
    if as_json_:
        as_json(ended)
        return
    _print([ended], config.timezone)
    _print_counts((ended.at_end or {})["counts"])


@shift_room.command("list")
def list_shifts(context: typer.Context, as_json_: JsonOption = False) -> None:
    """List the newest shifts."""
    from geo.cli.output import as_json
    from geo.incidents import shifts
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        found = shifts.list_shifts(engine, acting_reader(context, engine, "shift"))
    as_json({"shifts": found}) if as_json_ else _print(found, config.timezone)


@shift_room.command()
def log(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="FILE.pdf")],
    shift: ShiftArgument = None,
    force: ForceOption = False,
) -> None:
    """Write the duty log of a shift as PDF, of the newest of the own desk if none is named."""
    from geo.cli.app import current_language
    from geo.cli.output import print_note, require_new
    from geo.files.writers import draft_of, require_ending
    from geo.incidents import shifts
    from geo.operations import database

    config = read_settings(context)
    require_ending(out, known=(".pdf",))
    require_new(out, force=force)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "shift")
        found = shifts.read_shift(engine, who, _named(engine, who, shift))
    from geo.documents import shift_paper

    content = shift_paper.shift_pdf(
        found, timezone=config.timezone, mark=config.mark, lang=current_language()
    )
    with draft_of(out) as draft:
        draft.write_bytes(content)
    print_note(str(out))


def _named(engine: "Engine", who: "Principal", written: str | None) -> UUID:
    """Return the id of the shift that is named, else of the newest of the own desk."""
    from geo.base.errors import NotFoundError
    from geo.incidents import shifts

    if written is None:
        newest = shifts.look_now(engine, who).shift
        if newest is None:
            raise NotFoundError("shifts.none", id="–")
        return newest.id
    try:
        return UUID(written)
    except ValueError as error:
        raise NotFoundError("shifts.none", id=written[:60]) from error


def _print(found: "list[Shift]", timezone: str) -> None:
    from geo.base.local_time import local_minute
    from geo.cli.output import print_table, translate

    names = ("desk", "post_label", "leader_label", "begun_at", "ended_at")
    rows = [
        (
            str(each.id),
            each.unit_name or each.unit_code or "",
            each.post,
            each.leader_post or "",
            local_minute(each.begun_at, timezone),
            "" if each.ended_at is None else local_minute(each.ended_at, timezone),
        )
        for each in found
    ]
    print_table(["id", *(translate(f"shifts.{name}") for name in names)], rows)


def _print_counts(counts: "Mapping[str, int]") -> None:
    from geo.cli.output import print_table, translate

    known = [name for name in COUNTS if name in counts]
    print_table([translate(f"shifts.count.{n}") for n in known], [[counts[n] for n in known]])
