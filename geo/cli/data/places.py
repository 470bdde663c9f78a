"""``govgrid locate`` and ``govgrid cameras seeing``: questions about places."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.base.errors import InputError
from geo.cli.app import acting_reader, app, read_settings
from geo.cli.choices import ForceOption
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.areas.place_answer import PlaceAnswer
    from geo.coverage.who_sees import SeeingAnswer

cameras = Room()
app.add_typer(cameras, name="cameras")

# Negative degrees are arguments here, not options.
NUMBERS = {"ignore_unknown_options": True}
JsonOption = Annotated[bool, typer.Option("--json")]
AtOption = Annotated[str | None, typer.Option(metavar="ISO")]


@app.command(context_settings=NUMBERS)
def locate(
    context: typer.Context,
    lon: Annotated[float | None, typer.Argument()] = None,
    lat: Annotated[float | None, typer.Argument()] = None,
    crs: str = "wgs84",
    accuracy: float = 0.0,
    at: AtOption = None,
    points: Path | None = None,
    out: Path | None = None,
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=HEADER")] = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Say which grid a place belongs to, or each place of a file."""
    from geo.areas import lookup
    from geo.cli.output import as_json, print_note, print_table, require_new
    from geo.operations import database

    if points is not None:
        require_new(out, force=force)
        _locate_file(context, points, out, crs, mapping or [])
        return
    if lon is None or lat is None:
        raise InputError("locate.form")
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "map")
        answer = lookup.locate_one(
            engine, who, lon, lat, system=crs, accuracy_m=accuracy, at=_date(at)
        )
    if as_json_:
        as_json(answer)
        return
    print_table(("", ""), _lines(answer))
    if answer["status"] != "inside":
        from geo.cli.output import translate

        print_note(translate(f"locate.{answer['status']}", **answer))


def _lines(answer: "PlaceAnswer") -> list[tuple[str, Any]]:
    """Return an answer as rows of a word and what is so called."""
    from geo.cli.output import translate

    words = {
        "status": translate(f"locate.state.{answer['status']}"),
        "candidates": " ".join(answer["candidates"]),
    }
    return [
        (translate(f"locate.label.{name}"), words.get(name, value))
        for name, value in answer.items()
    ]


@cameras.command(context_settings=NUMBERS)
def seeing(
    context: typer.Context,
    lon: float,
    lat: float,
    crs: str = "wgs84",
    at: AtOption = None,
    as_json_: JsonOption = False,
) -> None:
    """List the cameras that see a place, may see it, or stand near and do not, and why."""
    from geo.areas import lookup
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.coverage import who_sees as service
    from geo.operations import database

    config = read_settings(context)
    lons, lats = lookup.one_place(lon, lat, crs)
    with database.open_database(config) as engine:
        found = service.seeing_one(
            engine,
            acting_reader(context, engine, "map"),
            float(lons[0]),
            float(lats[0]),
            at=parse_moment(at, config.timezone),
            timezone=config.timezone,
            detail=config.detail_px_per_m,
            lang=current_language(),
        )
    if as_json_:
        as_json(found)
        return
    columns = (
        "code",
        "name",
        "relation",
        "why",
        "distance_m",
        "bearing_deg",
        "px_per_m",
        "online",
        "unit",
        "phone",
    )
    print_table(
        [translate(f"column.{c}") for c in columns],
        [_seeing_row(c, columns) for c in found["cameras"]],
    )
    if not any(c["relation"] == "sees" for c in found["cameras"]) and not found["withheld"]:
        print_note(_nobody(found))
    if found["withheld"]:
        print_note(translate("seeing.withheld", count=found["withheld"], ask=found["ask"]))


def _locate_file(
    context: typer.Context, points: Path, out: Path | None, crs: str, mapping: list[str]
) -> None:
    from geo.areas import lookup
    from geo.base.crs import parse_crs
    from geo.cli.data.imports import parse_pairs
    from geo.cli.output import print_note, translate
    from geo.files import readers, writers
    from geo.files.checks.cells.column_mapping import map_columns
    from geo.files.schema.layers import POINTS
    from geo.operations import database

    if out is None:
        raise InputError("locate.no_out")
    writers.require_writable(out)
    parse_crs(crs)
    given = parse_pairs(mapping)
    read = readers.read_file(points)
    rows = read.rows.reset_index(drop=True)
    found = map_columns(list(rows.columns), POINTS, given=given)
    if read.geometry is not None and not {"lon", "lat"} <= set(found):
        import geopandas as gpd

        centres = gpd.GeoSeries(read.geometry.to_numpy()).representative_point()
        rows = rows.assign(lon=centres.x.to_numpy(), lat=centres.y.to_numpy())
        found |= {"lon": "lon", "lat": "lat"}
    if not {"lon", "lat"} <= set(found):
        raise InputError("locate.no_columns", file=points.name, found="、".join(rows.columns))
    with database.open_database(read_settings(context)) as engine:
        answer, unplaced = lookup.locate_rows(
            engine, acting_reader(context, engine, "map"), rows, columns=found, system=crs
        )
    with writers.draft_of(out) as draft:
        answer.to_csv(draft, index=False, encoding="utf-8-sig")
    print_note(translate("export.written", file=out, count=len(answer)))
    if unplaced:
        print_note(translate("locate.unplaced", count=unplaced))
        raise typer.Exit(3)


def parse_moment(text: str | None, timezone: str) -> datetime | None:
    """Return a moment as typed, in a zone where it states none.

    Parameters
    ----------
    text
        ISO 8601; None gives None.
    timezone
        IANA name.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from zoneinfo import ZoneInfo

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError("time.unreadable", text=text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def _date(text: str | None) -> Any:  # noqa: ANN401 - a date or None
    moment = parse_moment(text, "UTC")
    return None if moment is None else moment.date()


def _seeing_row(camera: Mapping[str, Any], columns: tuple[str, ...]) -> list[Any]:
    from geo.cli.output import translate

    state = {True: "state.yes", False: "state.no", None: "state.unknown"}
    words = {
        "relation": translate(f"relation.{camera['relation']}"),
        "why": translate(f"why.{camera['why']}") if camera["why"] else None,
        "online": translate(state[camera["online"]]),
    }
    return [words.get(name, camera[name]) for name in columns]


def _nobody(found: "SeeingAnswer") -> str:
    from geo.cli.output import translate

    own = [camera for camera in found["cameras"] if camera["why"]]
    if not own:
        return translate("seeing.no_cameras")
    nearest = min(own, key=lambda c: float(c["distance_m"]))
    return translate(
        "seeing.nobody",
        code=nearest["code"],
        distance_m=nearest["distance_m"],
        why=translate(f"why.{nearest['why']}"),
    )
