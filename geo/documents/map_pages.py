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
        self._drawing, self._reading = Lock(), Lock()

    def page(self, who: Reader, lang: str) -> str:
        """Return the page of `who` in `lang`; one thread draws, the others wait for its page."""
        with self._drawing:
            revision = self._revision()
            page = self._found(who, lang, revision)
            if page is None:
                page = map_page(self._database, self._config, who, lang=lang)
                self._keep(who, lang, revision, page)
            return page

    def kept(self, who: Reader, lang: str) -> str | None:
        """Return the page of `who` in `lang` if it is at hand and fresh; waits for nobody."""
        return self._found(who, lang, self._revision())

    def _found(self, who: Reader, lang: str, revision: revisions.Revisions) -> str | None:
        with self._reading:
            kept = self._pages.get((who.key, lang))
            if kept is None or kept[0] != revision:
                return None
            self._pages.move_to_end((who.key, lang))
            return kept[1]

    def _keep(self, who: Reader, lang: str, revision: revisions.Revisions, page: str) -> None:
        with self._reading:
            self._pages[who.key, lang] = (revision, page)
            self._pages.move_to_end((who.key, lang))
            if len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)

    def _revision(self) -> revisions.Revisions:
        with db.transaction(self._database) as connection:
            return revisions.read(connection)
