"""Listening of the service: no version in headers, and time limits for slow clients."""

import asyncio
import resource
from collections.abc import Callable
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_PATIENCE_S: Final = 10.0


class PatientProtocol(H11Protocol):
    """A connection that is closed where the head of a request does not come in time.

    The server of uvicorn waits for it as long as a byte comes every now and then (slow loris).
    """

    _waiting: asyncio.TimerHandle | None = None
    closing: Callable[[], None] | None = None
    """Called where the service ends, by whom a request set it: an answer that would not end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "connection": self}
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take some bytes; the wait ends with the head they complete."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the wait."""
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End the connection after its answer; one that would not end is asked to."""
        if self.closing is not None:
            self.closing()
        super().shutdown()

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_PATIENCE_S, self._give_up)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.abort()


OPTIONS: Final[dict[str, Any]] = {
    "http": PatientProtocol,
    "ws": "none",
    # a service that could not open its database would answer every request with an error
    "lifespan": "on",
    # else every program of this machine would be believed: the application adds its own proxies
    "proxy_headers": False,
    "server_header": False,
    "h11_max_incomplete_event_size": 32_000,
    # six hundred streams of events, and those who are asked to come later: what is beyond them is
    # refused by the server itself, which does not say when to come again
    "limit_concurrency": 3_000,
    "timeout_keep_alive": 5,
    # all processes of the service end within ten seconds
    "timeout_graceful_shutdown": 8,
}
"""What ``uvicorn.run`` is called with, beside the address."""

SPARE_FILES: Final = 500
"""Open files of a process beside its connections: database, layers in memory, logs."""


def raise_file_limit() -> None:
    """Let this process hold all connections that it answers, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPTIONS["limit_concurrency"] + SPARE_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
