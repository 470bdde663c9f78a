"""Markings of state secrets (秘密★, 机密★10年): found in texts, whose content is never repeated."""

import re
from typing import Final

from geo.base.errors import MarkedError

LONGEST: Final = 200
"""More characters than any marking has, blanks in it included."""

_GAP: Final = r"[\s\u00ad\u200b-\u200f\u2060\u3164\ufe0e\ufe0f\ufeff]{0,20}"
_KIND: Final = rf"(?P<grade>[绝絕机機秘]){_GAP}密{_GAP}"
_STAR: Final = "[★☆⭐⭑✩✪✫✬✭✮✯✰⋆🌟]"
# an asterisk stands for the star where a term follows; alone it marks what a form asks for
_NUMBER: Final = "[0-9０-９〇零一二两三四五六七八九十百]{1,4}"
_TERM: Final = rf"[*＊﹡∗]{_GAP}(?:{_NUMBER}{_GAP}[年个月日天]|长期)"
_MARKING: Final = re.compile(f"{_KIND}(?:{_STAR}|{_TERM})")
# split over two cells of a row: the grade fills the one, the star with or without a term the other
_EDGE: Final = r"[\0,;\t\n|\"]"
_NEXT_CELL: Final = r"(?:[\0,;\t|\"\s]{1,60}|\"\s{0,20},\s{0,20}\"[^\"]{0,60}\"\s{0,20}:\s{0,20}\")"
_SPLIT: Final = re.compile(
    rf"(?:^|(?<={_EDGE}))[ ]{{0,20}}{_KIND}{_NEXT_CELL}{_STAR}{_GAP}"
    rf"(?:{_NUMBER}{_GAP}[年个月日天]{{1,2}}|长期)?{_GAP}(?={_EDGE}|$)"
)
_GRADES: Final = {"绝": "绝密", "絕": "绝密", "机": "机密", "機": "机密", "秘": "秘密"}
_ESCAPES: Final = re.compile(r"\\[uU]\+?([0-9a-fA-F]{4})|\\M\+5([0-9a-fA-F]{4})")


def find_marking(text: str) -> tuple[str, int] | None:
    """Return the grade (秘密, 机密, 绝密) of the first marking in a text and where it begins.

    Cells of a table stand in it between commas, semicolons, tabs, bars, quotes or NUL.
    """
    if "密" not in text:
        return None
    found = _MARKING.search(text) or _SPLIT.search(text)
    return None if found is None else (_GRADES[found["grade"]], found.start("grade"))


def is_part(text: str) -> bool:
    """Return whether a cell may be half of a marking that is split over two."""
    return find_marking(f"机密\0{text}") is not None or find_marking(f"{text}\0★") is not None


def require_unmarked(text: str, place: str, **at: object) -> None:
    """Refuse a text that carries a marking.

    Parameters
    ----------
    place
        What the text is: a key of ``[marking_place]``, filled by `at`.

    Raises
    ------
    MarkedError
        With the grade and the place, and nothing of the text.
    """
    found = find_marking(text)
    if found is not None:
        raise MarkedError(found[0], place, **at)


def resolve_escapes(text: str) -> str:
    """Return text with the escapes of JSON, XML and DXF resolved, each line where it was."""
    import html

    return html.unescape(_ESCAPES.sub(_letter, text)) if "\\" in text else html.unescape(text)


def _letter(escape: re.Match[str]) -> str:
    point, code = escape.groups()
    if point is not None:
        return chr(int(point, 16))
    return bytes.fromhex(code).decode("gb18030", "ignore")
