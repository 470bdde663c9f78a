"""Restoring of a backup into an empty home: everything of it is there at the end, or nothing."""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo.access.store import accounts as stored_accounts
from geo.access.store import expired
from geo.base import homes
from geo.base.errors import InputError, StateError
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import Settings
from geo.operations import database
from geo.operations.backup import archive_file, load
from geo.operations.backup.create import (
    KEY_MEMBER,
    VALUES_MEMBER,
    describe_settings,
    record_action,
)
from geo.operations.backup.manifest import Manifest
from geo.operations.store import backup as stored
from geo.store import db, outbox
from geo.store.cluster import cluster, databases

ENVIRONMENT: Final = "restored.env"
"""Settings as they were, for the environment of the service."""
PARTS: Final = ("attachments", "audit", "secrets", ENVIRONMENT)


@dataclass(frozen=True)
class Restored:
    """What was restored, and what is to be set anew.

    Attributes
    ----------
    files
        Attachments that are there now.
    settings
        Settings that were another way then, with their values.
    secrets
        Names of settings that are secret and not known any more.
    lost_factors
        Accounts whose authenticator cannot be read without the old key.
    """

    manifest: Manifest
    files: int
    settings: dict[str, Any]
    secrets: tuple[str, ...]
    lost_factors: tuple[str, ...]


def restore_backup(
    settings: Settings,
    path: Path,
    *,
    passphrase: str | None = None,
    secrets_file: Path | None = None,
    progress: Progress = ignore_progress,
) -> Restored:
    """Restore a backup into an empty home, or into a named database without tables.

    Parameters
    ----------
    settings
        Say the home, and the database if it is another one than its own.
    path
        File of the backup.
    passphrase
        Of encrypted files.
    secrets_file
        File with the secrets; None: they are to be set anew.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If a file is no backup, is damaged, or its passphrase is another one.
    StateError
        If the home is not empty, or the backup that of a newer program.
    """
    secrets = _read_secrets(secrets_file, passphrase)
    with archive_file.open_archive(path, passphrase) as archive:
        manifest = archive_file.read_manifest(archive, path)
        load.require_known(manifest)
        with _removed_on_failure(settings), _empty_database(settings, manifest) as url:
            own = settings.database_url is None
            load.load_database(
                archive,
                manifest,
                url,
                settings.home,
                role=cluster.ROLE if own else None,
                at_once=not own,
                progress=progress,
            )
            files = _extract_files(archive, settings.home, progress)
            _write_secrets(settings, secrets)
            _write_environment(settings, manifest, secrets)
            facts = {"made_at": manifest.made_at, "rows": manifest.rows, "files": manifest.files}
            lost = settle_database(url, path.name, facts, keyed=settings.secrets.is_file())
    now = describe_settings(settings)
    return Restored(
        manifest,
        files,
        {k: v for k, v in manifest.settings.items() if now["settings"].get(k) != v},
        tuple(k for k in manifest.secrets if k not in now["secrets"] and k not in secrets),
        lost,
    )


@contextmanager
def _removed_on_failure(settings: Settings) -> Iterator[None]:
    """Remove what was made in the home if what is done inside fails."""
    home = settings.home
    known = {each.name for each in home.iterdir()} if home.is_dir() else None
    private = settings.database_url is None and not homes.holds_cluster(home)
    try:
        yield
    except BaseException:
        if private and homes.holds_cluster(home):
            databases.remove_cluster(home)
            (home / homes.POINTER).unlink(missing_ok=True)
        for name in set(PARTS) - (known or set()):
            path = home / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        if known is None:
            shutil.rmtree(home, ignore_errors=True)
        raise


@contextmanager
def _empty_database(settings: Settings, manifest: Manifest) -> Iterator[str]:
    """Give the address of a database to be filled; it counts once that is done."""
    if settings.database_url is None:
        found = database.private_cluster(settings)
        _require_empty(found.admin_url(), settings)
        _require_room(settings, manifest, found.data)
        with databases.fill_apart(found) as url:
            yield url
        return
    url = database.database_url(settings)
    _require_empty(url, settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = db.connect(url)
    try:
        db.prepare_database(engine)
        yield url
    except BaseException:
        if db.current_revision(engine) is not None:
            db.drop_tables(engine)
        raise
    finally:
        engine.dispose()


def _require_room(settings: Settings, manifest: Manifest, data: Path) -> None:
    reserve_mb = settings.disk_reserve_mb
    load.require_room(data, manifest, reserve_mb=reserve_mb, with_files=False)
    load.require_room(settings.home, manifest, reserve_mb=reserve_mb, with_files=True)


def _require_empty(url: str, settings: Settings) -> None:
    engine = db.connect(url)
    try:
        if db.current_revision(engine) is not None:
            raise StateError("backup.not_empty", place=database.describe_place(settings))
    finally:
        engine.dispose()


def _extract_files(archive: zipfile.ZipFile, home: Path, progress: Progress) -> int:
    names = [n for n in archive.namelist() if n.startswith(archive_file.ATTACHMENTS)]
    for nth, name in enumerate(names, start=1):
        sha256 = name.rpartition("/")[2]
        sound = name == archive_file.attachment_member(sha256)
        if not sound or archive_file.extract_member(archive, name, home / name) != sha256:
            raise InputError("backup.damaged", file=archive.filename or name)
        progress("backup.step.files", nth, len(names))
    if archive_file.HEADS in archive.namelist():
        archive_file.extract_member(archive, archive_file.HEADS, home / archive_file.HEADS)
    return len(names)


def _read_secrets(path: Path | None, passphrase: str | None) -> dict[str, str]:
    """Return the values of a file of secrets; the key of the installation is the one called ""."""
    if path is None:
        return {}
    with archive_file.open_archive(path, passphrase) as archive:
        names = archive.namelist()
        if VALUES_MEMBER not in names:
            raise InputError("backup.no_secrets", file=path)
        found: dict[str, str] = json.loads(archive.read(VALUES_MEMBER))
        if KEY_MEMBER in names:
            found[""] = archive.read(KEY_MEMBER).decode("ascii")
    return found


def _write_secrets(settings: Settings, secrets: dict[str, str]) -> None:
    if "" in secrets:
        if settings.secrets.exists():
            raise StateError("backup.key_there", file=settings.secrets)
        _write_private(settings.secrets, secrets[""])


def _write_environment(settings: Settings, manifest: Manifest, secrets: dict[str, str]) -> None:
    """Write the settings as lines NAME=value, as systemd reads them."""
    values = {**manifest.settings, **{name: value for name, value in secrets.items() if name}}
    if values:
        quoted = {
            name: json.dumps(str(value), ensure_ascii=False) for name, value in values.items()
        }
        lines = [f"{name}={value}\n" for name, value in quoted.items()]
        _write_private(settings.home / ENVIRONMENT, "".join(lines))


def _write_private(path: Path, written: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(written, encoding="utf-8")


def settle_database(
    url: str, source: str, facts: Mapping[str, object], *, keyed: bool
) -> tuple[str, ...]:
    """End what belonged to the old server; return whose authenticator is lost with the old key.

    Parameters
    ----------
    url
        Of the restored database.
    source
        Of what it was restored, for the audit.
    facts
        Of the restore, for the audit.
    keyed
        Whether the key of the installation is there.
    """
    engine = db.connect(url)
    try:
        with db.open_transaction(engine) as connection:
            if stored.has_table(connection, "govgrid.session"):
                expired.delete_sessions(connection)
            if stored.has_table(connection, "govgrid.outbox"):
                outbox.delete_all_events(connection)
            lost: list[str] = []
            if not keyed and stored.has_table(connection, "govgrid.account"):
                lost = stored_accounts.names_with_factor(connection)
        record_action(engine, "db.restore", source, facts)
    finally:
        engine.dispose()
    return tuple(lost)
