"""Point in time: the log archived as it is written, and any moment since brought back."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from geo.access.audit import checkpoints
from geo.access.audit import seal as audit_seal
from geo.base import homes
from geo.base.errors import InputError, StateError
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import Settings
from geo.operations import database
from geo.operations.backup import archive_file
from geo.operations.backup.create import ATTACHMENT, record_action
from geo.operations.backup.restore import settle_database
from geo.operations.store import backup as stored
from geo.store import db
from geo.store.cluster import archiving, databases
from geo.store.cluster.cluster import Cluster

FILE: Final = "archive.json"
"""Of the home: into which folder is archived."""
BASE: Final = "base-"
KEPT: Final = 2
"""Base backups that are kept; the log before the older one goes."""
BASE_EVERY: Final = timedelta(days=7)


@dataclass(frozen=True)
class ArchiveState:
    """How archiving goes; `earliest` is the first moment that can be brought back."""

    folder: Path | None
    bases: int
    earliest: datetime | None
    server: archiving.ArchiverState | None


@dataclass(frozen=True)
class Recovered:
    """A home in the state of a moment, with attachments that the archive does not have."""

    at: datetime
    base: str
    files: int
    missing: tuple[str, ...]
    lost_factors: tuple[str, ...]


def begin_archive(
    settings: Settings, folder: Path, *, progress: Progress = ignore_progress
) -> Path:
    """Archive the log into a folder from now on, and return the base backup it begins with.

    Parameters
    ----------
    settings
        Say the home.
    folder
        Best on another disk; made if its parent is there.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If another database is named, or the server cannot write there.
    StateError
        If the folder holds the archive of another home.
    """
    folder = folder.absolute()
    if not folder.parent.is_dir():
        raise InputError("backup.no_folder", folder=folder.parent)
    found = database.private_cluster(settings)
    if archive_folder(settings.home) != folder and folder.is_dir() and any(folder.iterdir()):
        raise StateError("archive.taken", folder=folder)
    folder.mkdir(mode=0o711, exist_ok=True)
    progress("archive.step.restart", 0, 0)
    running = archiving.switch_on(found, folder)
    _write_private(settings.home / FILE, json.dumps({"folder": str(folder)}))
    _record(running, "db.archive", str(folder))
    return take_base(settings, progress=progress)


def end_archive(settings: Settings) -> None:
    """Archive no longer; what is in the folder stays."""
    running = archiving.switch_off(database.private_cluster(settings))
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
    target = folder / f"{BASE}{datetime.now(UTC):%Y%m%dT%H%M%S}"
    progress("archive.step.base", 0, 0)
    archiving.take_base(database.private_cluster(settings), target)
    mirror_files(settings.home, folder)
    bases = _bases(folder)
    for old in bases[:-KEPT]:
        shutil.rmtree(old)
    archiving.remove_segments(folder, archiving.first_segment(_bases(folder)[0]))
    return target


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
    mirror_files(settings.home, folder)
    bases = _bases(folder)
    if not bases or now - archiving.base_finished(bases[-1]) > BASE_EVERY:
        take_base(settings)


def archive_folder(home: Path) -> Path | None:
    """Return the folder into which the log of a home is archived, None where it is not."""
    try:
        return Path(json.loads((home / FILE).read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError):
        return None


def read_archive_state(settings: Settings) -> ArchiveState:
    """Return how archiving goes."""
    folder = archive_folder(settings.home)
    if folder is None:
        return ArchiveState(None, 0, None, None)
    bases = _bases(folder)
    earliest = archiving.base_finished(bases[0]) if bases else None
    state = archiving.read_state(database.private_cluster(settings))
    return ArchiveState(folder, len(bases), earliest, state)


def restore_moment(
    settings: Settings,
    folder: Path,
    moment: datetime,
    *,
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
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If another database is named, the folder is no archive, or the moment lies before it.
    StateError
        If the home has a cluster already.
    ClusterError
        If the log does not reach so far.
    """
    if settings.database_url is not None:
        raise InputError("archive.not_private")
    if homes.holds_cluster(settings.home):
        raise StateError("backup.not_empty", place=settings.home)
    base = _base_before(folder.absolute(), moment)
    progress("archive.step.replay", 0, 0)
    try:
        cluster = archiving.recover_moment(settings.home, folder.absolute(), base, moment)
        url = cluster.admin_url()
        lost = settle_database(
            url, str(folder), {"to": moment.isoformat()}, keyed=settings.secrets.is_file()
        )
        copied, missing = _copy_files(url, folder, settings.home, progress)
        _copy_heads(url, folder, settings.home)
    except BaseException:
        databases.remove_cluster(settings.home)
        (settings.home / homes.POINTER).unlink(missing_ok=True)
        raise
    return Recovered(moment, base.name, copied, missing, lost)


def mirror_files(home: Path, folder: Path) -> int:
    """Copy attachments that the archive does not have, and the heads of the audit; return how many.

    Parameters
    ----------
    home
        Of the installation.
    folder
        Of the archive.
    """
    source, count = home / archive_file.ATTACHMENTS, 0
    for path in sorted(source.glob("*/*")) if source.is_dir() else ():
        target = folder / path.relative_to(home)
        if not path.name.startswith(".") and not target.exists():
            count += _copy(path, target)
    _copy(home / archive_file.HEADS, folder / archive_file.HEADS)
    return count


def _copy(source: Path, target: Path) -> bool:
    """Copy a file as a whole, if it is there; return whether it is."""
    if not source.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(target.name + archive_file.DRAFT)
    shutil.copyfile(source, draft)
    draft.chmod(0o600)
    draft.replace(target)
    return True


def _copy_files(
    url: str, folder: Path, home: Path, progress: Progress
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
        if not _copy(folder / member, home / member):
            missing.append(sha256.hex())
        progress("backup.step.files", nth, len(named))
    return len(named) - len(missing), tuple(missing)


def _copy_heads(url: str, folder: Path, home: Path) -> None:
    """Bring back the heads of the audit that were written before the moment."""
    engine = db.connect(url)
    try:
        with db.open_transaction(engine) as connection:
            newest = audit_seal.newest_seal(connection)
    finally:
        engine.dispose()
    reached = 0 if newest is None else newest.seal_no or 0
    for head in checkpoints.read_checkpoints(folder / archive_file.HEADS):
        if head.seal_no is not None and head.seal_no <= reached:
            day = datetime.fromisoformat(head.day).date()
            checkpoints.write_checkpoint(checkpoints.file_of(home), head, day)


def _base_before(folder: Path, moment: datetime) -> Path:
    bases = _bases(folder)
    if not bases:
        raise InputError("archive.none", folder=folder)
    before = [each for each in bases if archiving.base_finished(each) <= moment]
    if not before:
        earliest = archiving.base_finished(bases[0]).isoformat(timespec="seconds")
        raise InputError("archive.too_early", to=moment.isoformat(), earliest=earliest)
    return before[-1]


def _bases(folder: Path) -> Sequence[Path]:
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


def _write_private(path: Path, written: str) -> None:
    draft = path.with_name(path.name + archive_file.DRAFT)
    draft.write_text(written, encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(path)
