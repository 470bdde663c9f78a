"""The events of the database, read once a process and handed to all who listen in it."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from geo.access import transaction
from geo.access.principal import system_principal
from geo.base.errors import StoreError, UnavailableError
from geo.operations.database import Engine
from geo.store import outbox
from geo.store.listening import Listener
from geo.store.outbox import Position as Position
from geo.store.outbox import StoredEvent as StoredEvent
from geo.store.revisions import LayerRevisions as LayerRevisions

POLL_S: Final = 5.0
"""A message may be lost with its connection, an event is not: it is looked for this often."""
READ_AT_ONCE: Final = 500
KEPT: Final = 5_000
"""Events in memory, for those who come back after a short time."""
SOON_S, SELDOM_S, BACK_OFF_S = 0.005, 0.25, 5.0
REST_S: Final = 0.05
"""Between two readings: what comes one after the other is read together."""
ACCESS: Final = "access"
READER: Final = system_principal("events")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """What was read: events in order; `access` says whether rights may have changed."""

    events: tuple[StoredEvent, ...]
    access: bool = False


class EventFeed:
    """Reads events in a thread of its own, on a connection of its own that it makes again.

    Parameters
    ----------
    engine
        Pool of the service.
    on_news
        Called in that thread with what was read.
    """

    def __init__(self, engine: Engine, on_news: Callable[[News], None]) -> None:
        self._engine, self._on_news = engine, on_news
        self._recent: deque[StoredEvent] = deque(maxlen=KEPT)
        self._from: Position | None = None
        self.position: Position | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._listener: Listener | None = None
        self._thread = threading.Thread(target=self._run, name="govgrid-events", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """End the thread, and with it the connection."""
        self._stop.set()
        with self._lock:
            if self._listener is not None:
                self._listener.wake()
        self._thread.join()

    def newest(self) -> Position:
        """Return the position of the last event that was read."""
        return self.position or Position()

    def events_after(self, position: Position) -> tuple[StoredEvent, ...] | None:
        """Return the events after a position that were read by now.

        None: they are not all there, or it is a position of another database; who comes with it has
        to read everything anew.

        Raises
        ------
        UnavailableError
            If no event was read yet, or older ones are needed and cannot be read.
        """
        with self._lock:
            start, end = self._from, self.position
            if start is None or end is None:
                raise UnavailableError("events.starting")
            if start <= position <= end:
                newest = takewhile(lambda each: each.position > position, reversed(self._recent))
                return tuple(newest)[::-1]
        return None if position > end else self._stored(position, end)

    def _stored(self, after: Position, end: Position) -> tuple[StoredEvent, ...] | None:
        with transaction.open_read_only(self._engine, READER) as connection:
            if not outbox.is_position_kept(connection, after):
                return None
            found = outbox.read_events(connection, after, limit=2 * KEPT)
        if len(found) == 2 * KEPT:
            return None
        return tuple(each for each in found if each.position <= end)

    def _run(self) -> None:
        pause_s = 0.0
        while not self._stop.wait(pause_s):
            pause_s = min(2 * pause_s + SOON_S, BACK_OFF_S)
            try:
                with closing(Listener(self._engine)) as listener:
                    pause_s = 0.0
                    self._listen_followed(listener)
            except StoreError as error:
                _log.warning("events: %s", error)

    def _listen_followed(self, listener: Listener) -> None:
        """Listen until that ends; nobody wakes a listener that is closed."""
        self._follow(listener)
        try:
            self._listen(listener)
        finally:
            self._follow(None)

    def _follow(self, listener: Listener | None) -> None:
        with self._lock:
            self._listener = listener

    def _listen(self, listener: Listener) -> None:
        if self.position is None:
            self._begin(listener)
        pause_s = SOON_S
        while not self._stop.is_set():
            if self._read(listener):
                pause_s = SOON_S
                self._stop.wait(REST_S)
                continue
            # what an earlier transaction still holds back gets no message of its own
            waits = listener.is_behind(self.newest())
            layers = listener.wait(pause_s if waits else POLL_S)
            pause_s = min(2 * pause_s, SELDOM_S) if waits else SOON_S
            if ACCESS in layers:
                self._on_news(News((), access=True))

    def _begin(self, listener: Listener) -> None:
        """Read what is kept; until all of it is there, nobody learns where it ends."""
        start = listener.recent_position(KEPT)
        found: list[StoredEvent] = []
        while events := listener.read(found[-1].position if found else start, limit=READ_AT_ONCE):
            found += events
        with self._lock:
            self._recent.extend(found)
            self._from = start if len(found) <= KEPT else found[-KEPT - 1].position
            self.position = found[-1].position if found else start

    def _read(self, listener: Listener) -> bool:
        """Read once; return whether there was something."""
        events = listener.read(self.newest(), limit=READ_AT_ONCE)
        if not events:
            return False
        with self._lock:
            for each in events:
                if len(self._recent) == KEPT:
                    self._from = self._recent[0].position
                self._recent.append(each)
            self.position = events[-1].position
        self._on_news(News(events))
        return True
