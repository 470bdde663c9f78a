"""What a route may ask for: the database, the settings, the map page."""

from threading import Lock
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, text

from api.pages import map_page
from geo.settings import Settings
from geo.store import db


def engine(request: Request) -> Engine:
    """Return the process's pool."""
    found: Engine = request.app.state.engine
    return found


def settings(request: Request) -> Settings:
    """Return the process's settings."""
    found: Settings = request.app.state.settings
    return found


class MapPages:
    """The newest map page per language, drawn again when imports or figures have changed."""

    def __init__(self, database: Engine, config: Settings) -> None:
        self._database, self._config = database, config
        self._pages: dict[str, tuple[object, str]] = {}
        self._drawing = Lock()

    def page(self, lang: str) -> str:
        """Return the page in `lang`; one thread draws, the others wait for its page."""
        with self._drawing:
            revision = self._revision()
            kept = self._pages.get(lang)
            if kept is None or kept[0] != revision:
                kept = (revision, map_page(self._database, self._config, lang=lang))
                self._pages[lang] = kept
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


EngineDep = Annotated[Engine, Depends(engine)]
SettingsDep = Annotated[Settings, Depends(settings)]
MapPagesDep = Annotated[MapPages, Depends(map_pages)]
