"""Places to grids: the border rule for 10,000 to 1,000,000 places, against a bare spatial join.

The areas are the 344 grids of the synthetic district. The peer answers less: ``geopandas.sjoin``
says which polygon covers a point, but knows no tolerance, no candidates and no nearest grid.
"""

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
from rows import Row, peak_memory_mb, row, run

from geo.areas.rules import locate

GRIDS = Path(__file__).resolve().parent.parent / "data" / "boundaries" / "grids.geojson"
SRID = 4548
SIZES = (10_000, 100_000, 1_000_000)
GOALS_S = {100_000: 2.0}


def places(count: int, bounds: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return places all over the district's box; about half lie outside every grid."""
    rng = np.random.default_rng(count)
    west, south, east, north = bounds
    return rng.uniform(west, east, count), rng.uniform(south, north, count)


def measured() -> list[Row]:
    """Return a row for each size."""
    grids = gpd.read_file(GRIDS)[["code", "geometry"]]
    began = time.process_time()
    where = locate.make_locator(grids, srid=SRID)
    rows = [row("locator over 344 grids", time.process_time() - began, "CPU s")]
    for count in SIZES:
        lon, lat = places(count, tuple(grids.total_bounds))
        began = time.process_time()
        found = locate.locate_points(lon, lat, where)
        ours = time.process_time() - began
        began = time.process_time()
        joined = gpd.sjoin(
            gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat, crs=grids.crs)),
            grids,
            how="left",
            predicate="intersects",
        )
        peer = time.process_time() - began
        covered = joined[~joined.index.duplicated()]["code"]
        same = (found["code"] == covered.fillna("")) | (found["status"] != "inside")
        # A place up to 1 m outside a lone grid is that grid's here and nobody's in the join.
        assert same.mean() > 0.999, "the two disagree"
        rows.append(
            row(
                f"locate {count:,} places among 344 grids",
                ours,
                "CPU s",
                peer="geopandas.sjoin (covers only)",
                peer_value=peer,
                goal=GOALS_S.get(count),
            )
        )
    return [*rows, row("peak memory", peak_memory_mb(), "MB")]


if __name__ == "__main__":
    run(measured, __doc__)
