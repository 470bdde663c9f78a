"""Map pages kept in memory, one for those who may see the same."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.settings import Settings
from geo.documents.map_page import map_page
from geo.exchange.publish.bulk import BULK
from geo.exchange.publish.kept_frames import KeptFrames
from geo.store import db, revisions

MOST_PAGES: Final = 12
"""A page of a district is a few megabytes; a jurisdiction's is less."""

MOST_SIZES: Final = 1_000
Sizes = Mapping[str, int]
Value = TypeVar("Value")


@dataclass(frozen=True)
class MapRequest:
    """Whose page, in which language, of which area; `drawn` are the layers that are drawn whole.

    See :func:`geo.exchange.publish.map_content.read_content`.
    """

    who: Principal
    lang: str
    area: str | None = None
    drawn: frozenset[str] = BULK

    @property
    def key(self) -> Hashable:
        """What tells pages apart: who may see the same gets the same."""
        return self.who.key, self.lang, self.area, self.drawn


class Cache(Generic[Value]):
    """The newest values by their keys, each with the revisions that it was made at."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[Hashable, tuple[revisions.Revisions, Value]] = OrderedDict()

    def find(self, key: Hashable, revision: revisions.Revisions) -> Value | None:
        """Return what is kept and was made at these revisions."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != revision:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def keep(self, key: Hashable, revision: revisions.Revisions, value: Value) -> Value:
        """Keep a value, and let go of the one that was not asked for for longest."""
        with self._lock:
            self._kept[key] = (revision, value)
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return value


class MapPages:
    """The newest map pages, one for those who may see the same; drawn again after each change."""

    def __init__(self, database: Engine, config: Settings) -> None:
        self._database, self._config = database, config
        self._pages: Cache[str] = Cache(MOST_PAGES)
        self._sizes: Cache[Sizes] = Cache(MOST_SIZES)
        self._drawing = Lock()
        self._frames = KeptFrames()

    def page(self, asked: MapRequest) -> str:
        """Return a page; one thread draws, the others wait for its page."""
        with self._drawing:
            revision = self._revision()
            page = self._pages.find(asked.key, revision)
            return page or self._pages.keep(asked.key, revision, self._drawn(asked))

    def kept(self, asked: MapRequest) -> str | None:
        """Return a cached page if it is fresh, without waiting."""
        return self._pages.find(asked.key, self._revision())

    def sizes(self, who: Principal, area: str | None = None) -> Sizes:
        """Return how many rows of each layer that is read in bulk a page would hold."""
        key, revision = (who.key, area), self._revision()
        found = self._sizes.find(key, revision)
        if found is None:
            from geo.exchange.publish import map_content

            detail = self._config.detail_px_per_m
            made = map_content.bulk_sizes(
                self._database, who, detail=detail, area=area, kept=self._frames
            )
            found = self._sizes.keep(key, revision, made)
        return found

    def kept_sizes(self, who: Principal, area: str | None = None) -> Sizes | None:
        """Return cached :meth:`sizes` if they are fresh, without waiting."""
        return self._sizes.find((who.key, area), self._revision())

    def _drawn(self, asked: MapRequest) -> str:
        return map_page(
            self._database,
            self._config,
            asked.who,
            lang=asked.lang,
            area=asked.area,
            drawn=asked.drawn,
            kept=self._frames,
        ).html

    def _revision(self) -> revisions.Revisions:
        with db.open_transaction(self._database) as connection:
            return revisions.read_revisions(connection)
