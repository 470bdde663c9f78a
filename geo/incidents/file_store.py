"""Files of incidents in a folder of the home, each called by the SHA-256 of its content."""

import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = "attachments"
GRACE_S: Final = 24 * 3600.0
"""A file without a row is this old before it is removed: its row may still be on the way."""


def keep_file(home: Path, content: bytes) -> bytes:
    """Write a file so that it is whole or not there, and return its SHA-256.

    When this returns it is on the disk: only then may a row name it.

    Parameters
    ----------
    home
        Folder of the installation.
    content
        As it is kept.
    """
    sha256 = hashlib.sha256(content).digest()
    target = file_of(home, sha256)
    if target.is_file() and target.stat().st_size == len(content):
        os.utime(target)  # young again: a row is on the way
        return sha256
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(prefix=".draft-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync(target.parent)
    return sha256


def file_of(home: Path, sha256: bytes) -> Path:
    """Return where a file stands.

    Parameters
    ----------
    home
        Folder of the installation.
    sha256
        Of its content.
    """
    name = sha256.hex()
    return home / FOLDER / name[:2] / name


def remove_orphans(home: Path, known: Collection[bytes], *, now: float | None = None) -> list[str]:
    """Remove files and drafts that no row names for a day; return their names.

    Parameters
    ----------
    home
        Folder of the installation.
    known
        SHA-256 of the files that rows name.
    now
        Seconds since the epoch; None: this moment.
    """
    named = {sha256.hex() for sha256 in known}
    moment = time.time() if now is None else now
    removed = []
    for path in _files(home):
        if path.name not in named and moment - path.stat().st_mtime > GRACE_S:
            path.unlink(missing_ok=True)
            removed.append(path.name)
    return removed


def missing_files(home: Path, known: Collection[bytes]) -> list[str]:
    """Return the names of the files that a row names and that are not there.

    Parameters
    ----------
    home
        Folder of the installation.
    known
        SHA-256 of the files that rows name.
    """
    return sorted(each.hex() for each in known if not file_of(home, each).is_file())


def _files(home: Path) -> Iterator[Path]:
    root = home / FOLDER
    if root.is_dir():
        yield from (path for path in sorted(root.glob("*/*")) if path.is_file())


def _sync(folder: Path) -> None:
    """Write the entry of a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
