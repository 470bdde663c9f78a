"""``govgrid coverage`` and ``govgrid gaps``: what the cameras see and miss."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.cli.app import acting_reader, app, read_settings, require_unlimited
from geo.cli.choices import Certainty, DeviceSet, ForceOption, Level
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.base.json_objects import Record
    from geo.coverage.report import CoverageReport

CERTAINTIES = ("certain", "expected", "possible")
# The columns of shares in the printed table of areas.
SHOWN = tuple(
    (device_set, certainty)
    for certainty in CERTAINTIES
    for device_set in ("all", "skynet", "social", "online")
    if certainty != "expected" or device_set == "all"
)
# The official criteria: what is counted, and how much of it is seen.
CRITERIA = (
    ("places", "places_seen"),
    ("entrances", "entrances_seen"),
    ("road_m", "road_seen_m"),
    ("junctions", "junctions_seen"),
    ("crossings", "crossings_seen"),
    ("demand_m2", "covered_demand_m2"),
)

room = Room()
app.add_typer(room, name="coverage")

JsonOption = Annotated[bool, typer.Option("--json")]


@room.command()
def compute(
    context: typer.Context,
    detail: list[str] | None = None,
    full: Annotated[bool, typer.Option("--full")] = False,
    heights: Annotated[
        bool | None,
        typer.Option(
            "--heights/--no-heights",
        ),
    ] = None,
    default_reach: float | None = None,
    incident_months: int | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Compute what every camera sees, the figures of every area, and the gaps."""
    from geo.access.audit import record as audit
    from geo.cli.output import as_json, print_note, show_progress, translate
    from geo.cli.planning import coverage_lines
    from geo.cli.planning.phases import Phases
    from geo.coverage import report as coverage_report
    from geo.coverage.kinds import detail_of
    from geo.operations import database

    config = read_settings(context)
    details = [detail_of(word) for word in detail or (config.detail_px_per_m,)]
    with database.open_database(config) as engine:
        who = require_unlimited(engine, "import")
        from geo.coverage import compute as coverage_compute

        with show_progress() as moving:
            phases = Phases(moving)
            done = coverage_compute.compute(
                engine,
                details=details,
                full=full,
                heights=heights,
                default_reach_m=default_reach,
                incident_months=incident_months,
                progress=phases,
            )
            cpu_s = phases.seconds()
        audit.note_apart(engine, who, "coverage.compute", str(done.run.id), outcome="done")
        found = coverage_report.read_report(engine, who, by="district")
    if as_json_:
        as_json(
            {
                "run": done.run.id,
                "computed_at": done.run.computed_at.isoformat(),
                "viewsheds_computed": done.fresh,
                "viewsheds_kept": done.kept,
                "unchanged": done.unchanged,
                "incidents_until": found["incidents_until"],
                "assumptions": done.run.assumptions,
                "cpu_s": cpu_s,
            }
        )
        return
    key = "coverage.nothing_new" if done.unchanged else "coverage.done"
    print_note(translate(key, run=done.run.id, fresh=done.fresh, kept=done.kept))
    coverage_lines.print_headlines(found["areas"])
    _summary(found["areas"])
    coverage_lines.print_assumptions(done.run.assumptions)
    coverage_lines.incidents_until(done.run.incidents_until, config.timezone)


@room.command()
def report(
    context: typer.Context,
    by: Level | None = None,
    area: str | None = None,
    device_set: DeviceSet | None = None,
    detail: float | None = None,
    certainty: Certainty | None = None,
    out: Path | None = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Print the figures of the newest computation, with their denominators."""
    from geo.access.audit import export_log
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.coverage import report as coverage_report
    from geo.files import writers
    from geo.operations import database

    choice: dict[str, Any] = {
        "by": by,
        "area": area,
        "device_set": device_set,
        "detail": detail,
        "certainty": certainty,
    }
    require_new(out, force=force)
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "figures" if out is None else "export")
        if out is not None:
            writers.require_ending(out)
        found = coverage_report.read_report(engine, who, **choice)
        if out is not None:
            count = len(found["areas"])
            export_log.register_file(engine, who, out, what="coverage", rows=count, reason=reason)
            stamp = export_log.watermark_text(who, reason, timezone=read_settings(context).timezone)
            count = _write(engine, found, out, stamp, read_settings(context).timezone)
            print_note(translate("export.written", file=out, count=count))
    if as_json_:
        as_json(found)
    elif out is None:
        _tell(found, by, read_settings(context).timezone)


@app.command()
def gaps(
    context: typer.Context,
    device_set: DeviceSet = "all",
    certainty: Certainty = "certain",
    detail: float | None = None,
    limit: int = 20,
    out: Path | None = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """List the uncovered pieces of what must be seen, the heaviest first."""
    from geo.access.audit import export_log
    from geo.base.plain_rows import plain_rows
    from geo.cli.app import current_language
    from geo.cli.output import as_json, print_note, print_table, require_new, translate
    from geo.coverage import report as coverage_report
    from geo.files import writers
    from geo.operations import database

    require_new(out, force=force)
    with database.open_database(read_settings(context)) as engine:
        who = acting_reader(context, engine, "map" if out is None else "export")
        if out is not None:
            writers.require_ending(out, known=writers.LAYER_ENDINGS)
        found = coverage_report.read_gaps(
            engine,
            who,
            device_set=device_set,
            certainty=certainty,
            detail=detail,
        )
        until = coverage_report.incidents_until(engine, who) if as_json_ else None
        if out is not None:
            zone = read_settings(context).timezone
            export_log.register_file(engine, who, out, what="gaps", rows=len(found), reason=reason)
            from geo.documents import gaps_file

            gaps_file.write_gaps(engine, found, out, lang=current_language(), timezone=zone)
    if out is not None:
        print_note(translate("export.written", file=out, count=len(found)))
    plain = found.drop(columns="geometry")
    if as_json_:
        # of what is left of a gap (geo.coverage.coarse_gaps) some numbers are left out
        as_json({"incidents_until": until, "gaps": plain_rows(plain)})
    elif out is None and plain.empty:
        print_note(translate("coverage.no_gaps"))
    elif out is None:
        shown = plain.head(limit) if limit else plain
        columns = ("rank", "grid_code", "area_m2", "weight", "road_m", "entrances", "lon", "lat")
        places = shown.assign(**{c: shown[c].map("{:.6f}".format) for c in ("lon", "lat")})
        rows = [[row[c] for c in columns] for row in places.to_dict("records")]
        print_table([translate(f"column.{c}") for c in columns], rows)


def _write(engine: Any, found: "CoverageReport", out: Path, stamp: str, timezone: str) -> int:  # noqa: ANN401 - an engine
    from geo.cli.app import current_language
    from geo.documents import coverage_file

    return coverage_file.write_coverage(
        engine, found, out, lang=current_language(), timezone=timezone, stamp=stamp
    )


def _tell(found: "CoverageReport", by: str | None, timezone: str) -> None:
    from geo.cli.output import print_note, print_table, translate
    from geo.cli.planning import coverage_lines
    from geo.coverage.headline import basis_of

    base = basis_of(found["areas"])
    coverage_lines.print_headlines(found["areas"])
    columns = [translate(f"column.{c}") for c in ("code", "name", "detail", base)]
    columns += [f"{translate(f'device_set.{d}')}·{translate(f'certainty.{c}')}" for d, c in SHOWN]
    _summary(_distinguished(found["areas"], by))
    print_table(
        columns, _rows(found["areas"], by, base), title=translate("coverage.as_of", **found)
    )
    print_note(translate(f"coverage.share_of_{base}"))
    for count in found["cameras"]:
        facts = {k: "—" if v is None else v for k, v in vars(count).items()}
        facts["owner_kind"] = translate(f"device_set.{count.owner_kind or 'none'}")
        if count.registered is None:
            print_note(translate("coverage.counts_closed", **facts))
            continue
        print_note(translate("coverage.counts", **facts))
    coverage_lines.print_assumptions(found["assumptions"])
    until = found["incidents_until"]
    moment = None if until is None else datetime.fromisoformat(until)
    coverage_lines.incidents_until(moment, timezone)


def _distinguished(areas: list["Record"], by: str | None) -> list["Record"]:
    """Return what the table of criteria shows: all of the district, of others the sure part."""
    top = areas[0]["level"]
    if by is None or top == "district":
        return [area for area in areas if area["level"] == top]
    sure = {"device_set": "all", "certainty": "certain"}
    return [area for area in areas if sure.items() <= area.items()] or areas


def _summary(areas: list["Record"]) -> None:
    """Print the official criteria, a row for each area, detail, device set and certainty."""
    from geo.cli.output import print_note, print_table, translate

    columns = [translate(f"column.{c}") for c in ("name", "detail", "device_set", "certainty")]
    columns += [translate(f"criterion.{whole}") for whole, _ in CRITERIA]
    columns.append(translate("criterion.longest_blind_m"))
    order = sorted(areas, key=lambda a: (a["code"], a["detail"], CERTAINTIES.index(a["certainty"])))
    rows = [
        [
            area["name"],
            str(area["detail"]),
            translate(f"device_set.{area['device_set']}"),
            translate(f"certainty.{area['certainty']}"),
            *(_part(area[seen], area[whole]) for whole, seen in CRITERIA),
            area["longest_blind_m"],
        ]
        for area in order
    ]
    print_table(columns, rows, title=translate("criterion.title"))
    print_note(translate("criterion.meaning"))


def _part(seen: float | None, whole: float | None) -> str:
    """Return a share with its counts, such as 93.1 % (912 / 980)."""
    if not whole or seen is None:
        return "—"
    return f"{seen / whole:.1%} ({seen:,.0f}/{whole:,.0f})"


def _rows(areas: list["Record"], by: str | None, base: str) -> list[list[Any]]:
    """Return a row an area; without `by` districts and townships, else the highest level."""
    from geo.coverage.headline import SHARES

    shown = {"district", "township"} & {a["level"] for a in areas} or {
        a["level"] for a in areas[:1]
    }
    share_name = SHARES[base]
    rows: dict[tuple[str, str, float], list[Any]] = {}
    for area in areas:
        if by is None and area["level"] not in shown:
            continue
        about: list[Any] = [area["code"], area["name"], str(area["detail"]), area[base] / 1e4]
        blank = [*about, *("" for _ in SHOWN)]
        row = rows.setdefault((area["level"], area["code"], area["detail"]), blank)
        share, kind = area[share_name], (area["device_set"], area["certainty"])
        if share is not None and kind in SHOWN:
            row[len(about) + SHOWN.index(kind)] = f"{share:.1%}"
    return list(rows.values())
