"""What a route may ask for: the database, the settings, the map page."""

from collections import OrderedDict
from threading import Lock
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, text

from api.session.identity import Rule
from geo.access.principal import Reader
from geo.base.settings import Settings
from geo.documents.map_page import map_page
from geo.store import db

# A page of a district is a few megabytes; a jurisdiction's is less.
MOST_PAGES = 12


def engine(request: Request) -> Engine:
    """Return the process's pool."""
    found: Engine = request.app.state.engine
    return found


def settings(request: Request) -> Settings:
    """Return the process's settings."""
    found: Settings = request.app.state.settings
    return found


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

    def _revision(self) -> object:
        with db.transaction(self._database) as connection:
            row = connection.execute(
                text(
                    "SELECT (SELECT max(id) FROM govgrid.import_run),"
                    " (SELECT max(id) FROM govgrid.coverage_run)"
                )
            ).one()
            return tuple(row)


def map_pages(request: Request) -> MapPages:
    """Return the process's map pages."""
    found: MapPages = request.app.state.map_pages
    return found


# Who asks, as each rule lets in: `who: MayMap`. A route without one of them does not start.
AnyReader = Annotated[Reader, Depends(Rule())]
MayMap = Annotated[Reader, Depends(Rule("map"))]
MayView = Annotated[Reader, Depends(Rule("view"))]
MayExport = Annotated[Reader, Depends(Rule("export"))]
MayImport = Annotated[Reader, Depends(Rule("import"))]
MayFigures = Annotated[Reader, Depends(Rule("figures"))]

EngineDep = Annotated[Engine, Depends(engine)]
SettingsDep = Annotated[Settings, Depends(settings)]
MapPagesDep = Annotated[MapPages, Depends(map_pages)]
