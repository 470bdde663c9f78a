"""Numbers as a spreadsheet shows them: 7 with the format 0000 is 0007, with "K-"0000 K-0007."""

import re
from typing import Final

_TOKEN: Final = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[[^\]]*\]|(0)|(.)', re.DOTALL)
# what would show something else than the digits, or is a part of a date or a fraction
_OTHER: Final = re.compile(r"[#?.,%@/:A-Za-z]")
# a language or a colour
_ASIDE: Final = re.compile(
    r"\[\$-[0-9A-F]+\]|\[(?:Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color ?\d+)\]"
    r"|\[[黑蓝绿红白黄]色\]",
    re.IGNORECASE,
)


def format_number(number: object, number_format: str) -> str | None:
    """Return a whole number as a spreadsheet format of zeroes and texts shows it, else None.

    Parameters
    ----------
    number
        Value of a cell; negative numbers and fractions give None.
    number_format
        Format code of the cell, as ``0000``.

    Examples
    --------
    >>> format_number(7, "0000"), format_number(12, '"K-"0000')
    ('0007', 'K-0012')
    >>> format_number(5561234, "000-0000"), format_number(7, "0.00")
    ('556-1234', None)
    """
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if number < 0 or int(number) != number or not has_shape(number_format):
        return None
    places = _places(number_format) or []
    zeroes = places.count("0")
    digits = str(int(number)).rjust(zeroes, "0")
    # digits beyond the zeroes stand at the first of them
    first, rest = digits[: len(digits) - zeroes + 1], iter(digits[len(digits) - zeroes + 1 :])
    shown: list[str] = []
    for place in places:
        if place != "0":
            shown.append(place[1:])
        else:
            shown.append(first or next(rest))
            first = ""
    return "".join(shown)


def has_shape(number_format: str) -> bool:
    """Tell whether a format shows whole numbers otherwise than by their digits alone."""
    places = _places(number_format)
    if not places or "0" not in places:
        return False
    texts = "".join(place[1:] for place in places if place != "0")
    return places.count("0") > 1 or bool(texts.strip())


def _places(number_format: str) -> list[str] | None:
    """Return the places of a format for positive numbers: "0" for a digit, "=" and a text.

    None where the format has anything else.
    """
    places = []
    for match in _TOKEN.finditer(_ASIDE.sub("", number_format.partition(";")[0])):
        quoted, escaped, zero, other = match.groups()
        if zero:
            places.append("0")
        elif quoted is not None or escaped is not None:
            places.append(f"={quoted or escaped or ''}")
        elif other is not None:
            if _OTHER.match(other):
                return None
            places.append(f"={other}")
        elif match.group().startswith("["):
            return None
    return places
