"""From an empty home to the open map: the demonstration twice, with each step's share.

Runs ``govgrid demo --once`` in a folder of its own, first with nothing there, then again; then the
map in a headless Chromium. Limits instead of peers: no other program makes this way.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rows import Row, peak_memory_mb, row, run

FIRST_GOAL_S, SECOND_GOAL_S, MEMORY_GOAL_MB = 300.0, 60.0, 2048.0
COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]
STEP = re.compile(r"^\s*([\d.]+) s\s+([\d.]+)%\s+(.+)$", re.MULTILINE)


def demo(home: Path) -> tuple[float, str]:
    """Return the seconds of one run and what it said."""
    environment = {**os.environ, "GOVGRID_HOME": str(home), "GOVGRID_LANG": "en"}
    began = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, "demo", "--once"], env=environment, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - began, done.stderr


def measured() -> list[Row]:
    """Return the two runs and the steps of each."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        try:
            for label, goal in (("first", FIRST_GOAL_S), ("second", SECOND_GOAL_S)):
                seconds, said = demo(home)
                rows.append(row(f"demo --once, {label} run", seconds, "s", goal=goal))
                for step_s, share, step in STEP.findall(said):
                    rows.append(row(f"  {label}: {step} ({share} %)", float(step_s), "s"))
        finally:
            subprocess.run(
                [*COMMAND, "--home", str(home), "db", "stop"], check=False, capture_output=True
            )
    memory = peak_memory_mb(of_children=True)
    return [*rows, row("peak memory of one process", memory, "MB", goal=MEMORY_GOAL_MB)]


if __name__ == "__main__":
    run(measured, __doc__)
