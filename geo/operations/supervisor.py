"""Supervisor: web process, worker and private cluster, restarted when they end."""

import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from threading import Event, Thread
from types import FrameType
from typing import Final, Protocol

from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.base.words import say
from geo.store import disk
from geo.store.cluster import cluster

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOKED_AT_EVERY_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
STEADY_AFTER_S: Final = 10.0
"""A process that lived so long did not die of how it was started."""
ENDS_WITHIN_S: Final = 15.0
BACKLOG: Final = 2048


class Ready(Protocol):
    """What a process says that it serves by; an event of ``multiprocessing``."""

    def set(self) -> None:
        """Say so."""

    def is_set(self) -> bool:
        """Return whether it was said."""


Web = Callable[[Settings, socket.socket, Ready], None]


def run_supervised(
    config: Settings, web: Web, listening: socket.socket, *, opened: Callable[[], None]
) -> int:
    """Run the web process, and start it and the private cluster again when they die.

    Ends when the process is told to (SIGINT, SIGTERM, SIGHUP), or when the web process cannot be
    started at all. The cluster is left running: it is stopped by ``db stop``, after which nobody
    starts it again but who asks for it.

    Parameters
    ----------
    web
        What the web process runs: a function of a module, because it is started afresh. It ends at
        SIGTERM.
    listening
        The socket of the service. It is held here, so that requests wait for a web process that is
        being started again and are not refused.
    opened
        Called once, when the service first answers.

    Returns
    -------
    int
        The exit code: 0, or that of a web process that could not be started.
    """
    stop = Event()
    with _signals(stop), _watched_cluster(config, stop):
        return _Web(config, web, listening).keep(stop, opened)


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address.

    Parameters
    ----------
    host
        IPv4 or IPv6 address, or a name; one with ":" is IPv6.
    port
        TCP port, 0 for a free one.

    Raises
    ------
    OSError
        If the address is in use or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except OSError:
        found.close()
        raise
    return found


def end_with_parent() -> None:
    """End this process as by SIGTERM when the supervisor has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_outlive, args=(parent,), name="govgrid-parent", daemon=True).start()


class _Web:
    """The web process: started afresh, again and again."""

    def __init__(self, config: Settings, web: Web, listening: socket.socket) -> None:
        self._config, self._work, self._listening = config, web, listening
        self._context = multiprocessing.get_context("spawn")
        self._failures = 0

    def keep(self, stop: Event, opened: Callable[[], None]) -> int:
        """Have a web process until `stop` is set; return the exit code of the service."""
        served = False
        while not stop.is_set():
            began = time.monotonic()
            process, ready = self._started()
            while process.is_alive() and not stop.is_set():
                wait([process.sentinel], LOOKED_AT_EVERY_S)
                if ready.is_set() and not served:
                    served = True
                    opened()
            if stop.is_set():
                _end(process)
                break
            if not served:
                return process.exitcode or 1
            self._pause(process, time.monotonic() - began, stop)
        return 0

    def _started(self) -> tuple[BaseProcess, Ready]:
        ready = self._context.Event()
        arguments = (self._config, self._listening, ready)
        process = self._context.Process(target=self._work, args=arguments, name="govgrid-web")
        process.start()
        return process, ready

    def _pause(self, process: BaseProcess, lived_s: float, stop: Event) -> None:
        self._failures = 0 if lived_s > STEADY_AFTER_S else self._failures + 1
        pause_s = min(2.0**self._failures - 1, LONGEST_PAUSE_S)
        code = process.exitcode
        _say(self._config, "supervisor.web_died", code=code, pause_s=round(pause_s))
        stop.wait(pause_s)


@contextmanager
def _watched_cluster(config: Settings, stop: Event) -> Iterator[None]:
    """Start the private cluster again whenever it dies inside."""
    if config.database_url is not None:
        yield
        return
    watch = Thread(target=_watch, args=(config, stop), name="govgrid-cluster", daemon=True)
    watch.start()
    try:
        yield
    finally:
        stop.set()
        watch.join(ENDS_WITHIN_S)


def _watch(config: Settings, stop: Event) -> None:
    failures = 0
    while not stop.wait(min(LOOKED_AT_EVERY_S * 2**failures, LONGEST_PAUSE_S)):
        try:
            began = time.monotonic()
            if cluster.revive_cluster(config.home):
                took_s = time.monotonic() - began
                _say(config, "supervisor.cluster_back", seconds=f"{took_s:.1f}")
            disk.keep_ballast(cluster.cluster_folder(config.home))
            failures = 0
        except Exception as error:  # whatever it was, nobody else would come again
            failures += 1
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, GovgridError):
                reason = error.text(config.lang)
            _say(config, "supervisor.cluster_down", reason=reason)


@contextmanager
def _signals(stop: Event) -> Iterator[None]:
    """Set `stop` where the process is told to end; what was ignored before still is."""

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {n: held for n in STOPPING if (held := signal.getsignal(n)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: BaseProcess) -> None:
    """Let a process answer what it was asked, then end it."""
    process.terminate()
    process.join(ENDS_WITHIN_S)
    if process.is_alive():
        process.kill()
        process.join()


def _outlive(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _say(config: Settings, key: str, **facts: object) -> None:
    sentence = say(key, config.lang, **facts)
    sys.stderr.write(" ".join(f"govgrid: {sentence}".split()) + "\n")
    sys.stderr.flush()
