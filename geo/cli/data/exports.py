"""``govgrid export``: layers out."""

from pathlib import Path

import typer

from geo.cli.app import app, reader, settings
from geo.cli.choices import ForceOption


@app.command("export")
def export(
    context: typer.Context,
    layer: str,
    out: Path,
    crs: str = "wgs84",
    reason: str | None = None,
    force: ForceOption = False,
) -> None:
    """Write LAYER to OUT (.geojson .gpkg .shp .parquet .dxf .csv .xlsx).

    `zone` is the database's metric system, in China the CGCS2000 3-degree zone.
    """
    from geo.access.audit import export_log
    from geo.cli.output import note, require_new, told
    from geo.exchange.publish import export as layer_export
    from geo.files import writers
    from geo.operations import database

    writers.require_ending(out, known=writers.LAYER_ENDINGS)
    require_new(out, force=force)
    config = settings(context)
    with database.opened(config) as engine:
        srid = layer_export.target_srid(engine, crs)
        action = layer_export.action_of(layer)
        who = reader(context, engine, action)
        frame = layer_export.whole(engine, who, layer, srid=srid, timezone=config.timezone)
        export_log.register(
            engine, who, out, what=layer, rows=len(frame), reason=reason, action=action
        )
    mark = export_log.stamp(who, reason, timezone=config.timezone)
    writers.write(frame, out, layer=layer, mark=mark)
    note(told("export.written", file=out, count=len(frame)))
