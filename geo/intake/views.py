"""Views: what the heading cells of cameras tell, as columns of rows and as lists of views."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.heading import Heading

VIEWS: Final = "views"
_SOURCES: Final = {"number": "surveyed", "parsed": "parsed", "rounded8": "rounded8"}


def view_columns(
    told: Sequence[object], hfov_deg: Sequence[object]
) -> dict[str, NDArray[np.object_] | NDArray[np.float64]]:
    """Return the columns `heading_deg`, `heading_source`, `hfov_deg` and `views` of cameras.

    Parameters
    ----------
    told
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
    rows = [
        [_view(heading, own) for heading in (_headings(cell) or (None,))]
        for cell, own in zip(told, hfov_deg, strict=True)
    ]
    views = np.full(len(rows), None, dtype=object)
    for at, row in enumerate(rows):
        if len(row) > 1:
            views[at] = row
    first = [row[0] for row in rows]
    return {
        "heading_deg": np.array([view["heading_deg"] for view in first], dtype=np.float64),
        "heading_source": np.array([view["heading_source"] for view in first], dtype=object),
        "hfov_deg": np.array([view["hfov_deg"] for view in first], dtype=np.float64),
        VIEWS: views,
    }


def _headings(cell: object) -> tuple[Heading, ...]:
    return cell if isinstance(cell, tuple) else ()


def _view(heading: Heading | None, own_hfov_deg: object) -> dict[str, object]:
    if heading is None:
        return {"heading_deg": None, "heading_source": "unknown", "hfov_deg": own_hfov_deg}
    return {
        "heading_deg": heading.deg,
        "heading_source": _SOURCES[heading.source],
        "hfov_deg": heading.hfov_deg if own_hfov_deg is None else own_hfov_deg,
    }
