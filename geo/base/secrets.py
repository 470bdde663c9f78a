"""The secret key of an installation: in a file that only its owner can read, or refused."""

import base64
import os
import secrets as random
import stat
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from geo.base.errors import InputError, StateError
from geo.base.settings import Settings

KEY_BYTES: Final = 32


def installation_key(config: Settings) -> bytes:
    """Return the key of the installation (32 bytes); it is made where there is none.

    Raises
    ------
    InputError
        If others can read its file, or it is no such key.
    StateError
        If it cannot be made or read.
    """
    try:
        if not config.secrets.exists():
            _make(config.secrets)
        require_private(config.secrets)
        return _read(config.secrets, config.secrets.stat().st_mtime_ns)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateError("secret.unreadable", file=config.secrets, reason=reason) from error


def derive_key(config: Settings, purpose: str) -> bytes:
    """Return a key of 32 bytes for one purpose, derived from the installation's key by HKDF.

    Parameters
    ----------
    config
        Says where the file of the installation's key is.
    purpose
        Any text; different purposes give independent keys.

    References
    ----------
    RFC 5869 (HKDF, SHA-256, no salt).
    """
    kdf = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"govgrid {purpose}".encode())
    return kdf.derive(installation_key(config))


def encrypt(config: Settings, written: str, *, purpose: str) -> str:
    """Return a text encrypted and authenticated (Fernet).

    Parameters
    ----------
    config
        Says where the file of the installation's key is.
    written
        Plain text.
    purpose
        As in :func:`derive_key`; :func:`decrypt` needs the same.
    """
    return _fernet(config, purpose).encrypt(written.encode()).decode()


def decrypt(config: Settings, token: str, *, purpose: str) -> str:
    """Return the plain text of an encrypted one.

    Parameters
    ----------
    config
        Says where the file of the installation's key is.
    token
        As from :func:`encrypt`.
    purpose
        The one used for encryption.

    Raises
    ------
    StateError
        If it was encrypted with another key: the file of the key was changed or lost.
    """
    try:
        return _fernet(config, purpose).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise StateError("secret.other_key", file=config.secrets) from error


def require_private(path: Path) -> None:
    """Refuse a file of a secret that others can read.

    Raises
    ------
    InputError
        With its mode, and what to do.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise InputError("secret.no_file", file=path)
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise InputError("secret.open", file=path, mode=f"{mode:04o}")
    if found.st_uid not in {os.geteuid(), 0}:
        raise InputError("secret.others", file=path)


def _make(path: Path) -> None:
    """Make the file whole or not at all; of several that begin at once one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{random.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(random.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


@lru_cache(maxsize=8)
def _read(path: Path, _changed_ns: int) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise InputError("secret.no_key", file=path) from error
    if len(key) != KEY_BYTES:
        raise InputError("secret.no_key", file=path)
    return key


def _fernet(config: Settings, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive_key(config, purpose)))
