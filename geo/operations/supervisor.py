"""Supervisor: web, engine and worker processes and private cluster, restarted when they end."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from threading import Event, Thread
from types import FrameType
from typing import Final

from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.base.signals import set_apart
from geo.base.words import say
from geo.operations import children
from geo.operations.children import ENDS_WITHIN_S, LONGEST_PAUSE_S, Child, Role
from geo.store import disk
from geo.store.cluster import cluster

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOKED_AT_EVERY_S: Final = 0.25
BACKLOG: Final = 2048


def run_supervised(config: Settings, roles: Sequence[Role], *, opened: Callable[[], None]) -> int:
    """Run the processes of the service, and start them and the private cluster again when they die.

    Ends when the process is asked to (SIGINT, SIGTERM, SIGHUP), or when the processes that serve
    cannot be started at all. The cluster is left running: it is stopped by ``db stop``, after which
    nobody starts it again but who asks for it.

    Parameters
    ----------
    config
        Of all processes.
    roles
        Which processes there are. Their socket is held here, so that requests wait for a process
        that is being started again and are not refused.
    opened
        Called once, when the service first answers.

    Returns
    -------
    int
        The exit code: 0, or that of a process that serves and could not be started.
    """
    stop = Event()
    with _signals(stop), _watched_cluster(config, stop):
        found = children.start_children(config, roles)
        try:
            return _keep(config, found, stop, opened)
        finally:
            children.end_children(found)


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


def _keep(config: Settings, found: Sequence[Child], stop: Event, opened: Callable[[], None]) -> int:
    """Have all processes until `stop` is set; return the exit code of the service."""
    served = False
    while not stop.is_set():
        for child in found:
            death = child.find_death()
            if death is not None:
                if child.role.serves and not served:
                    return death[0] or 1
                role = say(f"supervisor.{child.role.name}", config.lang)
                facts = {"code": death[0], "pause_s": round(death[1])}
                _say(config, "supervisor.died", role=role, **facts)
            child.start_if_due()
        if not served and any(child.ready for child in found if child.role.serves):
            served = True
            opened()
        wait([end for child in found for end in child.sentinels], LOOKED_AT_EVERY_S)
    return 0


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
    """Set `stop` where the process is asked to end; what was ignored before still is."""

    def set_stop(_number: int, _frame: FrameType | None) -> None:
        set_apart(stop)

    before = {n: held for n in STOPPING if (held := signal.getsignal(n)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, set_stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(config: Settings, key: str, **facts: object) -> None:
    sentence = say(key, config.lang, **facts)
    sys.stderr.write(" ".join(f"govgrid: {sentence}".split()) + "\n")
    sys.stderr.flush()
