"""What a coarse grant shows of a place: steps, cells, and how far from it a camera may stand.

All answers about a camera under such a grant follow from its coarse place (the column
``camera.coarse_geom``) and from nothing that depends on where in its surroundings it stands.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP_DEG: Final = 0.001
"""To what coarse places are rounded: about 100 m. ``govgrid.coarsen_point`` does it."""

SLACK_DEG: Final = 0.0001
"""How far a camera may move out of what rounds to its coarse place before that changes."""

CELL_M: Final = 50.0
"""Side of the cells by which questions about places are answered; they never move."""

STEP_M: Final = 50.0
"""Distances are rounded to such steps, never below one."""

EXACT_ANSWERS: Final = 20
"""For so many places a day a unit gets an exact answer whether a coarse camera sees them."""


def cells_of(xy: Floats) -> NDArray[np.int64]:
    """Return the column and row of the cell that each place (metric, shape ``(n, 2)``) is in."""
    return np.floor(np.asarray(xy, dtype=float) / CELL_M).astype(np.int64)


def rounded_up_m(distance_m: Floats) -> Floats:
    """Return distances in steps, upwards, at least one."""
    return np.maximum(np.ceil(distance_m / STEP_M), 1.0) * STEP_M
