"""Web process of ``govgrid serve``: imports no command, so that it starts quickly."""

import logging
import socket
from contextlib import nullcontext
from threading import Timer
from typing import Any, Final

from geo.base.settings import Settings
from geo.cli import exit_with_sentence
from geo.operations.children import Ready

PREPARE_AFTER_S: Final = 5.0
"""The first requests have the processor for themselves."""


def serve_alone(config: Settings, listening: socket.socket, ready: Ready) -> None:
    """Serve as a child process of the supervisor; a failure is one sentence on stderr.

    Parameters
    ----------
    config
        Settings of the parent.
    listening
        Socket that already listens, inherited from the parent.
    ready
        Called once requests are answered.
    """
    exit_with_sentence(lambda: serve_web(config, listening, ready))


def serve_web(config: Settings, listening: socket.socket, ready: Ready | None = None) -> None:
    """Serve on a socket until the process is stopped; without a supervisor, with a worker beside.

    Parameters
    ----------
    ready
        Set when requests are answered; None: there is no supervisor.
    """
    import uvicorn

    from api.app import create_app
    from api.server.listening import OPTIONS, raise_file_limit
    from api.server.logs import configure_logs, default_level
    from geo.operations import worker

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ready is not None:
                ready.set()
            prepare_soon(app, PREPARE_AFTER_S)

    configure_logs(default_level(config.log_level))
    raise_file_limit()
    with nullcontext() if ready is not None else worker.run_worker(config):
        # `logs` gives lines their form, and `record` tells of requests
        app = create_app(config)
        uvicorn_config = uvicorn.Config(app, log_config=None, access_log=False, **OPTIONS)
        Server(uvicorn_config).run([listening])


def prepare_soon(app: Any, after_s: float) -> Timer:  # noqa: ANN401 - the frameworks load later
    """Read what stands in memory before somebody waits for it; return the thread that does.

    Parameters
    ----------
    app
        The application, started.
    after_s
        How long it waits, in seconds.
    """
    timer = Timer(after_s, _prepare, [app])
    timer.daemon = True
    timer.start()
    return timer


def _prepare(app: Any) -> None:  # noqa: ANN401 - as above
    try:
        app.state.sight.prepare()
    except Exception:  # the first request reads it then, and its answer says what is wrong
        logging.getLogger(__name__).exception("views of cameras were not read ahead")
