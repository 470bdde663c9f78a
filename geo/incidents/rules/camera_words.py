"""What people read about a camera of an incident: where it stands, what it shows, until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from geo.base.words import say

Light = Literal["green", "amber"]

DIRECTIONS: Final = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
AT_M: Final = 0.5
"""A camera this near stands at the place itself."""

DETAILS: Final = ((250.0, "detail"), (80.0, "action"), (0.0, "outline"))
"""From how many px/m on which words hold: never recognition of anybody."""

LEGAL_DAYS: Final = 30
"""Footage is kept that long by law (Decree 799 Art. 17)."""


@dataclass(frozen=True)
class Footage:
    """Until when footage should be asked for, with the sentence and its light.

    `ask_by` is None where nobody can promise footage: the camera was offline then, or the days for
    which it keeps any are not registered.
    """

    ask_by: datetime | None
    text: str
    light: Light
    short: bool = False


def describe_position(distance_m: float, bearing_deg: float | None, lang: str) -> str:
    """Return where a camera stands, as seen from the place: 位于事发点西侧 20 米.

    Parameters
    ----------
    distance_m
        Between both.
    bearing_deg
        From the camera to the place, clockwise from north; people read the reverse. None: unknown.
    lang
        "zh" or "en".

    Examples
    --------
    >>> describe_position(20.0, 90.0, "zh")
    '位于事发点西侧 20 米'
    """
    if distance_m <= AT_M:
        return say("camera_words.at", lang)
    metres = round(distance_m) or 1
    if bearing_deg is None:
        return say("camera_words.apart", lang, distance_m=metres)
    side = DIRECTIONS[round(((bearing_deg + 180) % 360) / 45) % 8]
    direction = say(f"camera_words.side.{side}", lang)
    return say("camera_words.side_of", lang, direction=direction, distance_m=metres)


def describe_detail(px_per_m: float | None, lang: str) -> str | None:
    """Return what can be made out at a pixel density; None where it is unknown.

    Parameters
    ----------
    px_per_m
        At the place.
    lang
        "zh" or "en".
    """
    if px_per_m is None:
        return None
    word = next(word for least, word in DETAILS if px_per_m >= least)
    return say(f"camera_words.detail.{word}", lang)


def find_footage(
    online_share: float | None, ask_by: datetime | None, *, occurred: datetime, zone: str, lang: str
) -> Footage:
    """Return until when the footage of a camera should be asked for.

    Parameters
    ----------
    online_share
        Share of the window for which it was online; None: not known.
    ask_by
        When the registered days are over, None if none are registered.
    occurred
        When it happened.
    zone
        IANA name: zone of the day.
    lang
        "zh" or "en".
    """
    if online_share == 0:
        return Footage(None, say("camera_words.verify", lang), "amber")
    if ask_by is None:
        return Footage(None, say("camera_words.days_unknown", lang), "amber")
    short = (ask_by - occurred).days < LEGAL_DAYS
    until = f"{ask_by.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"
    text = say("camera_words.ask_by", lang, until=until)
    if short:
        text += say("camera_words.short", lang, days=LEGAL_DAYS)
    return Footage(ask_by, text, "green" if online_share == 1 and not short else "amber", short)


def describe_none(nearest: str | None, distance_m: float | None, why: str | None, lang: str) -> str:
    """Return the sentence where no camera sees a place.

    Parameters
    ----------
    nearest
        Code of the nearest camera, None if there is none that may be named.
    distance_m
        How far it is.
    why
        Key of the reason why it does not see the place, None where that is not granted.
    lang
        "zh" or "en".
    """
    if nearest is None or distance_m is None:
        return say("camera_words.none", lang)
    reason = say(f"why.{why}", lang) if why else say("camera_words.not_granted", lang)
    metres = round(distance_m)
    return say("camera_words.nearest", lang, code=nearest, distance_m=metres, why=reason)
