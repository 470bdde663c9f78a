"""``govgrid export``: layers out."""

from pathlib import Path
from typing import Final

import typer

from geo.cli.app import acting_reader, app, read_settings
from geo.cli.choices import ForceOption

USUAL_CRS: Final = "wgs84"


@app.command("export")
def export(
    context: typer.Context,
    layer: str,
    out: Path,
    crs: str = USUAL_CRS,
    reason: str | None = None,
    reply: str | None = None,
    force: ForceOption = False,
) -> None:
    """Write LAYER to OUT (.geojson .gpkg .shp .parquet .dxf .csv .xlsx .pmtiles).

    `zone` is the database's metric system, in China the CGCS2000 3-degree zone. A `.pmtiles` holds
    the vector tiles of the layer.
    """
    if reply is not None:
        _write_reply(context, layer, out, reply, reason, force=force)
        return
    from geo.access.audit import export_log
    from geo.cli.output import print_note, require_new, translate
    from geo.exchange.publish import export as layer_export
    from geo.files import writers
    from geo.operations import database

    ending = writers.require_ending(out, known=(*writers.LAYER_ENDINGS, writers.TILES))
    require_new(out, force=force)
    if ending == writers.TILES:
        _write_tiles(context, layer, out, crs, reason)
        return
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


def _write_tiles(
    context: typer.Context, layer: str, out: Path, crs: str, reason: str | None
) -> None:
    """Write the vector tiles of a layer."""
    from geo.access.audit import export_log
    from geo.cli.output import print_note, translate
    from geo.exchange import tile_archive
    from geo.exchange.publish import export as layer_export
    from geo.operations import database

    config = read_settings(context)
    with database.open_database(config) as engine:
        srid = None if crs == USUAL_CRS else layer_export.target_srid(engine, crs)
        who = acting_reader(context, engine, layer_export.action_of(layer))
        mark = export_log.watermark_text(who, reason, timezone=config.timezone)
        with tile_archive.open_archive(engine, who, layer, srid=srid) as archive:
            export_log.register_file(engine, who, out, what=layer, rows=archive.rows, reason=reason)
            tiles = archive.write(out, mark=mark)
    print_note(translate("tiles.written", file=out, count=archive.rows, tiles=tiles))


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
        locale = {"timezone": config.timezone, "lang": current_language()}
        count = hotline_reply.write_reply(engine, who, out, wish, **locale)
    print_note(translate("hotline.written", file=out, count=count))
