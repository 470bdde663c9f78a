"""What intake works with: the database, what is in memory, the settings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from geo.access.principal import Principal
from geo.base.settings import Settings
from geo.coverage.sight_memory import SightMemory
from geo.incidents.book import IntakeBook, IntakeBooks
from geo.store.revisions import LayerRevisions

if TYPE_CHECKING:
    from geo.coverage.place_sight import SightView


@dataclass(frozen=True)
class Desk:
    """What intake works with: the database, what is in memory, the settings."""

    engine: Engine
    books: IntakeBooks
    now: LayerRevisions
    config: Settings
    sight: SightMemory | None = None

    def view(self, who: Principal) -> "SightView | None":
        """Return what a principal may know of cameras, None where it is not in memory."""
        return None if self.sight is None else self.sight.view(who, self.now)

    def book(self, who: Principal) -> IntakeBook:
        """Return the book of this moment."""
        return self.books.book(who, self.now)
