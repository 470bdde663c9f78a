"""What stands before every route: headers that tell the browser what a page may do."""

import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from fastapi import Request

from api.answers import problems

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

DEVICES: Final = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
POSITION_ASKED: Final = DEVICES.replace("geolocation=()", "geolocation=(self)")
"""What the page may use that asks a telephone where it is."""

HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": DEVICES.encode(),
    b"x-permitted-cross-domain-policies": b"none",
}
POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
CONSOLE_POLICY: Final = POLICY.replace(
    "style-src 'self'", "style-src 'self' 'nonce-{nonce}'; worker-src 'self'"
)
"""The policy of the console: as of other pages, with workers of ours, and styles by nonce."""

WORKER_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
)
"""The policy of a script of the console, under which it runs where it is a worker."""

CLOSED: Final = "default-src 'none'; frame-ancestors 'none'"
"""The policy of an answer that is no page: were it shown as one, it could do nothing."""

ENCRYPTED_ONLY: Final = b"max-age=31536000"
STATIC: Final = "/static/"
CONSOLE: Final = "/static/console/"
HASHED: Final = re.compile(
    r"/static/console/(assets/[^/]+-[\w-]{8}\.\w+|words\.\w+\.[0-9a-f]{12}\.json)"
)
"""Files whose names change with what is in them."""


class Shield:
    """Gives each request a nonce for its scripts, and each answer its headers of defence."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an answer that brings a policy of its own keeps it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                there = dict(message["headers"])
                wanted = _wanted(scope, {name.lower(): v for name, v in there.items()}, nonce)
                message = {**message, "headers": [*message["headers"], *wanted.items()]}
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            # The framework's own answer to a mistake of the program would stand outside the shield.
            if not begun:
                await problems.internal_error(Request(scope), error)(scope, receive, guarded)
            raise


def is_stream(message: Message) -> bool:
    """Return whether an answer that begins is a stream of events, which ends with its client."""
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message["headers"]
    )


def _wanted(scope: Scope, there: dict[bytes, bytes], nonce: str) -> dict[bytes, bytes]:
    """Return the headers that an answer lacks, given those that it has."""
    policy = _policy(scope, there.get(b"content-type", b"")).format(nonce=nonce)
    # Who brings a policy says in it who may frame it; older browsers know the header only.
    framed = b"SAMEORIGIN" if b"content-security-policy" in there else b"DENY"
    wanted = {
        **HEADERS,
        b"content-security-policy": policy.encode(),
        b"x-frame-options": framed,
        b"cache-control": _caching(scope["path"]),
    }
    if scope.get("scheme") == "https":
        wanted[b"strict-transport-security"] = ENCRYPTED_ONLY
    return {name: value for name, value in wanted.items() if name not in there}


def _policy(scope: Scope, kind: bytes) -> str:
    """Return the policy of an answer that brings none of its own."""
    if kind.startswith(b"text/html"):
        return CONSOLE_POLICY if scope["state"].get("console") else POLICY
    script = scope["path"].startswith(CONSOLE) and kind.startswith(b"text/javascript")
    return WORKER_POLICY if script else CLOSED


def _caching(path: str) -> bytes:
    if HASHED.fullmatch(path):
        return b"public, max-age=31536000, immutable"
    return b"no-cache" if path.startswith(STATIC) else b"no-store"
