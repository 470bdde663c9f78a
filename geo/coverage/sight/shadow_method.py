"""The ground that a view sees: its sector without the shadows of building footprints."""

from typing import TypeAlias

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import Geometries, Indices, expand_groups, parts_of, union_by
from geo.coverage.sight.obstacles import Obstacles, merge_footprints

Floats: TypeAlias = NDArray[np.float64]

# How far inside the arc a chord may lie, as a share of the range: a view that is not blocked falls
# short by twice that share of its area at most, in whatever direction, however near it ends.
CHORD_TOLERANCE = 5e-5
TOUCH_M = 1e-6  # a camera this close to a wall hangs on it
MIN_RANGE_M = 1e-3
MIN_WIDTH_DEG = 1e-6
MIN_PART_M2 = 1e-6  # rounding leaves slivers along shadow borders
EDGE_LIMIT, FAR = 1.05, 1.6  # of the range: edges are cut at one, shadows end at the other
CHUNK = 200  # cameras at a time, which bounds memory
LOOK = ("x", "y", "start_deg", "width_deg", "range_m")
NOTHING = merge_footprints(None)  # open ground all over


def visible_ground(look: Floats, obstacles: Obstacles, tolerance: float) -> Geometries:
    """Return the ground visible in each sector; the slow, clear way.

    Parameters
    ----------
    look
        As from :func:`sector_table`, sectors that see nothing left out, shape (n, 5).
    obstacles, tolerance
        As for `geo.coverage.sight.viewshed.compute_viewsheds`.

    Returns
    -------
    Geometries
        Valid polygons, empty ones among them, shape (n,).
    """
    seen = np.empty(len(look), dtype=object)
    for first in range(0, len(look), CHUNK):
        chunk = slice(first, first + CHUNK)
        seen[chunk] = _visible(look[chunk], obstacles, tolerance)
    return seen


def sector_table(sectors: pd.DataFrame, convergence_deg: float | pd.Series = 0.0) -> Floats:
    """Return x, y, start, width and range of sectors.

    Parameters
    ----------
    sectors
        Columns `LOOK`: position in metres, start (clockwise from true north) and width in degrees,
        range in metres.
    convergence_deg
        Meridian convergence, subtracted from the start; one number or one per sector.

    Returns
    -------
    Floats
        Shape ``(n, 5)``; start is clockwise from grid north.
    """
    look = sectors[list(LOOK)].to_numpy(dtype=float, copy=True)
    look[:, 2] -= pd.Series(convergence_deg, index=sectors.index).to_numpy(dtype=float)
    return look


def sees_anything(look: Floats) -> NDArray[np.bool_]:
    """Return which sectors have a place, a width and a range."""
    usable = np.isfinite(look).all(axis=1)
    return usable & (look[:, 3] >= MIN_WIDTH_DEG) & (look[:, 4] >= MIN_RANGE_M)


def reach_m(
    offset_deg: Floats,
    width_deg: Floats,
    range_m: Floats,
    *,
    chord_tolerance: float = CHORD_TOLERANCE,
) -> Floats:
    """Return how far an unblocked sector reaches in one direction, along its chords.

    The same border as `geo.coverage.sight.viewshed.compute_viewsheds` draws, so that both agree.

    Parameters
    ----------
    offset_deg
        Direction, clockwise from the start of the sector, in [0, 360).
    width_deg, range_m
        The sector.

    Returns
    -------
    Floats
        Metres; 0 outside the sector.
    """
    full = width_deg >= 360 - MIN_WIDTH_DEG
    sees = (width_deg >= MIN_WIDTH_DEG) & (range_m >= MIN_RANGE_M)
    width = np.where(full, 360.0, np.where(sees, width_deg, 1.0))
    chord = width / chord_count(width, chord_tolerance)
    aside = np.mod(offset_deg, chord) - chord / 2
    reach = range_m * np.cos(np.radians(chord / 2)) / np.cos(np.radians(aside))
    return np.asarray(np.where(sees & (full | (offset_deg <= width)), reach, 0.0))


def without_dead_ground(
    seen: Geometries, look: Floats, near_m: Floats, tolerance: float
) -> Geometries:
    """Return viewsheds without the ground nearer than their picture begins.

    Parameters
    ----------
    seen, look
        What each sector sees, and the sectors as from :func:`sector_table`.
    near_m
        Where the picture begins, metres; NaN: not known, nothing is taken off.
    tolerance
        As for `geo.coverage.sight.viewshed.compute_viewsheds`: the inner border has the chords of
        the outer one, so both have the same directions.
    """
    some = np.flatnonzero((near_m >= MIN_RANGE_M) & ~shapely.is_empty(seen))
    if len(some) == 0:
        return seen
    found = seen.copy()
    found[some] = shapely.difference(seen[some], _discs(look[some], near_m[some], tolerance))
    found[some] = _polygonal(found[some])
    return found


def chord_count(width_deg: Floats, tolerance: float) -> Floats:
    """Return how many equal chords follow each arc within the tolerance.

    Parameters
    ----------
    width_deg
        Angles of the arcs, degrees.
    tolerance
        Largest sagitta as a share of the range.

    Examples
    --------
    >>> chord_count(np.array([90.0]), 0.05).tolist()
    [3.0]
    """
    step_deg = np.degrees(2 * np.arccos(1 - min(tolerance, 1.0)))
    return np.asarray(np.ceil(width_deg / step_deg), dtype=np.float64)


def _visible(look: Floats, obstacles: Obstacles, tolerance: float) -> Geometries:
    seen = _sector_polygons(look, tolerance)
    owner, shadow = _shadows(look, seen, obstacles)
    hidden, who = union_by(shadow, owner)
    left = shapely.difference(seen[who], hidden)
    at = np.searchsorted(who, owner)
    # GEOS can lose part of a union of valid shadows (issue 1383): none may lie in what is left.
    lost = shapely.area(shapely.intersection(left[at], shadow)) > MIN_PART_M2
    for again in np.unique(at[lost]):
        left[again] = seen[who[again]]
        for one in shadow[at == again]:
            left[again] = shapely.difference(left[again], one)
    seen[who] = left
    return _polygonal(seen)


def _sector_polygons(look: Floats, tolerance: float) -> Geometries:
    x, y, start, width, range_m = look.T
    full = width >= 360 - MIN_WIDTH_DEG
    chords = chord_count(np.where(full, 360.0, width), tolerance).astype(np.intp)
    count = np.where(full, chords, chords + 2)  # a part of a circle starts in the camera
    owner = np.repeat(np.arange(len(look)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    step = np.where(full[owner], step, step - 1)
    turn = np.where(full, 360.0, width)[owner] * step / chords[owner]
    bearing = np.radians(start[owner] + turn)
    radius = np.where(step < 0, 0.0, range_m[owner])
    xy = np.column_stack([x[owner] + radius * np.sin(bearing), y[owner] + radius * np.cos(bearing)])
    return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=owner)), dtype=object)


def _discs(look: Floats, radius_m: Floats, tolerance: float) -> Geometries:
    """Return a disc around each camera, its corners in the directions of the sector's chords."""
    x, y, start, width, _ = look.T
    width = np.where(width >= 360 - MIN_WIDTH_DEG, 360.0, width)
    inside, behind = (chord_count(part, tolerance).astype(np.intp) for part in (width, 360 - width))
    count = inside + behind
    owner = np.repeat(np.arange(len(look)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    ahead = step < inside[owner]
    turn = width[owner] * step / inside[owner]
    rest = (360 - width)[owner] * (step - inside[owner]) / np.maximum(behind, 1)[owner]
    bearing = np.radians(start[owner] + np.where(ahead, turn, width[owner] + rest))
    radius = radius_m[owner]
    xy = np.column_stack([x[owner] + radius * np.sin(bearing), y[owner] + radius * np.cos(bearing)])
    return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=owner)), dtype=object)


def _shadows(look: Floats, sector: Geometries, obstacles: Obstacles) -> tuple[Indices, Geometries]:
    """Return the shadows that fall into the sectors, and whose sector each falls into."""
    camera, part = obstacles.tree.query(sector, predicate="intersects")
    touching = _on_wall(look, camera, part, obstacles)
    pair, edge = expand_groups(obstacles.first_edge, part)
    who, ends = camera[pair], obstacles.edges[edge] - np.tile(look[camera[pair], :2], 2)
    keep = _throws_shadow(ends, look[who, 4], touching[pair])
    who, ends = who[keep], ends[keep]
    ends, keep = _cut_to_disc(ends, EDGE_LIMIT * look[who, 4])
    who, ends = who[keep], ends[keep]
    shadow = _behind(ends, look[who])
    keep = _meets(shadow, sector, who)
    owner = np.concatenate([who[keep], camera[touching]])
    return owner, np.concatenate([shadow[keep], obstacles.parts[part[touching]]])


def _on_wall(
    look: Floats, camera: Indices, part: Indices, obstacles: Obstacles
) -> NDArray[np.bool_]:
    where = shapely.points(look[camera, :2])
    return np.asarray(shapely.dwithin(obstacles.parts[part], where, TOUCH_M), dtype=np.bool_)


def _throws_shadow(ends: Floats, range_m: Floats, touching: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which edges count: near enough, and facing the camera.

    Of the footprint that a camera touches or stands in, every edge counts but those it hangs on:
    its wall faces the camera edge-on, and only the far walls show that it blocks.
    """
    ax, ay, bx, by = ends.T
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    share = np.clip(-(ax * dx + ay * dy) / length2, 0, 1)
    distance_m = np.hypot(ax + share * dx, ay + share * dy)
    offset_m = (dx * ay - dy * ax) / np.sqrt(length2)  # of the camera, outward from the wall's line
    faces = offset_m > 1e-9
    hangs_on = distance_m <= TOUCH_M
    sideways = np.abs(offset_m) <= 1e-9
    counts = np.where(touching, ~hangs_on & ~sideways, faces)
    return np.asarray((distance_m < range_m) & counts, dtype=np.bool_)


def _cut_to_disc(ends: Floats, radius_m: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return edges cut to a disc around the origin, and which of them keep a length."""
    a, d = ends[:, :2], ends[:, 2:] - ends[:, :2]
    square = np.einsum("ij,ij->i", d, d)
    middle = -np.einsum("ij,ij->i", a, d) / square
    gap2 = np.einsum("ij,ij->i", a, a) - middle * middle * square
    half = np.sqrt(np.maximum(radius_m * radius_m - gap2, 0) / square)
    low, high = np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
    first = np.where((low > 0)[:, None], a + low[:, None] * d, a)
    last = np.where((high < 1)[:, None], a + high[:, None] * d, ends[:, 2:])
    return np.hstack([first, last]), high > low


def _behind(ends: Floats, look: Floats) -> Geometries:
    """Return the ground behind each edge: the edge, and its rays as far as past the range.

    The far side has a middle point, so that even an edge that fills almost half the horizon is
    hidden behind a border beyond the range.
    """
    far_m = FAR * look[:, 4]
    a, b = ends[:, :2], ends[:, 2:]
    ray_a, ray_b = (p / np.hypot(p[:, 0], p[:, 1])[:, None] for p in (a, b))
    cross = ray_a[:, 0] * ray_b[:, 1] - ray_a[:, 1] * ray_b[:, 0]
    half = np.arctan2(cross, np.einsum("ij,ij->i", ray_a, ray_b)) / 2
    cos, sin = np.cos(half)[:, None], np.sin(half)[:, None]
    ray_m = ray_a * cos + np.column_stack([-ray_a[:, 1], ray_a[:, 0]]) * sin
    corners = [a, b, *(ray * far_m[:, None] for ray in (ray_b, ray_m, ray_a))]
    rings = np.stack(corners, axis=1) + look[:, None, :2]
    return np.asarray(shapely.polygons(rings), dtype=object).reshape(-1)


def _meets(shadow: Geometries, sector: Geometries, owner: Indices) -> NDArray[np.bool_]:
    shapely.prepare(sector)
    return np.asarray(shapely.intersects(sector[owner], shadow), dtype=np.bool_)


def _polygonal(seen: Geometries) -> Geometries:
    parts, owner = parts_of(seen)
    large = shapely.area(parts) >= MIN_PART_M2
    parts, owner = parts[large], owner[large]
    count = np.bincount(owner, minlength=len(seen))
    found = np.full(len(seen), shapely.Polygon(), dtype=object)
    single = count[owner] == 1
    found[owner[single]] = parts[single]
    for many in np.flatnonzero(count > 1):
        found[many] = shapely.multipolygons(parts[owner == many])
    return found
