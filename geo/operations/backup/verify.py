"""Proof of a backup: restored into a throw-away cluster, counted, hashed, its chain walked."""

import os
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from geo.access.audit import chain, checkpoints
from geo.access.audit import verify as audit_verification
from geo.access.principal import local_user, system_principal
from geo.base.errors import GovgridError, InputError
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import Settings
from geo.operations.backup import archive_file, journal, load
from geo.operations.backup.create import ATTACHMENT
from geo.operations.backup.manifest import Manifest
from geo.operations.store import backup as stored
from geo.store import db
from geo.store.cluster import databases
from geo.store.cluster.cluster import ROLE

SCRATCH: Final = Path("/var/tmp")  # noqa: S108 - a folder of our own is made in it
MOST_NAMES: Final = 20


@dataclass(frozen=True)
class Verification:
    """What the trial found.

    Attributes
    ----------
    rows, files
        Restored, and as they should be.
    absent, damaged
        Attachments that rows name: not in the backup, or of other content.
    chain
        The chain of the audit, walked from its first row.
    """

    manifest: Manifest
    rows: int
    files: int
    absent: tuple[str, ...]
    damaged: tuple[str, ...]
    chain: chain.ChainWalk

    @property
    def whole(self) -> bool:
        """Whether everything came back as it was."""
        return not self.absent and not self.damaged and self.chain.whole

    def as_plain(self) -> dict[str, Any]:
        """Return it as values of JSON."""
        manifest = self.manifest
        return {
            "whole": self.whole,
            "made_at": manifest.made_at,
            "program": manifest.program,
            "revision": manifest.revision,
            "rows": self.rows,
            "tables": dict(manifest.tables),
            "files": self.files,
            "absent": list(self.absent),
            "damaged": list(self.damaged),
            "lost_before": list(manifest.missing),
            "audit": {"whole": self.chain.whole, "rows": self.chain.rows},
        }


def verify_backup(
    settings: Settings,
    path: Path,
    *,
    passphrase: str | None = None,
    scratch: Path | None = None,
    progress: Progress = ignore_progress,
) -> Verification:
    """Restore a backup on trial and return what was found; nothing of it stays.

    Parameters
    ----------
    settings
        Say the home, where a good result is noted, and the reserve of the disk.
    path
        File of the backup.
    passphrase
        Of an encrypted one.
    scratch
        Folder that the trial needs room in; None: :data:`SCRATCH`.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If the file is no backup or damaged, or its passphrase is another one.
    StateError
        If a table has other rows than it had.
    """
    folder = scratch or (SCRATCH if os.access(SCRATCH, os.W_OK) else Path(tempfile.gettempdir()))
    if not folder.is_dir():
        raise InputError("backup.no_folder", folder=folder)
    with archive_file.open_archive(path, passphrase) as archive:
        manifest = archive_file.read_manifest(archive, path)
        load.require_known(manifest)
        reserve_mb = settings.disk_reserve_mb
        load.require_room(folder, manifest, reserve_mb=reserve_mb, with_files=False)
        with databases.start_throwaway(folder) as cluster, databases.fill_apart(cluster) as url:
            load.load_database(archive, manifest, url, folder, role=ROLE, progress=progress)
            found = _examine(archive, manifest, url, path, progress)
    if found.whole and (settings.home / journal.FILE).is_file():
        journal.note_verified(settings.home, path.absolute())
    return found


def _examine(
    archive: zipfile.ZipFile, manifest: Manifest, url: str, path: Path, progress: Progress
) -> Verification:
    engine = db.connect(url)
    try:
        absent, damaged, count = _examine_files(archive, manifest, engine, progress)
        progress("backup.step.chain", 0, 0)
        if db.current_revision(engine) != db.newest_revision():
            db.migrate(engine)
        walk = _walk_chain(archive, engine, path)
    finally:
        engine.dispose()
    return Verification(manifest, manifest.rows, count, absent, damaged, walk)


def _examine_files(
    archive: zipfile.ZipFile, manifest: Manifest, engine: Engine, progress: Progress
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    kept = {n for n in archive.namelist() if n.startswith(archive_file.ATTACHMENTS)}
    named = _named_files(engine) - set(manifest.missing)
    absent = sorted(n for n in named if archive_file.attachment_member(n) not in kept)
    damaged = []
    for nth, member in enumerate(sorted(kept), start=1):
        progress("backup.step.hash", nth, len(kept))
        if not _is_sound(archive, member):
            damaged.append(member.rpartition("/")[2])
    return tuple(absent), tuple(damaged), len(kept)


def _named_files(engine: Engine) -> set[str]:
    from geo.incidents import attachments

    with db.open_transaction(engine) as connection:
        if not stored.has_table(connection, ATTACHMENT):
            return set()
        return {each.hex() for each in attachments.named_files(connection)}


def _is_sound(archive: zipfile.ZipFile, member: str) -> bool:
    try:
        with archive.open(member) as source:
            _, digest = archive_file.copy_hashed(source, None)
    except (zipfile.BadZipFile, GovgridError):
        return False
    return member == archive_file.attachment_member(digest)


def _walk_chain(archive: zipfile.ZipFile, engine: Engine, path: Path) -> chain.ChainWalk:
    """Compute the chain again, up to the heads that were written down before the backup."""
    who = system_principal(local_user())
    expected: Iterable[chain.Head] = ()
    if archive_file.HEADS in archive.namelist():
        written = archive.read(archive_file.HEADS).decode("utf-8", "replace")
        expected = checkpoints.read_lines(written, path)
    return audit_verification.verify_chain(engine, who, expected=list(expected)).walk
