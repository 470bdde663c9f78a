"""Obstacles of a view: merged building footprints, and cameras placed beside them."""

import hashlib
from dataclasses import dataclass, field
from typing import TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import (
    Geometries,
    Indices,
    Shapes,
    dissolve,
    expand_groups,
    flat_geometries,
    union_by,
)

Floats: TypeAlias = NDArray[np.float64]

MIN_PART_M2 = 1.0
SNAP_CLEARANCE_M = 0.2


@dataclass(frozen=True)
class Obstacles:
    """Disjoint footprints that block sight, with their index and their edges.

    `edges` holds ``x0, y0, x1, y1`` of every edge, the inside of the footprint on its left; the
    edges of part *i* are ``edges[first_edge[i]:first_edge[i + 1]]``. `content_hash` names the
    content whatever the order in which it came, `digests` that of each part.
    """

    parts: Geometries
    tree: shapely.STRtree = field(repr=False, compare=False)
    content_hash: str
    edges: Floats = field(repr=False, compare=False)
    first_edge: Indices = field(repr=False, compare=False)
    digests: NDArray[np.uint64] = field(repr=False, compare=False)

    def block(self, points: Geometries) -> NDArray[np.bool_]:
        """Return whether each point is inside a footprint or on its wall."""
        hit = np.zeros(len(points), dtype=np.bool_)
        hit[self.holding(points)[0]] = True
        return hit

    def clear_of(self, xy: Floats, distance_m: float) -> NDArray[np.bool_]:
        """Return whether each place keeps a distance from every footprint."""
        points = np.asarray(shapely.points(xy), dtype=object)
        free = np.ones(len(points), dtype=np.bool_)
        free[self.tree.query(points, predicate="dwithin", distance=distance_m)[0]] = False
        return free

    def content_near(self, boxes: Geometries) -> NDArray[np.uint64]:
        """Return a number for each box that changes with the parts that meet it."""
        box, part = self.tree.query(boxes)
        found = np.zeros(len(boxes), dtype=np.uint64)
        np.add.at(found, box, self.digests[part])
        return found

    def holding(self, points: Geometries) -> tuple[Indices, Indices]:
        """Return positions of points and of the parts that hold them, walls included."""
        point, part = self.tree.query(points)
        shapely.prepare(self.parts[part])  # many points fall into the box of one large block
        held = shapely.intersects(self.parts[part], points[point])
        return point[held], part[held]


def merge_footprints(footprints: Shapes) -> Obstacles:
    """Return footprints as obstacles: made valid, dissolved, without parts below 1 m².

    Overlapping, touching and repeated footprints become one, which viewsheds rely on: a wall
    between two of them would cast shadows that are not there.

    Parameters
    ----------
    footprints
        Polygons or multipolygons in a metric CRS; lines and points in it are left out. May be
        empty or None.

    Returns
    -------
    Obstacles
        Parts sorted by their content, so equal footprints give equal obstacles.

    Examples
    --------
    >>> len(merge_footprints([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)]).parts)
    1
    """
    found = dissolve(footprints)
    found = shapely.remove_repeated_points(found[shapely.area(found) >= MIN_PART_M2])
    found = shapely.normalize(found)  # the same start of each ring, whatever came first
    content = shapely.to_wkb(found) if len(found) else np.empty(0, dtype=object)
    order = np.argsort(content)
    parts = found[order]
    own = [hashlib.sha256(wkb).digest() for wkb in content[order]]
    digest = hashlib.sha256(b"".join(own)).hexdigest()
    digests = np.frombuffer(b"".join(each[:8] for each in own), dtype=np.uint64)
    edges, first_edge = _edges(parts)
    return Obstacles(parts, shapely.STRtree(parts), digest, edges, first_edge, digests)


def place_cameras(
    points: Shapes, indoor: NDArray[np.bool_], obstacles: Obstacles, *, snap_m: float = 5.0
) -> pd.DataFrame:
    """Return the positions of cameras for sight: unchanged, or moved out of a footprint.

    A camera inside a footprint (or on its wall) that is not indoor is moved to 0.2 m in front of
    the nearest wall whose front is free, if that wall is within `snap_m`; where other buildings
    fill all these fronts, to the nearest free place as near as that. Further in, its position is
    suspect and stays.

    Parameters
    ----------
    points
        Points in the CRS of `obstacles`, shape ``(n,)``.
    indoor
        Whether each camera hangs indoors, shape ``(n,)``.
    snap_m
        Largest distance to the wall, metres.

    Returns
    -------
    DataFrame
        Index of `points` where that is a GeoSeries or GeoDataFrame, else 0 … n - 1: `x`, `y`,
        `placement` (open, snapped, suspect, indoor), `moved_m`. A missing point is suspect and
        keeps NaN.

    Notes
    -----
    The rule matters: with a sixth of the cameras inside footprints (usual for registers) leaving
    the containing footprint out instead would more than double what these cameras see.

    Examples
    --------
    >>> wall = merge_footprints([shapely.box(0, 0, 10, 100)])
    >>> place_cameras([shapely.Point(8, 50)], np.array([False]), wall)
          x     y placement  moved_m
    0  10.2  50.0   snapped      2.2
    """
    given = flat_geometries(points)
    hangs = np.asarray(indoor, dtype=np.bool_)
    xy = np.column_stack([shapely.get_x(given), shapely.get_y(given)])
    inside = obstacles.block(given) & ~hangs
    target, lost = xy.copy(), np.zeros(len(xy), dtype=np.bool_)
    target[inside], lost[inside] = move_outside(given[inside], obstacles, snap_m=snap_m)
    lost |= np.isnan(target).any(axis=1)
    choices = [hangs, lost, inside]
    return pd.DataFrame(
        {
            "x": target[:, 0],
            "y": target[:, 1],
            "placement": np.select(choices, ["indoor", "suspect", "snapped"], "open"),
            "moved_m": np.hypot(*(target - xy).T),
        },
        index=points.index if isinstance(points, gpd.GeoSeries | gpd.GeoDataFrame) else None,
    )


def move_outside(
    points: Geometries, obstacles: Obstacles, *, snap_m: float = np.inf
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the nearest free places of points inside footprints, and which stay as they have none.

    Parameters
    ----------
    points
        Points inside footprints, shape ``(n,)``; see :func:`place_cameras`.
    obstacles
        The footprints.
    snap_m
        Largest distance to the wall, metres.
    """
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    target = _free_front(xy, obstacles, snap_m)
    if np.isfinite(snap_m):
        shut = np.flatnonzero(np.isnan(target).any(axis=1))
        target[shut] = _free_place(points[shut], obstacles, snap_m + SNAP_CLEARANCE_M)
    lost = np.asarray(np.isnan(target).any(axis=1), dtype=np.bool_)
    target[lost] = xy[lost]
    return target, lost


def _edges(parts: Geometries) -> tuple[Floats, Indices]:
    """Return all edges in the order of the parts; a ring's closing vertex starts no edge."""
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(ring[:-1] == ring[1:]) if len(ring) else np.empty(0, dtype=np.intp)
    # Normalised rings have their inside on the right.
    edges = np.column_stack([xy[starts + 1], xy[starts]])
    owner = part[ring[starts]] if len(starts) else np.empty(0, dtype=np.intp)
    first = np.searchsorted(owner, np.arange(len(parts) + 1))
    return edges, first.astype(np.intp)


def _free_front(xy: Floats, obstacles: Obstacles, snap_m: float) -> Floats:
    """Return the nearest free place before a wall for each point inside a footprint, else NaN."""
    place = np.full_like(xy, np.nan)
    point, part = obstacles.holding(np.asarray(shapely.points(xy), dtype=object))
    pair, edge = expand_groups(obstacles.first_edge, part)
    owner, spots, distance_m = _fronts(xy, point[pair], obstacles.edges[edge], snap_m)
    order = np.lexsort((distance_m, owner))
    owner, spots = owner[order], spots[order]
    while len(owner):  # the nearest spot of each point first: it is nearly always free
        nearest = np.flatnonzero(np.diff(owner, prepend=-1))
        free = obstacles.clear_of(spots[nearest], SNAP_CLEARANCE_M / 2)
        place[owner[nearest[free]]] = spots[nearest[free]]
        left = ~np.isin(owner, owner[nearest[free]])
        left[nearest] = False
        owner, spots = owner[left], spots[left]
    return place


def _free_place(points: Geometries, obstacles: Obstacles, reach_m: float) -> Floats:
    """Return the nearest place within reach that keeps clear of all footprints, else NaN."""
    found = np.full((len(points), 2), np.nan)
    point, part = obstacles.tree.query(
        points, predicate="dwithin", distance=reach_m + SNAP_CLEARANCE_M
    )
    walls = shapely.buffer(obstacles.parts[part], SNAP_CLEARANCE_M)
    taken, who = union_by(walls, point)
    free = shapely.difference(shapely.buffer(points[who], reach_m), taken)
    some = ~shapely.is_empty(free)
    way = shapely.shortest_line(points[who[some]], free[some])
    found[who[some]] = shapely.get_coordinates(shapely.get_point(way, -1))
    return found


def _fronts(
    xy: Floats, owner: Indices, edges: Floats, snap_m: float
) -> tuple[Indices, Floats, Floats]:
    """Return spots 0.2 m before each near wall: square to it, and straight on from the point.

    The second kind is the one that works in an inner corner, where square to one wall is the other.
    """
    a, along = edges[:, :2], edges[:, 2:] - edges[:, :2]
    length2 = np.einsum("ij,ij->i", along, along)
    share = np.clip(np.einsum("ij,ij->i", xy[owner] - a, along) / length2, 0, 1)
    wall = a + share[:, None] * along
    on = wall - xy[owner]
    distance_m = np.hypot(on[:, 0], on[:, 1])
    near = distance_m <= snap_m
    outward = np.column_stack([along[:, 1], -along[:, 0]]) / np.sqrt(length2)[:, None]
    ahead = on / np.maximum(distance_m, 1e-9)[:, None]
    square, straight = (wall + SNAP_CLEARANCE_M * way for way in (outward, ahead))
    useful = near & (distance_m > 1e-6)
    return (
        np.concatenate([owner[near], owner[useful]]),
        np.concatenate([square[near], straight[useful]]),
        np.concatenate([distance_m[near], distance_m[useful]]),
    )
