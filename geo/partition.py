"""Areas that tile: which area belongs to which, by place.

"Coverage" in this project is what cameras see; polygons that tile are a *partition*.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

LEVELS = ("district", "township", "community", "grid")


def parents_by_place(children: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> pd.Series:
    """Return, for each child, the candidate that it shares most ground with.

    Parameters
    ----------
    children, candidates
        Polygons in one CRS (metric, or lon/lat where only the order of areas matters, as here:
        the scale hardly changes over one area). `candidates` is indexed by what is returned.

    Returns
    -------
    Series
        Index of `children`; label of the candidate with the largest overlap (equal ones: the
        smallest label), missing where none overlaps.
    """
    tree = shapely.STRtree(candidates.geometry.to_numpy())
    child, candidate = tree.query(children.geometry.to_numpy(), predicate="intersects")
    shared = shapely.area(
        shapely.intersection(
            children.geometry.to_numpy()[child], candidates.geometry.to_numpy()[candidate]
        )
    )
    pairs = pd.DataFrame(
        {
            "child": children.index.to_numpy()[child],
            "parent": candidates.index.to_numpy()[candidate],
            "shared": shared,
        }
    )
    best = (
        pairs[pairs["shared"] > 0]
        .sort_values(["child", "shared", "parent"], ascending=[True, False, True])
        .drop_duplicates("child")
        .set_index("child")["parent"]
    )
    return best.reindex(children.index)


def upper_levels(level: str) -> tuple[str, ...]:
    """Return the levels above `level`, the nearest first."""
    return tuple(reversed(LEVELS[: LEVELS.index(level)]))


def outline(areas: gpd.GeoDataFrame) -> shapely.MultiPolygon:
    """Return the ground that `areas` cover together, without the hairlines between them."""
    union = shapely.union_all(areas.geometry.to_numpy())
    parts = [p for p in np.atleast_1d(shapely.get_parts(union)) if p.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
