"""Processes of the service: started afresh, looked after, started again when they die."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any, Final, Protocol

from geo.base.settings import Settings

LONGEST_PAUSE_S: Final = 30.0
STEADY_AFTER_S: Final = 10.0
"""A process that lived so long did not die of how it was started."""
ENDS_WITHIN_S: Final = 9.5


class Ready(Protocol):
    """What a process says that it serves by; an event of ``multiprocessing``."""

    def set(self) -> None:
        """Say so."""

    def is_set(self) -> bool:
        """Return whether it was said."""


@dataclass(frozen=True)
class Role:
    """A kind of process.

    Attributes
    ----------
    name
        "web", "engine" or "worker"; its word is ``supervisor.NAME``.
    work
        What it runs: a function of a module, because it is started afresh. It is called with the
        settings, `arguments` and what it says that it is ready by, and ends at SIGTERM.
    count
        How many there are.
    serves
        Whether the service is what these answer: it opens with the first of them, ends where they
        cannot be started, and the others outlive them.
    """

    name: str
    work: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    count: int = 1
    serves: bool = False


class Child:
    """One process of a role, or the pause before it is started again."""

    def __init__(self, config: Settings, role: Role) -> None:
        self.role = role
        self._config = config
        self._context = multiprocessing.get_context("spawn")
        self._failures, self._due = 0, 0.0
        self._process: BaseProcess | None = None
        self._ready: Ready = self._context.Event()
        self._began = 0.0

    @property
    def ready(self) -> bool:
        """Whether the process said that it serves."""
        return self._process is not None and self._ready.is_set()

    @property
    def sentinels(self) -> list[int]:
        """What becomes readable when the process ends; none in a pause."""
        return [] if self._process is None else [self._process.sentinel]

    def start_if_due(self) -> None:
        """Start the process where there is none and its pause is over."""
        if self._process is None and time.monotonic() >= self._due:
            self._ready = self._context.Event()
            arguments = (self._config, *self.role.arguments, self._ready)
            name = f"govgrid-{self.role.name}"
            process = self._context.Process(
                target=_begin, args=(name, self.role.work, *arguments), name=name
            )
            process.start()
            self._process, self._began = process, time.monotonic()

    def find_death(self) -> tuple[int, float] | None:
        """Return exit code and pause of a process that has ended since; None where it lives."""
        if self._process is None or self._process.is_alive():
            return None
        code = self._process.exitcode or 0
        lived_s = time.monotonic() - self._began
        self._failures = 0 if lived_s > STEADY_AFTER_S else self._failures + 1
        pause_s = min(2.0**self._failures - 1, LONGEST_PAUSE_S)
        self._process, self._due = None, time.monotonic() + pause_s
        return code, pause_s

    def terminate(self) -> None:
        """Tell the process to end."""
        if self._process is not None:
            self._process.terminate()

    def join(self, until: float) -> None:
        """Wait for the end of the process; kill it at `until` (of ``time.monotonic``)."""
        if self._process is None:
            return
        self._process.join(max(until - time.monotonic(), 0.0))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process = None


def start_children(config: Settings, roles: Sequence[Role]) -> list[Child]:
    """Return the processes of some roles, started.

    Parameters
    ----------
    config
        What each is given.
    roles
        In the order of their start.
    """
    children = [Child(config, role) for role in roles for _ in range(role.count)]
    for child in children:
        child.start_if_due()
    return children


def end_children(children: Iterable[Child]) -> None:
    """Let all processes end what they are at, within `ENDS_WITHIN_S`; those that serve first."""
    until = time.monotonic() + ENDS_WITHIN_S
    every = list(children)
    for wave in (True, False):
        ended = [child for child in every if child.role.serves is wave]
        for child in ended:
            child.terminate()
        for child in ended:
            child.join(until)


def _begin(name: str, work: Callable[..., None], *arguments: object) -> None:
    """Work under a name that ``ps`` shows; end as by SIGTERM when the supervisor has ended.

    Ctrl+C of a terminal reaches all its processes; only the supervisor acts on it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):  # no Linux, no name
        Path("/proc/self/comm").write_text(name, encoding="ascii")
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_outlive, args=(parent,), name="govgrid-parent", daemon=True).start()
    work(*arguments)


def _outlive(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
