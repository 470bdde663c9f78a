"""``govgrid incident whistle blow | show | step | end | call-off | attendance``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.cli.app import acting_reader, read_settings
from geo.cli.incidents.figures import DayOption, parse_day, print_attendance
from geo.cli.incidents.intake import JsonOption, MomentOption, room
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.base.settings import Settings
    from geo.incidents.apply_move import Moved
    from geo.incidents.move_request import MoveRequest
    from geo.incidents.whistle_answer import CalledAnswer, WhistleAnswer

whistle_room = Room()
room.add_typer(whistle_room, name="whistle")
UNIT_COLUMNS = ("unit", "role", "state", "notified", "expected_at", "reported_in_at", "rating")


@whistle_room.command()
def blow(
    context: typer.Context,
    incident: str,
    kind: Annotated[str, typer.Option()],
    lead: Annotated[str, typer.Option()],
    joint: Annotated[list[str] | None, typer.Option()] = None,
    at: MomentOption = None,
    within: int | None = None,
    place: str | None = None,
    paired: Annotated[bool, typer.Option("--paired/--no-paired")] = True,
    level: str | None = None,
    notified: str | None = None,
    reason: str | None = None,
    version: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Call several units to an incident."""
    from geo.cli.data.places import parse_moment
    from geo.incidents.move_request import MoveRequest
    from geo.incidents.rules.whistle import CalledUnit

    config = read_settings(context)
    called = [CalledUnit(lead, "lead", notified)]
    called += [CalledUnit(unit, "joint", notified) for unit in joint or []]
    asked = MoveRequest(
        "whistle",
        whistle_kind=kind,
        units=tuple(called),
        report_at=parse_moment(at, config.timezone),
        within_minutes=within,
        place=place,
        paired=paired,
        level=level,
        reason=reason,
    )
    _move(context, incident, asked, version, as_json_=as_json_)


@whistle_room.command("add")
def add_units(
    context: typer.Context,
    incident: str,
    units: list[str],
    at: MomentOption = None,
    within: int | None = None,
    notified: str | None = None,
    reason: str | None = None,
    version: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Call more units to the whistle that is open."""
    from geo.cli.data.places import parse_moment
    from geo.incidents.move_request import MoveRequest
    from geo.incidents.rules.whistle import CalledUnit

    asked = MoveRequest(
        "add_units",
        units=tuple(CalledUnit(unit, "joint", notified) for unit in units),
        report_at=parse_moment(at, read_settings(context).timezone),
        within_minutes=within,
        reason=reason,
    )
    _move(context, incident, asked, version, as_json_=as_json_)


@whistle_room.command()
def show(context: typer.Context, incident: str, as_json_: JsonOption = False) -> None:
    """Show the whistles of an incident: who was called, who came."""
    from geo.cli.output import as_json, print_note, translate
    from geo.incidents import whistles
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "map")
        found = whistles.read_whistles(engine, who, incident)
    if as_json_:
        as_json({"whistles": found})
        return
    if not found:
        print_note(translate("whistle.none", code=incident))
    for each in found:
        _print(each, config)


@whistle_room.command()
def step(
    context: typer.Context,
    incident: str,
    name: str,
    unit: str,
    field: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE")] = None,
    version: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Take a step of one unit: answer, report-in, dispute, urge-unit and others."""
    from dataclasses import asdict

    from geo.cli.app import current_language
    from geo.cli.incidents.fields import parse_fields
    from geo.cli.output import as_json, print_line, translate
    from geo.incidents import listing, unit_steps
    from geo.incidents.step_request import TIMES, StepRequest, known_step
    from geo.operations import database

    config = read_settings(context)
    row = known_step(name)
    names = {*row.needs, *row.takes, "note"}
    given = parse_fields(field or [], names, times=TIMES, timezone=config.timezone)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine)
        sent = _dispatch(listing.read_incident(engine, who, incident), unit)
        done = unit_steps.take_step(
            engine,
            who,
            sent["id"],
            StepRequest(row.name, **given),
            version=sent["version"] if version is None else version,
            timezone=config.timezone,
            lang=current_language(),
        )
    if as_json_:
        as_json(asdict(done))
        return
    state = translate(f"whistle.state.{done.state}")
    print_line(translate("whistle.shown.stepped", code=done.code, unit=done.unit, state=state))


@whistle_room.command()
def end(
    context: typer.Context,
    incident: str,
    rate: Annotated[list[str], typer.Option(metavar="UNIT=RATING")],
    version: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """End the whistle with a rating of each unit."""
    from geo.incidents.move_request import MoveRequest

    asked = MoveRequest("end_whistle", ratings=tuple(map(_rating, rate)))
    _move(context, incident, asked, version, as_json_=as_json_)


@whistle_room.command("call-off")
def call_off(
    context: typer.Context,
    incident: str,
    reason: Annotated[str, typer.Option()],
    version: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Call a whistle off before any unit has reported in."""
    from geo.incidents.move_request import MoveRequest

    asked = MoveRequest("call_off_whistle", reason=reason)
    _move(context, incident, asked, version, as_json_=as_json_)


@whistle_room.command()
def attendance(
    context: typer.Context,
    month: Annotated[str | None, typer.Argument()] = None,
    year: str | None = None,
    since: DayOption = None,
    until: DayOption = None,
    area: str | None = None,
    scope: Annotated[list[str] | None, typer.Option()] = None,
    as_json_: JsonOption = False,
) -> None:
    """Say who came to the whistles of a period, by unit, the longest absent first."""
    from geo.cli.app import current_language
    from geo.cli.output import as_json
    from geo.incidents import whistle_attendance
    from geo.incidents.statistics_query import StatisticsQuery
    from geo.operations import database

    config = read_settings(context)
    days = parse_day(since), parse_day(until)
    query = StatisticsQuery(
        month=month, year=year, since=days[0], until=days[1], area=area, scopes=tuple(scope or ())
    )
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "statistics")
        found = whistle_attendance.count_attendance_of_period(
            engine,
            who,
            query,
            timezone=config.timezone,
            month_starts=config.statistics_month_day,
            lang=current_language(),
        )
    if as_json_:
        as_json(found)
    else:
        print_attendance(found, config.timezone)


def _move(
    context: typer.Context,
    incident: str,
    asked: "MoveRequest",
    version: int | None,
    *,
    as_json_: bool,
) -> None:
    """Make a move of a whistle and print where it stands."""
    from geo.cli.output import as_json
    from geo.incidents import whistles
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine)
        moved = _moved(engine, who, incident, asked, version, config)
        found = whistles.read_whistles(engine, who, str(moved.id))[-1]
    if as_json_:
        shown = ("id", "code", "state", "version", "move")
        as_json({**{key: getattr(moved, key) for key in shown}, "whistle": found})
    else:
        _print(found, config)


def _moved(
    engine: Any,  # noqa: ANN401 - a pool
    who: Any,  # noqa: ANN401 - a principal
    incident: str,
    asked: "MoveRequest",
    version: int | None,
    config: "Settings",
) -> "Moved":
    from geo.cli.app import current_language
    from geo.incidents import listing, moves

    seen = listing.read_incident(engine, who, incident)
    return moves.move_incident(
        engine,
        who,
        seen["id"],
        asked,
        version=seen["version"] if version is None else version,
        timezone=config.timezone,
        lang=current_language(),
        whistle_level=config.whistle_level,
    )


def _dispatch(found: dict[str, Any], unit: str) -> dict[str, Any]:
    """Return the newest dispatch of a unit; of several units those that there are, are named."""
    from geo.base.errors import InputError

    sent: list[dict[str, Any]] = [d for d in found["dispatches"] if d["unit_code"] == unit]
    if not sent:
        known = ", ".join(dict.fromkeys(d["unit_code"] for d in found["dispatches"])) or "—"
        raise InputError("whistle.no_unit_here", code=found["code"], unit=unit[:40], known=known)
    return sent[-1]


def _rating(written: str) -> Any:  # noqa: ANN401 - a rating
    from geo.base.errors import InputError
    from geo.incidents.rules.whistle import Rating

    unit, _, words_text = written.partition("=")
    words = set(filter(None, words_text.split(",")))
    if not unit or not words <= {"present", "solved", "absent", "unsolved"} or not words:
        raise InputError("whistle.rating", found=written[:60])
    if (words & {"absent"} and words & {"present"}) or words >= {"solved", "unsolved"}:
        raise InputError("whistle.rating", found=written[:60])
    return Rating(unit, "present" in words, "solved" in words)


def _print(found: "WhistleAnswer", config: "Settings") -> None:
    from geo.base.local_time import local_minute
    from geo.cli.output import print_line, print_table, translate

    times = {k: local_minute(getattr(found, k), config.timezone) for k in ("blown_at", "report_by")}
    words = {k: translate(f"whistle.{k}.{getattr(found, k)}") for k in ("level", "kind")}
    print_line(translate("whistle.shown.head", **times, **words))
    said = [translate("whistle.shown.together", **vars(found))]
    if found.first_unit:
        first = {"minutes": found.first_minutes, "unit": found.first_unit}
        said.insert(0, translate("whistle.shown.first", **first))
    if found.missing:
        said.append(translate("whistle.shown.missing", units="、".join(found.missing)))
    if found.paired_expected:
        counts = {"came": found.paired_came, "expected": found.paired_expected}
        said.append(translate("whistle.shown.paired", **counts))
    print_line("，".join(said))
    print_table(
        [translate(f"whistle.shown.{name}") for name in UNIT_COLUMNS],
        [[_cell(row, name, config) for name in UNIT_COLUMNS] for row in found.units],
    )


def _cell(row: "CalledAnswer", name: str, config: "Settings") -> str:
    from geo.base.local_time import local_minute
    from geo.cli.output import translate

    if name == "unit":
        return f"{row.unit_code} {row.unit_name or ''}".strip()
    if name in {"role", "state"}:
        return translate(f"whistle.{name}.{getattr(row, name)}")
    if name == "notified":
        return translate(f"lifecycle.notified.{row.notified}") if row.notified else ""
    if name == "rating":
        return _rated(row)
    if getattr(row, name) is None:
        return ""
    marks = [translate("whistle.shown.late")] if name == "reported_in_at" and row.late else []
    if name == "reported_in_at" and row.reported_proxy:
        how = translate(f"whistle.known_by.{row.known_by}") if row.known_by else ""
        marks.append(translate("whistle.shown.proxy", how=how))
    return " ".join([local_minute(getattr(row, name), config.timezone), *marks])


def _rated(row: "CalledAnswer") -> str:
    from geo.cli.output import translate

    if row.rated_present is None:
        return ""
    words = (
        "present" if row.rated_present else "absent",
        "solved" if row.rated_solved else "unsolved",
    )
    return "、".join(translate(f"whistle.shown.{word}") for word in words)
