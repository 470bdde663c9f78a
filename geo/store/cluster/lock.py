"""The lock of a home: one process at a time makes, starts, stops or moves its cluster."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.base.errors import ClusterError
from geo.store.cluster.process import poll_moments

LOCK_PATIENCE_S = 180.0
SOON_S = 1.0  # what is waited for no longer is not worth a word


def ignore_waiting() -> None:
    """Ignore that a lock is waited for."""


@contextmanager
def hold_lock(home: Path, *, waiting: Callable[[], None] = ignore_waiting) -> Iterator[int]:
    """Hold the lock of a home; yield its file number.

    Parameters
    ----------
    home
        Folder with the file ``cluster.lock``.
    waiting
        Called once where another process holds the lock for more than a moment.

    Raises
    ------
    ClusterError
        If another process holds it for `LOCK_PATIENCE_S` seconds.
    """
    with (home / "cluster.lock").open("a") as file:
        began, announced = time.monotonic(), False
        for _ in poll_moments(LOCK_PATIENCE_S):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not announced and time.monotonic() - began > SOON_S:
                    waiting()
                    announced = True
        else:
            raise ClusterError("cluster.busy", home=home, seconds=round(LOCK_PATIENCE_S))
        yield file.fileno()
