"""Areas that are cut in two or become one, with borders that fit those of their neighbours."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

TWO = 2


def split_along(
    ground: BaseGeometry, line: BaseGeometry
) -> tuple[BaseGeometry, BaseGeometry] | None:
    """Return the parts of an area left and right of a line; None unless it cuts it in two.

    Parameters
    ----------
    ground
        A polygon, or a multi-polygon of which the line cuts one part; the others go to the
        larger side.
    line
        A line, same CRS, from border to border or beyond.

    Examples
    --------
    >>> whole = shapely.box(0, 0, 2, 1)
    >>> cut = shapely.LineString([(0.5, -1), (0.5, 2)])
    >>> [part.area for part in split_along(whole, cut)]
    [0.5, 1.5]
    """
    if line.geom_type != "LineString" or not line.is_simple:
        return None
    parts = shapely.get_parts(ground)
    # a line from border to border does not cross: all of it is inside
    cut = [part for part in parts if line.relate_pattern(part, "T********")]
    if len(cut) != 1:
        return None
    pieces = list(split(cut[0], line).geoms)
    if len(pieces) != TWO:
        return None
    left, right = sorted(pieces, key=lambda piece: not _is_left(piece, line))
    others = [part for part in parts if part is not cut[0]]
    if not others:
        return left, right
    larger_left = left.area >= right.area
    kept = shapely.union_all([left if larger_left else right, *others])
    return (kept, right) if larger_left else (left, kept)


def unite_areas(grounds: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """Return areas as one; None where they do not hang together.

    Parts that an area had before, such as islands, may stay apart.
    """
    joined = shapely.union_all(list(grounds))
    most = sum(len(shapely.get_parts(each)) for each in grounds) - (len(grounds) - 1)
    return joined if len(shapely.get_parts(joined)) <= most else None


def _is_left(piece: BaseGeometry, line: BaseGeometry) -> bool:
    """Return whether a piece lies left of a line, in the direction in which it is drawn."""
    point = piece.representative_point()
    at = line.project(point)
    near = line.interpolate(at)
    step = line.length * 1e-6
    before, after = line.interpolate(max(at - step, 0.0)), line.interpolate(at + step)
    cross = (after.x - before.x) * (point.y - near.y) - (after.y - before.y) * (point.x - near.x)
    return bool(cross > 0)
