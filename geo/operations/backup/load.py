"""Loading of a backup into an empty database, with every table counted."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from geo.base.errors import DiskFullError, InputError, StateError
from geo.base.progress import Progress
from geo.cameras.store import moved_trigger
from geo.operations.backup import archive_file
from geo.operations.backup.manifest import Manifest
from geo.operations.store import backup as stored
from geo.store import db
from geo.store.cluster import client_programs

MB: Final = 1_000_000
DISK_TIMES_DUMP: Final = 8
"""The dump itself, its tables unpacked with their indexes, and the log."""


def require_room(folder: Path, manifest: Manifest, *, reserve_mb: int, with_files: bool) -> None:
    """Refuse a backup that the disk has no room for.

    Parameters
    ----------
    folder
        On the disk.
    manifest
        Of the backup.
    reserve_mb
        What has to stay free.
    with_files
        Whether its attachments go there as well.

    Raises
    ------
    DiskFullError
        With what is free and what is needed.
    """
    size = DISK_TIMES_DUMP * manifest.dump_bytes + manifest.file_bytes * with_files
    free_mb, needed_mb = shutil.disk_usage(folder).free // MB, reserve_mb + size // MB
    if free_mb < needed_mb:
        raise DiskFullError("backup.no_room", folder=folder, free_mb=free_mb, needed_mb=needed_mb)


def require_known(manifest: Manifest) -> None:
    """Refuse a backup whose tables are newer than this program.

    Raises
    ------
    StateError
        With both revisions.
    """
    if manifest.revision > db.newest_revision():
        facts = {"found": manifest.revision, "known": db.newest_revision()}
        raise StateError("backup.tables_newer", program=manifest.program, **facts)


def load_database(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    url: str,
    folder: Path,
    *,
    role: str | None,
    at_once: bool = False,
    progress: Progress,
) -> None:
    """Load the database of a backup and count the rows of every table.

    Parameters
    ----------
    archive
        The open backup.
    manifest
        Of it.
    url
        Of a database that has the extensions, but not the tables.
    folder
        Where the dump lies meanwhile.
    role, at_once
        As for :func:`geo.store.cluster.client_programs.restore_dump`.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If the dump is damaged.
    StateError
        If a table has other rows than it had.
    """
    with _unpacked_dump(archive, manifest, folder, progress) as dump:
        progress("backup.step.load", 0, 0)
        older = manifest.revision < moved_trigger.FIXED
        without = moved_trigger.TRIGGER if older else None
        client_programs.restore_dump(url, dump, role=role, at_once=at_once, without=without)
        if older:
            _add_trigger(url, role)
    progress("backup.step.count", 0, 0)
    differing = differing_counts(url, manifest.tables)
    if differing:
        table, (expected, found) = next(iter(differing.items()))
        raise StateError("backup.counts", table=table, expected=expected, found=found)


def _add_trigger(url: str, role: str | None) -> None:
    engine = db.connect(url, pool_size=1, role=role)
    try:
        with db.open_transaction(engine) as connection:
            moved_trigger.create_moved_trigger(connection)
    finally:
        engine.dispose()


def differing_counts(url: str, expected: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the tables that have other numbers of rows than expected, with both numbers.

    Parameters
    ----------
    url
        Of the database.
    expected
        Rows by table.
    """
    engine = db.connect(url, pool_size=1)
    try:
        with db.open_transaction(engine) as connection:
            found = stored.count_rows(connection, stored.list_tables(connection))
    finally:
        engine.dispose()
    names = expected.keys() | found.keys()
    both = {name: (expected.get(name, 0), found.get(name, 0)) for name in sorted(names)}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


@contextmanager
def _unpacked_dump(
    archive: zipfile.ZipFile, manifest: Manifest, folder: Path, progress: Progress
) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=folder) as draft:
        target = Path(draft) / archive_file.DUMP
        with archive.open(archive_file.DUMP) as source, target.open("wb") as out:
            total = manifest.dump_bytes // MB
            _, digest = archive_file.copy_hashed(
                source, out, lambda size: progress("backup.step.unpack", size // MB, total)
            )
        if digest != manifest.dump_sha256:
            raise InputError("backup.damaged", file=archive.filename or archive_file.DUMP)
        yield target
