"""Rows of a layer in memory told to the database: a filter is asked of them, without the cut anew.

Who may see which row, and how much of it, is known where the layer is in memory: cutting all
cameras to who asks costs the database more than any filter of what is left.
"""

from collections.abc import Iterable

import numpy as np

from geo.cameras.store import layers as camera_layers
from geo.exchange.publish.items import FOREIGN, View
from geo.exchange.store import item_rows
from geo.exchange.store.asked_rows import Source


def shown_source(layer: str, view: View) -> Source:
    """Return the rows of a view, each as it is shown, to be filtered in the same state.

    Parameters
    ----------
    layer
        One of ``item_rows.NAMES``.
    view
        What who asks may see of it.
    """
    if view.depth is None or view.exact is None or view.distance_m is None:
        whole = len(view.visible) == len(view.rows)
        return item_rows.shown_source(layer, None if whole else _codes(view))
    depths = np.where(view.depth == FOREIGN, "NULL", view.depth.astype("U4"))
    values = {
        "codes": _codes(view),
        "depths": _array(depths.tolist()),
        "exacts": _array(np.where(view.exact, "t", "f").tolist()),
        "distances": _array(map(repr, view.distance_m.tolist())),
    }
    return Source(camera_layers.SHOWN_CAMERAS, values)


def _codes(view: View) -> str:
    codes = [code.decode() for code in view.rows.codes[view.visible].tolist()]
    return _array('"' + code.replace("\\", "\\\\").replace('"', '\\"') + '"' for code in codes)


def _array(values: Iterable[str]) -> str:
    """Return values as an array is written in PostgreSQL: read faster than a list of values."""
    return "{" + ",".join(values) + "}"
