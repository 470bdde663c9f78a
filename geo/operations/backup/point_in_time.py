"""Point in time: the log archived as it is written, and any moment since brought back."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from geo.base.errors import InputError, StateError
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import Settings
from geo.operations import database
from geo.operations.backup import archive_file, sealed_copies
from geo.operations.backup.create import record_action
from geo.operations.backup.encryption import is_encrypted
from geo.operations.backup.passphrase import read_passphrase
from geo.operations.backup.sealed_copies import Seal, new_seal, seal_of
from geo.store import db
from geo.store.cluster import archiving
from geo.store.cluster.cluster import Cluster

FILE: Final = "archive.json"
"""Of the home: into which folder is archived."""
BASE: Final = "base-"
TAR: Final = "base.tar.gz"
KEPT: Final = 2
"""Base backups that are kept; the log before the older one goes."""
BASE_EVERY: Final = timedelta(days=7)


@dataclass(frozen=True)
class ArchiveState:
    """How archiving goes; `earliest` is the first moment that can be brought back.

    `waiting`: files of the log that are not encrypted yet, and so not in the archive.
    """

    folder: Path | None
    bases: int
    earliest: datetime | None
    encrypted: bool
    waiting: int
    server: archiving.ArchiverState | None


def begin_archive(
    settings: Settings,
    folder: Path,
    *,
    encrypt: bool = False,
    progress: Progress = ignore_progress,
) -> Path:
    """Archive the log into a folder from now on, and return the base backup it begins with.

    Parameters
    ----------
    settings
        Say the home.
    folder
        Best on another disk; made if its parent is there.
    encrypt
        With the passphrase in the file that the settings name.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If another database is named, the server cannot write there, or there is no passphrase.
    StateError
        If the folder holds the archive of another home.
    """
    if encrypt:
        _read_passphrase(settings)
    folder = folder.absolute()
    if not folder.parent.is_dir():
        raise InputError("backup.no_folder", folder=folder.parent)
    found = database.private_cluster(settings)
    if archive_folder(settings.home) != folder and folder.is_dir() and any(folder.iterdir()):
        raise StateError("archive.taken", folder=folder)
    folder.mkdir(mode=0o711, exist_ok=True)
    progress("archive.step.restart", 0, 0)
    wal = archiving.waiting_folder(settings.home) if encrypt else folder / archiving.WAL
    running = archiving.switch_on(found, wal)
    kept = {"folder": str(folder), "encrypted": encrypt}
    _write_private(settings.home / FILE, json.dumps(kept))
    _record(running, "db.archive", str(folder))
    return take_base(settings, progress=progress)


def end_archive(settings: Settings) -> None:
    """Archive no longer; what is in the folder stays."""
    running = archiving.switch_off(database.private_cluster(settings))
    folder = archive_folder(settings.home)
    if folder is not None:
        seal_waiting(settings, folder)
    (settings.home / FILE).unlink(missing_ok=True)
    _record(running, "db.archive", "")


def take_base(settings: Settings, *, progress: Progress = ignore_progress) -> Path:
    """Take a base backup, mirror the attachments, and remove what the newer ones do not need.

    Parameters
    ----------
    settings
        Say the home.
    progress
        Receives how far it is.
    """
    folder = _required_folder(settings)
    seal = new_seal(_read_passphrase(settings)) if is_encrypting(settings.home) else None
    target = folder / f"{BASE}{datetime.now(UTC):%Y%m%dT%H%M%S}"
    progress("archive.step.base", 0, 0)
    _write_base(settings, target, seal)
    mirror_files(settings.home, folder, seal)
    bases = list_bases(folder)
    for old in bases[:-KEPT]:
        shutil.rmtree(old)
    archiving.remove_segments(folder, archiving.first_segment(list_bases(folder)[0]))
    return target


def _write_base(settings: Settings, target: Path, seal: Seal | None) -> None:
    """Write a base backup into a folder that is there as a whole or not at all."""
    draft = target.with_name(target.name + archive_file.DRAFT)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        with sealed_copies.write_copy(draft / TAR, seal) as out:
            first = archiving.write_base(database.private_cluster(settings), out)
        facts = {"finished": datetime.now(UTC).isoformat(), "first": first}
        _write_private(draft / "base.json", json.dumps(facts))
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    draft.replace(target)


def seal_waiting(settings: Settings, folder: Path) -> int:
    """Encrypt the log that waits for it into the archive; return how many files that were.

    Parameters
    ----------
    settings
        Say the home, and where the passphrase is.
    folder
        Of the archive.

    Raises
    ------
    InputError
        If the passphrase is another one than that of the newest base backup.
    """
    waiting = sorted(archiving.waiting_folder(settings.home).glob(f"*{archiving.ENDING}"))
    bases = list_bases(folder)
    if not waiting or not bases:
        return 0
    seal = _newest_seal(settings, bases)
    for path in waiting:
        sealed_copies.keep_copy(path, folder / archiving.WAL / path.name, seal)
        path.unlink()
    return len(waiting)


def keep_archive(settings: Settings, now: datetime) -> None:
    """Mirror new attachments, and take a base backup where the last one is a week old.

    Parameters
    ----------
    settings
        Say the home; nothing is done where nothing is archived.
    now
        This moment, with its zone.
    """
    folder = archive_folder(settings.home)
    if folder is None:
        return
    seal_waiting(settings, folder)
    bases = list_bases(folder)
    encrypting = is_encrypting(settings.home) and bases
    mirror_files(settings.home, folder, _newest_seal(settings, bases) if encrypting else None)
    if not bases or now - archiving.base_finished(bases[-1]) > BASE_EVERY:
        take_base(settings)


def is_encrypting(home: Path) -> bool:
    """Return whether the log of a home is archived encrypted."""
    return bool(_read_state(home).get("encrypted"))


def is_sealed_archive(folder: Path) -> bool:
    """Return whether a passphrase is needed to bring back a moment of an archive."""
    bases = list_bases(folder)
    return bool(bases) and any(is_encrypted(each / TAR) for each in bases)


def archive_folder(home: Path) -> Path | None:
    """Return the folder into which the log of a home is archived, None where it is not."""
    found = _read_state(home).get("folder")
    return None if found is None else Path(found)


def read_archive_state(settings: Settings) -> ArchiveState:
    """Return how archiving goes."""
    folder = archive_folder(settings.home)
    if folder is None:
        return ArchiveState(None, 0, None, encrypted=False, waiting=0, server=None)
    bases = list_bases(folder)
    earliest = archiving.base_finished(bases[0]) if bases else None
    state = archiving.read_state(database.private_cluster(settings))
    waiting = len(list(archiving.waiting_folder(settings.home).glob(f"*{archiving.ENDING}")))
    return ArchiveState(folder, len(bases), earliest, is_encrypting(settings.home), waiting, state)


def mirror_files(home: Path, folder: Path, seal: Seal | None) -> int:
    """Copy attachments that the archive does not have, and the heads of the audit; return how many.

    Parameters
    ----------
    home
        Of the installation.
    folder
        Of the archive.
    seal
        With which they are encrypted; None: not at all.
    """
    source, count = home / archive_file.ATTACHMENTS, 0
    for path in sorted(source.glob("*/*")) if source.is_dir() else ():
        target = folder / path.relative_to(home)
        if not path.name.startswith(".") and not target.exists():
            count += sealed_copies.keep_copy(path, target, seal)
    sealed_copies.keep_copy(home / archive_file.HEADS, folder / archive_file.HEADS, seal)
    return count


def list_bases(folder: Path) -> Sequence[Path]:
    """Return the finished base backups, the oldest first."""
    return sorted(path.parent for path in folder.glob(f"{BASE}*/base.json") if _is_whole(path))


def _is_whole(path: Path) -> bool:
    return not path.parent.name.endswith(archive_file.DRAFT)


def _required_folder(settings: Settings) -> Path:
    if settings.database_url is not None:
        raise InputError("archive.not_private")
    folder = archive_folder(settings.home)
    if folder is None:
        raise StateError("archive.off")
    return folder


def _record(cluster: Cluster, action: str, target: str) -> None:
    engine = db.connect(cluster.admin_url())
    try:
        facts: dict[str, Any] = {"on": bool(target)}
        record_action(engine, action, target, facts)
    finally:
        engine.dispose()


def _newest_seal(settings: Settings, bases: Sequence[Path]) -> Seal:
    """Return what goes with the newest base backup."""
    passphrase, newest = _read_passphrase(settings), bases[-1] / TAR
    return seal_of(newest, passphrase) if is_encrypted(newest) else new_seal(passphrase)


def _read_passphrase(settings: Settings) -> str:
    if settings.backup_passphrase_file is None:
        raise InputError("archive.no_passphrase")
    return read_passphrase(settings.backup_passphrase_file)


def _read_state(home: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((home / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write_private(path: Path, written: str) -> None:
    draft = path.with_name(path.name + archive_file.DRAFT)
    draft.write_text(written, encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(path)
