"""Listening of the service: no version in headers, and limits for slow and endless clients."""

import asyncio
import resource
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.server.unframed import UnframedAnswer

HEAD_PATIENCE_S: Final = 10.0
MOST_PENDING: Final = 32_000
"""Bytes of a head, of trailers or of one chunk's size that may come before they are complete."""

OLD: Final = "1.0"
HOSTS: Final = {OLD: (0, 1), "1.1": (1,)}
"""By version of HTTP, how many hosts a request may name."""


class PatientProtocol(HttpToolsProtocol):
    """A connection that is closed where the head of a request does not come in time.

    The server of uvicorn waits for it as long as a byte comes every now and then (slow loris),
    however long it gets, and takes lines behind a body for headers.
    """

    _waiting: asyncio.TimerHandle | None = None
    _pending = 0
    _in_head = _advanced = False
    closing: Callable[[], None] | None = None
    """Called where the service ends, by whom a request set it: an answer that would not end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "connection": self}
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take some bytes; the wait ends with the head they complete."""
        if self.transport.is_closing():
            return
        self._advanced = False
        super().data_received(data)
        self._pending = 0 if self._advanced else self._pending + len(data)
        if self._pending > MOST_PENDING and not self.transport.is_closing():
            self.send_400_response("Too much before the end of a head.")
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop()

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line of the head; those behind a body are nobody's."""
        if self._in_head:
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """Answer the request, unless it is of another version, names no host, or two."""
        self._in_head, self._advanced = False, True
        hosts = sum(name == b"host" for name, _ in self.headers)
        version = self.parser.get_http_version()
        if version not in HOSTS or hosts not in HOSTS[version]:
            raise ValueError("a request names one host")  # the answer is 400
        super().on_headers_complete()
        if version == OLD:
            self.cycle.__class__ = UnframedAnswer

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a body."""
        self._advanced = True
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """End the connection with the answer: what follows may be meant for another protocol."""
        self.cycle.keep_alive = False

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
