"""Numbers of receipts as scanners and people type them: of an incident, and of a unit behind it."""

import unicodedata
from collections.abc import Iterator
from typing import Final

BETWEEN: Final = "."
"""Between the number of the incident and the code of the unit: the same key on every keyboard."""

MOST: Final = 160
MOST_DOTS: Final = 3
"""That the code of a unit may hold, and one more."""


def normalize_number(typed: str) -> str:
    r"""Return a number as it was printed.

    A scanner types through whatever input method is on: full-width letters, a Chinese full stop,
    blanks and line ends around it.

    Examples
    --------
    >>> normalize_number(" ２０２６０９３０－０００１。Ｕ２\r")
    '20260930-0001.U2'
    """
    plain = unicodedata.normalize("NFKC", typed).replace("。", BETWEEN)
    return "".join(letter for letter in plain if letter.isprintable()).strip()[:MOST]


def receipt_number(code: str, unit: str, *, several: bool) -> str:
    """Return what stands in bars on a receipt: the unit as well where several were sent.

    Parameters
    ----------
    code
        Number of the incident.
    unit
        Code of the unit.
    several
        Whether more than one unit is out.
    """
    return f"{code}{BETWEEN}{unit}" if several else code


def possible_readings(number: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a number can mean, the likeliest first: incident and unit; codes may hold dots.

    Examples
    --------
    >>> list(possible_readings("A.B.U2"))
    [('A.B.U2', None), ('A.B', 'U2'), ('A', 'B.U2')]
    """
    yield number, None
    parts = number.split(BETWEEN)
    for n in range(len(parts) - 1, max(0, len(parts) - 1 - MOST_DOTS), -1):
        code, unit = BETWEEN.join(parts[:n]), BETWEEN.join(parts[n:])
        if code and unit:
            yield code, unit
