"""Tests, in the folders of what they test."""

import os
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SHARED_DATA: Final = ROOT.parent / "shared" / "data"
PATIENCE_S: Final = 1800
"""No sooner is anything taken for hanging: a busy machine is slow, and nothing is timed."""
ROOMY_BYTES: Final = 4_000_000_000


def scratch() -> str | None:
    """Return the folder for clusters: in memory where there is plenty, else the ordinary one.

    A new cluster waits for the disk longer than it computes.
    """
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOMY_BYTES
    return memory if roomy else None
