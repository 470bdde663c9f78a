"""``govgrid init``: the home of one's own data."""

from typing import Annotated

import typer

from geo.cli.app import app, read_settings


@app.command()
def init(context: typer.Context, test: Annotated[bool, typer.Option("--test")] = False) -> None:
    """Make the home of your own data: a database that the demonstration never enters."""
    from geo.cli.output import print_note, translate
    from geo.operations import own_home
    from geo.store.cluster import cluster

    config = read_settings(context)
    new = own_home.begin_home(config, test=test)
    if config.database_url is None:
        print_note(translate("home.begun" if new else "home.there", home=config.home))
        print_note(translate("home.next", data=cluster.cluster_status(config.home).data))
    else:
        print_note(translate("home.begun_other" if new else "home.there_other"))
        print_note(translate("home.next_other"))
