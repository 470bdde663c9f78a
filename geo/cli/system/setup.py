"""``govgrid setup``: what is loaded, what does not work yet, what to do next."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geo.cli.app import app, language, limited, settings
from geo.cli.choices import ForceOption
from geo.cli.room import Room

SHOWN_STEPS = 5
MARKS = {"loaded": "✓", "partial": "!", "missing": "!", "later": "○"}

room = Room()
app.add_typer(room, name="setup")


@room.command()
def status(
    context: typer.Context,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say what is loaded, what does not work without what is missing, and what to type next."""
    from geo.cli.output import as_json
    from geo.operations import database

    config = settings(context)
    with database.opened(config) as engine:
        limited(engine, "figures")
        from geo.operations import checklist, checklist_report

        found = checklist_report.plain(
            checklist.status(engine), language(), timezone=config.timezone
        )
    if as_json_:
        as_json(found)
    else:
        _tell(found)


@room.command()
def completeness(
    context: typer.Context,
    by: str | None = None,
    out: Path | None = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say how far the register of cameras is filled, by field, owner and area."""
    from geo.access.audit import export_log
    from geo.cameras.law import counted_levels
    from geo.cli.output import as_json, note, require_new, told
    from geo.files import writers
    from geo.operations import database

    require_new(out, force=force)
    config = settings(context)
    with database.opened(config) as engine:
        who = limited(engine, "figures" if out is None else "export")
        counted_levels.require(by)
        if out is not None:
            writers.require_ending(out, known=(".xlsx",))
        from geo.cameras.law import completeness as service

        if out is not None:
            rows = len(service.of(engine, level=by).cameras)
            export_log.register(engine, who, out, what="completeness", rows=rows, reason=reason)
            stamp = export_log.stamp(who, reason, timezone=config.timezone, lang=language())
            found = service.write(
                engine, out, level=by, mark=config.mark, lang=language(), stamp=stamp
            )
            note(told("export.written", file=out, count=rows))
        else:
            found = service.of(engine, level=by)
    if as_json_:
        as_json(service.plain(found))
    elif out is None:
        _tell_completeness(service.plain(found))


def _tell(found: dict[str, Any]) -> None:
    from geo.cli.output import note, table, told

    table(
        [told(f"setup.header.{name}") for name in ("state", "layer", "rows", "last", "effect")],
        [_layer(row) for row in found["layers"]],
        title=told("setup.title"),
    )
    _tell_cameras(found)
    for line in found["remarks"]:
        note(f"{MARKS[line['state']]} {line['text']}")
    _tell_steps(found["next"])


def _layer(row: dict[str, Any]) -> list[Any]:
    from geo.cli.output import told

    last = row["last_import"]
    rows = f"{row['rows']:,}" if row["of"] is None else f"{row['rows']:,} / {row['of']:,}"
    return [
        f"{MARKS[row['state']]} {told('setup.state.' + row['state'])}",
        row["title"],
        rows,
        f"{last['at'][:16].replace('T', ' ')} {last['source']} {last['by_whom']}" if last else None,
        row["missing_effect"] or told("setup.serves", what="、".join(row["serves"])),
    ]


def _tell_cameras(found: dict[str, Any]) -> None:
    from geo.cli.output import table, told

    names = ("owner_kind", "reported", "registered", "located", "computed", "share")
    shares = {row["owner_kind"]: row for row in found["completeness"]["by_owner_kind"]}
    rows = [
        [
            told(f"device_set.{row['owner_kind'] or 'none'}"),
            *(row[name] for name in names[1:-1]),
            share(shares.get(row["owner_kind"])),
        ]
        for row in found["cameras"]
    ]
    table([told(f"setup.header.{n}") for n in names], rows, title=told("setup.cameras"))


def _tell_steps(steps: list[dict[str, Any]]) -> None:
    from geo.cli.output import note, told

    if not steps:
        note(told("setup.done"))
        return
    note(told("setup.next"))
    for number, step in enumerate(steps[:SHOWN_STEPS], start=1):
        note(f"  {number}. {step['command']}\n     {step['why']}")
    if len(steps) > SHOWN_STEPS:
        note(told("setup.more", count=len(steps) - SHOWN_STEPS))


def _tell_completeness(found: dict[str, Any]) -> None:
    from geo.cli.output import note, table, told

    fields = [
        [told(f"setup.group.{row['group']}"), told(f"setup.field.{row['field']}"), share(row)]
        for row in found["fields"]
    ]
    names = ("group", "field", "share")
    table([told(f"setup.header.{n}") for n in names], fields, title=told("setup.completeness"))
    areas = [
        [row["code"], row["name"] or told("setup.unlocated"), row["cameras"], share(row)]
        for row in found["by_area"]
    ]
    columns = ("code", "name", "cameras", "share")
    table([told(f"setup.header.{n}") for n in columns], areas)
    note(told("setup.total_share", share=share(found), cameras=found["cameras"]))


def share(row: dict[str, Any] | None) -> str | None:
    """Return a share with its numerator and denominator, as a table shows it."""
    if row is None or row["share"] is None:
        return None
    return f"{row['share']:.1%} ({row['filled']:,} / {row['applicable']:,})"
