"""What became of areas on a date: which ones hold the ground of the old ones, and how that came."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.areas.rules import partition

SAME_SHARE = 0.98  # both ways: the same ground under a new code
WHOLE_SHARE = 0.9  # of the old ground in one area: it went there as a whole
LEAST_SHARE = 0.01  # less is two drawings of one border
DIGITS = 4
COLUMNS = ("old_unit_id", "new_unit_id", "kind", "share")


def find_successors(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return which area holds which share of the ground of an old one.

    Parameters
    ----------
    before
        The versions that end on the date, indexed by `unit_id`: `level` and polygons, metric CRS.
    after
        Versions that hold from the date on, likewise; `begins` tells which of them begin on it.

    Returns
    -------
    DataFrame
        `COLUMNS`, by old and new area. `share` is of the old ground, to four digits; shares below
        one hundredth are left out. Kinds:

        *renumbered*: a closed area and a new one on the same ground (0.98 of either); *merged*: a
        closed area that lies to 0.9 in another; *split*: a part of a closed area, or what a new
        one took from an area that stays; *redrawn*: what an area kept of its ground, or handed
        over to another that there was already.

    Notes
    -----
    An area whose ground stayed the same, such as one with a new name, is no part of it.

    Examples
    --------
    >>> halves = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    >>> old = gpd.GeoDataFrame({"level": "grid"}, geometry=halves, index=[1, 2])
    >>> new = gpd.GeoDataFrame(
    ...     {"level": "grid", "begins": True}, geometry=[shapely.box(0, 0, 2, 1)], index=[1]
    ... )
    >>> find_successors(old, new).values.tolist()
    [[1, 1, 'redrawn', 1.0], [2, 1, 'merged', 1.0]]
    """
    stays = before.index.intersection(after.index)
    ground = (each.geometry.loc[stays] for each in (before, after))
    alike = np.asarray(shapely.equals(*(np.asarray(shapes, dtype=object) for shapes in ground)))
    before = before.drop(index=stays[alike])
    pairs = _pairs(before, after)
    gone = ~pairs["old"].isin(after.index)
    came = pairs["begins"] & ~pairs["new"].isin(stays)
    # a neighbour that did not change has nothing of an area that stays
    wanted = gone | (pairs["begins"] & ~pairs["new"].isin(stays[alike]))
    pairs["kind"] = _kinds(pairs, gone, came)
    pairs["share"] = pairs["share"].clip(upper=1.0).round(DIGITS)
    found = pairs[wanted & (pairs["share"] >= LEAST_SHARE)].sort_values(["old", "new"])
    named = found.rename(columns={"old": "old_unit_id", "new": "new_unit_id"})
    return named[list(COLUMNS)].reset_index(drop=True)


def _pairs(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the pairs of one level that share ground, with the shares of either's ground."""
    olds, news = before.geometry.to_numpy(), after.geometry.to_numpy()
    old, new = shapely.STRtree(news).query(olds, predicate="intersects")
    level = before["level"].to_numpy()[old] == after["level"].to_numpy()[new]
    old, new = old[level], new[level]
    common_m2 = partition.common_area(olds[old], news[new])
    return pd.DataFrame(
        {
            "old": before.index.to_numpy()[old],
            "new": after.index.to_numpy()[new],
            "begins": after["begins"].to_numpy(dtype=bool)[new],
            "share": common_m2 / shapely.area(olds[old]),
            "share_back": common_m2 / shapely.area(news[new]),
        }
    )


def _kinds(pairs: pd.DataFrame, gone: pd.Series, came: pd.Series) -> NDArray[np.object_]:
    same = pairs[["share", "share_back"]].min(axis=1) >= SAME_SHARE
    cases = [
        gone & came & same,
        gone & (pairs["share"] >= WHOLE_SHARE),
        gone | came,
    ]
    return np.select(cases, ["renumbered", "merged", "split"], "redrawn").astype(object)
