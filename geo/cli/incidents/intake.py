"""``govgrid incident add`` and ``incident duplicates``."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from geo.cli.app import acting_reader, app, read_settings
from geo.cli.room import Room

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geo.access.principal import Principal
    from geo.base.settings import Settings
    from geo.incidents.desk import Desk

room = Room()
app.add_typer(room, name="incident")

JsonOption = Annotated[bool, typer.Option("--json")]
MomentOption = Annotated[str | None, typer.Option(metavar="ISO")]
SHOWN = (
    *("code", "state", "status", "grid_code", "community_code", "township_code", "unit_code"),
    *("unit_name", "duty_phone", "reason", "due_at", "light"),
)
CAMERA = ("code", "relation", "position", "detail", "footage", "unit", "phone")


@room.command(context_settings={"ignore_unknown_options": True})
def add(
    context: typer.Context,
    category: str,
    text: str,
    lon: Annotated[float | None, typer.Argument()] = None,
    lat: Annotated[float | None, typer.Argument()] = None,
    crs: str = "wgs84",
    accuracy: float = 0.0,
    area: str | None = None,
    address: str | None = None,
    source: str = "other",
    source_ref: str | None = None,
    hotline_due: MomentOption = None,
    return_by: MomentOption = None,
    begin: Annotated[str | None, typer.Option("--from", metavar="ISO")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="ISO")] = None,
    asset: str | None = None,
    unit: str | None = None,
    because: str | None = None,
    client_id: Annotated[str | None, typer.Option(metavar="UUID")] = None,
    redact: bool = False,
    not_personal: bool = False,
    as_json_: JsonOption = False,
) -> None:
    """Take an incident and say its grid, unit, limit, cameras and duplicates."""
    from geo.base import clock
    from geo.cli.app import current_language
    from geo.cli.data.places import parse_moment
    from geo.cli.output import as_json
    from geo.incidents import answer, intake
    from geo.incidents.answer import Shown
    from geo.incidents.location import TypedPlace
    from geo.incidents.report import Report
    from geo.operations import database

    config = read_settings(context)
    place = TypedPlace(lon, lat, crs, accuracy, area)
    given = Report(
        category,
        text,
        place,
        source=source,
        source_ref=source_ref,
        hotline_due=parse_moment(hotline_due, config.timezone),
        hotline_return_by=parse_moment(return_by, config.timezone),
        address=address,
        occurred_from=parse_moment(begin, config.timezone),
        occurred_to=parse_moment(end, config.timezone),
        asset_code=asset,
        unit_code=unit,
        override_reason=because,
        client_id=_number(client_id),
        redact=redact,
        not_personal=not_personal,
    )
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "incident")
        desk = make_desk(engine, who, config)
        taken = intake.take_incident(desk, who, given)
        described = answer.describe_incident(
            desk.book(who),
            taken.created.row,
            Shown(taken.seen, taken.hints, taken),
            zone=config.timezone,
            lang=current_language(),
            now=clock.now(),
        )
    if as_json_:
        as_json(described)
    else:
        _print(described)


@room.command()
def duplicates(context: typer.Context, codes: list[str], as_json_: JsonOption = False) -> None:
    """Say which incidents may have been the same when each was reported."""
    from geo.cli.output import as_json, print_table, translate
    from geo.incidents import duplicate_hints
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "incident")
        book = make_desk(engine, who, config).book(who)
        found = duplicate_hints.hints_of(engine, who, book, codes)
    if as_json_:
        as_json({code: [vars(hint) for hint in hints] for code, hints in found.items()})
        return
    print_table(
        [translate(f"incident_add.{name}") for name in ("of", "code", "distance_m", "age_days")],
        [
            (code, hint.code, hint.distance_m, hint.age_days)
            for code, hints in found.items()
            for hint in hints
        ],
    )


def make_desk(engine: "Engine", who: "Principal", config: "Settings") -> "Desk":
    """Return what intake works with, for one command.

    Parameters
    ----------
    engine
        Pool of the command.
    who
        Who acts.
    config
        Settings of the run.
    """
    from geo.areas.places import Places
    from geo.incidents.book import IntakeBooks
    from geo.incidents.desk import Desk

    books = IntakeBooks(engine, Places(engine))
    return Desk(engine, books, books.revisions(who), config)


def _number(written: str | None) -> UUID | None:
    from geo.base.errors import InputError

    try:
        return None if written is None else UUID(written)
    except ValueError as error:
        raise InputError("intake.client_id", found=written) from error


def _print(described: dict[str, Any]) -> None:
    from geo.cli.output import print_note, print_table, translate

    if "notice" in described:
        print_note(described["notice"])
    print_table(
        ("", ""),
        [(translate(f"incident_add.{name}"), described[name]) for name in SHOWN if described[name]],
    )
    for note in (described["place_note"], described.get("none")):
        if note:
            print_note(note)
    if described["cameras"]:
        print_table(
            [translate(f"incident_add.camera_{name}") for name in CAMERA],
            [[_cell(line, name) for name in CAMERA] for line in described["cameras"]],
        )
    for hint in described["duplicates"]:
        print_note(translate("incident_add.duplicate", **hint))


def _cell(line: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - a cell
    from geo.cli.output import translate

    if name != "relation":
        return line[name]
    relation = translate(f"relation.{line['relation']}")
    return f"{relation}（{line['why_text']}）" if line["relation"] != "sees" else relation
