"""``govgrid export``: layers out."""

from pathlib import Path

import typer

from geo.cli.app import acting_reader, app, read_settings
from geo.cli.choices import ForceOption


@app.command("export")
def export(
    context: typer.Context,
    layer: str,
    out: Path,
    crs: str = "wgs84",
    reason: str | None = None,
    reply: str | None = None,
    force: ForceOption = False,
) -> None:
    """Write LAYER to OUT (.geojson .gpkg .shp .parquet .dxf .csv .xlsx).

    `zone` is the database's metric system, in China the CGCS2000 3-degree zone.
    """
    if reply is not None:
        _write_reply(context, layer, out, reply, reason, force=force)
        return
    from geo.access.audit import export_log
    from geo.cli.output import print_note, require_new, translate
    from geo.exchange.publish import export as layer_export
    from geo.files import writers
    from geo.operations import database

    writers.require_ending(out, known=writers.LAYER_ENDINGS)
    require_new(out, force=force)
    config = read_settings(context)
    with database.open_database(config) as engine:
        srid = layer_export.target_srid(engine, crs)
        action = layer_export.action_of(layer)
        who = acting_reader(context, engine, action)
        frame = layer_export.read_layer(engine, who, layer, srid=srid, timezone=config.timezone)
        export_log.register_file(
            engine, who, out, what=layer, rows=len(frame), reason=reason, action=action
        )
    mark = export_log.watermark_text(who, reason, timezone=config.timezone)
    writers.write_file(frame, out, layer=layer, mark=mark)
    print_note(translate("export.written", file=out, count=len(frame)))


def _write_reply(
    context: typer.Context, layer: str, out: Path, to: str, reason: str | None, *, force: bool
) -> None:
    """Write the replies to the hotline, as ``incident reply`` does."""
    from geo.base.errors import InputError
    from geo.cli.app import current_language
    from geo.cli.output import print_note, require_new, translate
    from geo.exchange.publish import hotline_reply
    from geo.files import writers
    from geo.operations import database

    if layer != "incidents" or to != "12345":
        raise InputError("hotline.only_incidents")
    writers.require_ending(out, known=hotline_reply.ENDINGS)
    require_new(out, force=force)
    config = read_settings(context)
    wish = hotline_reply.ReplyWish(reason=reason)
    with database.open_database(config) as engine:
        who = acting_reader(context, engine, "export")
        told = {"timezone": config.timezone, "lang": current_language()}
        count = hotline_reply.write_reply(engine, who, out, wish, **told)
    print_note(translate("hotline.written", file=out, count=count))
