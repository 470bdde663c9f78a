"""The clock of the service put forward and back under load; that of the database stays."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

LIBRARIES: Final = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
JUMPS: Final = ("+90s", "-90s", "+2h", "-2h", "+1d", "+0")
"""How far the clock of the service is from the real one, one after the other."""
STAYS_S: Final = 10.0


def clock_environment(file: Path) -> dict[str, str]:
    """Return the variables by which a program has the clock that a file tells."""
    return {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # a clock that is set does not set how long a machine runs
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def jump(file: Path, written_again: Callable[[], None]) -> None:
    """Put the clock to each of :data:`JUMPS`, and wait for writes after each.

    Parameters
    ----------
    file
        That tells the clock.
    written_again
        Returns when each kind was written once more.
    """
    for away in JUMPS:
        file.write_text(f"{away}\n")
        time.sleep(STAYS_S)
        written_again()
