"""``govgrid serve``: the web service."""

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
    host: str = "127.0.0.1",
    port: PortOption = 8000,
) -> None:
    """Run the web service until it is stopped (Ctrl+C)."""
    from geo.access.accounts import accounts
    from geo.cli.output import note, told
    from geo.operations import database

    config = settings(context)
    require_free(host, port)
    with database.opened(config) as engine:
        made = accounts.first_administrator(engine)
    if made is not None:
        note(told("serve.first", name=made[0], password=made[1]))
    run_service(config, host, port)


def run_service(config: Settings, host: str, port: int) -> None:
    """Serve, with a worker beside, until the process is told to stop."""
    import uvicorn

    from api.app import create_app
    from api.server.listening import OPTIONS
    from geo.cli.output import note, told
    from geo.operations import worker

    require_free(host, port)
    with worker.alongside(config):
        note(told("serve.open", url=f"http://{host}:{port}/"))
        uvicorn.run(create_app(config), host=host, port=port, log_level="warning", **OPTIONS)


def require_free(host: str, port: int) -> None:
    """Refuse an address that the service cannot listen on.

    Raises
    ------
    InputError
        With the reason, and what to do.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError("serve.port_taken", host=host, port=port, reason=reason) from error
