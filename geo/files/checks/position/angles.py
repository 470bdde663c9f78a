"""Angles: longitude and latitude as people spell them, with degrees, minutes and hemispheres."""

import re
import unicodedata
from typing import Final, Literal, NamedTuple

Axis = Literal["lon", "lat"]

_AXES: Final[dict[str, Axis]] = {"E": "lon", "W": "lon", "N": "lat", "S": "lat"}
_DECIMALS: Final = 9
_SPELT: Final = str.maketrans(
    {
        **dict.fromkeys("º˚度", "°"),
        **dict.fromkeys("′’‘`´ʹ分", "'"),
        **dict.fromkeys("″”“〞〃ʺ秒", '"'),
        "东": "E",
        "西": "W",
        "北": "N",
        "南": "S",
        "经": "",
        "纬": "",
        "−": "-",
    }
)
_FRONT: Final = r"([NSEW])?[:\s]*"
_BACK: Final = r"\s*([NSEW])?"
_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        # 117.0451°E, N30.5031
        rf"{_FRONT}([-+]?\d+(?:\.\d+)?)\s*°?{_BACK}",
        # 117°03'12"E, 117°3.2'
        rf"{_FRONT}([-+]?\d+)\s*°\s*{_NUMBER}\s*'?(?:\s*{_NUMBER}\s*\"?)?{_BACK}",
        # 117 03 12, 117:03:12, 117-03-12
        rf"{_FRONT}([-+]?\d+)[\s:-]+(\d\d?)[\s:-]+{_NUMBER}{_BACK}",
        # 117 03.2
        rf"{_FRONT}([-+]?\d+)[\s:]+(\d\d?\.\d+){_BACK}",
    )
)
# 1170312E: nothing but the letter says that it is no plain number
_COMPACT: Final = re.compile(rf"([NSEW])?(\d{{2,3}})(\d\d)(\d\d(?:\.\d+)?){_BACK}", re.ASCII)
_LETTER_FIRST: Final = re.compile(r"[NSEW][^NSEW]+")
_LETTER_LAST: Final = re.compile(r"[^NSEW]+[NSEW]")


class Angle(NamedTuple):
    """Degrees, and the axis that a letter or word says, if one does."""

    degrees: float
    axis: Axis | None


def angle_of(text: str) -> Angle | None:
    """Return the angle that a text spells, None if it spells none.

    Examples
    --------
    >>> angle_of("东经117°03′12″"), angle_of("30.5031N"), angle_of("117:03:12").degrees
    (Angle(degrees=117.053333333, axis='lon'), Angle(degrees=30.5031, axis='lat'), 117.053333333)
    """
    plain = _plain(text)
    compact = _COMPACT.fullmatch(plain)
    if compact and (compact.group(1) or compact.group(5)):
        return _of_parts(*compact.groups())
    for form in _FORMS:
        if match := form.fullmatch(plain):
            front, *numbers, back = match.groups()
            degrees, minutes, seconds = [*numbers, None, None][:3]
            return _of_parts(front, degrees, minutes, seconds, back)
    return None


def angles_of(text: str) -> list[Angle]:
    """Return the two angles of a text such as 117°03′12″E, 30°30′36″N, else none.

    Longitude comes first, unless letters or words say otherwise.
    """
    plain = _plain(text).strip("()[]")
    for parts in _halves(plain):
        found = [angle for part in parts if (angle := angle_of(part)) is not None]
        if len(found) == len(parts) == 2:
            first, second = found
            exchanged = first.axis == "lat" or second.axis == "lon"
            return [second, first] if exchanged else found
    return []


def _halves(plain: str) -> list[list[str]]:
    """Return the ways in which a text may fall into two angles, the surest first."""
    ways = [re.split(r"\s*[,;、/|]\s*", plain)]
    if re.search("[NSEW]", plain):
        ways += [_LETTER_FIRST.findall(plain), _LETTER_LAST.findall(plain)]
    return [*ways, plain.split()]


def _plain(text: str) -> str:
    half = unicodedata.normalize("NFKC", text.translate(_SPELT)).upper().translate(_SPELT)
    return " ".join(half.replace("''", '"').split())


def _of_parts(
    front: str | None,
    degrees: str | None,
    minutes: str | None,
    seconds: str | None,
    back: str | None,
) -> Angle | None:
    sides = {letter for letter in (front, back) if letter}
    parts = [float(part or 0) for part in (degrees, minutes, seconds)]
    # one sign and one letter at most; minutes and seconds count to sixty
    if len(sides) > 1 or parts[1] >= 60 or parts[2] >= 60 or (parts[0] < 0 and sides):
        return None
    side = next(iter(sides), "")
    size = abs(parts[0]) + parts[1] / 60 + parts[2] / 3600
    below = side in ("W", "S") or (degrees or "").startswith("-")
    return Angle(round(-size if below else size, _DECIMALS), _AXES.get(side))
