"""``govgrid map``: one self-contained page."""

from pathlib import Path

import typer

from geo.cli.app import app, reader, settings
from geo.cli.choices import Certainty, DeviceSet, ForceOption


@app.command("map")
def map_(
    context: typer.Context,
    out: Path,
    area: str | None = None,
    device_set: DeviceSet = "all",
    certainty: Certainty = "certain",
    reason: str | None = None,
    force: ForceOption = False,
) -> None:
    """Write the interactive map as one page that needs no network."""
    from geo.access.audit import export_log
    from geo.cli.app import language
    from geo.cli.output import note, require_new, told
    from geo.documents.map_page import map_page
    from geo.files import writers
    from geo.operations import database
    from maps import watermark

    writers.require_writable(out)
    require_new(out, force=force)
    config = settings(context)
    with database.opened(config) as engine:
        who = reader(context, engine, "export")
        export_log.reason_of(who, reason)
        page = map_page(
            engine,
            config,
            who,
            lang=language(),
            device_set=device_set,
            certainty=certainty,
            area=area,
        )
        rows = page.rows
        export_log.register(engine, who, out, what="map", rows=rows, area=area or "", reason=reason)
    mark = export_log.stamp(who, reason, timezone=config.timezone, lang=language())
    with writers.draft_of(out) as draft:
        draft.write_text(watermark.stamped(page.html, mark), encoding="utf-8")
    note(told("export.map_written", file=out, kb=round(out.stat().st_size / 1000)))
