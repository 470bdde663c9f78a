"""``govgrid export``: layers out."""

from pathlib import Path
from typing import Annotated

import typer

from geo.cli.app import app, settings
from geo.errors import InputError


@app.command("export")
def export(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="grids, cameras, gaps, viewsheds, …")],
    out: Annotated[Path, typer.Argument(help="File; its ending chooses the format")],
    crs: Annotated[str, typer.Option(help="wgs84, cgcs2000 or EPSG:n")] = "wgs84",
) -> None:
    """Write LAYER to OUT (.geojson .gpkg .shp .csv .xlsx)."""
    from geo import exports
    from geo.cli.output import note, told
    from geo.crs import parse_crs
    from geo.services import database, layers

    exports.require_ending(out)
    target = parse_crs(crs)
    if target.srid is None:
        raise InputError("export.crs_refused", crs=target.name)
    with database.opened(settings(context)) as engine:
        frame = layers.page(engine, layer)
    exports.write(frame.to_crs(target.srid), out, layer=layer)
    note(told("export.written", file=out, count=len(frame)))
