"""Areas that form a partition: which area belongs to which, by place."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import POLYGON, Geometries

LEAST_M2 = 1.0  # less is rounding of borders
SLIVER_M = 1.0  # nowhere wider: two drawings of one border
LEVELS = ("district", "township", "community", "grid")


def shared_ground(children: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the pairs that share ground, and how much of it.

    Parameters
    ----------
    children, candidates
        Polygons in one CRS (metric, or lon/lat where only the order of a child's candidates
        matters: the scale hardly changes over one area).

    Returns
    -------
    DataFrame
        Fresh index: `child`, `candidate` (labels of the two) and `shared`, the common area, above
        zero.
    """
    shapes, uppers = children.geometry.to_numpy(), candidates.geometry.to_numpy()
    candidate, child = shapely.STRtree(shapes).query(uppers, predicate="intersects")
    pairs = pd.DataFrame(
        {
            "child": children.index.to_numpy()[child],
            "candidate": candidates.index.to_numpy()[candidate],
            "shared": common_area(shapes[child], uppers[candidate]),
        }
    )
    return pairs[pairs["shared"] > 0].reset_index(drop=True)


def common_area(shapes: Geometries, others: Geometries) -> NDArray[np.float64]:
    """Return the area that each pair of polygons has in common.

    Most pairs of a partition are within each other or touch only; these tests cost a fraction of an
    intersection.

    Parameters
    ----------
    shapes, others
        Valid polygons, same CRS and shape ``(n,)``: pairs by position.
    """
    shapely.prepare(others)
    common = shapely.area(shapes)
    rest = np.flatnonzero(~np.asarray(shapely.covers(others, shapes)))
    touching = np.asarray(shapely.touches(others[rest], shapes[rest]))
    common[rest[touching]] = 0.0
    cut = rest[~touching]
    common[cut] = shapely.area(shapely.intersection(shapes[cut], others[cut]))
    return np.asarray(common, dtype=np.float64)


def upper_levels(level: str) -> tuple[str, ...]:
    """Return the levels above `level`, the nearest first."""
    return tuple(reversed(LEVELS[: LEVELS.index(level)]))


def joint_outline(areas: gpd.GeoDataFrame) -> shapely.MultiPolygon:
    """Return the ground that `areas` cover together, without the hairlines between them."""
    union = shapely.union_all(areas.geometry.to_numpy())
    parts = [p for p in np.atleast_1d(shapely.get_parts(union)) if p.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def find_defects(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return where the areas of a level do not tile, and where levels do not nest.

    Parameters
    ----------
    areas
        `code`, `level` and polygons, metric CRS.

    Returns
    -------
    GeoDataFrame
        Fresh index, the largest of a kind first: `kind`, `level`, `codes` (tuple), `area_m2` and
        the ground concerned. Kinds:

        *invalid*: a polygon that crosses itself (its other defects are judged on what is left of it
        when made valid); *overlap*: ground of two areas of one level, or of an area outside of its
        parent and inside another (a grid across the border of communities: the codes are the grid's
        and that community's); *gap*: ground of the areas of the level above, in none of this level
        (where there is no level above: ground that this level encloses), with the areas that touch
        it, else the one above that holds it; *sliver*: one of both that is nowhere as wide as a
        metre; *orphan*: an area that lies for the greater part in none of the level above.

    Notes
    -----
    Less than a square metre is no defect: borders that were drawn once agree to millimetres.

    Examples
    --------
    >>> boxes = [shapely.box(0, 0, 9, 10), shapely.box(7, 0, 20, 10)]
    >>> grids = gpd.GeoDataFrame({"code": ["a", "b"], "level": "grid"}, geometry=boxes)
    >>> find_defects(grids)[["kind", "codes", "area_m2"]].values.tolist()
    [['overlap', ('a', 'b'), 20.0]]
    """
    sound = areas.assign(geometry=areas.make_valid(method="structure", keep_collapsed=False))
    found = [_invalid(areas)]
    above: gpd.GeoDataFrame | None = None
    for level in LEVELS:
        mine = sound[sound["level"] == level].reset_index(drop=True)
        if mine.empty:
            continue
        found.append(_shared(mine, level))
        if above is None:
            found.append(_enclosed(mine, level))
        else:
            found += [_holes(mine, above, level), *_outside(mine, above, level)]
        above = mine
    table = pd.DataFrame(pd.concat(found, ignore_index=True))
    order = table.assign(_m2=-table["area_m2"]).sort_values(["kind", "_m2"], kind="stable").index
    table = table.loc[order].reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(table["geometry"], crs=areas.crs))


def _invalid(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    broken = areas[~areas.is_valid]
    codes = [(code,) for code in broken["code"]]
    return _table("invalid", broken["level"].to_numpy(), codes, broken.geometry.to_numpy())


def _shared(areas: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    """Return the ground that two areas of one level have in common."""
    shapes, code = areas.geometry.to_numpy(), areas["code"].to_numpy(dtype=object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.intersection(shapes[one], shapes[other])
    codes = [tuple(sorted(pair)) for pair in zip(code[one], code[other], strict=True)]
    return _table("overlap", level, codes, common)


def _enclosed(areas: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    """Return the ground that topmost areas enclose; a hole in a single one is meant."""
    union = areas.union_all()
    outer = shapely.get_parts(union)
    rings = shapely.get_exterior_ring(outer[shapely.get_type_id(outer) == POLYGON])
    filled = shapely.union_all(shapely.polygons(rings))
    pieces = shapely.get_parts(shapely.difference(filled, union))
    touching = _touching(pieces, areas)
    between = np.array([len(codes) > 1 for codes in touching], dtype=np.bool_)
    return _table("gap", level, [codes for codes in touching if len(codes) > 1], pieces[between])


def _holes(areas: gpd.GeoDataFrame, above: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    """Return the ground of the level above that no area of this level covers, piece by piece."""
    pieces = shapely.get_parts(shapely.difference(above.union_all(), areas.union_all()))
    nearest, holding = _touching(pieces, areas), _touching(pieces, above)
    codes = [near or upper for near, upper in zip(nearest, holding, strict=True)]
    return _table("gap", level, codes, pieces)


def _touching(pieces: Geometries, areas: gpd.GeoDataFrame) -> list[tuple[str, ...]]:
    """Return the codes of the areas that each piece of ground touches."""
    code = areas["code"].to_numpy(dtype=object)
    piece, area = shapely.STRtree(areas.geometry.to_numpy()).query(pieces, predicate="intersects")
    found: list[list[str]] = [[] for _ in pieces]
    for at, name in zip(piece.tolist(), code[area].tolist(), strict=True):
        found[at].append(name)
    return [tuple(sorted(names)) for names in found]


def _outside(
    areas: gpd.GeoDataFrame, above: gpd.GeoDataFrame, level: str
) -> list[gpd.GeoDataFrame]:
    """Return areas without a parent, and the ground of the others that lies in another parent."""
    shapes, uppers = areas.geometry.to_numpy(), above.geometry.to_numpy()
    code, upper_code = (each["code"].to_numpy(dtype=object) for each in (areas, above))
    upper, area = shapely.STRtree(shapes).query(uppers, predicate="intersects")
    common = shapely.intersection(shapes[area], uppers[upper])
    shared_m2 = shapely.area(common)
    # of each area the upper one with most of it, the first of equals
    order = np.lexsort((upper, -shared_m2, area))
    first = order[np.unique(area[order], return_index=True)[1]]
    parent, most_m2 = np.full(len(shapes), -1), np.zeros(len(shapes))
    parent[area[first]], most_m2[area[first]] = upper[first], shared_m2[first]
    lost = most_m2 < shapely.area(shapes) / 2
    foreign = (upper != parent[area]) & ~lost[area]
    codes = [(code[a], upper_code[u]) for a, u in zip(area[foreign], upper[foreign], strict=True)]
    orphans = [(each,) for each in code[lost]]
    return [
        _table("orphan", level, orphans, shapes[lost]),
        _table("overlap", level, codes, common[foreign]),
    ]


def _table(
    kind: str,
    level: str | NDArray[np.object_],
    codes: Sequence[tuple[str, ...]],
    shapes: Geometries,
) -> gpd.GeoDataFrame:
    """Return defects of a square metre or more; thin ones of overlaps and gaps are slivers."""
    listed = np.empty(len(codes), dtype=object)
    listed[:] = codes
    columns = {"kind": kind, "level": level, "codes": listed}
    table = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(list(shapes)))
    table["area_m2"] = table.area
    if kind in ("overlap", "gap"):
        table = table[table["area_m2"] >= LEAST_M2]
        thin = table.buffer(-SLIVER_M / 2).is_empty
        table["kind"] = np.where(thin, "sliver", kind)
    return table
