"""``govgrid incident list | show | move``."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.incidents.intake import JsonOption, make_desk, room

if TYPE_CHECKING:
    from geo.base.settings import Settings
    from geo.incidents.move_request import MoveRequest

COLUMNS = ("code", "state", "light", "category", "grid_code", "unit_name", "due_at")
SHOWN = (
    *("code", "state", "light", "category", "title", "status", "grid_code", "community_code"),
    *("township_code", "unit_code", "unit_name", "reason", "due_at", "version"),
)


@room.command("list")
def list_(
    context: typer.Context,
    state: Annotated[list[str] | None, typer.Option()] = None,
    light: Annotated[list[str] | None, typer.Option()] = None,
    category: str | None = None,
    unit: str | None = None,
    grid: str | None = None,
    community: str | None = None,
    township: str | None = None,
    since: Annotated[str | None, typer.Option(metavar="ISO")] = None,
    until: Annotated[str | None, typer.Option(metavar="ISO")] = None,
    open_: Annotated[bool, typer.Option("--open")] = False,
    next_: Annotated[str | None, typer.Option("--next")] = None,
    limit: int = 100,
    as_json_: JsonOption = False,
) -> None:
    """List incidents, the newest first."""
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.incidents import listing
    from geo.incidents.listing import IncidentFilter
    from geo.operations import database

    config = read_settings(context)
    asked = IncidentFilter(
        state=tuple(state or ()),
        light=tuple(light or ()),
        category=category,
        unit=unit,
        grid=grid,
        community=community,
        township=township,
        since=_moment(since, config),
        until=_moment(until, config),
        open=open_,
        next=next_,
        limit=limit,
    )
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "map")
        found = listing.list_incidents(engine, who, asked)
    if as_json_:
        as_json(found)
        return
    print_table(
        [translate(f"incident_life.{name}") for name in COLUMNS],
        [[_cell(row, name, config) for name in COLUMNS] for row in found["incidents"]],
    )
    if found["next"]:
        print_note(translate("incident_life.more", next=found["next"]))


@room.command()
def show(context: typer.Context, incident: str, as_json_: JsonOption = False) -> None:
    """Show one incident with its history and the moves that are legal now."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.incidents import show as use_case
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "map")
        desk = make_desk(engine, who, config)
        lang = current_language()
        found = use_case.show_incident(desk, who, incident, lang=lang, with_cameras=True)
    if as_json_:
        as_json(found)
        return
    rows = [(translate(f"incident_life.{name}"), _cell(found, name, config)) for name in SHOWN]
    print_table(("", ""), [row for row in rows if row[1]])
    print_table(
        [translate(f"incident_life.{name}") for name in ("at", "move", "by", "note")],
        [
            (
                _cell(each, "at", config),
                translate(f"lifecycle.move.{each['move']}"),
                each["post"] or each["account"],
                each.get("note") or each["reason"] or "",
            )
            for each in found["moves"]
        ],
    )
    if found.get("lost"):
        key = "incident_life.lost_working" if found["lost"]["working"] else "incident_life.lost"
        print_note(translate(key, minutes=found["lost"]["minutes"]))
    legal = "、".join(translate(f"lifecycle.move.{name}") for name in found["legal"])
    print_note(translate("incident_life.legal", moves=legal))


@room.command()
def move(
    context: typer.Context,
    incident: str,
    name: str,
    field: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE")] = None,
    version: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Move an incident; the newest version counts unless another is named."""
    from geo.access import transaction
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_line, translate
    from geo.incidents import case_reading, listing, moves
    from geo.operations import database

    config = read_settings(context)
    asked = _request(name, field or [], config)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine)
        with transaction.open_as(engine, who) as connection:
            found = case_reading.find_incident(connection, who, incident)
        seen = listing.read_incident(engine, who, str(found))["version"]
        moved = moves.move_incident(
            engine,
            who,
            found,
            asked,
            version=seen if version is None else version,
            timezone=config.timezone,
            lang=current_language(),
            whistle_level=config.whistle_level,
        )
    if as_json_:
        shown = ("id", "code", "state", "version", "move")
        as_json({key: getattr(moved, key) for key in shown})
        return
    state = translate(f"map.state.{moved.state}")
    print_line(translate("incident_life.moved", code=moved.code, state=state))


def _request(name: str, written: list[str], config: "Settings") -> "MoveRequest":
    """Return the move with its fields, from FIELD=VALUE."""
    from geo.cli.incidents.fields import parse_fields
    from geo.incidents.move_request import TIMES, MoveRequest, known_move

    fields = known_move(name).fields
    given: dict[str, Any] = parse_fields(written, fields, times=TIMES, timezone=config.timezone)
    return MoveRequest(name, **given)


def _moment(written: str | None, config: "Settings") -> datetime | None:
    from geo.cli.data.places import parse_moment

    return parse_moment(written, config.timezone)


def _cell(row: dict[str, Any], name: str, config: "Settings") -> str:
    from geo.base.local_time import local_minute
    from geo.cli.output import translate

    value = row.get(name)
    if value is None:
        return ""
    if name == "state":
        return translate(f"map.state.{value}")
    if name == "light":
        return translate(f"light.{value}")
    if isinstance(value, datetime):
        return local_minute(value, config.timezone)
    return str(value)
