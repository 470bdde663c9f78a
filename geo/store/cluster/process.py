"""The server that works on a folder of data: where it listens, what a killed one left behind."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from geo.base.errors import ClusterError
from geo.store.cluster.location import SOCKET_NAME

PATIENCE_S = 60.0
PAUSE_S = 0.05
# What is left of a killed server serves nobody any more, and no new one starts beside it. Most of
# it sees that at once; the rest are asked to end, then killed.
TOLD_AFTER_S = 1.0
ENDED_AFTER_S = 3.0


def poll_moments(patience_s: float) -> Iterator[None]:
    """Come round every moment until the patience is over."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        yield
        time.sleep(PAUSE_S)


def clear_remains(data: Path) -> None:
    """End the processes of a killed server; drop its mark if another process has its number.

    PostgreSQL itself replaces a mark whose number is free, but takes any process of the same
    account that got the number since, after a power cut for instance, for a running server.
    """
    began = time.monotonic()
    for _ in poll_moments(PATIENCE_S):
        left = processes_in(data)
        if not left:
            break
        waited_s = time.monotonic() - began
        if waited_s > TOLD_AFTER_S:
            _end(left, signal.SIGKILL if waited_s > ENDED_AFTER_S else signal.SIGQUIT)
    else:
        raise ClusterError("cluster.remains", data=data)
    mark = data / "postmaster.pid"
    lines = mark.read_text(encoding="utf-8").splitlines() if mark.exists() else []
    if lines and Path("/proc", lines[0].strip().lstrip("-")).exists():
        mark.unlink()
        for end in ("", ".lock"):
            (Path(lines[4]) / f"{SOCKET_NAME}{end}").unlink(missing_ok=True)


def socket_of_running(data: Path) -> Path | None:
    """Return the socket folder of the server that works on `data`, None if there is none."""
    for _ in poll_moments(PATIENCE_S):
        try:
            lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return None
        if not lines or not _works_in(Path("/proc", lines[0].strip()), data):
            return None
        if len(lines) > 4 and lines[4].strip():
            return Path(lines[4].strip())
    raise ClusterError("cluster.too_slow", seconds=round(PATIENCE_S))


def processes_in(data: Path) -> list[Path]:
    """Return the processes of a server on `data`, as folders of /proc."""
    return [each for each in Path("/proc").glob("[0-9]*") if _works_in(each, data)]


def _end(processes: list[Path], by: signal.Signals) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(int(each.name), by)


def _works_in(process: Path, data: Path) -> bool:
    try:
        name = (process / "comm").read_text(encoding="utf-8", errors="replace")
        return name.startswith("postgres") and (process / "cwd").samefile(data)
    except OSError:
        return False
