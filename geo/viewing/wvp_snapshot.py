"""Picture of a camera from a WVP (wvp-GB28181-pro) platform, taken anew and fetched by the server.

Written after the platform's published interface and tested against answers of that form only, not
with a real platform: ``GET /api/play/snap`` has a picture taken and names its file, ``GET
/api/device/query/snap/{device}/{channel}?mark=…`` gives the file, whatever type it declares. What
it keeps from earlier is not shown: a picture without a time could be of any day.
"""

import re
import time
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as LateError

from geo.base.errors import StateError
from geo.viewing import snapshot
from geo.viewing.snapshot import HOLE, PATIENCE_S, Snapshot

TAKE: Final = "/api/play/snap"
GIVE: Final = "/api/device/query/snap"
HEADER: Final = "access-token"
MOST_ANSWER: Final = 10_000


def require_base(base: str) -> None:
    """Refuse a setting that is no address of a platform.

    Raises
    ------
    StateError
        If it is no http(s) address, or has a question, or names somebody.
    """
    parts = urlsplit(base)
    plain = not (parts.query or parts.fragment or parts.username or HOLE in base)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise StateError("viewing.wvp_setting")


def fetch_wvp_picture(
    base: str, device: str, code: str, *, token: str = "", patience_s: float = PATIENCE_S
) -> Snapshot:
    """Return a picture that is taken now, or why there is none.

    Parameters
    ----------
    base
        Address of the platform, such as ``http://wvp.example:18080``.
    device
        GB/T 28181 code of the device that the camera belongs to; ``{code}`` stands for its own.
    code
        Code of the camera.
    token
        Of the platform's interface, sent to it alone.
    patience_s
        Longest time in all, seconds.

    Raises
    ------
    StateError
        If the setting is no address; see :func:`require_base`.
    """
    require_base(base)
    own = device.replace(HOLE, code)
    if not (code.strip(".") and own.strip(".")):  # a step up in the path
        return Snapshot(fault="viewing.snapshot_failed")
    until = time.monotonic() + patience_s
    try:
        with snapshot.plain_session() as session:
            if token:
                session.headers[HEADER] = token
            return _asked(session, base.rstrip("/"), own, code, until)
    except (requests.Timeout, LateError):
        return Snapshot(fault="viewing.snapshot_slow")
    except (requests.RequestException, HTTPError, OSError):
        return Snapshot(fault="viewing.snapshot_failed")


def _asked(session: requests.Session, base: str, device: str, code: str, until: float) -> Snapshot:
    wanted = urlencode({"deviceId": device, "channelId": code})
    mark = _taken_mark(session, f"{base}{TAKE}?{wanted}", device, code, until)
    if mark is None:
        return Snapshot(fault="viewing.snapshot_failed")
    place = "/".join(quote(each, safe="") for each in (device, code))
    address = f"{base}{GIVE}/{place}?{urlencode({'mark': mark})}"
    return snapshot.fetch_within(session, address, until, declared=False)


def _taken_mark(
    session: requests.Session, address: str, device: str, code: str, until: float
) -> str | None:
    """Have a picture taken; return what tells its file from others, None where there is none."""
    left = max(until - time.monotonic(), 0.001)
    with session.get(address, timeout=left, allow_redirects=False, stream=True) as answer:
        if answer.status_code != requests.codes.ok:
            return None
        text = answer.raw.read(MOST_ANSWER, decode_content=False).decode("utf-8", "replace")
    file = rf"{re.escape(device)}_{re.escape(code)}_([\w-]{{1,40}})\.jpg"
    found = re.search(file, text, re.ASCII)
    return None if found is None else found[1]
