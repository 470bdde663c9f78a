"""An answer that does not end: messages to one client, as long as it may receive and reads them."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

from anyio import to_thread
from fastapi import Request
from starlette.responses import Response

from api.server import event_streams, lanes
from api.server.event_streams import Batch, EventStreams, Subscription
from api.server.shield import Receive, Scope, Send
from api.session import identity
from geo.access.accounts.identities import Identity
from geo.access.principal import Principal
from geo.base.errors import UnavailableError
from geo.operations.event_feed import LayerRevisions, Position, StoredEvent

HEARTBEAT_S: Final = 15.0
MEDIA_TYPE: Final = "text/event-stream"
ACTION: Final = "map"


class EventStream(Response):
    """Sends what happens after a position to one client, with a heartbeat where nothing does.

    Who it is is asked again with each event and each heartbeat; with its rights the stream ends.

    Parameters
    ----------
    request
        With the token of the client.
    streams
        Streams of this process.
    subscription
        Opened before `missed` was read, so that nothing stands between.
    missed
        Events after the position that the client named; None: it has to read everything anew.
    position
        Where it is: nothing up to there is sent.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        request: Request,
        streams: EventStreams,
        subscription: Subscription,
        missed: tuple[StoredEvent, ...] | None,
        position: Position,
    ) -> None:
        # a proxy that gathers answers would hold events back
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._request, self._streams, self._subscription = request, streams, subscription
        self._missed, self._position = missed, position
        self._reader, self._visitors = _Reader(request), False
        # bytes of ours are right where an answer without length goes in chunks
        chunked = request.scope.get("http_version") == "1.1"
        self._connection: Any = getattr(request.state, "connection", None) if chunked else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send until the client goes, loses its grants, does not read, or the service ends."""
        connection = getattr(self._request.state, "connection", None)
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        self._subscription.cut_off = partial(_cut_off, sending, connection)
        if connection is not None:
            connection.closing = lambda: self._subscription.put(None)
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.leave(self._subscription)
            if connection is not None:
                connection.closing = None
            for each in (sending, leaving):
                each.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if not sending.cancelled() and (error := sending.exception()) is not None:
            raise error

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async for message in self._messages():
            await send({"type": "http.response.body", "body": message, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _write_now(self, batch: Batch, now: LayerRevisions) -> bool:
        """Write news past all that stands between; return whether that was possible.

        It is where the client takes what it is given, and is told by the rights that it had before.
        """
        who, events = self._reader.held(now), batch.news.events
        if who is None or who.visitors != self._visitors or not events:
            return False
        transport: asyncio.Transport = self._connection.transport
        if transport.is_closing() or transport.get_write_buffer_size():
            return False
        if events[0].position <= self._position:
            return False
        self._position = events[-1].position
        if chunk := batch.chunk_for(who):
            transport.write(chunk)
        return True

    async def _messages(self) -> AsyncIterator[bytes]:
        reader = self._reader
        yield f"retry: {event_streams.RETRY_MS}\n\n".encode()
        who = await reader.current()
        if who is None:
            return
        self._visitors = who.visitors
        if self._visitors:
            yield event_streams.visitors_message(self._position)
        if self._missed is None:
            yield event_streams.reset_message(self._position)
        elif self._missed:
            yield self._streams.batch(self._missed).text_for(who)
            self._position = self._missed[-1].position
        yield self._streams.heartbeat(self._position)
        write_now = self._write_now if self._connection is not None else None
        # not all at the same moment
        pause_s = HEARTBEAT_S * random.uniform(0.5, 1)  # noqa: S311 - no secret
        while True:
            try:
                batch = await self._subscription.next(pause_s, write_now)
            except TimeoutError:
                batch = self._streams.batch(())
            pause_s = HEARTBEAT_S
            who = None if batch is None else await reader.current()
            if batch is None or who is None:
                return
            if who.visitors and not self._visitors:
                self._visitors = True
                yield event_streams.visitors_message(self._position)
            events = batch.news.events
            if events and events[-1].position > self._position:
                new = events[0].position > self._position
                some = tuple(e for e in events if e.position > self._position)
                self._position = events[-1].position
                text = (batch if new else self._streams.batch(some)).text_for(who)
                if text:
                    yield text
            elif not batch.news.access:
                yield self._streams.heartbeat(self._position)


class _Reader:
    """Who a client is, asked again where that may have changed; that is no use of its session."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._identity: Identity | None = None

    async def current(self) -> Principal | None:
        """Return who receives them, None once nobody; where the database is away, who it was."""
        try:
            found = await self._found()
        except UnavailableError:
            found = self._identity
        self._identity = found
        # each event asks for a permission of its own
        return found.reader if found is not None and found.reader.may(ACTION) else None

    def held(self, now: LayerRevisions) -> Principal | None:
        """Return who it was, where that holds at these revisions and it may be told; else None."""
        found = self._identity
        if found is None or not found.holds_at(now) or not found.reader.may(ACTION):
            return None
        return found.reader

    async def _found(self) -> Identity | None:
        request = self._request
        now = await request.app.state.revisions.current()
        if self._identity is not None and self._identity.holds_at(now):
            return self._identity
        token, key = identity.token_of(request)
        read = partial(
            request.app.state.identities.look_up, token, identity.address_of(request), now, key=key
        )
        return await to_thread.run_sync(read, limiter=lanes.EVENTS)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut_off(sending: "asyncio.Future[None]", connection: object) -> None:
    """End a stream whose client does not read: what waits for it is not kept."""
    with suppress(AttributeError):
        connection.transport.abort()  # type: ignore[attr-defined]
    sending.cancel()
