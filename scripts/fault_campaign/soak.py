"""A load that goes on, and what the memory of the processes does meanwhile."""

import time
from pathlib import Path
from typing import Final

import numpy as np
import service_live

ROLES: Final = ("web", "worker", "engine")
EVERY_S: Final = 15.0
WARM_S: Final = 300.0
"""What is kept in memory is filled first; only then the slope says something."""


def memory_slopes(parent: int, minutes: float) -> dict[str, str]:
    """Watch the memory of the processes; return by role how it grew.

    Parameters
    ----------
    parent
        Process of the service.
    minutes
        How long, all in all.
    """
    seen: dict[str, list[tuple[float, float]]] = {role: [] for role in ROLES}
    began = time.monotonic()
    while (at := time.monotonic() - began) < 60 * minutes:
        if at > min(WARM_S, 20 * minutes):
            for role in ROLES:
                seen[role].append((at / 3600, _memory_mb(service_live.process_of(parent, role))))
        time.sleep(EVERY_S)
    return {
        f"memory of {role}, {minutes:g} minutes": (
            f"{found[0][1]:.0f} MB → {found[-1][1]:.0f} MB, {_slope(found):+.0f} MB an hour"
        )
        for role, found in seen.items()
    }


def _slope(found: list[tuple[float, float]]) -> float:
    hours, megabytes = np.array(found).T
    return float(np.polyfit(hours, megabytes, 1)[0])


def _memory_mb(number: int) -> float:
    lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
