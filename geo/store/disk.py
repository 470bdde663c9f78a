"""The disk under a database of our own: how much is left, and what is kept back for emergencies."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MB: Final = 1_000_000
WARN_FROM: Final = 0.9
BALLAST_MB: Final = 64
"""What PostgreSQL needs to put itself right after it stopped for want of room: some log files."""


@dataclass(frozen=True)
class Guard:
    """Watches over the file system of a folder.

    Below `reserve_mb` free nothing is written any more: PostgreSQL itself stops, and cannot start
    again, where it finds no room for its log.
    """

    folder: Path
    reserve_mb: int

    @property
    def free_mb(self) -> int:
        """The space left to others than root."""
        return shutil.disk_usage(self.folder).free // MB

    @property
    def used_share(self) -> float:
        """The share of the disk that others than root cannot use any more."""
        found = shutil.disk_usage(self.folder)
        return 1.0 - found.free / max(found.used + found.free, 1)

    @property
    def tight(self) -> bool:
        """Whether it is time to make room: nothing is refused yet."""
        return self.low or self.used_share >= WARN_FROM

    @property
    def low(self) -> bool:
        """Whether nothing more is to be written."""
        return self.free_mb < self.reserve_mb


def keep_ballast(folder: Path) -> bool:
    """Keep room back in a file, to be given up in need; False if there is too little of it.

    Parameters
    ----------
    folder
        That of the cluster.
    """
    file = _ballast(folder)
    if file.exists():
        return True
    if shutil.disk_usage(folder).free < 3 * BALLAST_MB * MB:
        return False
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.posix_fallocate(handle, 0, BALLAST_MB * MB)
    finally:
        os.close(handle)
    return True


def make_way(folder: Path) -> bool:
    """Give the ballast up if there is no room without it; return whether that was done."""
    if shutil.disk_usage(folder).free >= BALLAST_MB * MB or not _ballast(folder).exists():
        return False
    _ballast(folder).unlink()
    return True


def _ballast(folder: Path) -> Path:
    return folder / "ballast"
