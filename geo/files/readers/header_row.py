"""The row of the headers: not always the first, since titles and remarks may stand above it."""

import re
from collections.abc import Callable, Sequence
from typing import Final

# how many of some texts are headers that somebody knows
Known = Callable[[Sequence[str]], int]

LOOKED: Final = 20  # filled rows; nobody writes a longer preface
_SURE: Final = 2
_NUMBER: Final = re.compile(r"[-+]?[\d.,]+")
_WIDE: Final = 3


def header_place(rows: Sequence[Sequence[object]], known: Known | None) -> int:
    """Return the position of the headers among the first filled rows of a table.

    It is the row with most known headers, if it has more than one; else the first, unless that is a
    title: a single cell over headers of three columns or more.

    Parameters
    ----------
    rows
        First filled rows; None for blank cells.
    known
        Counts headers of the layer among texts, None where the layer is not known.

    Examples
    --------
    >>> header_place([["Cameras of 2023"], ["by us"], ["a", "b", "c"], [1, 2, 3]], None)
    2
    """
    if not rows:
        return 0
    texts = [[str(cell).strip() for cell in row if cell is not None] for row in rows[:LOOKED]]
    counts = [known(line) for line in texts] if known else [0]
    best = max(counts)
    if best >= _SURE:
        return counts.index(best)
    filled = [sum(map(bool, line)) for line in texts]
    width = max(filled)
    if filled[0] > 1 or width < _WIDE or counts[0]:
        return 0
    place = next(place for place, count in enumerate(filled) if 2 * count >= width)
    return 0 if any(map(_NUMBER.fullmatch, texts[place])) else place
