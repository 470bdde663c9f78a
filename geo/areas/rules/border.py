"""What the border rule measures with: tolerance, shares of ground, single edges of boundaries."""

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

MIN_TOLERANCE_M: Final = 1.0
# A straight line in degrees bends in a projection: 100 m pieces keep the bend under 0.1 mm.
PIECE_DEG: Final = 0.001
# A place on a common border splits the disc in halves but for the bend of a projected edge (0.1 mm
# of a disc of 1 m: 6e-5 of it). Shares are equal to this step, and then the smallest code decides.
SAME_SHARE: Final = 1e-3


def single_edges(metric: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the single edges of polygons, and whose each is."""
    parts, area = shapely.get_parts(metric, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    pairs = np.stack([xy[:-1][same], xy[1:][same]], axis=1)
    return np.asarray(shapely.linestrings(pairs)), area[part[ring[1:][same]]]
