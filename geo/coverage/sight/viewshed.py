"""Viewshed: the ground that a view sees, its sector without what is behind footprints.

Found by an angular sweep (`geo.coverage.sight.angular_sweep`); the clear way of shadows
(`geo.coverage.sight.shadow_method`) answers for the few cameras that hang on a wall, and is the
oracle of the tests.
"""

from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.errors import InputError
from geo.base.polygons import Geometries, Indices
from geo.coverage.sight import shadow_method
from geo.coverage.sight.obstacles import Obstacles
from geo.coverage.sight.shadow_method import (
    CHORD_TOLERANCE,
    MIN_PART_M2,
    MIN_WIDTH_DEG,
    chord_count,
)

Floats: TypeAlias = NDArray[np.float64]

CLOSE_M = 1e-3  # a camera this close to a wall may see in several lobes
CHUNK = 20_000  # sectors at a time, which bounds memory


def compute_viewsheds(
    sectors: pd.DataFrame,
    obstacles: Obstacles,
    *,
    chord_tolerance: float = CHORD_TOLERANCE,
    convergence_deg: float | pd.Series = 0.0,
) -> gpd.GeoSeries:
    """Return the ground visible in each sector.

    A point is seen if the straight line to it from the camera meets the inside of no footprint;
    grazing a wall or a corner blocks nothing. A camera on a wall sees what lies before the wall, a
    camera inside a footprint nothing.

    Parameters
    ----------
    sectors
        `x`, `y` (metric CRS), `start_deg` (clockwise from true north), `width_deg` (0 … 360) and
        `range_m`. Zero or missing width, range or position sees nothing. Where there is a column
        `near_m`, the ground nearer than that is not seen.
    obstacles
        Footprints in the same CRS.
    chord_tolerance
        How far inside the true arc its chords may lie, as a share of the range. Chords always
        undercount: by less than twice that share of the area, 0.01 % if nothing is said.
    convergence_deg
        Meridian convergence: true bearing minus grid bearing, degrees; one for all, or a Series
        with the index of `sectors`. 0 takes grid north for true north.

    Returns
    -------
    GeoSeries
        Index of `sectors`, no CRS. Valid polygons or ``POLYGON EMPTY``; a multipolygon only where
        parts of the view meet in the camera alone, or in the dead ground before it.

    Raises
    ------
    InputError
        If the chord tolerance is not above 0.

    Examples
    --------
    A wall 20 m before a camera that looks over a quarter leaves the triangle before it.

    >>> east = {"x": 0.0, "y": 0.0, "start_deg": 45.0, "width_deg": 90.0, "range_m": 50.0}
    >>> from geo.coverage.sight.obstacles import merge_footprints
    >>> wall = merge_footprints([shapely.box(20, -50, 21, 50)])
    >>> compute_viewsheds(pd.DataFrame([east]), wall).area.round(6).tolist()
    [400.0]
    """
    if not chord_tolerance > 0:
        raise InputError("coverage.chord_tolerance_invalid", tolerance=chord_tolerance)
    look = shadow_method.sector_table(sectors, convergence_deg)
    useful = np.flatnonzero(shadow_method.sees_anything(look))
    seen = np.full(len(sectors), shapely.Polygon(), dtype=object)
    for chunk in np.split(useful, range(CHUNK, len(useful), CHUNK)):
        seen[chunk] = _visible(look[chunk], obstacles, chord_tolerance)
    if "near_m" in sectors:
        near_m = sectors["near_m"].to_numpy(dtype=float)
        seen = shadow_method.without_dead_ground(seen, look, near_m, chord_tolerance)
    return gpd.GeoSeries(seen, index=sectors.index)


def warm_up() -> None:
    """Load or compile the sweep, so that the first viewshed of a service takes no longer."""
    one = pd.DataFrame([[0.0, 0.0, 0.0, 360.0, 10.0]], columns=list(shadow_method.LOOK))
    compute_viewsheds(one, shadow_method.NOTHING)


def _visible(look: Floats, obstacles: Obstacles, tolerance: float) -> Geometries:
    from geo.coverage.sight import angular_sweep  # the compiler takes a second to load

    x, y, start, width, range_m = look.T
    full = width >= 360 - MIN_WIDTH_DEG
    width = np.where(full, 360.0, width)
    camera, part = obstacles.tree.query(
        shapely.box(x - range_m, y - range_m, x + range_m, y + range_m)
    )
    first = np.searchsorted(camera, np.arange(len(look) + 1))
    turned = np.column_stack([x, y, np.radians(start), np.radians(width), range_m])
    turned[full, 3] = angular_sweep.TURN
    chords = chord_count(width, tolerance).astype(np.intp)
    xy, begin, state = angular_sweep.visible_rings(
        turned, first, part, obstacles.edges, obstacles.first_edge, chords, CLOSE_M
    )
    seen = _polygons(xy, begin)
    seen[state == angular_sweep.INSIDE] = shapely.Polygon()
    doubtful = np.flatnonzero(state == angular_sweep.DOUBTFUL)
    again = np.flatnonzero(state == angular_sweep.CLOSE)
    again = np.concatenate([again, doubtful[~shapely.is_valid(seen[doubtful])]])
    seen[again] = shadow_method.visible_ground(look[again], obstacles, tolerance)
    return seen


def _polygons(xy: Floats, begin: Indices) -> Geometries:
    """Return a polygon for each run of corners; below 1e-6 m² there is none."""
    seen = np.full(len(begin) - 1, shapely.Polygon(), dtype=object)
    count = np.diff(begin)
    some = np.flatnonzero(count)
    if len(some):
        rings = shapely.linearrings(xy, indices=np.repeat(np.arange(len(some)), count[some]))
        seen[some] = shapely.polygons(rings)
        seen[shapely.area(seen) < MIN_PART_M2] = shapely.Polygon()
    return seen
