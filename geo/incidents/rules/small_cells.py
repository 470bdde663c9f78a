"""Rows of figures that would reveal single sensitive incidents, merged into one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from geo.incidents.rules.rates import FigureRow, sum_rows

LEAST: Final = 3
"""Fewer cases of something sensitive are counted under no key of their own."""

FEW_KEY: Final = "~few"
"""Key of the row into which they are merged."""


def count_cases(row: FigureRow) -> int:
    """Return how many incidents a row tells of at least, differences by their size."""
    known = sum(abs(row.counts.get(n, 0)) for n in ("collected", "duplicates", "cancelled"))
    return max(known, abs(row.flow.get("closed", 0)))


def is_small(row: FigureRow) -> bool:
    """Return whether a row tells of some cases, and of too few."""
    return 0 < count_cases(row) < LEAST


def merge_small(
    rows: Sequence[FigureRow], sensitive: Collection[str] | None, also: Collection[str] = ()
) -> tuple[FigureRow, ...]:
    """Return rows with the small ones of sensitive keys as one, the last.

    Parameters
    ----------
    rows
        Of one table.
    sensitive
        Keys that are sensitive; None: all of them.
    also
        Keys that are merged whatever they count: those that another table of the answer merged.
    """
    small = [
        row
        for row in rows
        if row.key in also or (is_small(row) and (sensitive is None or row.key in sensitive))
    ]
    kept = tuple(row for row in rows if row not in small)
    return (*kept, sum_rows(small, FEW_KEY)) if small else kept
