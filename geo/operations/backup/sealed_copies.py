"""Copies in an archive, encrypted where a passphrase is given; their beginning says which are."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from geo.base.errors import InputError
from geo.operations.backup import archive_file
from geo.operations.backup.encryption import (
    SALT,
    EncryptedReader,
    EncryptedWriter,
    is_encrypted,
    read_salt,
)

PIECE: Final = 1 << 20


@dataclass(frozen=True)
class Seal:
    """What copies are encrypted with; those of one base backup share the salt, so one key."""

    passphrase: str
    salt: bytes


def new_seal(passphrase: str) -> Seal:
    """Return a seal with a salt of its own."""
    return Seal(passphrase, os.urandom(SALT))


def seal_of(path: Path, passphrase: str) -> Seal:
    """Return the seal of an encrypted copy.

    Parameters
    ----------
    path
        Copy.
    passphrase
        Must open it.

    Raises
    ------
    InputError
        If the passphrase is another one.
    """
    with path.open("rb") as file:
        EncryptedReader(file, passphrase).close()
    return Seal(passphrase, read_salt(path))


def keep_copy(source: Path, target: Path, seal: Seal | None) -> bool:
    """Copy a file into the archive as a whole, if it is there; return whether it is.

    Parameters
    ----------
    source
        File.
    target
        Its place in the archive.
    seal
        None: as it is.
    """
    if not source.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(target.name + archive_file.DRAFT)
    with source.open("rb") as plain, write_copy(draft, seal) as out:
        shutil.copyfileobj(plain, out, PIECE)
    draft.replace(target)
    return True


@contextmanager
def write_copy(target: Path, seal: Seal | None) -> Iterator[BinaryIO]:
    """Write a file of the archive, which is on the disk when the block ends.

    Parameters
    ----------
    target
        New file, for its owner only.
    seal
        None: as it is.
    """
    with _private(target) as out:
        if seal is None:
            yield out
        else:
            with EncryptedWriter(out, seal.passphrase, salt=seal.salt) as sealed:
                yield cast("BinaryIO", sealed)
        out.flush()
        os.fsync(out.fileno())


def bring_copy(source: Path, target: Path, passphrase: str | None) -> bool:
    """Copy a file out of the archive as a whole, if it is there; return whether it is.

    Parameters
    ----------
    source
        Its place in the archive, encrypted or not.
    target
        Where it goes.
    passphrase
        Of an encrypted one.

    Raises
    ------
    InputError
        If the passphrase is missing or another one, or the file was changed.
    """
    if not source.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(target.name + archive_file.DRAFT)
    with source.open("rb") as kept, _private(draft) as out:
        if not is_encrypted(source):
            shutil.copyfileobj(kept, out, PIECE)
        elif passphrase is None:
            raise InputError("backup.passphrase_missing", file=source)
        else:
            with EncryptedReader(kept, passphrase) as plain:
                shutil.copyfileobj(plain, out, PIECE)
    draft.replace(target)
    return True


def _private(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
