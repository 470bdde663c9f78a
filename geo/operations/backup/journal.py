"""When the last good backup was made and verified: a file of the home, read without database."""

import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

FILE: Final = "backup.json"
LATE: Final = timedelta(days=2)
"""An older backup than this is worth a warning."""


@dataclass(frozen=True)
class Journal:
    """What became of the last backups; times are ISO, UTC, "" where there was none.

    Attributes
    ----------
    at, file, bytes, rows
        Of the last good backup.
    verified_at, verified_file
        Of the last one that was restored on trial and found good.
    failed_at, failure
        Of the last attempt that failed, empty once one succeeds.
    """

    at: str = ""
    file: str = ""
    bytes: int = 0
    rows: int = 0
    verified_at: str = ""
    verified_file: str = ""
    failed_at: str = ""
    failure: str = ""

    @property
    def moment(self) -> datetime | None:
        """When the last good one was made."""
        return datetime.fromisoformat(self.at) if self.at else None

    def is_late(self, now: datetime) -> bool:
        """Return whether the last good one is missing or older than :data:`LATE`."""
        return self.moment is None or now - self.moment > LATE


def read_journal(home: Path) -> Journal:
    """Return what is noted of backups; nothing where the file is missing or unreadable."""
    try:
        return Journal(**json.loads((home / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Journal()


def note_backup(home: Path, file: Path, size: int, rows: int) -> None:
    """Note a good backup.

    Parameters
    ----------
    home
        Of the installation.
    file
        Where it is.
    size
        Its bytes.
    rows
        Rows of all tables in it.
    """
    known = replace(read_journal(home), failed_at="", failure="")
    _write(home, replace(known, at=_now(), file=str(file), bytes=size, rows=rows))


def note_failure(home: Path, reason: str) -> None:
    """Note that a backup failed.

    Parameters
    ----------
    home
        Of the installation.
    reason
        Sentence for people.
    """
    _write(home, replace(read_journal(home), failed_at=_now(), failure=reason))


def note_verified(home: Path, file: Path) -> None:
    """Note that a backup was restored on trial and found good.

    Parameters
    ----------
    home
        Of the installation.
    file
        Where it is.
    """
    _write(home, replace(read_journal(home), verified_at=_now(), verified_file=str(file)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(home: Path, journal: Journal) -> None:
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(asdict(journal), ensure_ascii=False, indent=1), encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(home / FILE)
