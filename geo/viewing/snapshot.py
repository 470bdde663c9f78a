"""Picture of a camera, fetched by the server from the configured gateway."""

import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as LateError

from geo.base.errors import StateError

HOLE: Final = "{code}"
PATIENCE_S: Final = 5.0
MOST_BYTES: Final = 5_000_000
KINDS: Final = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
"""Types that are passed on, each with the bytes that it begins with."""

_AT_ONCE: Final = 65_536


@dataclass(frozen=True)
class Snapshot:
    """A picture, or the key of the sentence that says why there is none; never an address."""

    content: bytes = b""
    media_type: str = ""
    fault: str = ""


def require_template(template: str) -> None:
    """Refuse a setting that could lead elsewhere than to the gateway it names.

    Raises
    ------
    StateError
        If it is no http(s) address with `{code}` once in its path or question.
    """
    parts = urlsplit(template)
    held = parts.path + "?" + parts.query
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or template.count(HOLE) != 1
        or HOLE not in held
    ):
        raise StateError("viewing.snapshot_setting")


def fetch_picture(template: str, code: str, *, patience_s: float = PATIENCE_S) -> Snapshot:
    """Return the picture of a camera, or why there is none.

    No redirect is followed, and nothing but a picture is passed on. The gateway's own message of a
    failure is dropped: it may hold addresses.

    Parameters
    ----------
    template
        URL of the gateway with a place for the code of the camera.
    code
        Code of the camera, escaped for the URL.
    patience_s
        Longest time in all, seconds.

    Raises
    ------
    StateError
        If the setting is no template; see :func:`require_template`.
    """
    require_template(template)
    if not code.strip("."):  # a step up in the path
        return Snapshot(fault="viewing.snapshot_failed")
    try:
        return _asked(template.replace(HOLE, quote(code, safe="")), patience_s)
    except (requests.Timeout, LateError):
        return Snapshot(fault="viewing.snapshot_slow")
    except (requests.RequestException, HTTPError, OSError):
        return Snapshot(fault="viewing.snapshot_failed")


def plain_session() -> requests.Session:
    """Return a session without proxies and passwords of the machine."""
    session = requests.Session()
    session.trust_env = False
    return session


def fetch_within(
    session: requests.Session, address: str, until: float, *, declared: bool = True
) -> Snapshot:
    """Return the picture at an address, or why there is none; no redirect is followed.

    Parameters
    ----------
    session
        As from :func:`plain_session`.
    address
        Of the gateway.
    until
        When it must have come, by the monotonic clock.
    declared
        Whether it must be of the type that its answer declares; else its first bytes decide.
    """
    with session.get(
        address,
        headers={"Accept": ", ".join(KINDS), "Accept-Encoding": "identity"},
        timeout=max(until - time.monotonic(), 0.001),
        allow_redirects=False,
        stream=True,
    ) as answer:
        if answer.status_code != requests.codes.ok:
            return Snapshot(fault="viewing.snapshot_failed")
        return _taken(answer, until, declared=declared)


def _asked(address: str, patience_s: float) -> Snapshot:
    with plain_session() as session:
        return fetch_within(session, address, time.monotonic() + patience_s)


def _taken(answer: requests.Response, until: float, *, declared: bool) -> Snapshot:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if (declared and kind not in KINDS) or "Content-Encoding" in answer.headers:
        return Snapshot(fault="viewing.snapshot_kind")
    content = bytearray()
    while part := answer.raw.read1(_AT_ONCE):
        content += part
        if len(content) > MOST_BYTES:
            return Snapshot(fault="viewing.snapshot_large")
        if time.monotonic() > until:
            return Snapshot(fault="viewing.snapshot_slow")
    kinds = [kind] if declared else list(KINDS)
    found = next((each for each in kinds if content.startswith(KINDS[each])), None)
    if found is None:
        return Snapshot(fault="viewing.snapshot_kind")
    return Snapshot(bytes(content), found)
