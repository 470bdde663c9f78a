"""``govgrid coverage loss``: which cameras to maintain first, and what losing many would cost."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geo.cli.app import current_language, read_settings, require_unlimited
from geo.cli.choices import DeviceSet, ForceOption
from geo.cli.planning.coverage import JsonOption, room

# The form has names of units and telephones; these columns are enough on a screen.
SHOWN = ("rank", "code", "name", "grid_code", "opens_m2", "entrances", "junctions", "unit", "phone")


@room.command()
def loss(
    context: typer.Context,
    device_set: DeviceSet = "online",
    share: float = 0.05,
    limit: Annotated[int, typer.Option(min=0)] = 10,
    area: str | None = None,
    out: Path | None = None,
    reason: str | None = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """List the cameras whose failure would open the most, and what a loss of many would cost."""
    from geo.access.audit import export_log
    from geo.cli.output import as_json, print_note, require_new, show_progress, translate
    from geo.files import writers
    from geo.operations import database
    from geo.planning import failure_analysis as service

    if out is not None:
        writers.require_ending(out)
    require_new(out, force=force)
    config = read_settings(context)
    with database.open_database(config) as engine:
        who = require_unlimited(engine, "export")
        with show_progress(quiet_log=as_json_) as moving:
            found = service.analyse_loss(
                engine, device_set=device_set, share=share, area=area, progress=moving
            )
        if out is not None:
            named = len(found.maintain)
            export_log.register_file(engine, who, out, what="loss", rows=named, reason=reason)
            stamp = export_log.watermark_text(
                who, reason, timezone=config.timezone, lang=current_language()
            )
            count = service.write_analysis(engine, found, out, lang=current_language(), stamp=stamp)
            print_note(translate("export.written", file=out, count=count))
    first = found.maintain.head(limit) if limit else found.maintain
    rows = first.drop(columns="geometry").to_dict("records")
    if as_json_:
        as_json({**found.facts, "maintain": [_plain(row) for row in rows]})
    else:
        _tell(found.facts, rows)


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row with None for what is not known, which pandas reads as NaN."""
    return {str(name): value if value == value else None for name, value in row.items()}


def _tell(facts: dict[str, Any], rows: list[dict[Any, Any]]) -> None:
    from geo.cli.output import print_note, print_table, translate

    if rows:
        named = {**facts, "device_set": translate(f"device_set.{facts['device_set']}")}
        shown = [[_plain(row)[name] for name in SHOWN] for row in rows]
        columns = [translate(f"column.{name}") for name in SHOWN]
        print_table(columns, shown, title=translate("loss.title", **named))
    else:
        print_note(translate("loss.nothing"))
    if facts["demand_m2"]:
        shares = {case: f"{s:.2%}" for case, s in facts["covered_demand_share"].items()}
        counted = {"cameras": facts["cameras"], "lost": facts["lost"]}
        print_note(translate("loss.after", share=f"{100 * facts['share']:g}%", **counted, **shares))
        print_note(translate("loss.meaning"))
    if not facts["current"]:
        print_note(translate("loss.stale", run=facts["run"]))
