"""``govgrid setup``: what is loaded, what does not work yet, what to do next."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.cli.app import app, current_language, read_settings, require_unlimited
from geo.cli.choices import ForceOption
from geo.cli.room import Room

if TYPE_CHECKING:
    from geo.cameras.law.completeness import CompletenessAnswer

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

    config = read_settings(context)
    with database.open_database(config) as engine:
        require_unlimited(engine, "figures")
        from geo.operations import checklist, checklist_report

        found = checklist_report.as_json_values(
            checklist.setup_status(engine, timezone=config.timezone),
            current_language(),
            timezone=config.timezone,
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
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.files import writers
    from geo.operations import database

    require_new(out, force=force)
    config = read_settings(context)
    with database.open_database(config) as engine:
        who = require_unlimited(engine, "figures" if out is None else "export")
        counted_levels.require_level(by)
        if out is not None:
            writers.require_ending(out, known=(".xlsx",))
        from geo.cameras.law import completeness as service

        if out is not None:
            rows = len(service.open_completeness(engine, level=by).cameras)
            export_log.register_file(
                engine, who, out, what="completeness", rows=rows, reason=reason
            )
            stamp = export_log.watermark_text(
                who, reason, timezone=config.timezone, lang=current_language()
            )
            found = service.write_completeness(
                engine, out, level=by, mark=config.mark, lang=current_language(), stamp=stamp
            )
            print_note(translate("export.written", file=out, count=rows))
        else:
            found = service.open_completeness(engine, level=by)
    if as_json_:
        as_json(service.describe_completeness(found))
    elif out is None:
        _tell_completeness(service.describe_completeness(found))


def _tell(found: dict[str, Any]) -> None:
    from geo.cli.output import print_note, print_table, translate

    print_table(
        [
            translate(f"setup.header.{name}")
            for name in ("state", "layer", "rows", "last", "effect")
        ],
        [_layer(row) for row in found["layers"]],
        title=translate("setup.title"),
    )
    _tell_cameras(found)
    for line in found["remarks"]:
        print_note(f"{MARKS[line['state']]} {line['text']}")
    _tell_steps(found["next"])


def _layer(row: dict[str, Any]) -> list[Any]:
    from geo.cli.output import translate

    last = row["last_import"]
    rows = f"{row['rows']:,}" if row["of"] is None else f"{row['rows']:,} / {row['of']:,}"
    return [
        f"{MARKS[row['state']]} {translate('setup.state.' + row['state'])}",
        row["title"],
        rows,
        f"{last['at'][:16].replace('T', ' ')} {last['source']} {last['by_whom']}" if last else None,
        row["missing_effect"] or translate("setup.serves", what="、".join(row["serves"])),
    ]


def _tell_cameras(found: dict[str, Any]) -> None:
    from geo.cli.output import print_table, translate

    names = ("owner_kind", "reported", "registered", "located", "computed", "share")
    shares = {row["owner_kind"]: row for row in found["completeness"]["by_owner_kind"]}
    rows = [
        [
            translate(f"device_set.{row['owner_kind'] or 'none'}"),
            *(row[name] for name in names[1:-1]),
            share(shares.get(row["owner_kind"])),
        ]
        for row in found["cameras"]
    ]
    print_table(
        [translate(f"setup.header.{n}") for n in names], rows, title=translate("setup.cameras")
    )


def _tell_steps(steps: list[dict[str, Any]]) -> None:
    from geo.cli.output import print_note, translate

    if not steps:
        print_note(translate("setup.done"))
        return
    print_note(translate("setup.next"))
    for number, step in enumerate(steps[:SHOWN_STEPS], start=1):
        print_note(f"  {number}. {step['command']}\n     {step['why']}")
    if len(steps) > SHOWN_STEPS:
        print_note(translate("setup.more", count=len(steps) - SHOWN_STEPS))


def _tell_completeness(found: "CompletenessAnswer") -> None:
    from geo.cli.output import print_note, print_table, translate

    fields = [
        [
            translate(f"setup.group.{row['group']}"),
            translate(f"setup.field.{row['field']}"),
            share(row),
        ]
        for row in found["fields"]
    ]
    names = ("group", "field", "share")
    print_table(
        [translate(f"setup.header.{n}") for n in names],
        fields,
        title=translate("setup.completeness"),
    )
    areas = [
        [row["code"], row["name"] or translate("setup.unlocated"), row["cameras"], share(row)]
        for row in found["by_area"]
    ]
    columns = ("code", "name", "cameras", "share")
    print_table([translate(f"setup.header.{n}") for n in columns], areas)
    print_note(translate("setup.total_share", share=share(found), cameras=found["cameras"]))


def share(row: Mapping[str, Any] | None) -> str | None:
    """Return a share with its numerator and denominator, as a table shows it."""
    if row is None or row["share"] is None:
        return None
    return f"{row['share']:.1%} ({row['filled']:,} / {row['applicable']:,})"
