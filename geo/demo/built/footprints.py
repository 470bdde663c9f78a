"""Shapes of buildings: boxes, L and U, cross-shaped towers and closed courts, placed in bulk."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.demo.land.terrain import Floats

# Corners in shares of half width and half depth, counter-clockwise.
OUTLINES: Mapping[str, Floats] = {
    "box": np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float),
    "ell": np.array([(-1, -1), (1, -1), (1, 0.0), (-0.1, 0.0), (-0.1, 1), (-1, 1)], float),
    "ell_back": np.array([(-1, -1), (1, -1), (1, 1), (0.15, 1), (0.15, -0.1), (-1, -0.1)], float),
    "u": np.array([(-1, -1), (1, -1), (1, 1), (0.5, 1), (0.5, -0.2), (-0.5, -0.2),
                   (-0.5, 1), (-1, 1)], float),
    "cross": np.array([(-0.45, -1), (0.45, -1), (0.45, -0.5), (1, -0.5), (1, 0.5), (0.45, 0.5),
                       (0.45, 1), (-0.45, 1), (-0.45, 0.5), (-1, 0.5), (-1, -0.5),
                       (-0.45, -0.5)], float),
    "stepped": np.array([(-1, -1), (0, -1), (0, -0.7), (1, -0.7), (1, 1), (0, 1), (0, 0.7),
                         (-1, 0.7)], float),
}  # fmt: skip
COURT_SHARE = 0.52
"""How much of a closed court's half width and half depth its hole takes."""


def make_footprints(
    middle: Floats, angle: Floats, size: Floats, shape: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Return polygons, metres.

    Parameters
    ----------
    middle
        Centres, ``(n, 2)`` metres.
    angle
        Direction of the long side, radians counter-clockwise from east, ``(n,)``.
    size
        Width and depth, ``(n, 2)`` metres.
    shape
        Name in ``OUTLINES``, or "court" for a box with a hole, ``(n,)``.
    """
    found = np.empty(len(middle), object)
    for name in sorted(set(shape)):
        rows = np.flatnonzero(shape == name)
        outline = OUTLINES["box" if name == "court" else name]
        rings: Any = shapely.linearrings(_placed(outline, middle[rows], angle[rows], size[rows]))
        if name == "court":
            inner: Any = shapely.linearrings(
                _placed(outline[::-1] * COURT_SHARE, middle[rows], angle[rows], size[rows])
            )
            found[rows] = [shapely.Polygon(a, [b]) for a, b in zip(rings, inner, strict=True)]
        else:
            found[rows] = shapely.polygons(rings)
    return found


def _placed(outline: Floats, middle: Floats, angle: Floats, size: Floats) -> Floats:
    local = outline[None] * size[:, None, :] / 2
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x = middle[:, :1] + c * local[..., 0] - s * local[..., 1]
    y = middle[:, 1:] + s * local[..., 0] + c * local[..., 1]
    return np.stack([x, y], axis=-1)
