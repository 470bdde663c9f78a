"""How long a camera was online within a window, from the changes of its state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from geo.base.words import say

ONLINE: Final = "online"
OFFLINE: Final = "offline"


@dataclass(frozen=True)
class OnlineSpell:
    """Share of a window for which a camera was online, and when it was not.

    `share` is None where no state is known for some part of the window.
    """

    share: float | None
    offline: tuple[tuple[datetime, datetime], ...]

    @property
    def then(self) -> bool | None:
        """Whether it was online in some part of the window, None where that is not known."""
        return None if self.share is None else self.share > 0


def find_spell(
    states: Sequence[tuple[datetime, str]], begin: datetime, end: datetime
) -> OnlineSpell:
    """Return how long a camera was online within a window.

    Parameters
    ----------
    states
        Changes of its state, oldest first: the last one before the window counts as well.
    begin, end
        The window; equal for a moment.
    """
    before = [state for since, state in states if since <= begin][-1:]
    marks = [(begin, before[0] if before else "unknown")]
    marks += [(since, state) for since, state in states if begin < since < end]
    if end <= begin:
        share = {ONLINE: 1.0, OFFLINE: 0.0}.get(marks[0][1])
        return OnlineSpell(share, ())
    parts = [(a, b, state) for (a, state), (b, _) in pairwise([*marks, (end, "")])]
    if any(state not in (ONLINE, OFFLINE) for _, _, state in parts):
        return OnlineSpell(None, ())
    gaps = tuple((a, b) for a, b, state in parts if state == OFFLINE)
    away = sum(((b - a) for a, b in gaps), timedelta())
    return OnlineSpell(1 - away / (end - begin), gaps)


def describe_spell(spell: OnlineSpell, zone: str, lang: str) -> str:
    """Return the spell in words: 在线 82 %，离线 23:10–00:40; "" where it is not known.

    Parameters
    ----------
    spell
        As from :func:`find_spell`.
    zone
        IANA name: zone of the times.
    lang
        "zh" or "en".
    """
    if spell.share is None:
        return ""
    text = say("camera_words.online_share", lang, share=round(100 * spell.share))
    if not spell.offline:
        return text
    at = ZoneInfo(zone)
    gaps = [f"{a.astimezone(at):%H:%M}–{b.astimezone(at):%H:%M}" for a, b in spell.offline]
    return text + say("camera_words.offline_from", lang, gaps="、".join(gaps))
