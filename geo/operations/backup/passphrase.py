"""The passphrase of backups: in a file that only its owner can read."""

from pathlib import Path
from typing import Final

from geo.base import secrets
from geo.base.errors import InputError

SHORTEST: Final = 12


def read_passphrase(path: Path) -> str:
    """Return the passphrase in a file: its first line.

    Raises
    ------
    InputError
        If the file cannot be read, others can read it, or the passphrase is too short.
    """
    try:
        secrets.require_private(path)
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("backup.unreadable", file=path, reason=reason) from error
    found = lines[0].strip() if lines else ""
    require_strong(found)
    return found


def require_strong(passphrase: str) -> None:
    """Refuse a passphrase that is soon guessed.

    Raises
    ------
    InputError
        With the shortest length.
    """
    if len(passphrase) < SHORTEST:
        raise InputError("backup.passphrase_short", least=SHORTEST)
