"""Headings: what people write into the column 监视方位, as degrees clockwise from true north."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from geo.base.errors import InputError

Source = Literal["number", "parsed", "rounded8"]
Scheme = Literal["degrees", "gbt28181", "gat1400"]
SCHEMES: Final = get_args(Scheme)

_STANDARDS: Final = {"gbt28181": "GB/T 28181", "gat1400": "GA/T 1400"}
_CODES: Final[Mapping[str, Mapping[str, float | None]]] = MappingProxyType(
    {
        "gbt28181": dict(zip("012345678", (None, 90, 270, 180, 0, 135, 45, 225, 315), strict=True)),
        "gat1400": dict(zip("123456789", (90, 270, 180, 0, 45, 225, 135, 315, None), strict=True)),
    }
)
# more than so many on one housing is a mistake in the file
MOST_VIEWS: Final = 16
_LEAST_RANGE_DEG: Final = 1.0
_DECIMALS: Final = 9  # of sums of what is written with few

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
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(°|度|deg)?", re.ASCII)
_RANGE: Final = re.compile(
    r"(\d+\.?\d*)(°|度|deg)?(?:[-–—~〜]|至|到)(\d+\.?\d*)(°|度|deg)?", re.ASCII
)
_BETWEEN_VIEWS: Final = re.compile("[;、]")
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
    """Direction: degrees clockwise from true north in [0, 360), and how it was written.

    `source` is "number" for a plain number, "parsed" for words with degrees (北偏东30°),
    "rounded8" for a compass point, a code or words without degrees. `hfov_deg` is the width of a
    range with the heading in its middle, None where no range was given.
    """

    deg: float
    source: Source
    hfov_deg: float | None = None


def parse_heading(text: str, scheme: Scheme = "degrees") -> Heading | None:
    """Return the one heading that `text` says; None for blank and for words like 不详.

    Understands 45, 45°, 北偏东30°, 南偏西15度, N30E, 东北, NE, north-west, 朝南, 由东向西 (looks
    west). A corner (东北角) tells where a device stands, not where it looks, and is refused. So
    are ranges and lists: see :func:`parse_views`.

    Parameters
    ----------
    scheme
        What a bare number is: "degrees", or the eight-way code of a standard. Words, and numbers
        with a degree sign, mean the same in each. Under "gbt28181" 0 is None (not reported), under
        "gat1400" 9 is None (other).

    Raises
    ------
    InputError
        ``heading.range`` for a number outside 0 to 360, ``heading.code_unknown`` for a number that
        is no code of the scheme, ``heading.unreadable`` for other text, ``heading.scheme_unknown``.

    Notes
    -----
    The codes of the two standards agree from 1 to 4 and at 8 only, so a code without its scheme
    says nothing. Both tell where the picture looks, as a way "from-to": 1 is 西向东, eastwards.

    References
    ----------
    GB/T 28181-2022, A.2.1.9, DirectionType: 摄像机监视方位（光轴方向）, the optical axis:
    1 东（西向东）, 2 西, 3 南, 4 北, 5 东南, 6 东北, 7 西南, 8 西北.
    GA/T 1400, MonitorDirection and the like (水平拍摄方向, the direction of the shot), as public
    implementations have it: 1 西向东（东）, 2 东向西（西）, 3 北向南（南）, 4 南向北（北）,
    5 西南到东北（东北）, 6 东北到西南（西南）, 7 西北到东南（东南）, 8 东南到西北（西北）, 9 其他.

    Examples
    --------
    >>> parse_heading("北偏东30°")
    Heading(deg=30.0, source='parsed', hfov_deg=None)
    >>> parse_heading("由东向西").deg, parse_heading("5", "gbt28181").deg
    (270.0, 135.0)
    """
    require_scheme(scheme)
    return _one(_plain(text), text, scheme)


def parse_views(text: str, scheme: Scheme = "degrees") -> tuple[Heading, ...]:
    """Return every heading that `text` says, with the angle of view where it gives a range.

    A range runs clockwise from its first to its second number and may pass north: 270-90 looks
    north and is 180° wide; 0-360 is the full circle. Signs: ``-``, ``~``, 至, 到. A list is parted
    by ``;`` or 、. Under a code scheme a range needs a degree sign, for bare digits are codes.

    Parameters
    ----------
    scheme
        As for :func:`parse_heading`.

    Returns
    -------
    tuple of Heading
        In the order written; empty for blank and for words like 不详.

    Raises
    ------
    InputError
        As :func:`parse_heading`; ``heading.unreadable`` too for a range narrower than 1°, for more
        than 16 views, and for a list that leaves some headings open: what is known of it would
        look like all that is possible.

    References
    ----------
    Ranges as OpenStreetMap writes ``camera:direction``: https://wiki.openstreetmap.org/wiki/Key:direction

    Examples
    --------
    >>> parse_views("239°~284°")
    (Heading(deg=261.5, source='number', hfov_deg=45.0),)
    >>> [view.deg for view in parse_views("NE；SW")]
    [45.0, 225.0]
    """
    require_scheme(scheme)
    parts = _BETWEEN_VIEWS.split(_plain(text))
    if len(parts) > MOST_VIEWS:
        raise _unreadable(text)
    views = [_range(part, text, scheme) or _one(part, text, scheme) for part in parts]
    stated = tuple(view for view in views if view is not None)
    if stated and len(stated) < len(views):
        raise _unreadable(text)
    return stated


def require_scheme(scheme: str) -> None:
    """Refuse a scheme that is none.

    Raises
    ------
    InputError
        ``heading.scheme_unknown``; the sentence names those that there are.
    """
    if scheme not in SCHEMES:
        raise InputError("heading.scheme_unknown", scheme=scheme, known=", ".join(SCHEMES))


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def _unreadable(text: str) -> InputError:
    return InputError("heading.unreadable", text=text.strip())


def _one(plain: str, text: str, scheme: Scheme) -> Heading | None:
    if plain in UNKNOWN_WORDS:
        return None
    number = _NUMBER.fullmatch(plain)
    if number and not number.group(2) and scheme in _CODES:
        return _coded(plain, text, scheme)
    heading = _number(number, text) if number else _quadrant(plain) or _point(plain)
    if heading is None:
        raise _unreadable(text)
    return heading


def _coded(plain: str, text: str, scheme: Scheme) -> Heading | None:
    codes = _CODES[scheme]
    code = re.sub(r"\.0*$", "", plain)  # 5.0: a whole number as spreadsheets export it
    if code not in codes:
        standard, known = _STANDARDS[scheme], ", ".join(codes)
        raise InputError("heading.code_unknown", text=text.strip(), standard=standard, known=known)
    deg = codes[code]
    return None if deg is None else Heading(float(deg), "rounded8")


def _number(match: re.Match[str], text: str) -> Heading:
    deg = float(match.group(1))
    _require_degrees(text, deg)
    return Heading(deg % 360, "number")


def _range(plain: str, text: str, scheme: Scheme) -> Heading | None:
    match = _RANGE.fullmatch(plain)
    if match is None or (scheme in _CODES and not (match.group(2) or match.group(4))):
        return None
    start, end = float(match.group(1)), float(match.group(3))
    _require_degrees(text, start, end)
    width = 360.0 if (start, end) == (0, 360) else round((end - start) % 360, _DECIMALS)
    if width < _LEAST_RANGE_DEG:
        return None
    middle = round(start + width / 2, _DECIMALS) % 360
    return Heading(middle, "number", width)


def _require_degrees(text: str, *numbers: float) -> None:
    if not all(0 <= deg <= 360 for deg in numbers):
        raise InputError("heading.range", text=text.strip())


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
    deg = round(base_deg + signed_deg, _DECIMALS) % 360
    return Heading(deg, "rounded8" if turn is None else "parsed")


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
