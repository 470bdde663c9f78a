"""The file of a backup: a ZIP of its parts, encrypted as a whole where a passphrase is given.

Without one any program that opens ZIP gets at the parts, and ``database.dump`` is what
``pg_restore`` takes: a backup outlives the program that made it.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final

from geo.base.errors import InputError
from geo.operations.backup.encryption import EncryptedReader, EncryptedWriter, is_encrypted
from geo.operations.backup.manifest import Manifest, parse_manifest

BLOCK: Final = 1 << 20
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
HEADS: Final = "audit/heads.csv"
ATTACHMENTS: Final = "attachments/"
SECRETS: Final = "secrets/"
DRAFT: Final = ".part"


@contextmanager
def create_archive(path: Path, passphrase: str | None) -> Iterator[zipfile.ZipFile]:
    """Give a ZIP to write to; the file appears whole, on the disk, at the end, or not at all.

    Parameters
    ----------
    path
        File that is written, for its owner alone.
    passphrase
        Encrypts it; None: plain.
    """
    draft = path.with_name(path.name + DRAFT)
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w+b") as out:
            if passphrase is None:
                with zipfile.ZipFile(out, "w") as archive:
                    yield archive
            else:
                with (
                    EncryptedWriter(out, passphrase) as sink,
                    zipfile.ZipFile(sink, "w") as archive,
                ):
                    yield archive
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def open_archive(path: Path, passphrase: str | None) -> Iterator[zipfile.ZipFile]:
    """Give a ZIP that was written by :func:`create_archive`.

    Parameters
    ----------
    path
        File of the backup.
    passphrase
        For an encrypted one.

    Raises
    ------
    InputError
        If it is none, was cut off or changed, or its passphrase is missing or another one.
    """
    with _opened(path) as file:
        encrypted = is_encrypted(path)
        if encrypted and passphrase is None:
            raise InputError("backup.passphrase_missing", file=path)
        source: IO[bytes] = file
        if encrypted:
            source = io.BufferedReader(EncryptedReader(file, passphrase or ""), BLOCK)
        try:
            with zipfile.ZipFile(source) as archive:
                yield archive
        except zipfile.BadZipFile as error:
            raise InputError("backup.damaged", file=path) from error


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("backup.unreadable", file=path, reason=reason) from error


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """Return the manifest of an open backup.

    Parameters
    ----------
    archive
        As from :func:`open_archive`.
    path
        Its file, for messages.

    Raises
    ------
    InputError
        If the file is no backup.
    """
    try:
        return parse_manifest(archive.read(MANIFEST), path)
    except KeyError as error:
        raise InputError("backup.no_backup", file=path) from error


def write_member(
    archive: zipfile.ZipFile,
    name: str,
    source: IO[bytes],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> tuple[int, str]:
    """Copy a stream of any length into a ZIP; return how many bytes, and their SHA-256.

    Parameters
    ----------
    archive
        Open for writing.
    name
        Of the member.
    source
        Binary stream.
    on_bytes
        Called with the bytes copied so far.
    """
    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as out:
        return copy_hashed(source, out, on_bytes)


def copy_hashed(
    source: IO[bytes], out: IO[bytes] | None, on_bytes: Callable[[int], None] = lambda _: None
) -> tuple[int, str]:
    """Copy a stream; return how many bytes, and their SHA-256.

    Parameters
    ----------
    source
        Binary stream.
    out
        Where to; None: nowhere, it is only read.
    on_bytes
        Called with the bytes copied so far.
    """
    found, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        found.update(block)
        if out is not None:
            out.write(block)
        size += len(block)
        on_bytes(size)
    return size, found.hexdigest()


def attachment_member(sha256: str) -> str:
    """Return the name of the member of an attachment."""
    return f"{ATTACHMENTS}{sha256[:2]}/{sha256}"


def extract_member(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    """Write a member to a file for its owner alone, and return its SHA-256.

    A file that is there is replaced as a whole.

    Parameters
    ----------
    archive
        Open for reading.
    name
        Of the member.
    target
        File to be written; its folders are made.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(target.name + DRAFT)
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with archive.open(name) as source, os.fdopen(handle, "wb") as out:
        _, digest = copy_hashed(source, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(target)
    return digest


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
