"""``govgrid map``: one self-contained page."""

from pathlib import Path
from typing import Annotated

import typer

from geo.cli.app import app, settings


@app.command("map")
def map_(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The HTML file to write")],
    area: Annotated[str | None, typer.Option(help="Cut to the area of this code")] = None,
    device_set: Annotated[str, typer.Option(help="all, skynet, social or online")] = "all",
    certainty: Annotated[str, typer.Option(help="certain or possible")] = "certain",
) -> None:
    """Write the interactive map as one page that needs no network."""
    from api.pages import map_page
    from geo.cli.app import language
    from geo.cli.output import note, told
    from geo.errors import InputError
    from geo.services import database

    if not out.resolve().parent.is_dir():
        raise InputError("export.no_folder", folder=str(out.parent))
    config = settings(context)
    with database.opened(config) as engine:
        page = map_page(
            engine,
            config,
            lang=language(),
            device_set=device_set,
            certainty=certainty,
            area=area,
        )
    draft = out.with_name(f".{out.name}.part")
    draft.write_text(page, encoding="utf-8")
    draft.replace(out)
    note(told("export.map_written", file=out, kb=round(out.stat().st_size / 1000)))
