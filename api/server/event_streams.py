"""Event streams of browsers: what was read goes to all of them, cut to who each is."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict

from geo.access.event_access import may_receive
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import TooManyError, UnavailableError
from geo.operations.event_feed import EventFeed, LayerRevisions, News, Position, StoredEvent

MOST_WAITING: Final = 100
"""Batches that may wait for one client before it is cut off."""
MOST_EVENTS: Final = 1_000
"""Events that may wait in more than one batch: a machine that keeps up has few, large batches."""
MOST_STREAMS: Final = 600
MOST_OF_ACCOUNT: Final = 20
RETRY_MS: Final = 2_000
AT_ONCE: Final = 100
"""Clients that are written to before others get their turn."""


@dataclass(frozen=True)
class Batch:
    """News with their texts by who receives them, so that equals are cut and written once."""

    news: News
    timezone: ZoneInfo
    texts: dict[object, bytes] = field(default_factory=dict, compare=False)

    def text_for(self, reader: Principal) -> bytes:
        """Return the events that a principal may receive, as messages of the stream."""
        found = self.texts.get(reader.key)
        if found is None:
            granted = [each for each in self.news.events if may_receive(reader, each)]
            found = b"".join(write_event(each, self.timezone) for each in granted)
            self.texts[reader.key] = found
        return found

    def chunk_for(self, reader: Principal) -> bytes:
        """Return the same as a chunk of an answer by HTTP/1.1, empty where there is nothing."""
        text = self.text_for(reader)
        return b"%x\r\n%b\r\n" % (len(text), text) if text else b""


WriteNow: TypeAlias = Callable[[Batch, LayerRevisions], bool]


class Subscription:
    """What waits for one client; `cut_off` is called where it does not read.

    `write_now` is there while nothing waits: it writes news at once, as who may be told at these
    revisions, and says whether it could; else they wait for the task of the client.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.cut_off: Callable[[], None] = lambda: None
        self.write_now: WriteNow | None = None
        self._waiting: asyncio.Queue[Batch | None] = asyncio.Queue(MOST_WAITING)
        self._events = 0

    def put(self, batch: Batch | None) -> None:
        """Add what happened, None: the stream ends; cut off who has too much waiting already."""
        self.write_now = None  # what comes later is written after it
        self._events += _count(batch)
        waits = self._waiting.qsize()
        if waits >= MOST_WAITING or (waits and self._events > MOST_EVENTS):
            self.cut_off()
        else:
            self._waiting.put_nowait(batch)

    async def next(self, seconds: float, write_now: "WriteNow | None" = None) -> Batch | None:
        """Return what happened next, None where the stream ends.

        Parameters
        ----------
        seconds
            To wait for it.
        write_now
            Writes what happens meanwhile; None: it is to be returned.

        Raises
        ------
        TimeoutError
            If nothing happened for so long that was to be returned.
        """
        if self._waiting.empty():
            self.write_now = write_now
        try:
            async with asyncio.timeout(seconds):
                batch = await self._waiting.get()
        finally:
            self.write_now = None
        self._events -= _count(batch)
        return batch


class EventStreams:
    """All streams of this process, and the feed that they follow.

    Parameters
    ----------
    engine
        Pool of the service.
    timezone
        Zone in which times are written.
    revisions
        Returns the revisions of all layers as they are after the call: by them it is known who may
        still be told.
    """

    def __init__(
        self,
        engine: Any,  # noqa: ANN401 - the pool
        timezone: str,
        revisions: Callable[[], Awaitable[LayerRevisions]],
    ) -> None:
        self._revisions = revisions
        self._unpublished: deque[Batch] = deque()
        self._publishing: asyncio.Task[None] | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._zone = ZoneInfo(timezone)
        self._open: set[Subscription] = set()
        self.feed = EventFeed(engine, self._read)
        self.feed.start()

    def open(self, account: str) -> Subscription:
        """Return a new subscription; close it with :meth:`leave`.

        Raises
        ------
        TooManyError
            If the account, or all together, have too many.
        """
        own = sum(each.account == account for each in self._open)
        for held, most in ((own, MOST_OF_ACCOUNT), (len(self._open), MOST_STREAMS)):
            if held >= most:
                raise TooManyError("events.too_many", most=most, retry_after_s=10)
        made = Subscription(account)
        self._open.add(made)
        return made

    def leave(self, subscription: Subscription) -> None:
        """Close a subscription."""
        self._open.discard(subscription)

    def count(self) -> int:
        """Return how many streams are open."""
        return len(self._open)

    def batch(self, events: tuple[StoredEvent, ...]) -> Batch:
        """Return events as what is sent to one client."""
        return Batch(News(events), self._zone)

    def heartbeat(self, position: Position) -> bytes:
        """Return the message that says the time of the server, and where the client is."""
        now = clock.now().astimezone(self._zone).isoformat(timespec="milliseconds")
        return _message(position, "heartbeat", {"time": now})

    def end(self) -> None:
        """End all streams; who comes back begins where it was."""
        for each in self._open:
            each.put(None)

    def close(self) -> None:
        """Read no more, and hand out nothing more: the revisions end next."""
        self.feed.close()
        self._closed = True
        if self._publishing is not None:
            self._publishing.cancel()

    def _read(self, news: News) -> None:
        self._loop.call_soon_threadsafe(self._publish, Batch(news, self._zone))

    def _publish(self, batch: Batch) -> None:
        if self._closed:
            return
        self._unpublished.append(batch)
        if self._publishing is None or self._publishing.done():
            self._publishing = self._loop.create_task(self._publish_all())

    async def _publish_all(self) -> None:
        """Hand news to all: those that nothing waits for are written to at once, one by one.

        The revisions are read once for all of them. Where that fails, and where a client is slow,
        its own task does it.
        """
        while self._unpublished:
            try:
                now = await self._revisions()
            except UnavailableError:
                now = None
            batch = self._unpublished.popleft()
            for done, each in enumerate(tuple(self._open)):
                if done % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)
                write = each.write_now
                if now is None or write is None or not write(batch, now):
                    each.put(batch)


def _count(batch: Batch | None) -> int:
    return 0 if batch is None else len(batch.news.events)


def write_event(event: StoredEvent, zone: ZoneInfo) -> bytes:
    """Return an event as a message of the stream; where it is, only the row says.

    Parameters
    ----------
    event
        As it was read.
    zone
        In which its time is written.
    """
    return _message(event.position, "change", describe_event(event, zone))


class EventAnswer(TypedDict):
    """An event as clients receive it; what `data` holds depends on its kind."""

    layer: str
    kind: str
    code: str | None
    at: str
    data: Mapping[str, Any]


def describe_event(event: StoredEvent, zone: ZoneInfo) -> EventAnswer:
    """Return an event as clients receive it.

    Parameters
    ----------
    event
        As it was read.
    zone
        In which its time is written.
    """
    return {
        "layer": event.layer,
        "kind": event.kind,
        "code": event.code,
        "at": event.at.astimezone(zone).isoformat(timespec="milliseconds"),
        "data": event.data,
    }


def reset_message(position: Position) -> bytes:
    """Return the message to who has to read everything anew."""
    return _message(position, "reset", {})


def visitors_message(position: Position) -> bytes:
    """Return the message that visitors look on: what is shown has to be hidden."""
    return _message(position, "visitors", {})


def _message(position: Position, kind: str, said: object) -> bytes:
    line = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return f"id: {position}\nevent: {kind}\ndata: {line}\n\n".encode()
