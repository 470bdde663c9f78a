"""Files that were uploaded and wait to be imported: in the home, for its owner alone."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from geo.access.principal import RESTRICTED_LAYERS
from geo.base import marking
from geo.base.errors import DiskFullError, InputError
from geo.base.settings import Settings

FOLDER: Final = "uploads"
DISK_TIMES_FILE: Final = 6
"""The file itself, its table with index and log: so many times its size must be free."""
MOST_NAME: Final = 120


def upload_folder(home: Path, number: str) -> Path:
    """Return the folder of the files of a job.

    Parameters
    ----------
    home
        Of the installation.
    number
        Id of the job.
    """
    return home / FOLDER / number


def file_name(layer: str, name: str) -> str:
    """Return under which name an uploaded file is kept: its own, without folders.

    Files of restricted zones are called by their layer: their names may hold theirs.

    Parameters
    ----------
    layer
        Layer that it is for.
    name
        As the client states.

    Raises
    ------
    InputError
        If it is none, or carries a marking.
    """
    found = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    marking.require_unmarked(found, "name")
    if not found or found.startswith(".") or not found.isprintable() or len(found) > MOST_NAME:
        raise InputError("jobs.file_name", found=found[:MOST_NAME], most=MOST_NAME)
    return layer + Path(found).suffix if layer in RESTRICTED_LAYERS else found


async def save_upload(
    settings: Settings, number: str, name: str, parts: AsyncIterator[bytes]
) -> Path:
    """Write a file as it comes; nothing of it stays where that fails.

    Parameters
    ----------
    settings
        Say the home and its reserve.
    number
        Id of the job.
    name
        As from :func:`file_name`.
    parts
        Its content.

    Raises
    ------
    DiskFullError
        If there is no room for it and what is made of it.
    """
    folder = upload_folder(settings.home, number)
    folder.mkdir(parents=True, mode=0o700)
    size = 0
    try:
        with (folder / name).open("wb") as file:
            (folder / name).chmod(0o600)
            async for part in parts:
                size += len(part)
                require_room(settings, size)
                file.write(part)
    except BaseException:
        remove_files(settings.home, number)
        raise
    return folder / name


def require_room(settings: Settings, size: int) -> None:
    """Refuse a file that the disk has no room for, with what is made of it.

    Parameters
    ----------
    settings
        Say the home and its reserve.
    size
        Bytes of the file.

    Raises
    ------
    DiskFullError
        With what is free and what is needed.
    """
    free_mb = shutil.disk_usage(settings.home).free / 1e6
    needed_mb = settings.disk_reserve_mb + DISK_TIMES_FILE * size / 1e6
    if free_mb < needed_mb:
        raise DiskFullError("store.disk_low", free_mb=round(free_mb), needed_mb=round(needed_mb))


def remove_files(home: Path, number: str) -> None:
    """Remove the files of a job.

    Parameters
    ----------
    home
        Of the installation.
    number
        Id of the job.
    """
    shutil.rmtree(upload_folder(home, number), ignore_errors=True)


def waiting_uploads(home: Path) -> list[str]:
    """Return the ids of jobs of which there are files."""
    folder = home / FOLDER
    return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
