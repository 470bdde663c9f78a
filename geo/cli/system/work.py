"""``govgrid worker``: what is done again and again beside the service."""

from typing import Annotated

import typer

from geo.cli.app import app, read_settings

FAILED = 1


@app.command()
def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once")] = False,
) -> None:
    """Run jobs, seal the audit, write its head down each day, clear away, until it is stopped.

    ``serve`` has a worker of its own; several do no harm. Exit code with --once: 1 if something
    failed.
    """
    import signal
    from threading import Event

    from geo.base.signals import set_at_signals, wait_until_set
    from geo.cli.output import print_note, translate
    from geo.operations import database
    from geo.operations import worker as worker_service

    config = read_settings(context)
    with database.open_database(config) as engine:
        if once:
            failed = worker_service.run_duties(engine, config, stop=Event(), once=True)
            raise typer.Exit(FAILED if failed else 0)
    stop = Event()
    set_at_signals(stop, signal.SIGTERM, signal.SIGINT)
    print_note(translate("worker.runs"))
    with worker_service.run_worker(config):
        wait_until_set(stop)
