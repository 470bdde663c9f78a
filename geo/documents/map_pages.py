"""Map pages kept in memory, one for those who may see the same."""

from collections import OrderedDict
from threading import Lock

from sqlalchemy import Engine

from geo.access.principal import Reader
from geo.base.settings import Settings
from geo.documents.map_page import map_page
from geo.store import db, revisions

# A page of a district is a few megabytes; a jurisdiction's is less.
MOST_PAGES = 12


class MapPages:
    """The newest map pages, one for those who may see the same; drawn again after each change."""

    def __init__(self, database: Engine, config: Settings) -> None:
        self._database, self._config = database, config
        self._pages: OrderedDict[object, tuple[object, str]] = OrderedDict()
        self._drawing = Lock()

    def page(self, who: Reader, lang: str) -> str:
        """Return the page of `who` in `lang`; one thread draws, the others wait for its page."""
        key = (who.key, lang)
        with self._drawing:
            revision = self._revision()
            kept = self._pages.pop(key, None)
            if kept is None or kept[0] != revision:
                kept = (revision, map_page(self._database, self._config, who, lang=lang))
            self._pages[key] = kept
            if len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
            return kept[1]

    def _revision(self) -> revisions.Revisions:
        with db.transaction(self._database) as connection:
            return revisions.read(connection)
