"""Addresses that webhooks may go to: scheme, host and port, as the setting lists them."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from geo.base.errors import InputError, StateError

PORTS: Final = {"http": 80, "https": 443}
MOST_URL: Final = 500


@dataclass(frozen=True)
class Origin:
    """Where a program listens."""

    scheme: str
    host: str
    port: int


def allowed_origins(setting: str) -> frozenset[Origin]:
    """Return the origins that a setting lists, separated by commas; none: webhooks are off.

    Raises
    ------
    StateError
        If an entry is no origin such as https://hooks.example or http://127.0.0.1:9000.
    """
    found = []
    for entry in filter(None, (each.strip() for each in setting.split(","))):
        parts = _split(entry)
        if parts is None or parts.path.strip("/") or parts.query:
            raise StateError("webhook.setting", found=entry[:100])
        found.append(_origin(parts))
    return frozenset(found)


def require_allowed(url: str, setting: str) -> SplitResult:
    """Return the parts of an address once it may be written to.

    Parameters
    ----------
    url
        Of a webhook.
    setting
        The origins that are allowed.

    Raises
    ------
    InputError
        If it is no such address, or its origin is not allowed.
    StateError
        If the setting cannot be read.
    """
    allowed = allowed_origins(setting)
    parts = _split(url)
    if parts is None:
        raise InputError("webhook.url", found=url[:100])
    if _origin(parts) not in allowed:
        listed = ", ".join(sorted(f"{o.scheme}://{o.host}:{o.port}" for o in allowed)) or "–"
        raise InputError("webhook.not_allowed", found=f"{parts.scheme}://{parts.netloc}"[:100],
                         known=listed)  # fmt: skip
    return parts


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address without a name, password or fragment in it."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > MOST_URL:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    plain = parts.scheme in PORTS and parts.hostname and "@" not in parts.netloc
    return parts if plain and not parts.fragment and "\\" not in url and port != 0 else None


def _origin(parts: SplitResult) -> Origin:
    return Origin(parts.scheme, str(parts.hostname), parts.port or PORTS[parts.scheme])
