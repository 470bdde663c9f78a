"""Who wants to know where cameras stand: estimates from all that the answers hold.

The attacker knows the town but for its cameras: its raster, its roads, the reach of every camera.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

REACH_M = 60.0
RASTER_M = 2.0
CELL_M = 50.0
FITTED_M = 5.0


class Evidence:
    """What the answers say of one camera, metric: rows of numbers by what they are."""

    def __init__(self) -> None:
        self._rows: dict[str, list[np.ndarray]] = {}
        self.outlines: list[shapely.Geometry] = []

    def add(self, kind: str, *columns: Sequence[float]) -> None:
        """Add rows: `point` x, y · `circle` x, y, radius · `ray` x, y, bearing · `seen` x, y."""
        self._rows.setdefault(kind, []).append(np.column_stack(columns))

    def of(self, kind: str) -> np.ndarray:
        """Return all rows of a kind, each once."""
        rows = self._rows.get(kind)
        return np.unique(np.vstack(rows).round(3), axis=0) if rows else np.empty((0, 2))


def off_m(found: Evidence, at: shapely.Point, sight: tuple[float, float]) -> dict[str, float]:
    """Return by kind of evidence how far the place that is made of it is from the camera, metres.

    `sight` is where the camera looks and how wide, degrees: that is told, or can be read on site.
    """
    points = found.of("point")
    ways = {
        "distances": _trilaterated(found.of("circle")),
        "bearings": _crossed(found.of("ray")),
        "outlines": _apex(found.outlines),
        "cells": _fitted(found.of("seen"), *sight),
    }
    off = {name: at.distance(shapely.Point(made)) for name, made in ways.items() if made}
    # of several places that are told the attacker may happen to take the best
    return {**off, "places": at.distance(shapely.MultiPoint(points))} if len(points) else off


def centres(outlines: Sequence[shapely.Geometry], known: np.ndarray, most: int) -> np.ndarray:
    """Return the likeliest places of nameless cameras: centres of the arcs of some outlines.

    Roads, squares and the borders of grids run along the axes, so every slanting edge is taken for
    a piece of an arc: it votes for the two places from which it would be one. Arcs around cameras
    that are `known` tell nothing.
    """
    ends = [np.hstack([ring[:-1], ring[1:]]) for ring in map(shapely.get_coordinates, outlines)]
    edges = np.vstack(ends) if ends else np.empty((0, 4))
    along = edges[:, 2:] - edges[:, :2]
    slanting = np.abs(along).min(axis=1) > 0.02 * np.hypot(*along.T)
    edges = edges[slanting & ~_around(known, edges)]
    along = edges[:, 2:] - edges[:, :2]
    length = np.hypot(*along.T)
    away = np.sqrt(np.maximum(REACH_M**2 - length**2 / 4, 0))
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / length[:, None] * away[:, None]
    middle = (edges[:, :2] + edges[:, 2:]) / 2
    return _peaks(np.vstack([middle + normal, middle - normal]), most)


def sources(borders: np.ndarray, most: int) -> np.ndarray:
    """Return the likeliest places of nameless cameras by places where what is seen changes.

    Each votes for every place that is as far from it as cameras reach.
    """
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) * REACH_M
    return _peaks((borders[:, None, :] + circle).reshape(-1, 2), most, raster_m=2 * RASTER_M)


def steps(raster: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return where a number changes from one place of a raster to the next; NaN is not told."""
    i, j = np.nonzero(np.nan_to_num(np.diff(counts, axis=0)))
    k, n = np.nonzero(np.nan_to_num(np.diff(counts, axis=1)))
    return np.vstack([(raster[i, j] + raster[i + 1, j]) / 2, (raster[k, n] + raster[k, n + 1]) / 2])


def nearest(places: np.ndarray, truth: gpd.GeoSeries) -> pd.Series:
    """Return how far the nearest of some nameless places is from each camera."""
    if not len(places):
        return pd.Series(dtype=float)
    return truth.distance(shapely.MultiPoint(places))


def _around(known: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return which edges are pieces of an arc around, or of a ray from, a known place."""
    if not len(known):
        return np.zeros(len(edges), dtype=bool)
    start, end = (edges[:, None, k : k + 2] - known for k in (0, 2))
    far = np.hypot(*end.T).T
    cross = np.abs(start[..., 0] * end[..., 1] - start[..., 1] * end[..., 0])
    arc = (np.abs(np.hypot(*start.T).T - REACH_M) < 0.5) & (np.abs(far - REACH_M) < 0.5)
    length = np.hypot(*(edges[:, 2:] - edges[:, :2]).T)[:, None]
    ray = (cross / np.maximum(length, 1e-9) < 0.1) & (far < REACH_M + 0.5)
    return (arc | ray).any(axis=1)


def _fitted(seen: np.ndarray, heading_deg: float, width_deg: float) -> tuple[float, float] | None:
    """Return the place from which a sector reaches just those cells in which something is seen."""
    if not len(seen):
        return None
    cells = np.unique(np.floor(seen / CELL_M).astype(int), axis=0)
    low = cells.min(axis=0) - 1
    shape = cells.max(axis=0) - low + 2
    side = np.arange(0, shape.max() * CELL_M, FITTED_M)
    at = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    at = at[(at < shape * CELL_M).all(axis=1)]
    angle = np.radians(heading_deg + np.linspace(-width_deg / 2, width_deg / 2, 17))
    away = np.linspace(0, REACH_M, 7)[:, None, None]
    fan = (away * np.column_stack([np.sin(angle), np.cos(angle)])).reshape(-1, 2)
    hit = np.zeros((len(at), *(shape + 4)), dtype=bool)
    i, j = np.moveaxis(np.floor((at[:, None] + fan) / CELL_M).astype(int) + 2, -1, 0)
    hit[np.arange(len(at))[:, None], i, j] = True
    told = np.zeros(shape + 4, dtype=bool)
    told[tuple((cells - low + 2).T)] = True
    wrong = (hit != told).sum(axis=(1, 2))
    return tuple(at[wrong == wrong.min()].mean(axis=0) + low * CELL_M)


def _trilaterated(circles: np.ndarray) -> tuple[float, float] | None:
    if len(circles) < 3:
        return None
    x, y, radius = circles.T
    middle = np.array([x.mean(), y.mean()])
    x, y = x - middle[0], y - middle[1]
    # radius² = |place|² - 2 place·at + |at|²: linear in `at` and |at|², then made finer
    matrix = np.column_stack([2 * x, 2 * y, np.ones_like(x)])
    at = np.linalg.lstsq(matrix, x * x + y * y - radius * radius, rcond=None)[0][:2]
    for _ in range(10):
        away = np.maximum(np.hypot(at[0] - x, at[1] - y), 1e-6)
        slope = np.column_stack([(at[0] - x) / away, (at[1] - y) / away])
        at = at + np.linalg.lstsq(slope, radius - away, rcond=None)[0]
    return float(at[0] + middle[0]), float(at[1] + middle[1])


def _crossed(rays: np.ndarray) -> tuple[float, float] | None:
    """Return where the lines of bearings (camera to place) meet."""
    if len(rays) < 2:
        return None
    x, y, bearing = rays.T
    normal = np.column_stack([np.cos(np.radians(bearing)), -np.sin(np.radians(bearing))])
    at, *_ = np.linalg.lstsq(normal, (normal * np.column_stack([x, y])).sum(axis=1), rcond=None)
    return float(at[0]), float(at[1])


def _apex(outlines: Sequence[shapely.Geometry]) -> tuple[float, float] | None:
    """Return the tip of a sector, or the middle of what has none."""
    whole = [each for each in outlines if each is not None and not each.is_empty]
    if not whole:
        return None
    shape = min(whole, key=lambda each: each.area)
    if shape.geom_type != "Polygon":
        shape = max(shapely.get_parts(shape), key=lambda each: each.area)
    ring = shapely.get_coordinates(shapely.simplify(shape, 0.01).exterior)[:-1]
    turns = _inner_angles_deg(ring)
    corner = int(np.argmin(turns))
    if len(ring) > 8 and turns[corner] < 89.0:
        return float(ring[corner, 0]), float(ring[corner, 1])
    if len(ring) > 8 and turns[corner] < 91.0 and _is_sector(ring, corner):
        return float(ring[corner, 0]), float(ring[corner, 1])
    return float(shape.centroid.x), float(shape.centroid.y)


def _is_sector(ring: np.ndarray, corner: int) -> bool:
    """Return whether most of a ring is as far from one corner of it."""
    away = np.hypot(*(ring - ring[corner]).T)
    return bool(np.mean(np.abs(away - away.max()) < 1.0) > 0.5)


def _inner_angles_deg(ring: np.ndarray) -> np.ndarray:
    back, on = np.roll(ring, 1, axis=0) - ring, np.roll(ring, -1, axis=0) - ring
    cosine = (back * on).sum(axis=1) / (np.hypot(*back.T) * np.hypot(*on.T))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def _peaks(votes: np.ndarray, most: int, *, raster_m: float = RASTER_M) -> np.ndarray:
    """Return the places with most votes around, each clear of those with more."""
    if not len(votes):
        return np.empty((0, 2))
    low = votes.min(axis=0)
    at = np.floor((votes - low) / raster_m).astype(int)
    raster = np.zeros(at.max(axis=0) + 1)
    np.add.at(raster, tuple(at.T), 1)
    clear = int(12 / raster_m)
    found = []
    for _ in range(most):
        i, j = np.unravel_index(np.argmax(raster), raster.shape)
        if raster[i, j] <= 0:
            break
        found.append((i, j))
        raster[max(i - clear, 0) : i + clear, max(j - clear, 0) : j + clear] = 0
    return (np.array(found, dtype=float).reshape(-1, 2) + 0.5) * raster_m + low
