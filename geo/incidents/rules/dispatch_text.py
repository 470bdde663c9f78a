"""The short text that goes with a dispatch: at most 70 letters, for one short message."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from geo.base.words import say

MOST: Final = 70
LEAST_PLACE: Final = 8
_CUT: Final = "…"


def dispatch_text(
    code: str,
    place: str,
    matter: str,
    due_at: datetime | None,
    phone: str | None,
    *,
    timezone: str,
    lang: str,
) -> str:
    """Return number, place, matter, limit and whom to call back; never a person or a camera.

    What cannot be left out is the number, the limit and the telephone; the place, then the matter
    are cut until all of it has at most `MOST` letters.

    Parameters
    ----------
    code
        Number of the incident.
    place
        Where, as people find it.
    matter
        What is the matter, one line.
    due_at
        Limit; None where there is none.
    phone
        Office number to call back.
    timezone
        IANA name: zone of the limit.
    lang
        "zh" or "en".
    """
    limit = "" if due_at is None else say("order.text_due", lang, due=_minute(due_at, timezone))
    call = "" if not phone else say("order.text_call", lang, phone=phone)
    frame = len(say("order.text", lang, code=code, place="", matter="", limit=limit, call=call))
    left = max(MOST - frame, 0)
    where = _cut(place, max(left - len(matter), min(LEAST_PLACE, left // 2)))
    what = _cut(matter, left - len(where))
    text = say("order.text", lang, code=code, place=where, matter=what, limit=limit, call=call)
    return text.rstrip()


def _minute(moment: datetime, timezone: str) -> str:
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local.month}-{local.day} {local:%H:%M}"


def _cut(text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return text[: most - 1] + _CUT if most > 1 else ""
