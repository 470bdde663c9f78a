"""``govgrid serve`` and ``govgrid demo``."""

import socket
from typing import Annotated

import typer

from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.cli.app import app, settings

PortOption = Annotated[int, typer.Option(min=0, max=65535)]


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: PortOption = 8000,
) -> None:
    """Run the web service until it is stopped (Ctrl+C)."""
    from geo.access.accounts import accounts
    from geo.cli.output import note, told
    from geo.operations import database

    config = settings(context)
    _require_free(host, port)
    with database.opened(config) as engine:
        made = accounts.first_administrator(engine, config)
    if made is not None:
        note(told("serve.first", name=made[0], password=made[1]))
    _serve(config, host, port)


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Compute, write out/, and end.")] = False,
    port: PortOption = 8000,
) -> None:
    """Build the synthetic district, compute it, draw its map, and serve it."""
    from geo.cli.system.demo import run

    config = settings(context)
    if not once:
        _require_free("127.0.0.1", port)
    run(config)
    if not once:
        _serve(config, "127.0.0.1", port)


def _serve(config: Settings, host: str, port: int) -> None:
    import uvicorn

    from api.app import create_app
    from api.server.listening import OPTIONS
    from geo.cli.output import note, told
    from geo.operations import worker

    _require_free(host, port)
    with worker.alongside(config):
        note(told("serve.open", url=f"http://{host}:{port}/"))
        uvicorn.run(create_app(config), host=host, port=port, log_level="warning", **OPTIONS)


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError("serve.port_taken", host=host, port=port, reason=reason) from error
