"""The ground that cameras see together."""

from geo.polygons import Geometries, Shapes, dissolve


def union(viewsheds: Shapes) -> Geometries:
    """Return the ground seen by at least one camera, as disjoint polygons.

    Parameters
    ----------
    viewsheds
        Polygons in a metric CRS; empty and missing ones add nothing.

    Returns
    -------
    Geometries
        One polygon for each connected piece of seen ground.

    Examples
    --------
    >>> from shapely import box
    >>> len(union([box(0, 0, 2, 2), box(1, 1, 3, 3), box(9, 9, 10, 10)]))
    2
    """
    return dissolve(viewsheds)
