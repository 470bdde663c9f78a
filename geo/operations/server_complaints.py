"""What the database server complained of, with nothing of the data in it."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from geo.base.settings import Settings
from geo.store.cluster import cluster

COMPLAINT: Final = re.compile(r"\] (?:\S+ )?(ERROR|FATAL|PANIC|WARNING):\s+(.*)")
QUOTED: Final = re.compile(r'"([^"]*)"|\'[^\']*\'|„[^“]*“')
NUMBER: Final = re.compile(r"\d+")
HIDDEN: Final = "…"
MOST: Final = 100


def count_complaints(settings: Settings) -> dict[str, int]:
    """Return how often the private server complained in the logs it keeps, by severity."""
    return dict(Counter(severity for severity, _ in _complaints(settings)))


def list_complaints(settings: Settings, known: Collection[str]) -> list[tuple[str, int]]:
    """Return what was complained of without values, the most frequent first, with how often.

    Parameters
    ----------
    settings
        Say the home.
    known
        Names of tables and columns: other words in quotes, numbers and anything that is no plain
        ASCII are left out.
    """
    found = Counter(
        f"{severity}: {_without_values(message, known)}"
        for severity, message in _complaints(settings)
    )
    return found.most_common(MOST)


def _complaints(settings: Settings) -> Iterator[tuple[str, str]]:
    """Give severity and message; details, statements and contexts may hold rows and are skipped."""
    if settings.database_url is not None:
        return
    for path in sorted((cluster.cluster_folder(settings.home) / "log").glob("*.log")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            match = COMPLAINT.search(line)
            if match is not None:
                yield match[1], match[2]


def _without_values(message: str, known: Collection[str]) -> str:
    def named(match: re.Match[str]) -> str:
        return f'"{match[1]}"' if match[1] in known else HIDDEN

    plain = NUMBER.sub("#", QUOTED.sub(named, message.partition(":")[0]))
    return "".join(c if c.isascii() or c == HIDDEN else HIDDEN for c in plain)
