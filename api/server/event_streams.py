"""Event streams of browsers: what was read goes to all of them, cut to who each is."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict

from geo.access.event_access import may_receive
from geo.access.principal import Principal
from geo.base import clock
from geo.base.errors import TooManyError
from geo.operations.event_feed import EventFeed, News, Position, StoredEvent

MOST_WAITING: Final = 100
"""Batches that may wait for one client before it is cut off."""
MOST_EVENTS: Final = 1_000
"""Events that may wait in more than one batch: a machine that keeps up has few, large batches."""
MOST_STREAMS: Final = 600
MOST_OF_ACCOUNT: Final = 20
RETRY_MS: Final = 2_000


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


class Subscription:
    """What waits for one client; `cut_off` is called where it does not read."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.cut_off: Callable[[], None] = lambda: None
        self._waiting: asyncio.Queue[Batch | None] = asyncio.Queue(MOST_WAITING)
        self._events = 0

    def put(self, batch: Batch | None) -> None:
        """Add what happened, None: the stream ends; cut off who has too much waiting already."""
        self._events += _count(batch)
        waits = self._waiting.qsize()
        if waits >= MOST_WAITING or (waits and self._events > MOST_EVENTS):
            self.cut_off()
        else:
            self._waiting.put_nowait(batch)

    async def next(self, seconds: float) -> Batch | None:
        """Return what happened next, None where the stream ends.

        Raises
        ------
        TimeoutError
            If nothing happened for so long.
        """
        async with asyncio.timeout(seconds):
            batch = await self._waiting.get()
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
    """

    def __init__(self, engine: Any, timezone: str) -> None:  # noqa: ANN401 - the pool
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
        """Read no more."""
        self.feed.close()

    def _read(self, news: News) -> None:
        self._loop.call_soon_threadsafe(self._publish, Batch(news, self._zone))

    def _publish(self, batch: Batch) -> None:
        for each in tuple(self._open):
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
