"""``govgrid map``: one self-contained page."""

from pathlib import Path

import typer

from geo.cli.app import acting_reader, app, read_settings
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
    from geo.cli.app import current_language
    from geo.cli.output import print_note, require_new, translate
    from geo.documents.map_page import map_page
    from geo.files import writers
    from geo.operations import database
    from maps import watermark

    writers.require_writable(out)
    require_new(out, force=force)
    config = read_settings(context)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "export")
        export_log.reason_of(who, reason)
        page = map_page(
            engine,
            config,
            who,
            lang=current_language(),
            device_set=device_set,
            certainty=certainty,
            area=area,
        )
        rows = page.rows
        export_log.register_file(
            engine, who, out, what="map", rows=rows, area=area or "", reason=reason
        )
    mark = export_log.watermark_text(who, reason, timezone=config.timezone, lang=current_language())
    with writers.draft_of(out) as draft:
        draft.write_text(watermark.add_watermark(page.html, mark), encoding="utf-8")
    print_note(translate("export.map_written", file=out, kb=round(out.stat().st_size / 1000)))
