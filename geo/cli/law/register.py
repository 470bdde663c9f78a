"""``govgrid register``: who looked through which camera and why, and whether that is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.cli.app import app, language, reader, settings
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

    from geo.cli.output import as_json, note, table, told
    from geo.operations import database
    from geo.viewing import report as viewing_report

    config = settings(context)
    wanted = _filters(config, since, until, camera, account, unit, act, incident)
    with database.opened(config) as engine:
        rows = viewing_report.page(engine, reader(context, engine, "register"), wanted, limit=limit)
    zone = ZoneInfo(config.timezone)
    if as_json_:
        as_json({"rows": rows})
    elif rows:
        shown = [
            [viewing_report.shown(n, row[n], zone, language()) for n in COLUMNS] for row in rows
        ]
        table([told(f"viewing_column.{name}") for name in COLUMNS], shown)
    else:
        note(told("viewing_page.none"))


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
    from geo.cli.output import as_json, note, require_new, told
    from geo.files.writers import draft_of, require_ending
    from geo.operations import database
    from geo.viewing import report as viewing_report

    require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    config = settings(context)
    wanted = _filters(config, since, until, camera, account, unit, act, incident)
    with database.opened(config) as engine:
        who = reader(context, engine, "register")
        content, rows = viewing_report.export(
            engine, who, wanted, reason=reason, timezone=config.timezone, lang=language()
        )
    with draft_of(out) as draft:
        draft.write_bytes(content)
    if as_json_:
        as_json({"file": str(out), "rows": rows})
    else:
        note(told("export.written", file=out, count=rows))


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
    from geo.cli.output import as_json, note, require_new, table, told
    from geo.files.writers import draft_of, require_ending
    from geo.operations import database
    from geo.viewing import statistics as viewing_statistics

    config = settings(context)
    if out is not None:
        require_ending(out, known=(".xlsx",))
    require_new(out, force=force)
    with database.opened(config) as engine:
        who = reader(context, engine, "register")
        found = viewing_statistics.report(engine, who, month, timezone=config.timezone)
        if out is not None:
            content = viewing_statistics.export_report(
                engine, who, month, reason=reason, timezone=config.timezone, lang=language()
            )
            with draft_of(out) as draft:
                draft.write_bytes(content)
    if as_json_:
        as_json(found)
        return
    note(f"{told('viewing_report.month')} {found['period']}")
    note(f"{told('viewing_report.rows')} {found['rows']}")
    note(f"{told('viewing_report.without_incident')} {found['without_incident']} / {found['rows']}")
    for title, rows in viewing_statistics.tables(found, language()).items():
        if len(rows):
            table(list(rows.columns), rows.to_numpy().tolist(), title=title)


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

    config = settings(context)
    wanted = _filters(config, since, until)
    with database.opened(config) as engine:
        who = reader(context, engine, "register")
        proof = viewing_statistics.verify(engine, who, since=wanted.since, until=wanted.until)
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

    return viewing_report.filters(
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
    from geo.cli.output import note, table, told

    if proof.whole:
        note(told("viewing_report.proof_whole", rows=proof.rows))
        return
    columns = ("id", "kind", "at", "camera")
    names = [told(f"viewing_report.column_{name}") for name in columns]
    rows = [[d.id, told(f"viewing_defect.{d.kind}"), d.at, d.camera] for d in proof.defects]
    table(names, rows)
    note(told("viewing_report.proof_broken", rows=proof.rows, count=len(proof.defects)))
