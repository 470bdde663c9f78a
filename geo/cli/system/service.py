"""``govgrid serve``: the web service."""

import socket
from pathlib import Path
from typing import Annotated

import typer

from geo.base.errors import InputError
from geo.base.settings import Settings
from geo.cli.app import app, read_settings

PortOption = Annotated[int, typer.Option(min=0, max=65535)]


@app.command()
def serve(
    context: typer.Context,
    host: str = "127.0.0.1",
    port: PortOption = 8000,
    clock: Path | None = None,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 1,
    supervise: Annotated[bool, typer.Option("--supervise/--no-supervise")] = True,
) -> None:
    """Run the web service until it is stopped (Ctrl+C)."""
    from geo.access.accounts import accounts
    from geo.cli.output import print_note, translate
    from geo.operations import database

    config = read_settings(context)
    if clock is not None:
        config = config.model_copy(update={"clock": clock.absolute()})
    require_free(host, port)
    with database.open_database(config) as engine:
        made = accounts.first_administrator(engine)
    if made is not None:
        print_note(translate("serve.first", name=made[0], password=made[1]))
    run_service(config, host, port, workers=workers, supervise=supervise)


def run_service(
    config: Settings, host: str, port: int, *, workers: int = 1, supervise: bool = True
) -> None:
    """Serve, with engine and worker processes beside, until the process is stopped.

    Parameters
    ----------
    host, port
        Address to listen on; port 0 takes a free one.
    workers
        How many web processes answer on it.
    supervise
        Whether a supervisor restarts the processes and the cluster; without, this process serves.
    """
    from geo.cli.output import print_note, translate
    from geo.cli.system.engine_process import compute_alone
    from geo.cli.system.web_process import serve_alone, serve_web
    from geo.cli.system.worker_process import work_alone
    from geo.operations import supervisor
    from geo.operations.children import Role

    with _listen(host, port) as listening:
        number: int = listening.getsockname()[1]

        def opened() -> None:
            print_note(translate("serve.open", url=f"http://{host}:{number}/"))

        if not supervise:
            opened()
            serve_web(config, listening)
            return
        web = Role("web", serve_alone, (listening,), count=workers, serves=True)
        roles = (web, Role("engine", compute_alone), Role("worker", work_alone))
        code = supervisor.run_supervised(config, roles, opened=opened)
    if code:
        raise typer.Exit(code)


def _listen(host: str, port: int) -> socket.socket:
    from geo.operations import supervisor

    try:
        return supervisor.open_socket(host, port)
    except OSError as error:
        raise _taken(host, port, error) from error


def require_free(host: str, port: int) -> None:
    """Raise if the service cannot listen on an address.

    Parameters
    ----------
    host
        IPv4 or IPv6 address, or a name.
    port
        TCP port.

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
            raise _taken(host, port, error) from error


def _taken(host: str, port: int, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError("serve.port_taken", host=host, port=port, reason=reason)
