"""Address of a camera in the viewer of the site: live, or the footage around an occurrence."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from geo.base.errors import StateError

BEFORE: Final = timedelta(minutes=5)
AFTER: Final = timedelta(minutes=10)


def viewer_link(
    template: str, code: str, occurred: tuple[datetime, datetime] | None, timezone: str
) -> str | None:
    """Return where the site's viewer shows a camera, None where no viewer is set.

    Parameters
    ----------
    template
        http(s) address with ``{code}``, and ``{start}`` and ``{end}`` where it plays footage.
    code
        Of the camera, escaped for the address.
    occurred
        When it happened: played from 5 minutes before to 10 minutes after. None: live, both empty.
    timezone
        IANA name: zone of the times.

    Raises
    ------
    StateError
        If the setting is no such address.
    """
    if not template:
        return None
    parts = urlsplit(template)
    if parts.scheme not in ("http", "https") or not parts.hostname or "{code}" not in template:
        raise StateError("viewing.viewer_setting")
    start, end = ("", "")
    if occurred is not None:
        start, end = (
            _local_text(occurred[0] - BEFORE, timezone),
            _local_text(occurred[1] + AFTER, timezone),
        )
    for name, value in (("{code}", code), ("{start}", start), ("{end}", end)):
        template = template.replace(name, quote(value, safe=""))
    return template


def _local_text(moment: datetime, timezone: str) -> str:
    return moment.astimezone(ZoneInfo(timezone)).isoformat(timespec="seconds")
