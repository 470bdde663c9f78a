"""What is noted of each request: an id in its answer and in every line of the log, counters."""

import secrets
import time
from typing import Final

from structlog.contextvars import bind_contextvars, clear_contextvars

from api.server.logs import request_logger
from api.server.metrics import Metrics
from api.server.shield import App, Message, Receive, Scope, Send, is_stream

HEADER: Final = b"x-request-id"
QUIET: Final = ("/static/", "/livez", "/readyz", "/metrics")
"""Asked again and again by machines: logged at level debug only, unless they fail."""
NO_ROUTE: Final = "none"
FAILED: Final = 500


class Record:
    """Notes how each request ended: in the log and in the counters."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app, self._metrics, self._log = app, metrics, request_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request under an id of its own; what a client sends as one is ignored."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        began, status, size, streams = time.perf_counter(), FAILED, 0, False

        async def noted(message: Message) -> None:
            nonlocal status, size, streams
            if message["type"] == "http.response.start":
                status, streams = message["status"], is_stream(message)
                own = (HEADER, request_id.encode())
                message = {**message, "headers": [*message["headers"], own]}
            else:
                size += len(message.get("body", b""))
            await send(message)

        with self._metrics.running.track_inprogress():
            try:
                await self._app(scope, receive, noted)
            finally:
                self._note(scope, status, size, time.perf_counter() - began, streams)

    def _note(self, scope: Scope, status: int, size: int, seconds: float, streams: bool) -> None:
        route = route_of(scope)
        # how long somebody listened says nothing of how quick an answer is
        self._metrics.count(route, scope["method"], status, None if streams else seconds)
        tell = self._log.info
        if status >= FAILED:
            tell = self._log.error
        elif scope["path"].startswith(QUIET):
            tell = self._log.debug
        tell(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            ms=round(1000 * seconds, 1),
            bytes=size,
            account=_account(scope),
        )


def route_of(scope: Scope) -> str:
    """Return the pattern of the route that answered; a path may hold codes and references."""
    route = scope.get("route")
    found: str | None = getattr(route, "path", None)
    if found is not None:
        return found
    return "/static" if scope["path"].startswith("/static/") else NO_ROUTE


def _account(scope: Scope) -> str | None:
    found: str | None = getattr(scope.get("state", {}).get("reader"), "account", None)
    return found
