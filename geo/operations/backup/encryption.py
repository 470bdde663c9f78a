"""Encryption of a file with a passphrase, in pieces, so that it can be read from any place.

Each piece of 64 KiB is encrypted and authenticated on its own (AES-256-GCM). Its nonce holds its
number and whether it is the last one: pieces that were exchanged, repeated or cut off are noticed.
The key comes from the passphrase by scrypt (RFC 7914).
"""

from __future__ import annotations

import io
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from geo.base.errors import InputError

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAGIC: Final = b"govgrid encrypted 1\n"
PIECE: Final = 64 * 1024
TAG: Final = 16
SALT: Final = 16
PREFIX: Final = 7
COST: Final = 17
"""Power of two of scrypt's cost: 128 MiB for each guess."""
MOST_COST: Final = 20
HEADER: Final = len(MAGIC) + 1 + SALT + PREFIX


def is_encrypted(path: Path) -> bool:
    """Return whether a file was written by :class:`EncryptedWriter`."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_salt(path: Path) -> bytes:
    """Return the salt of the key that an encrypted file was written with."""
    with path.open("rb") as file:
        return file.read(HEADER)[len(MAGIC) + 1 :][:SALT]


class EncryptedWriter(io.RawIOBase):
    """Encrypts what is written to it into a file, which stays open when this is closed.

    Parameters
    ----------
    out
        Binary file at its beginning.
    passphrase
        Any text.
    salt
        Of the key, for files that share one; None: a salt of its own.
    """

    def __init__(self, out: BinaryIO, passphrase: str, *, salt: bytes | None = None) -> None:
        self._out, self._held, self._number = out, bytearray(), 0
        self._prefix, salt = os.urandom(PREFIX), salt or os.urandom(SALT)
        self._header = MAGIC + bytes([COST]) + salt + self._prefix
        self._cipher = AESGCM(_derive(passphrase, salt, COST))
        out.write(self._header)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Encrypt bytes; what fills no piece is held back."""
        view = memoryview(data).cast("B")
        self._held += view
        at = 0
        while len(self._held) - at > PIECE:
            self._emit(bytes(self._held[at : at + PIECE]), last=False)
            at += PIECE
        del self._held[:at]
        return len(view)

    def close(self) -> None:
        """Write the last piece."""
        if not self.closed:
            self._emit(bytes(self._held), last=True)
        super().close()

    def _emit(self, piece: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._out.write(self._cipher.encrypt(nonce, piece, self._header))
        self._number += 1


class EncryptedReader(io.RawIOBase):
    """Reads what :class:`EncryptedWriter` wrote, from any place.

    Parameters
    ----------
    file
        Binary file, which stays open when this is closed.
    passphrase
        As for writing.

    Raises
    ------
    InputError
        If the passphrase is another one, or the file was changed or cut off.
    """

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file, self._at, self._known = file, 0, (-1, b"")
        size = file.seek(0, os.SEEK_END) - HEADER
        file.seek(0)
        self._header = file.read(HEADER)
        cost = self._header[len(MAGIC)] if size >= TAG else MOST_COST + 1
        if not self._header.startswith(MAGIC) or cost > MOST_COST:
            raise InputError("backup.damaged", file=_name(file))
        self._pieces = -(-size // (PIECE + TAG))
        self._size = size - TAG * self._pieces
        salt = self._header[len(MAGIC) + 1 :][:SALT]
        self._cipher = AESGCM(_derive(passphrase, salt, cost))
        try:
            self._piece(0)
        except InputError as error:
            raise InputError("backup.passphrase_wrong", file=_name(file)) from error

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place and return it.

        Parameters
        ----------
        offset
            Bytes of plain content.
        whence
            As for files.
        """
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill a buffer as far as the present piece goes; return with how many bytes."""
        if self._at >= self._size:
            return 0
        number, skip = divmod(self._at, PIECE)
        view = memoryview(buffer).cast("B")
        part = self._piece(number)[skip : skip + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self, number: int) -> bytes:
        if self._known[0] != number:
            self._file.seek(HEADER + number * (PIECE + TAG))
            nonce = _nonce(self._header[-PREFIX:], number, last=number == self._pieces - 1)
            try:
                found = self._cipher.decrypt(nonce, self._file.read(PIECE + TAG), self._header)
            except InvalidTag as error:
                raise InputError("backup.damaged", file=_name(self._file)) from error
            self._known = (number, found)
        return self._known[1]


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


@lru_cache(maxsize=4)  # the files of an archive share a key, and it takes a third of a second
def _derive(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(passphrase.encode())


def _name(file: BinaryIO) -> str:
    return str(getattr(file, "name", "?"))
