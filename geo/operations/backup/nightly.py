"""The nightly backup: made once a day by the worker, kept for days and months, then removed."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from geo.base.errors import GovgridError
from geo.base.settings import Settings
from geo.operations.backup import create, journal
from geo.operations.backup.archive_file import DRAFT
from geo.operations.backup.passphrase import read_passphrase

FROM_HOUR: Final = 2
"""Of the district: not before, and later where the machine was off."""
NAME: Final = re.compile(r"govgrid-(\d{8})-\d{4}\.backup")


def run_nightly(settings: Settings, now: datetime) -> Path | None:
    """Make the backup of the day where it is due, and remove old ones; return its file.

    Parameters
    ----------
    settings
        Say the folder, how long files are kept, and the file of a passphrase.
    now
        This moment, with its zone.

    Raises
    ------
    GovgridError
        If it cannot be made; the failure is noted, and it is tried again.
    """
    folder, local = settings.backup_dir, now.astimezone(ZoneInfo(settings.timezone))
    if folder is None or local.hour < FROM_HOUR or _made_on(folder, local.date()):
        return None
    target = folder / f"govgrid-{local:%Y%m%d-%H%M}.backup"
    try:
        file = settings.backup_passphrase_file
        passphrase = read_passphrase(file) if file is not None else None
        create.create_backup(settings, target, passphrase=passphrase)
    except (GovgridError, OSError) as error:
        sentence = error.text(settings.lang) if isinstance(error, GovgridError) else str(error)
        journal.note_failure(settings.home, sentence)
        raise
    remove_old(folder, local.date(), days=settings.backup_days, months=settings.backup_months)
    return target


def remove_old(folder: Path, today: date, *, days: int, months: int) -> list[Path]:
    """Remove nightly backups that are kept no longer, and what was left unfinished; return them.

    Kept are those of the last days, the first one of each of the last months, and the newest.

    Parameters
    ----------
    folder
        Only files with names of nightly backups are looked at.
    today
        Day in the district.
    days, months
        How long.
    """
    found = {path: day for path in folder.iterdir() if (day := _day_of(path)) is not None}
    kept = set(_kept(found.items(), today, days=days, months=months))
    old = [path for path in found if path not in kept]
    old += [path for path in folder.glob(f"*{DRAFT}") if NAME.fullmatch(path.stem)]
    for path in old:
        path.unlink(missing_ok=True)
    return sorted(old)


def _kept(
    found: Iterable[tuple[Path, date]], today: date, *, days: int, months: int
) -> Iterable[Path]:
    ordered = sorted(found, key=lambda each: each[0].name)
    oldest = _months_before(today, months)
    firsts: dict[tuple[int, int], Path] = {}
    for path, day in ordered:
        if today - day < timedelta(days=days):
            yield path
        if day >= oldest:
            firsts.setdefault((day.year, day.month), path)
    yield from firsts.values()
    yield from (path for path, _ in ordered[-1:])


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _made_on(folder: Path, day: date) -> bool:
    return any(_day_of(path) == day for path in folder.iterdir()) if folder.is_dir() else False


def _day_of(path: Path) -> date | None:
    match = NAME.fullmatch(path.name)
    try:
        return datetime.strptime(match[1], "%Y%m%d").date() if match else None
    except ValueError:
        return None
