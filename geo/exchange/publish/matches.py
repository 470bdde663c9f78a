"""Which rows of a layer in memory fit a filter, kept until something of the layer is written."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from geo.access import transaction
from geo.access.principal import Principal
from geo.base.errors import UnavailableError
from geo.exchange.publish import questions
from geo.exchange.publish.items import Items, View
from geo.exchange.publish.questions import LayerQuestion
from geo.exchange.publish.shown_rows import ShownRows
from geo.store import revisions
from geo.store.revisions import LayerRevisions

MOST_KEPT: Final = 500
MOST_ROWS: Final = 2_000_000
"""So many positions are kept of all filters together: eight bytes each, thirteen of cameras."""
TRIES: Final = 5


class Matches:
    """Views of layers cut to filters: the newest kept, the oldest let go.

    Parameters
    ----------
    items
        Layers in memory.
    zone
        Zone of the district.
    """

    def __init__(self, engine: Engine, items: Items, zone: str) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._items, self._zone, self._lock, self._rows = items, zone, Lock(), 0
        self._kept: OrderedDict[Hashable, tuple[View, View]] = OrderedDict()
        self._shown = ShownRows()

    def kept(
        self, layer: str, reader: Principal, asked: LayerQuestion, now: LayerRevisions
    ) -> View | None:
        """Return the rows that fit if they are at hand, without waiting.

        Parameters
        ----------
        layer
            Name of the layer.
        reader
            Principal whose grants apply.
        asked
            What is asked of it.
        now
            Revisions that were read after the question came.
        """
        whole = self._items.kept(layer, reader, now)
        if whole is None or not asked.selects:
            return whole
        with self._lock:
            found = self._kept.get((layer, reader.key, asked))
        return found[1] if found is not None and found[0] is whole else None

    def view(
        self, layer: str, reader: Principal, asked: LayerQuestion, now: LayerRevisions
    ) -> View:
        """Return the rows that fit, of the layer at these revisions or newer ones.

        Parameters
        ----------
        layer, reader, asked, now
            As for :meth:`kept`.

        Raises
        ------
        InputError
            If what is asked cannot be understood or computed.
        UnavailableError
            If the layer is written to faster than it can be read.
        """
        for _ in range(TRIES):
            whole = self._items.view(layer, reader, now)
            if not asked.selects:
                return whole
            found = self.kept(layer, reader, asked, now)
            if found is not None:
                return found
            with transaction.open_read_only(self._engine, reader) as connection:
                now = revisions.current_revisions(connection)
                if self._items.kept(layer, reader, now) is not whole:
                    continue  # a filter and the rows that it cuts must be of one moment
                shown = self._shown.source(layer, reader, whole)
                fit = questions.read_numbers(connection, layer, shown, asked, zone=self._zone)
            return self._keep((layer, reader.key, asked), whole, _cut(whole, fit - 1))
        raise UnavailableError("store.busy")

    def _keep(self, key: Hashable, whole: View, cut: View) -> View:
        with self._lock:
            before = self._kept.pop(key, None)
            self._rows += len(cut.visible) - (len(before[1].visible) if before else 0)
            self._kept[key] = (whole, cut)
            while len(self._kept) > 1 and (len(self._kept) > MOST_KEPT or self._rows > MOST_ROWS):
                _, (_, oldest) = self._kept.popitem(last=False)
                self._rows -= len(oldest.visible)
        return cut


def _cut(whole: View, stay: NDArray[np.intp]) -> View:
    """Return a view with only some of its rows."""
    cut = replace(whole, visible=whole.visible[stay])
    if whole.depth is None or whole.exact is None or whole.distance_m is None:
        return cut
    return replace(
        cut,
        depth=whole.depth[stay],
        exact=whole.exact[stay],
        distance_m=whole.distance_m[stay],
    )
