"""Rows of a layer in memory handed to the database: a filter is asked of them, not the cut anew.

Who may see which row, and how much of it, is known where the layer is in memory: cutting all
cameras to who asks costs the database more than any filter of what is left.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from threading import Lock
from typing import Final

import numpy as np

from geo.access.principal import Principal
from geo.exchange.publish.items import FOREIGN, View
from geo.exchange.store import item_rows
from geo.exchange.store.asked_rows import Source

MOST_KEPT: Final = 16


class ShownRows:
    """Views as sources of rows, the newest kept as they are written for PostgreSQL."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[View, Source]] = OrderedDict()
        self._lock = Lock()

    def source(self, layer: str, reader: Principal, view: View) -> Source:
        """Return the rows of a view, each as it is shown, for a transaction of the same state.

        Parameters
        ----------
        layer
            One of ``item_rows.NAMES``.
        reader
            Who asks.
        view
            What is shown of the layer to who asks.
        """
        key = (layer, reader.key)
        with self._lock:
            found = self._kept.get(key)
        if found is not None and found[0] is view:
            return found[1]
        made = item_rows.shown_source(layer, _known(view))
        with self._lock:
            self._kept[key] = (view, made)
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made


def _known(view: View) -> Mapping[str, object]:
    if view.depth is None or view.exact is None or view.distance_m is None:
        return {"codes": _codes(view)}
    if _is_alike(view):
        return {"depth": int(view.depth[0]), "exact": bool(view.exact[0])}
    depths = np.where(view.depth == FOREIGN, "NULL", view.depth.astype("U4"))
    return {
        "codes": _codes(view),
        "depths": _array(depths.tolist()),
        "exacts": _array(np.where(view.exact, "t", "f").tolist()),
        "distances": _array(map(repr, view.distance_m.tolist())),
    }


def _is_alike(view: View) -> bool:
    """Return whether all rows of the layer are shown, and all in one way."""
    whole = 0 < len(view.visible) == len(view.rows)
    if not whole or view.depth is None or view.exact is None or view.distance_m is None:
        return False
    alike = (view.depth == view.depth[0]).all() and (view.exact == view.exact[0]).all()
    return bool(alike and view.depth[0] != FOREIGN and not view.distance_m.any())


def _codes(view: View) -> str:
    codes = (code.decode() for code in view.rows.codes[view.visible].tolist())
    return _array(map(_quoted, codes))


def _quoted(code: str) -> str:
    escaped = code.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _array(values: Iterable[str]) -> str:
    """Return values as an array is written in PostgreSQL: read faster than a list of values."""
    return "{" + ",".join(values) + "}"
