"""``govgrid init``: the home of one's own data."""

from typing import Annotated

import typer

from geo.cli.app import app, settings


@app.command()
def init(context: typer.Context, test: Annotated[bool, typer.Option("--test")] = False) -> None:
    """Make the home of your own data: a database that the demonstration never enters."""
    from geo.cli.output import note, told
    from geo.operations import own_home
    from geo.store.cluster import cluster

    config = settings(context)
    new = own_home.begin(config, test=test)
    if config.database_url is None:
        note(told("home.begun" if new else "home.there", home=config.home))
        note(told("home.next", data=cluster.status(config.home).data))
    else:
        note(told("home.begun_other" if new else "home.there_other"))
        note(told("home.next_other"))
