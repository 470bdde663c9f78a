"""Signals that tell a process to end."""

import signal
from threading import Event, Thread
from typing import Final

LOOKS_EVERY_S: Final = 0.5


def set_at_signals(stop: Event, *numbers: signal.Signals) -> None:
    """Set an event at signals.

    Parameters
    ----------
    stop
        What is set.
    *numbers
        Signals, as ``signal.SIGTERM``.
    """
    for number in numbers:
        signal.signal(number, lambda *_: set_apart(stop))


def set_apart(stop: Event) -> None:
    """Set an event in a thread of its own: a handler interrupts whoever may hold its lock."""
    Thread(target=stop.set, daemon=True).start()


def wait_until_set(stop: Event) -> None:
    """Wait for an event that a signal sets.

    A signal that comes while a wait without end begins would be handled after that wait only.
    """
    while not stop.wait(LOOKS_EVERY_S):
        pass
