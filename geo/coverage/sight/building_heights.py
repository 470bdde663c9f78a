"""Buildings lower than a camera: what they hide ends where the line over the roof meets the ground.

Optional beside `geo.coverage.sight.viewshed`, for which every footprint hides all that lies behind
it.
"""

import hashlib
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.polygons import (
    Geometries,
    Indices,
    Shapes,
    flat_geometries,
    parts_of,
    rebuild_invalid,
    union_by,
)
from geo.coverage.sight.obstacles import Obstacles, merge_footprints

Floats: TypeAlias = NDArray[np.float64]

LEAST_M = 0.05  # nearer to its wall a camera hangs on the building
FLAT_M2 = 1e-6


@dataclass(frozen=True)
class LowBuildings:
    """Footprints with a known height; a camera above one looks over it."""

    parts: Geometries
    height_m: Floats
    tree: shapely.STRtree = field(repr=False, compare=False)
    digests: NDArray[np.uint64] = field(repr=False, compare=False)

    def under(self, xy: Floats, camera_height_m: Floats) -> NDArray[np.bool_]:
        """Return which cameras stand on or in a building that is lower than they are."""
        point, part = self.tree.query(shapely.points(xy), predicate="intersects")
        found = np.zeros(len(xy), dtype=np.bool_)
        found[point[camera_height_m[point] > self.height_m[part]]] = True
        return found


@dataclass(frozen=True)
class Obstruction:
    """Obstacles of sight.

    `built` are all footprints; of these `tall` hide whatever lies behind them, and over `low` ones
    a camera may look. Without heights `tall` is `built`.
    """

    built: Obstacles
    tall: Obstacles
    low: LowBuildings

    def content_near(self, boxes: Geometries) -> NDArray[np.uint64]:
        """Return a number for each box that changes with all that meets it."""
        found = self.tall.content_near(boxes)
        box, part = self.low.tree.query(boxes)
        np.add.at(found, box, self.low.digests[part])
        return found


def obstructing_ground(
    footprints: Shapes, height_m: Floats | None = None, camera_height_m: Floats | None = None
) -> Obstruction:
    """Return footprints as what they hide.

    Parameters
    ----------
    footprints
        Polygons in a metric CRS, shape ``(n,)``.
    height_m
        Height of each, NaN unknown; None: heights do not count, every building hides all.
    camera_height_m
        Heights of the cameras: a building as high as the highest of them is never looked over.
    """
    built = merge_footprints(footprints)
    top_m = np.nanmax(camera_height_m, initial=0.0) if camera_height_m is not None else 0.0
    if height_m is None or not (height_m < top_m).any():
        return Obstruction(built, built, low_buildings(None, np.empty(0)))
    shapes, lower = flat_geometries(footprints), height_m < top_m
    low = low_buildings(shapes[lower], height_m[lower])
    return Obstruction(built, merge_footprints(shapes[~lower]), low)


def low_buildings(footprints: Shapes, height_m: Floats) -> LowBuildings:
    """Return footprints with their heights, multi-part ones taken apart.

    Parameters
    ----------
    footprints
        Polygons in a metric CRS, shape ``(n,)``.
    height_m
        Height of each above the ground that its cameras' heights are measured from.
    """
    parts, origin = parts_of(rebuild_invalid(flat_geometries(footprints)))
    height_m = height_m[origin]
    content = zip(shapely.to_wkb(parts).tolist(), height_m.tolist(), strict=True)
    own = [hashlib.sha256(wkb + repr(height).encode()).digest()[:8] for wkb, height in content]
    digests = np.frombuffer(b"".join(own), dtype=np.uint64)
    return LowBuildings(parts, height_m, shapely.STRtree(parts), digests)


def look_over(
    seen: Geometries, xy: Floats, camera_height_m: Floats, low: LowBuildings, *, range_m: Floats
) -> Geometries:
    """Return what is left of viewsheds behind low buildings.

    Parameters
    ----------
    seen
        What each camera sees among the other buildings, shape ``(n,)``.
    xy, camera_height_m, range_m
        Where the cameras stand, ``(n, 2)``; how high (NaN unknown: no building is lower); how far
        they see.
    low
        Buildings that are not among the obstacles of `seen`.

    Returns
    -------
    Geometries
        Valid polygons or multipolygons, empty ones among them.

    Notes
    -----
    A line from height h over the top of a building of height b < h, at distance s, meets level
    ground at ``s·h / (h - b)``. So a place is hidden if it lies in the footprint grown about the
    camera's foot by any factor from 1 to ``h / (h - b)``.

    Examples
    --------
    A camera 6 m high, 10 m before a shed of 3 m: its rear wall at 14 m hides the ground to 28 m.

    >>> shed = low_buildings([shapely.box(10, -50, 14, 50)], np.array([3.0]))
    >>> strip = np.array([shapely.box(0, -1, 40, 1)])
    >>> at = {"range_m": np.array([50.0])}
    >>> look_over(strip, np.zeros((1, 2)), np.array([6.0]), shed, **at)[0].area
    44.0
    """
    camera, part = low.tree.query(seen, predicate="intersects")
    if len(camera) == 0:
        return seen
    shapes, foot = low.parts[part], xy[camera]
    growth = _growth(camera_height_m[camera], low.height_m[part], shapes, foot, range_m[camera])
    pieces, pair = _swept(shapes, foot, growth)
    hidden, who = union_by(pieces, camera[pair])
    left = seen.copy()
    left[who] = shapely.difference(seen[who], hidden)
    return _polygonal(left)


def find_hidden(
    places: Floats, xy: Floats, camera_height_m: Floats, low: LowBuildings
) -> NDArray[np.bool_]:
    """Return which places low buildings hide from their cameras, row by row; see `look_over`.

    Parameters
    ----------
    places, xy
        Metric, shape ``(n, 2)`` each.
    """
    lines = shapely.linestrings(np.stack([xy, places], axis=1))
    row, part = low.tree.query(lines, predicate="intersects")
    shapes, reach_m = low.parts[part], np.hypot(*(places - xy)[row].T)
    growth = _growth(camera_height_m[row], low.height_m[part], shapes, xy[row], reach_m)
    nearest = xy[row] + (places - xy)[row] / growth[:, None]
    behind = shapely.linestrings(np.stack([nearest, places[row]], axis=1))
    found = np.zeros(len(places), dtype=np.bool_)
    found[row[shapely.relate_pattern(shapes, behind, "T********")]] = True
    return found


def _growth(
    camera_m: Floats, building_m: Floats, shapes: Geometries, foot: Floats, range_m: Floats
) -> Floats:
    """Return by how much each footprint grows into what it hides: beyond the range at most."""
    near_m = np.maximum(shapely.distance(shapes, shapely.points(foot)), LEAST_M)
    beyond = 2.0 + 2.0 * range_m / near_m
    over = camera_m > building_m  # False where the camera's height is unknown
    ends = np.divide(camera_m, camera_m - building_m, out=beyond.copy(), where=over)
    return np.asarray(np.minimum(ends, beyond), dtype=np.float64)


def _swept(shapes: Geometries, foot: Floats, growth: Floats) -> tuple[Geometries, Indices]:
    """Return pieces that together are all growths of each shape from 1 on, and whose they are."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    far = foot[owner] + (xy - foot[owner]) * growth[owner, None]
    grown = shapely.set_coordinates(shapes.copy(), far)
    rings, ring_owner = shapely.get_rings(shapes, return_index=True)
    a, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(ring[:-1] == ring[1:])
    edge_owner = ring_owner[ring[first]]
    near = np.stack([a[first], a[first + 1]], axis=1)
    at = foot[edge_owner][:, None]
    away = at + (near - at) * growth[edge_owner, None, None]
    corners = np.concatenate([near, away[:, ::-1]], axis=1)
    quads = np.asarray(shapely.polygons(corners), dtype=object)
    solid = shapely.area(quads) > FLAT_M2
    pieces = np.concatenate([shapes, grown, quads[solid]])
    count = np.arange(len(shapes))
    return pieces, np.concatenate([count, count, edge_owner[solid]])


def _polygonal(shapes: Geometries) -> Geometries:
    parts, owner = parts_of(shapes)
    large = shapely.area(parts) > FLAT_M2
    found = np.full(len(shapes), shapely.Polygon(), dtype=object)
    shapely.multipolygons(parts[large], indices=owner[large], out=found)
    return found
