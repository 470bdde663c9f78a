"""The clock of the district: real time, or on a test home that of a file.

Everything that is about incidents, cameras, areas, figures and papers asks it. Accounts, sessions
and the audit always use real time.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from geo.base.errors import InputError

RUNNING = "running"
_file: Path | None = None


def follow(file: Path | None) -> None:
    """Follow the clock of a file from here on, or real time.

    Parameters
    ----------
    file
        One line of UTF-8: an ISO time with its zone, which stands still, or the same with the word
        ``running``, which goes on from the moment at which the file was written. It is read at
        every question, so that all processes and a scenario share one clock. None: real time.

    Raises
    ------
    InputError
        ``clock.unreadable`` if the file is none.
    """
    global _file
    if file is not None:
        _read(file)
    _file = file


def set_time() -> datetime | None:
    """Return the time of the file that is followed, UTC; None where real time holds."""
    return None if _file is None else _read(_file)


def now() -> datetime:
    """Return the present moment, UTC."""
    return set_time() or datetime.now(UTC)


def today(timezone: str) -> date:
    """Return the present day in `timezone` (an IANA name)."""
    return now().astimezone(ZoneInfo(timezone)).date()


def _read(file: Path) -> datetime:
    """Return the time that a file shows, UTC."""
    try:
        stated, _, word = file.read_text(encoding="utf-8").strip().partition(" ")
        shown = datetime.fromisoformat(stated)
        if shown.tzinfo is None or word.strip() not in {"", RUNNING}:
            raise ValueError
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, ValueError) as error:
        raise InputError("clock.unreadable", file=file) from error
    gone = datetime.now(UTC) - written
    return shown.astimezone(UTC) + gone if word else shown.astimezone(UTC)
