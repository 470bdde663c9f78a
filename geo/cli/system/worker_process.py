"""Worker process of ``govgrid serve``: imports no command, so that it starts quickly."""

import signal
from threading import Event

from geo.base import clock
from geo.base.settings import Settings
from geo.cli import exit_with_sentence
from geo.operations import worker
from geo.operations.children import Ready


def work_alone(config: Settings, ready: Ready) -> None:
    """Work as a child process of the supervisor until it is told to end.

    Parameters
    ----------
    config
        Settings of the parent.
    ready
        Set once the worker has begun.
    """
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clock.follow(config.clock)

    def work() -> None:
        with worker.run_worker(config):
            ready.set()
            stop.wait()

    exit_with_sentence(work)
