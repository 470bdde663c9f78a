"""Kill -9 of each process under load, and how long writes had to wait."""

import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import service_live

from scripts.fault_campaign.site import Site
from scripts.fault_campaign.writers import Acknowledged

ROLES: Final = ("database", "web", "worker", "engine")
SETTLED: Final = ("incidents", "moves", "viewings")
"""Kinds that wait for no job: after a kill each is written once more."""


def kill_all(site: Site, url: str, parent: int, told: Acknowledged, times: int) -> dict[str, str]:
    """Kill every role so many times in turn; return by role what was measured.

    Parameters
    ----------
    site
        What is served.
    url, parent
        Address and process of the service.
    told
        What the load has written so far.
    times
        How often each role is killed.
    """
    took: dict[str, list[float]] = {role: [] for role in ROLES}
    for _ in range(times):
        for role in ROLES:
            wait_for_writes(told)
            took[role].append(_back_s(site, url, parent, role, told))
    return {
        f"kill -9 of {role} × {times}": (
            f"writes and process back after {statistics.median(found):.1f} s (median),"
            f" {max(found):.1f} s (worst)"
        )
        for role, found in took.items()
    }


def _back_s(site: Site, url: str, parent: int, role: str, told: Acknowledged) -> float:
    killed = site.postmaster if role == "database" else service_live.process_of(parent, role)
    began = time.monotonic()
    os.kill(killed, signal.SIGKILL)
    service_live.until(lambda: not _runs(killed))
    service_live.until(_back(site, url, parent, role, killed))
    wait_for_writes(told)
    return time.monotonic() - began


def _back(site: Site, url: str, parent: int, role: str, killed: int) -> Callable[[], bool]:
    def holds() -> bool:
        if role != "database":
            other = service_live.process_of(parent, role) not in (0, killed)
            return other and service_live.readiness(url).get("status") == "ready"
        try:
            other = site.postmaster != killed
        except (OSError, ValueError, IndexError):  # its file is gone, or being written
            return False
        return other and service_live.readiness(url).get("status") == "ready"

    return holds


def _runs(number: int) -> bool:
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for_writes(told: Acknowledged) -> None:
    """Return when each kind that waits for no job was written once more.

    Raises
    ------
    RuntimeError
        If a write was refused for good.
    """
    before = told.counts()

    def holds() -> bool:
        if told.refused:
            raise RuntimeError(told.refused[0])
        return all(told.counts()[kind] > before[kind] for kind in SETTLED)

    service_live.until(holds)
