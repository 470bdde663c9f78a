"""Making of a backup: the database in one snapshot, then the attachments that it names."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Connection, Engine
from typing_extensions import TypedDict

from geo import __version__
from geo.access.principal import local_user, system_principal
from geo.base.errors import DiskFullError, InputError, StateError
from geo.base.json_objects import SavedOptions
from geo.base.progress import Progress, ignore_progress
from geo.base.settings import PREFIX, Settings
from geo.operations import database
from geo.operations.backup import archive_file, journal
from geo.operations.backup.manifest import Manifest
from geo.operations.store import backup as stored
from geo.store import db, disk, session_lock
from geo.store.cluster import client_programs

MB: Final = 1_000_000
APART: Final = frozenset({"home", "database_url", "lang", "clock"})
"""Settings of the machine, not of the data."""
ATTACHMENT: Final = "govgrid.attachment"
KEY_MEMBER: Final = f"{archive_file.SECRETS}installation.key"
VALUES_MEMBER: Final = f"{archive_file.SECRETS}settings.json"


@dataclass(frozen=True)
class MadeBackup:
    """A backup that was made: its file, its size, what is in it."""

    file: Path
    bytes: int
    encrypted: bool
    manifest: Manifest


def create_backup(
    settings: Settings,
    path: Path,
    *,
    passphrase: str | None = None,
    secrets_file: Path | None = None,
    progress: Progress = ignore_progress,
) -> MadeBackup:
    """Write a backup into one file, and the secrets into another one if that is named.

    Parameters
    ----------
    settings
        Say the home, and the database if it is another one than its own.
    path
        File to be written; it is whole or not there.
    passphrase
        Encrypts both files; None: plain.
    secrets_file
        File for the key of the installation and for settings that are secret; None: not kept.
    progress
        Receives how far it is.

    Raises
    ------
    InputError
        If the folder of the file is missing.
    StateError
        If another backup is being made, or there is nothing to be kept.
    DiskFullError
        If the disk of the file would be filled to the reserve.
    """
    for each in filter(None, (path, secrets_file)):
        if not each.absolute().parent.is_dir():
            raise InputError("backup.no_folder", folder=each.absolute().parent)
    with _alone(settings) as engine:
        manifest = _write(engine, settings, path, passphrase, progress)
        if secrets_file is not None:
            _write_secrets(settings, secrets_file, passphrase)
        made = MadeBackup(path, path.stat().st_size, passphrase is not None, manifest)
        _record(engine, made, secrets=secrets_file is not None)
    journal.note_backup(settings.home, path.absolute(), made.bytes, manifest.rows)
    return made


def superuser_url(settings: Settings) -> str:
    """Return the address by which every row is seen: the own cluster's superuser, or as named."""
    if settings.database_url is None:
        return database.private_cluster(settings).admin_url()
    return database.database_url(settings)


def record_action(engine: Engine, action: str, target: str, facts: Mapping[str, object]) -> None:
    """Write into the audit what was done to the database as a whole.

    Older tables, or a full disk, take no row.

    Parameters
    ----------
    engine
        On the database.
    action
        As ``db.word``.
    target
        The file.
    facts
        JSON values.
    """
    from geo.access.audit import record as audit

    if db.current_revision(engine) != db.newest_revision():
        return
    with db.skip_if_disk_full(action):
        who = system_principal(local_user())
        audit.note_apart(engine, who, action, target, outcome="done", facts=facts)


@contextmanager
def _alone(settings: Settings) -> Iterator[Engine]:
    """Open the database while no other backup is made and no attachment is removed."""
    engine = db.connect(superuser_url(settings), pool_size=3, guard=database.disk_guard(settings))
    try:
        if db.current_revision(engine) is None:
            raise StateError("backup.nothing", place=database.describe_place(settings))
        with session_lock.open_session(engine) as holding:
            if not session_lock.try_session_lock(holding, db.BACKUP):
                raise StateError("backup.running")
            yield engine
    finally:
        engine.dispose()


def _write(
    engine: Engine, settings: Settings, path: Path, passphrase: str | None, progress: Progress
) -> Manifest:
    # a head that is older than the snapshot stands in its chain, a newer one would not
    heads = settings.home / archive_file.HEADS
    chain_heads = heads.read_bytes() if heads.is_file() else b""
    guard = disk.Guard(path.absolute().parent, settings.disk_reserve_mb)
    frozen = engine.execution_options(isolation_level="REPEATABLE READ")
    with (
        archive_file.create_archive(path, passphrase) as archive,
        db.open_transaction(frozen, keep=False) as connection,
    ):
        found = _write_database(archive, engine, connection, guard, progress)
        if chain_heads:
            archive.writestr(archive_file.HEADS, chain_heads)
        files = _write_attachments(archive, settings.home, connection, guard, progress)
        manifest = Manifest(**found, **files, **describe_settings(settings), program=__version__)
        archive.writestr(archive_file.MANIFEST, manifest.to_json())
    return manifest


def _write_database(
    archive: zipfile.ZipFile,
    engine: Engine,
    connection: Connection,
    guard: disk.Guard,
    progress: Progress,
) -> dict[str, Any]:
    snapshot = stored.export_snapshot(connection)
    schemas, tables = stored.list_schemas(connection), stored.list_tables(connection)
    url = engine.url.render_as_string(hide_password=False)
    revision = db.current_revision(engine) or ""

    def on_bytes(size: int) -> None:
        _require_room(guard)
        progress("backup.step.database", size // MB, 0)

    with (
        ThreadPoolExecutor(1) as beside,
        client_programs.open_dump(url, snapshot=snapshot.name, schemas=schemas) as stream,
    ):
        counted = beside.submit(stored.count_rows, connection, tables)
        size, digest = archive_file.write_member(archive, archive_file.DUMP, stream, on_bytes)
        rows = counted.result()
    return {
        "made_at": snapshot.at.astimezone(UTC).isoformat(),
        "revision": revision,
        "server": snapshot.server,
        "postgis": snapshot.postgis,
        "tables": rows,
        "dump_bytes": size,
        "dump_sha256": digest,
    }


def _write_attachments(
    archive: zipfile.ZipFile,
    home: Path,
    connection: Connection,
    guard: disk.Guard,
    progress: Progress,
) -> dict[str, Any]:
    from geo.incidents import attachments, file_store

    if not stored.has_table(connection, ATTACHMENT):
        return {}
    named = sorted(attachments.named_files(connection))
    missing, total = [], 0
    for nth, sha256 in enumerate(named, start=1):
        _require_room(guard)
        name = sha256.hex()
        try:
            with file_store.file_of(home, sha256).open("rb") as source:
                member = archive_file.attachment_member(name)
                total += archive_file.write_member(archive, member, source)[0]
        except FileNotFoundError:
            missing.append(name)
        progress("backup.step.files", nth, len(named))
    return {"files": len(named) - len(missing), "file_bytes": total, "missing": missing}


class KeptSettings(TypedDict):
    """What was set, by the names of the variables, and the names of the secrets that were set."""

    settings: SavedOptions
    secrets: list[str]


def describe_settings(settings: Settings) -> KeptSettings:
    """Return what was set, without secrets, and the names of the secrets that were set."""
    chosen = settings.model_fields_set - APART
    hidden = {name for name in chosen if _is_secret(settings, name)}
    plain = settings.model_dump(mode="json", include=chosen - hidden)
    return {
        "settings": {_variable(name): value for name, value in sorted(plain.items())},
        "secrets": sorted(map(_variable, hidden)),
    }


def _is_secret(settings: Settings, name: str) -> bool:
    return isinstance(getattr(settings, name), SecretStr) or name.endswith("secret_file")


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _write_secrets(settings: Settings, path: Path, passphrase: str | None) -> None:
    values = {
        _variable(name): value.get_secret_value()
        for name in sorted(settings.model_fields_set)
        if isinstance(value := getattr(settings, name), SecretStr)
    }
    if settings.oidc_client_secret_file is not None:
        values[_variable("oidc_client_secret")] = settings.oidc_client_secret_file.read_text(
            encoding="utf-8"
        ).strip()
    with archive_file.create_archive(path, passphrase) as archive:
        if settings.secrets.is_file():
            key = io.BytesIO(settings.secrets.read_bytes())
            archive_file.write_member(archive, KEY_MEMBER, key)
        archive.writestr(VALUES_MEMBER, json.dumps(values, ensure_ascii=False, indent=1))


def _require_room(guard: disk.Guard) -> None:
    if guard.low:
        facts = {"folder": guard.folder, "free_mb": guard.free_mb, "reserve_mb": guard.reserve_mb}
        raise DiskFullError("backup.disk_full", **facts)


def _record(engine: Engine, made: MadeBackup, *, secrets: bool) -> None:
    facts = {"rows": made.manifest.rows, "files": made.manifest.files, "bytes": made.bytes}
    record_action(
        engine,
        "db.backup",
        made.file.name,
        {**facts, "encrypted": made.encrypted, "secrets": secrets},
    )
