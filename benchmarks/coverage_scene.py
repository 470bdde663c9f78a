"""An invented town for the benchmark of coverage, in the size of a district: seeded, vectorised.

18.0 × 11.5 km with 344 Voronoi grids (small in the centre) and 60,000 footprints in a core and 24
estates; cameras stand near corners of buildings, as registers have them. Coordinates are metric
and of the size of a Gauss-Krüger zone; they mean no place. Run as a program it prints what it made.
"""

import time
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.random import Generator

from geo.base.polygons import Geometries, Indices
from geo.coverage.sight.obstacles import Obstacles, merge_footprints, place_cameras

SEED = 11
WEST, SOUTH = 510_000.0, 3_380_000.0
WIDE_M, HIGH_M = 18_000.0, 11_500.0
GRIDS, FOOTPRINTS, ESTATES, CAMERAS = 344, 60_000, 24, 3_675
CORE_XY = np.array([WEST + 7_500, SOUTH + 5_800])
CORE_FOOTPRINTS, CORE_PITCH_M, ESTATE_PITCHES_M = 24_000, 27.5, (24.0, 35.0)
CORE_CLEAR_M, ESTATE_CLEAR_M = 3_650.0, 1_500.0  # between middles
L_SHARE, ROW_SHARE = 0.30, 0.08  # of the footprints; row houses share their walls
FIXED_SHARE, ROUND_SHARE = 0.60, 0.25  # the rest has no known heading and may look anywhere
RANGES_M, WIDTHS_DEG = (30.0, 150.0), (40.0, 120.0)


@dataclass(frozen=True)
class Scene:
    """A town: footprints as a file would give them, the same merged, and the grids."""

    footprints: Geometries = field(repr=False)
    obstacles: Obstacles = field(repr=False)
    grids: gpd.GeoDataFrame = field(repr=False)

    def cameras(self, count: int = CAMERAS) -> pd.DataFrame:
        """Return sectors of so many cameras in this town, as `viewsheds` takes them.

        Columns `camera_code`, `kind` (fixed, round, unknown), `x`, `y`, `start_deg`, `width_deg`,
        `range_m`. All stand outside footprints: those within 5 m of a wall were moved before it,
        those further in were left out.
        """
        rng = np.random.default_rng((SEED, count))
        standing = self._standing(rng, count)
        kind = rng.choice(
            ["fixed", "round", "unknown"],
            count,
            p=[FIXED_SHARE, ROUND_SHARE, 1 - FIXED_SHARE - ROUND_SHARE],
        )
        fixed = kind == "fixed"
        return standing.assign(
            kind=kind,
            start_deg=np.where(fixed, rng.uniform(0, 360, count), 0.0),
            width_deg=np.where(fixed, rng.uniform(*WIDTHS_DEG, count), 360.0),
            range_m=rng.uniform(*RANGES_M, count),
            camera_code=[f"C{number:06d}" for number in range(count)],
        )

    def _standing(self, rng: Generator, count: int) -> pd.DataFrame:
        xy, owner = shapely.get_coordinates(self.footprints, return_index=True)
        chosen = rng.integers(len(xy), size=count + count // 8 + 32)
        middle = shapely.get_coordinates(shapely.centroid(self.footprints[owner[chosen]]))
        away = xy[chosen] - middle
        away /= np.hypot(*away.T)[:, None]
        near = xy[chosen] + away * 1.0 + rng.normal(0, 2.0, away.shape)
        points = np.asarray(shapely.points(near), dtype=object)
        found = place_cameras(points, np.zeros(len(points), dtype=bool), self.obstacles)
        found = found[found["placement"] != "suspect"].head(count)
        assert len(found) == count, "too few places are left"
        return found[["x", "y"]].reset_index(drop=True)


def scene() -> Scene:
    """Return the town; always the same."""
    rng = np.random.default_rng(SEED)
    grids = _grids(rng)
    footprints = _footprints(rng)
    return Scene(footprints, merge_footprints(footprints), grids)


def candidate_edges(sectors: pd.DataFrame, obstacles: Obstacles) -> Indices:
    """Return how many edges, front and back, each camera has to look at.

    Those of every merged footprint whose box meets the box of the camera's range.
    """
    x, y, reach = sectors[["x", "y", "range_m"]].to_numpy().T
    boxes = shapely.box(x - reach, y - reach, x + reach, y + reach)
    camera, part = obstacles.tree.query(boxes)
    edges = np.diff(obstacles.first_edge)[part]
    return np.bincount(camera, weights=edges, minlength=len(sectors)).astype(np.intp)


def _grids(rng: Generator) -> gpd.GeoDataFrame:
    district = shapely.box(WEST, SOUTH, WEST + WIDE_M, SOUTH + HIGH_M)
    town = rng.normal(CORE_XY, 1_500, (GRIDS, 2))
    land = rng.uniform([WEST, SOUTH], [WEST + WIDE_M, SOUTH + HIGH_M], (GRIDS, 2))
    seeds = np.where(rng.random(GRIDS)[:, None] < 0.6, town, land)
    seeds = np.clip(seeds, [WEST + 50, SOUTH + 50], [WEST + WIDE_M - 50, SOUTH + HIGH_M - 50])
    cells = shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=district)
    cells = shapely.intersection(shapely.get_parts(cells), district)
    codes = [f"340802{number:09d}" for number in range(1, GRIDS + 1)]
    return gpd.GeoDataFrame({"code": codes}, geometry=cells)


def _footprints(rng: Generator) -> Geometries:
    """Return the buildings of the core and of the estates, each estate turned its own way."""
    centres = _centres(rng)
    count = np.full(ESTATES + 1, (FOOTPRINTS - CORE_FOOTPRINTS) // ESTATES)
    count[0] = CORE_FOOTPRINTS
    pitch = np.concatenate([[CORE_PITCH_M], rng.uniform(*ESTATE_PITCHES_M, ESTATES)])
    turn = rng.uniform(0, np.pi / 2, ESTATES + 1)
    estate = np.repeat(np.arange(ESTATES + 1), count)
    cell = np.vstack([_cells(each) for each in count])
    corners, owner = _corners(rng, cell, pitch[estate])
    cos, sin = np.cos(turn)[estate[owner]], np.sin(turn)[estate[owner]]
    u, v = corners.T
    xy = np.column_stack([u * cos - v * sin, u * sin + v * cos]) + centres[estate[owner]]
    return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=owner)), dtype=object)


def _centres(rng: Generator) -> np.ndarray:
    """Return the middles of the core and of the estates, which keep apart."""
    low, high = np.array([WEST, SOUTH]) + 800, np.array([WEST + WIDE_M, SOUTH + HIGH_M]) - 800
    found = CORE_XY[None]
    for middle in rng.uniform(low, high, (20_000, 2)):
        away = np.hypot(*(found - middle).T)
        if len(found) <= ESTATES and away[0] > CORE_CLEAR_M and (away[1:] > ESTATE_CLEAR_M).all():
            found = np.vstack([found, middle])
    assert len(found) == ESTATES + 1, "no room for all estates"
    return found


def _cells(count: int) -> Indices:
    """Return the columns and rows of lots around a middle; every eighth and fifth is a street."""
    side = int(np.sqrt(count)) + 5
    column, row = (axis.ravel() for axis in np.mgrid[-side:side, -side:side])
    lots = (column % 8 != 0) & (row % 5 != 0)
    cell = np.column_stack([column[lots], row[lots]])
    return cell[np.argsort(np.hypot(*cell.T), kind="stable")[:count]]


def _corners(rng: Generator, cell: Indices, pitch: np.ndarray) -> tuple[np.ndarray, Indices]:
    """Return the corners of all buildings in metres of their estate, and whose each is."""
    n = len(cell)
    size = np.clip(rng.lognormal(np.log(0.50), 0.34, (n, 2)), 0.22, 1.25)
    start = rng.uniform(0.0, 1.0, (n, 2)) * np.maximum(1 - size, 0.1)
    row_house = _rows(rng, cell)[:, None]
    size = np.where(row_house, [1.0, 0.5], size)  # from lot to lot: both have the very same corners
    start = np.where(row_house, 0.0, start)
    is_l = (rng.random(n) < L_SHARE / (1 - ROW_SHARE)) & ~row_house[:, 0]
    wing = rng.uniform(0.3, 0.7, (n, 2))
    ones, zeros = np.ones(n), np.zeros(n)
    a = np.column_stack([zeros, ones, ones, wing[:, 0], wing[:, 0], zeros])
    b = np.column_stack([zeros, zeros, wing[:, 1], wing[:, 1], ones, ones])
    b[~is_l, 2] = 1.0  # the plain ones go straight from corner to corner
    use = np.ones((n, 6), dtype=bool)
    use[~is_l, 3:5] = False
    u = (cell[:, :1] + start[:, :1] + a * size[:, :1]) * pitch[:, None]
    v = (cell[:, 1:] + start[:, 1:] + b * size[:, 1:]) * pitch[:, None]
    return np.column_stack([u[use], v[use]]), np.nonzero(use)[0]


def _rows(rng: Generator, cell: Indices) -> np.ndarray:
    """Return which lots hold row houses: whole rows from street to street."""
    block = np.unique(np.column_stack([cell[:, 0] // 8, cell[:, 1]]), axis=0, return_inverse=True)[
        1
    ]
    return rng.random(block.max() + 1)[block.ravel()] < ROW_SHARE


def _say() -> None:
    began = time.process_time()
    town = scene()
    print(f"town: {time.process_time() - began:.1f} CPU s")
    print(f"{len(town.footprints):,} footprints, merged {len(town.obstacles.parts):,}")
    print(f"{len(town.obstacles.edges):,} edges, {len(town.grids)} grids")
    built = shapely.area(town.obstacles.parts).sum() / (WIDE_M * HIGH_M)
    print(f"built over: {built:.1%}")
    for count in (CAMERAS, 10 * CAMERAS, 100 * CAMERAS):
        began = time.process_time()
        sectors = town.cameras(count)
        took = time.process_time() - began
        edges = candidate_edges(sectors, town.obstacles)
        area = (np.pi * sectors["range_m"] ** 2 * sectors["width_deg"] / 360).sum() / 1e6
        print(
            f"{count:,} cameras ({took:.1f} CPU s), {area:.1f} km² of sectors; candidate edges: "
            f"mean {edges.mean():.0f}, p95 {np.percentile(edges, 95):.0f}, most {edges.max()}"
        )


if __name__ == "__main__":
    _say()
