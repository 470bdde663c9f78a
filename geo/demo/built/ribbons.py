"""Houses strung along the country's roads and dikes, between the hamlets."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString

from geo.demo.land.hamlets import make_hamlets
from geo.demo.land.streets import make_network
from geo.demo.land.terrain import Floats, make_points
from geo.demo.land.waters import make_water

STEP_M = 15.5
_NAMED = ("村道", "江堤路", "枞长公路", "南木洲圩堤路", "新洲圩堤路", "天然洲圩堤路")


def make_ribbons(rng: np.random.Generator) -> Floats:
    """Return houses as rows x, y, angle, width, depth, height, kind (0 house)."""
    roads = make_network().roads
    country = roads[roads["name"].isin(_NAMED)]
    parts = [
        _along(line, width / 2, rng)
        for line, width in zip(country.geometry.to_numpy(), country["width_m"], strict=True)
    ]
    rows: Floats = np.vstack(parts)
    return rows[_free(rows[:, :2])]


def _along(line: LineString, half_width_m: float, rng: np.random.Generator) -> Floats:
    """Set runs of houses on one or both sides, broken by fields."""
    at = np.arange(30, line.length - 30, STEP_M)
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, at + 1))
    if not len(at):
        return np.empty((0, 7))
    angle = np.arctan2(*(ahead - here).T[::-1])
    found = []
    for side in (1.0, -1.0):
        phase = rng.uniform(0, 6.3)
        run = np.sin(at / 96 + phase) + 0.8 * np.sin(at / 211 + 2 * phase) > 0.95
        keep = run & (rng.random(len(at)) < 0.88)
        count = int(keep.sum())
        size = rng.uniform((9.0, 8.0), (11.5, 11.0), (count, 2))
        off = side * (half_width_m + 3.0 + size[:, 1] / 2 + rng.uniform(0, 2.5, count))
        out = np.column_stack([-np.sin(angle[keep]), np.cos(angle[keep])])
        spot = here[keep] + out * off[:, None]
        height = rng.choice([3.6, 6.8, 7.2, 10.2], count, p=[0.25, 0.4, 0.25, 0.1])
        found.append(
            np.column_stack(
                [spot, angle[keep] + rng.normal(0, 0.03, count), size, height, np.zeros(count)]
            )
        )
    return np.vstack(found)


def _free(spot: Floats) -> NDArray[np.bool_]:
    """Tell which spots keep clear of hamlets, water and each other."""
    points = make_points(spot)
    tree = shapely.STRtree(points)
    yards = np.array([hamlet.yard() for hamlet in make_hamlets()])
    bad = np.zeros(len(points), np.bool_)
    bad[tree.query(yards, "intersects")[1]] = True
    bad[tree.query(make_water().geometry.to_numpy(), "dwithin", distance=12.0)[1]] = True
    one, two = tree.query(points, "dwithin", distance=11.5)
    bad[two[two > one]] = True
    return ~bad
