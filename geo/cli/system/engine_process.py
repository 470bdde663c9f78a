"""Engine process of ``govgrid serve``: imports no command, so that it starts quickly."""

import signal
from threading import Event

from geo.base import clock
from geo.base.settings import Settings
from geo.base.signals import set_at_signals
from geo.cli import exit_with_sentence
from geo.operations import engine
from geo.operations.children import Ready


def compute_alone(config: Settings, ready: Ready) -> None:
    """Run the engine as a child process of the supervisor until it is told to end.

    Parameters
    ----------
    config
        Settings of the parent.
    ready
        Set once it answers.
    """
    stop = Event()
    set_at_signals(stop, signal.SIGTERM)
    clock.follow(config.clock)
    exit_with_sentence(lambda: engine.run_engine(config, stop=stop, leads=ready.set))
