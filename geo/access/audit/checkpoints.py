"""Checkpoints of the chain, in a file outside the database: no rewriting goes unnoticed."""

import csv
import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, TextIO

from geo.access.audit.chain import Head
from geo.base.errors import InputError

EVERY: Final = 1_000
"""Rows between two heads at most: so many can vanish from the end of the chain unseen."""

COLUMNS: Final = ("date", "seal_no", "hash")
_HEX_DIGITS: Final = 64


def file_of(home: Path) -> Path:
    """Return the file of heads of an installation, readable by its owner only.

    It has a line for each day and for every :data:`EVERY` rows of the audit.
    """
    return home / "audit" / "heads.csv"


def write_checkpoint(path: Path, head: Head, day: date, *, if_due: bool = False) -> bool:
    """Append a checkpoint to the file, safe against a power cut.

    Nothing is added if the file ends with the same checkpoint.

    Parameters
    ----------
    path
        File of checkpoints, created if absent.
    head
        Number and seal of the newest sealed row.
    day
        Today in the district.
    if_due
        Also add nothing after one of the same day with fewer than :data:`EVERY` rows since.

    Returns
    -------
    bool
        Whether a line was added.
    """
    with _held(path) as file:
        known = _parsed(file, path)
        last = known[-1] if known else None
        if last is not None and (_same(last, head) or (if_due and not _due(last, head, day))):
            return False
        lines = csv.writer(file, lineterminator="\n")
        if not known:
            lines.writerow(COLUMNS)
        lines.writerow((day, head.seal_no, head.seal.hex()))
        file.flush()
        os.fsync(file.fileno())
        return True


def read_checkpoints(path: Path) -> list[Head]:
    """Return the heads of a file of heads, the oldest first; none if there is no such file.

    Raises
    ------
    InputError
        If a line of the file is none of a file of heads.
    """
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parsed(file, path)
    except UnicodeDecodeError as error:
        raise InputError("audit.head_form", found=path.name) from error


def read_lines(text: str, path: Path) -> list[Head]:
    """Return the heads of the content of a file of heads.

    Parameters
    ----------
    text
        As in the file.
    path
        Names it in messages.

    Raises
    ------
    InputError
        If a line is none of a file of heads.
    """
    return _parsed(io.StringIO(text, newline=""), path)


def newest_checkpoint(path: Path) -> Head | None:
    """Return the last head of a file of heads; None if there is none that can be read."""
    try:
        heads = read_checkpoints(path)
    except (InputError, OSError):
        return None
    return heads[-1] if heads else None


def parse_checkpoints(text: str) -> list[Head]:
    """Return checkpoints from a file of them, NUMBER:HASH, or a bare hash.

    Blanks in a hash do not matter: on paper it stands in groups.

    Raises
    ------
    InputError
        If it is none of these.
    """
    number, colon, digits = text.rpartition(":")
    head = _head(number if colon else None, digits)
    if head is not None:
        return [head]
    path = Path(text)
    if not path.is_file():
        raise InputError("audit.head_form", found=text)
    heads = read_checkpoints(path)
    if not heads:
        raise InputError("audit.head_form", found=path.name)
    return heads


@contextmanager
def _held(path: Path) -> Iterator[TextIO]:
    """Open a file of heads at its end, alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(number, "r+", encoding="utf-8", newline="") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _parsed(file: TextIO, path: Path) -> list[Head]:
    heads = []
    for nth, cells in enumerate(csv.reader(file), start=1):
        if not cells or tuple(cells) == COLUMNS:
            continue
        day, number, digits = cells if len(cells) == len(COLUMNS) else ("", None, "")
        head = _head(number, digits, day)
        if head is None:
            raise InputError("audit.head_line", file=path.name, line=nth)
        heads.append(head)
    return heads


def _head(number: str | None, digits: str, day: str = "") -> Head | None:
    plain = "".join(digits.split()).lower()
    if len(plain) != _HEX_DIGITS or not set(plain) <= set("0123456789abcdef"):
        return None
    if number is not None and not (number.strip().isdecimal() and len(number) < 19):
        return None
    return Head(None if number is None else int(number), bytes.fromhex(plain), day)


def _due(last: Head, head: Head, day: date) -> bool:
    return last.day != str(day) or (head.seal_no or 0) - (last.seal_no or 0) >= EVERY


def _same(one: Head, other: Head) -> bool:
    return (one.seal_no, one.seal) == (other.seal_no, other.seal)
