"""Ground cut into squares, so that seen ground is never held as one large shape."""

import numpy as np
import shapely

from geo.base.polygons import Geometries, Indices, clip_to_areas, expand_groups, parts_of, union_by

TILE_M = 100.0


def cut_into_tiles(grounds: Geometries, side_m: float = TILE_M) -> tuple[Geometries, Indices]:
    """Return grounds cut at the lines of a fixed lattice: polygons, and the ground of each.

    Parameters
    ----------
    grounds
        Valid polygons or multipolygons, none empty, metric CRS.
    side_m
        Of the squares; their corners are multiples of it.

    Examples
    --------
    >>> grounds = np.array([shapely.box(0, 0, 150, 50), shapely.box(150, 0, 160, 50)])
    >>> tiles, ground = cut_into_tiles(grounds)
    >>> shapely.area(tiles).tolist(), ground.tolist()
    ([5000.0, 2500.0, 500.0], [0, 0, 1])
    """
    low, high = np.split(shapely.bounds(grounds).reshape(-1, 4), 2, axis=1)
    first = np.floor(low / side_m).astype(np.intp)
    count = np.ceil(high / side_m).astype(np.intp) - first
    begin = np.concatenate([[0], np.cumsum(count.prod(axis=1))]).astype(np.intp)
    ground, number = expand_groups(begin, np.arange(len(grounds)))
    number = number - begin[ground]
    x, y = (first[ground] + np.stack(divmod(number, count[ground, 1]), axis=1)).T * side_m
    boxes = np.asarray(shapely.box(x, y, x + side_m, y + side_m), dtype=object)
    shapely.prepare(grounds)
    whole = np.asarray(shapely.covers(grounds[ground], boxes), dtype=np.bool_)
    boxes[~whole] = shapely.intersection(boxes[~whole], grounds[ground[~whole]])
    tiles, origin = parts_of(boxes)
    return tiles, ground[origin]


def in_tiles(shapes: Geometries, tiles: Geometries) -> Geometries:
    """Return the part of some polygons in each tile, empty where there is nothing.

    Parameters
    ----------
    shapes
        Disjoint polygons, metric CRS.
    tiles
        Polygons, same CRS, shape ``(n,)``.
    """
    found = np.full(len(tiles), shapely.Polygon(), dtype=object)
    parts, _, tile = clip_to_areas(shapes, tiles)
    united, some = union_by(parts, tile)
    found[some] = united
    return found
