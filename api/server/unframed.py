"""Answers of unknown length to clients of HTTP/1.0: without chunks, ended by the connection."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

BODILESS: Final = frozenset({204, 304})


class UnframedAnswer(RequestResponseCycle):
    """The answer to one request of HTTP/1.0."""

    _unframed = False

    async def send(self, message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        """Send a part of the answer; where its length is not names, its bytes alone."""
        if not self.response_started and self._has_no_length(message):
            self._unframed = self.response_started = True
            head = [*self.default_headers, *message["headers"], (b"connection", b"close")]
            lines = [name + b": " + value + b"\r\n" for name, value in head]
            self.transport.write(b"".join([STATUS_LINE[message["status"]], *lines, b"\r\n"]))
        elif self._unframed:
            await self._send_bytes(message)
        else:
            await super().send(message)

    def _has_no_length(self, message: Any) -> bool:  # noqa: ANN401 - as ASGI has it
        names = {name.lower() for name, _ in message["headers"]}
        bodiless = self.scope["method"] == "HEAD" or message["status"] in BODILESS
        return not bodiless and b"content-length" not in names

    async def _send_bytes(self, message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.transport.write(message.get("body", b""))
        if not message.get("more_body", False):
            self.response_complete = True
            self.message_event.set()
            self.transport.close()
            self.on_response()
