"""Writing to a program elsewhere: one POST, no redirects, little time, nothing of the answer."""

import http.client
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from geo import __version__
from geo.operations.webhooks import signature

TIMEOUT_S: Final = 10.0
MOST_ANSWER: Final = 4_096
GONE: Final = 410


@dataclass(frozen=True)
class Sent:
    """How it went: the status, or why there was none."""

    status: int | None
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether the program took it."""
        return self.status is not None and 200 <= self.status < 300


def post_body(
    parts: SplitResult, body: bytes, *, secret: str, timestamp: int, delivery: str, kind: str
) -> Sent:
    """Send a body and return how that went; a redirect is a status like any other refusal.

    Parameters
    ----------
    parts
        Of an address that is allowed.
    body
        JSON.
    secret
        It is signed with.
    timestamp
        Seconds since 1970.
    delivery
        Its number, the same for each attempt.
    kind
        Of what happened.
    """
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"govgrid/{__version__}",
        signature.TIMESTAMP: str(timestamp),
        signature.SIGNATURE: signature.sign_body(secret, timestamp, body),
        "Govgrid-Delivery": delivery,
        "Govgrid-Event": kind,
    }
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    connection = _connection(parts)
    try:
        connection.request("POST", path if path.startswith("/") else f"/{path}", body, headers)
        answer = connection.getresponse()
        answer.read(MOST_ANSWER)
        return Sent(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return Sent(None, type(error).__name__)
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = str(parts.hostname)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
