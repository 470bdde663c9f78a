"""Views: what the heading cells of cameras tell, as columns of rows and as lists of views."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.files.schema.heading import Heading

VIEWS: Final = "views"
_SOURCES: Final = {"number": "surveyed", "parsed": "parsed", "rounded8": "rounded8"}


def view_columns(
    cells: Sequence[object], hfov_deg: Sequence[object]
) -> dict[str, NDArray[np.object_] | NDArray[np.float64]]:
    """Return the columns `heading_deg`, `heading_source`, `hfov_deg` and `views` of cameras.

    Parameters
    ----------
    cells
        One a row: the headings of its cell (a tuple), None or () where they are unknown.
    hfov_deg
        One a row: the angle of view as its own column has it, None where blank; it wins over a
        range in the heading.

    Returns
    -------
    dict
        The first view in columns of its own; `views` is None where it is the only one, else the
        list of all views, each a dict of the same three names.
    """
    headings = [cell if isinstance(cell, tuple) else () for cell in cells]
    views = np.full(len(headings), None, dtype=object)
    for at, several in enumerate(headings):
        if len(several) > 1:
            views[at] = [_view(heading, hfov_deg[at]) for heading in several]
    first = [several[0] if several else None for several in headings]
    own = np.array([np.nan if deg is None else deg for deg in hfov_deg], dtype=np.float64)
    wide = np.array([np.nan if h is None or h.hfov_deg is None else h.hfov_deg for h in first])
    return {
        "heading_deg": np.array([np.nan if h is None else h.deg for h in first], dtype=np.float64),
        "heading_source": np.array(
            ["unknown" if h is None else _SOURCES[h.source] for h in first], dtype=object
        ),
        "hfov_deg": np.where(np.isnan(own), wide, own),
        VIEWS: views,
    }


def _view(heading: Heading, own_hfov_deg: object) -> dict[str, object]:
    return {
        "heading_deg": heading.deg,
        "heading_source": _SOURCES[heading.source],
        "hfov_deg": heading.hfov_deg if own_hfov_deg is None else own_hfov_deg,
    }
