"""``govgrid register``: who looked through which camera and why, and whether that is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import acting_reader, app, current_language, read_settings
from geo.cli.choices import ForceOption
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.base.settings import Settings
    from geo.viewing.report import Filters
    from geo.viewing.verify import Proof

BROKEN = 3
COLUMNS = (
    *("at", "unit_name", "holder", "act", "camera_code", "reason", "content", "incident_code"),
)

room = Room()
app.add_typer(room, name="register")

JsonOption = Annotated[bool, typer.Option("--json")]
FromOption = Annotated[str, typer.Option("--from", metavar="DAY")]
ToOption = Annotated[str, typer.Option("--to", metavar="DAY")]
CameraOption = Annotated[str, typer.Option(metavar="CODE")]
IncidentOption = Annotated[str, typer.Option(metavar="CODE")]


@room.command()
def destroyed(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json_: JsonOption = False,
) -> None:
    """List what was destroyed because its time was over, the newest first."""
    from dataclasses import asdict

    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.operations import database, retention

    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "register")
        rows = retention.read_destructions(engine, who, limit=limit)
    if as_json_:
        as_json({"rows": [asdict(row) for row in rows]})
        return
    names = ("at", "kind", "number", "oldest", "newest", "kept_days")
    lines = [[_destroyed_cell(name, getattr(row, name), config) for name in names] for row in rows]
    if lines:
        print_table([translate(f"destruction.{name}") for name in names], lines)
    else:
        print_note(translate("destruction.none"))


def _destroyed_cell(name: str, value: object, config: "Settings") -> object:
    from datetime import datetime

    from geo.base.local_time import local_minute
    from geo.cli.output import translate

    if isinstance(value, datetime):
        return local_minute(value, config.timezone)
    return translate(f"destruction.{value}") if name == "kind" else value


@room.command("list")
def list_(
    context: typer.Context,
    since: FromOption = "",
    until: ToOption = "",
    camera: CameraOption = "",
    account: str = "",
    unit: str = "",
    act: str = "",
    incident: IncidentOption = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json_: JsonOption = False,
) -> None:
    """List who looked through which camera and why, the newest first."""
    from zoneinfo import ZoneInfo

    from geo.cli.output import as_json, print_note, print_table, translate
    from geo.operations import database
    from geo.viewing import report as viewing_report

    config = read_settings(context)
    wanted = _filters(config, since, until, camera, account, unit, act, incident)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "register")
        rows = [vars(row) for row in viewing_report.list_page(engine, who, wanted, limit=limit)]
    zone = ZoneInfo(config.timezone)
    if as_json_:
        as_json({"rows": rows})
    elif rows:
        shown = [
            [viewing_report.display_cell(n, row[n], zone, current_language()) for n in COLUMNS]
            for row in rows
        ]
        print_table([translate(f"viewing_column.{name}") for name in COLUMNS], shown)
    else:
        print_note(translate("viewing_page.none"))


@room.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT.xlsx")],
    reason: str | None = None,
    force: ForceOption = False,
    since: FromOption = "",
    until: ToOption = "",
    camera: CameraOption = "",
    account: str = "",
    unit: str = "",
    act: str = "",
    incident: IncidentOption = "",
    as_json_: JsonOption = False,
) -> None:
    """Write the register to a workbook; that goes into the register of exports."""
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.files.writers import draft_of, require_ending
    from geo.operations import database
    from geo.viewing import report as viewing_report

    require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    config = read_settings(context)
    wanted = _filters(config, since, until, camera, account, unit, act, incident)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "register")
        content, rows = viewing_report.export_register(
            engine, who, wanted, reason=reason, timezone=config.timezone, lang=current_language()
        )
    with draft_of(out) as draft:
        draft.write_bytes(content)
    if as_json_:
        as_json({"file": str(out), "rows": rows})
    else:
        print_note(translate("export.written", file=out, count=rows))


@room.command()
def report(
    context: typer.Context,
    month: Annotated[str, typer.Option(metavar="MONTH")] = "",
    out: Annotated[Path | None, typer.Option(metavar="OUT.xlsx")] = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Print the figures of a month, and whether its rows match the audit."""
    from geo.cli.output import as_json, print_note, print_table, require_new, translate
    from geo.files.writers import draft_of, require_ending
    from geo.operations import database
    from geo.viewing import statistics as viewing_statistics

    config = read_settings(context)
    if out is not None:
        require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "register")
        found = viewing_statistics.month_report(engine, who, month, timezone=config.timezone)
        if out is not None:
            content = viewing_statistics.export_report(
                engine, who, month, reason=reason, timezone=config.timezone, lang=current_language()
            )
            with draft_of(out) as draft:
                draft.write_bytes(content)
    if as_json_:
        as_json(found)
        return
    print_note(f"{translate('viewing_report.month')} {found['period']}")
    print_note(f"{translate('viewing_report.rows')} {found['rows']}")
    without = f"{found['without_incident']} / {found['rows']}"
    print_note(f"{translate('viewing_report.without_incident')} {without}")
    for title, rows in viewing_statistics.month_tables(found, current_language()).items():
        if len(rows):
            print_table(list(rows.columns), rows.to_numpy().tolist(), title=title)


@room.command()
def verify(
    context: typer.Context,
    since: FromOption = "",
    until: ToOption = "",
    as_json_: JsonOption = False,
) -> None:
    """Hold each row of the register against its hash in the audit and name those that differ.

    Exit code 0: all match; 3: some were changed, slipped in or taken away.
    """
    from geo.cli.output import as_json
    from geo.operations import database
    from geo.viewing import statistics as viewing_statistics

    config = read_settings(context)
    wanted = _filters(config, since, until)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "register")
        proof = viewing_statistics.verify_rows(engine, who, since=wanted.since, until=wanted.until)
    if as_json_:
        as_json(proof.as_plain())
    else:
        _tell(proof)
    if not proof.whole:
        raise typer.Exit(BROKEN)


def _filters(
    config: "Settings",
    since: str,
    until: str,
    camera: str = "",
    account: str = "",
    unit: str = "",
    act: str = "",
    incident: str = "",
) -> "Filters":
    from geo.viewing import report as viewing_report

    return viewing_report.parse_filters(
        timezone=config.timezone,
        since=since,
        until=until,
        camera=camera,
        account=account,
        unit=unit,
        act=act,
        incident=incident,
    )


def _tell(proof: "Proof") -> None:
    from geo.cli.output import print_note, print_table, translate

    if proof.whole:
        print_note(translate("viewing_report.proof_whole", rows=proof.rows))
        return
    columns = ("id", "kind", "at", "camera")
    names = [translate(f"viewing_report.column_{name}") for name in columns]
    rows = [[d.id, translate(f"viewing_defect.{d.kind}"), d.at, d.camera] for d in proof.defects]
    print_table(names, rows)
    print_note(translate("viewing_report.proof_broken", rows=proof.rows, count=len(proof.defects)))
