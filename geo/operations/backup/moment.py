"""A moment brought back: a base backup, the log since then, attachments and heads of the audit."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from geo.access.audit import checkpoints
from geo.access.audit import seal as audit_seal
from geo.base import homes
from geo.base.errors import InputError, StateError
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import Settings
from geo.operations.backup import archive_file, sealed_copies
from geo.operations.backup.create import ATTACHMENT
from geo.operations.backup.encryption import is_encrypted
from geo.operations.backup.point_in_time import TAR, list_bases
from geo.operations.backup.restore import settle_database
from geo.operations.store import backup as stored
from geo.store import db
from geo.store.cluster import archiving, databases


@dataclass(frozen=True)
class Recovered:
    """A home in the state of a moment, with attachments that the archive does not have."""

    at: datetime
    base: str
    files: int
    missing: tuple[str, ...]
    lost_factors: tuple[str, ...]


def restore_moment(
    settings: Settings,
    folder: Path,
    moment: datetime,
    *,
    passphrase: str | None = None,
    progress: Progress = ignore_progress,
) -> Recovered:
    """Bring an empty home into the state of a moment.

    Parameters
    ----------
    settings
        Say the home.
    folder
        Of the archive.
    moment
        With its zone.
    passphrase
        Of an encrypted archive.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If another database is named, the folder is no archive, the moment lies before it, or it
        is encrypted and the passphrase is missing or another one.
    StateError
        If the home has a cluster already.
    ClusterError
        If the log does not reach so far.
    """
    if settings.database_url is not None:
        raise InputError("archive.not_private")
    if homes.holds_cluster(settings.home):
        raise StateError("backup.not_empty", place=settings.home)
    folder = folder.absolute()
    base = _base_before(folder, moment)
    if is_encrypted(base / TAR):
        _require_passphrase(base / TAR, passphrase)
    progress("archive.step.replay", 0, 0)
    try:
        source = _open_archive(settings, folder, base, passphrase)
        cluster = archiving.recover_moment(settings.home, source, source / base.name, moment)
        if source != folder:
            shutil.rmtree(source)
        url = cluster.admin_url()
        lost = settle_database(
            url, str(folder), {"to": moment.isoformat()}, keyed=settings.secrets.is_file()
        )
        copied, missing = _copy_files(url, folder, settings.home, passphrase, progress)
        _copy_heads(url, folder, settings.home, passphrase)
    except BaseException:
        databases.remove_cluster(settings.home)
        (settings.home / homes.POINTER).unlink(missing_ok=True)
        raise
    return Recovered(moment, base.name, copied, missing, lost)


def _require_passphrase(path: Path, passphrase: str | None) -> None:
    if passphrase is None:
        raise InputError("backup.passphrase_missing", file=path)
    sealed_copies.seal_of(path, passphrase)


def _open_archive(settings: Settings, folder: Path, base: Path, passphrase: str | None) -> Path:
    """Return where base backup and log can be read: the archive, or its copy that is decrypted."""
    first = archiving.first_segment(base)
    log = [
        path
        for path in sorted((folder / archiving.WAL).glob(f"*{archiving.ENDING}"))
        if archiving.is_needed(path, first)
    ]
    if not any(map(is_encrypted, (base / TAR, *log))):
        return folder
    size = sum(path.stat().st_size for path in (base / TAR, *log))
    needed_mb = size // 1_000_000 + settings.disk_reserve_mb
    source = archiving.reading_folder(settings.home, needed_mb)
    for path in (base / TAR, *log):
        target = source / path.relative_to(folder)
        sealed_copies.bring_copy(path, target, passphrase)
        archiving.give_to_server(settings.home, target)
    return source


def _copy_files(
    url: str, folder: Path, home: Path, passphrase: str | None, progress: Progress
) -> tuple[int, tuple[str, ...]]:
    from geo.incidents import attachments

    engine = db.connect(url)
    try:
        with db.open_transaction(engine) as connection:
            there = stored.has_table(connection, ATTACHMENT)
            named = sorted(attachments.named_files(connection)) if there else []
    finally:
        engine.dispose()
    missing = []
    for nth, sha256 in enumerate(named, start=1):
        member = archive_file.attachment_member(sha256.hex())
        if not sealed_copies.bring_copy(folder / member, home / member, passphrase):
            missing.append(sha256.hex())
        progress("backup.step.files", nth, len(named))
    return len(named) - len(missing), tuple(missing)


def _copy_heads(url: str, folder: Path, home: Path, passphrase: str | None) -> None:
    """Bring back the heads of the audit that were written before the moment."""
    engine = db.connect(url)
    try:
        with db.open_transaction(engine) as connection:
            newest = audit_seal.newest_seal(connection)
    finally:
        engine.dispose()
    reached = 0 if newest is None else newest.seal_no or 0
    brought = home / f"{archive_file.HEADS}.archived"
    sealed_copies.bring_copy(folder / archive_file.HEADS, brought, passphrase)
    for head in checkpoints.read_checkpoints(brought):
        if head.seal_no is not None and head.seal_no <= reached:
            day = datetime.fromisoformat(head.day).date()
            checkpoints.write_checkpoint(checkpoints.file_of(home), head, day)
    brought.unlink(missing_ok=True)


def _base_before(folder: Path, moment: datetime) -> Path:
    bases = list_bases(folder)
    if not bases:
        raise InputError("archive.none", folder=folder)
    before = [each for each in bases if archiving.base_finished(each) <= moment]
    if not before:
        earliest = archiving.base_finished(bases[0]).isoformat(timespec="seconds")
        raise InputError("archive.too_early", to=moment.isoformat(), earliest=earliest)
    return before[-1]
