"""Worker process of ``govgrid serve``: imports no command, so that it starts quickly."""

import signal
from threading import Event

from geo.base import clock
from geo.base.settings import Settings
from geo.base.signals import set_at_signals, wait_until_set
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
    set_at_signals(stop, signal.SIGTERM)
    clock.follow(config.clock)

    def work() -> None:
        with worker.run_worker(config):
            ready.set()
            wait_until_set(stop)

    exit_with_sentence(work)
