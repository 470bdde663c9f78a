"""Headings: what people write into the column 监视方位, as degrees clockwise from true north."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from geo.errors import InputError

Source = Literal["number", "parsed", "rounded8"]

_CHINESE: Final = {
    "北": 0.0,
    "东": 90.0,
    "南": 180.0,
    "西": 270.0,
    "东北": 45.0,
    "北东": 45.0,
    "东南": 135.0,
    "南东": 135.0,
    "西南": 225.0,
    "南西": 225.0,
    "西北": 315.0,
    "北西": 315.0,
}
_POINTS: Final = re.findall(r"\S+", "n nne ne ene e ese se sse s ssw sw wsw w wnw nw nnw")
_LATIN: Final = {name: 22.5 * place for place, name in enumerate(_POINTS)}
_ENGLISH: Final = {"north": "n", "east": "e", "south": "s", "west": "w"}
UNKNOWN_WORDS: Final = frozenset(
    {"", "不详", "未知", "不明", "无", "待查", "-", "--", "/", "?", "n/a", "na", "none", "unknown"}
)
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:°|度|deg)?", re.ASCII)
_QUADRANT: Final = re.compile(r"正?([东南西北])偏([东南西北])(?:(\d+\.?\d*)(?:°|度)?)?", re.ASCII)
_SURVEYOR: Final = re.compile(r"([ns])(\d+\.?\d*)(?:°|deg)?([ew])", re.ASCII)
_FROM_TO: Final = re.compile(
    r"[由自从]?([东南西北]{1,2})(?:面)?(?:向|往|到|至|→|->)([东南西北]{1,2})(?:面)?"
)
_TOWARDS: Final = re.compile(
    r"(?:面朝|面向|朝向|镜头朝|朝|向|看|往)?正?([东南西北]{1,2})(?:方向|方位|方|向|面)?"
)


@dataclass(frozen=True)
class Heading:
    """A direction: degrees clockwise from true north in [0, 360), and how it was told.

    `source` is "number" for a plain number, "parsed" for words with degrees (北偏东30°),
    "rounded8" for a compass point or words without degrees.
    """

    deg: float
    source: Source


def parse_heading(text: str) -> Heading | None:
    """Return the heading that `text` says; None for blank and for words like 不详.

    Understands 45, 45°, 北偏东30°, 南偏西15度, N30E, 东北, NE, north-west, 朝南, 由东向西 (looks
    west). A corner (东北角) tells where a device stands, not where it looks, and is refused.

    Raises
    ------
    InputError
        ``heading.range`` for a number outside 0 to 360, ``heading.unreadable`` for other text.

    Examples
    --------
    >>> parse_heading("北偏东30°")
    Heading(deg=30.0, source='parsed')
    >>> parse_heading("由东向西")
    Heading(deg=270.0, source='rounded8')
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
    if plain in UNKNOWN_WORDS:
        return None
    heading = _number(plain, text) or _quadrant(plain) or _point(plain)
    if heading is None:
        raise InputError("heading.unreadable", text=text.strip())
    return heading


def _number(plain: str, text: str) -> Heading | None:
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    deg = float(match.group(1))
    if not 0 <= deg <= 360:
        raise InputError("heading.range", text=text.strip())
    return Heading(deg % 360, "number")


def _quadrant(plain: str) -> Heading | None:
    match = _QUADRANT.fullmatch(plain)
    if match:
        base, towards, turn = _CHINESE[match.group(1)], _CHINESE[match.group(2)], match.group(3)
        return _turned(base, towards, turn)
    match = _SURVEYOR.fullmatch(plain)
    if match:
        return _turned(_LATIN[match.group(1)], _LATIN[match.group(3)], match.group(2))
    return None


def _turned(base_deg: float, towards_deg: float, turn: str | None) -> Heading | None:
    side = (towards_deg - base_deg) % 360
    if side not in (90.0, 270.0):
        return None
    turn_deg = 45.0 if turn is None else float(turn)
    if turn_deg > 90:
        return None
    signed_deg = turn_deg if side == 90.0 else -turn_deg
    return Heading((base_deg + signed_deg) % 360, "rounded8" if turn is None else "parsed")


def _point(plain: str) -> Heading | None:
    match = _FROM_TO.fullmatch(plain)
    if match:
        start, end = (_CHINESE.get(match.group(side)) for side in (1, 2))
        # anything but straight through is a bend in the road, not a heading
        straight = start is not None and end is not None and (end - start) % 360 == 180
        return Heading(end, "rounded8") if straight and end is not None else None
    match = _TOWARDS.fullmatch(plain)
    deg = _CHINESE.get(match.group(1)) if match else _LATIN.get(_latin(plain))
    return None if deg is None else Heading(deg, "rounded8")


def _latin(plain: str) -> str:
    short = plain.replace("-", "")
    for word, letter in _ENGLISH.items():
        short = short.replace(word, letter)
    return short
