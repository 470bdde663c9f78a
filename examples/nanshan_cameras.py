"""Make grids and cameras for a file of building footprints: for trying govgrid out, nothing real.

Cameras stand 1.5 m before a wall, at its corner, and look along it or away from it; one in eight
states no heading. The seed decides everything, so that the same buildings give the same files.

    python examples/nanshan_cameras.py buildings.geojson OUT_FOLDER --cameras 400 --seed 20
"""

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import box

PER_SIDE = 4
STAND_OFF_M = 1.5
KINDS = ("天网", "社会面")
FORMS = ("固定枪机", "球机", "半球")


def grids(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 4 x 4 equal cells of degrees over the extent of the buildings."""
    west, south, east, north = buildings.total_bounds.round(6)
    x = np.linspace(west, east, PER_SIDE + 1).round(6)
    y = np.linspace(south, north, PER_SIDE + 1).round(6)
    steps = [(row, column) for row in range(PER_SIDE) for column in range(PER_SIDE)]
    cells = [box(x[c], y[r], x[c + 1], y[r + 1]) for r, c in steps]
    names = [f"R{r + 1}C{c + 1}" for r, c in steps]
    return gpd.GeoDataFrame({"code": names, "name": names}, geometry=cells, crs=4326)


def cameras(buildings: gpd.GeoDataFrame, count: int, *, seed: int) -> pd.DataFrame:
    """Return `count` cameras beside building corners, one row each, lon/lat in degrees."""
    rng = np.random.default_rng(seed)
    metric = buildings.to_crs(buildings.estimate_utm_crs())
    chosen = metric.geometry.iloc[rng.choice(len(metric), count, replace=False)]
    rows = [_beside(outline, rng) for outline in chosen.exterior]
    table = pd.DataFrame(rows, columns=["x", "y", "heading"])
    spot = gpd.GeoSeries(gpd.points_from_xy(table["x"], table["y"]), crs=metric.crs).to_crs(4326)
    heading = table["heading"].round().astype(int) % 360
    return pd.DataFrame(
        {
            "code": [f"N{number:04d}" for number in range(1, count + 1)],
            "name": [f"camera {number}" for number in range(1, count + 1)],
            "owner_kind": rng.choice(KINDS, count, p=(0.4, 0.6)),
            "form": rng.choice(FORMS, count, p=(0.7, 0.2, 0.1)),
            "heading_deg": heading.astype("str").mask(rng.random(count) < 1 / 8, ""),
            "range_m": rng.choice((50, 80, 120), count),
            "lon": spot.x.round(7),
            "lat": spot.y.round(7),
        }
    )


def _beside(outline, rng: np.random.Generator) -> tuple[float, float, float]:  # noqa: ANN001
    """Return x, y in metres and the heading of a camera near one corner of `outline`."""
    corners = np.asarray(outline.coords)[:-1]
    corner = corners[rng.integers(len(corners))]
    away = corner - corners.mean(axis=0)
    x, y = corner + STAND_OFF_M * away / np.hypot(*away)
    heading_deg = np.degrees(np.arctan2(*away)) + rng.choice((-45.0, 0.0, 45.0))
    return x, y, float(heading_deg)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("buildings", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cameras", type=int, default=400)
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    footprints = gpd.read_file(given.buildings)
    given.folder.mkdir(parents=True, exist_ok=True)
    grids(footprints).to_file(given.folder / "grids.geojson", driver="GeoJSON")
    made = cameras(footprints, given.cameras, seed=given.seed)
    made.to_csv(given.folder / "cameras.csv", index=False)
