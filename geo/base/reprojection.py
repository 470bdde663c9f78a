"""Layers moved to another coordinate system, their polygons as valid as they were.

Corners are moved one by one. Where a polygon comes closer to itself than the new system tells
apart, or than an edge bends, it may cross itself there: such a polygon is rounded to a grid first,
the finest that helps.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import GEOSException

from geo.base.crs import WGS84, Geometries, project
from geo.base.polygons import parts_of, rebuild_invalid

T = shapely.GeometryType
GRIDS_M: Final = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
STEP_M: Final = 20.0  # edges of this length bend by less than the coarsest grid
MOST_SHARE: Final = 1e-6  # of the area that rounding may take or give
_METRES_PER_DEGREE: Final = 111_000.0


def reproject_layer(frame: gpd.GeoDataFrame, srid: int = WGS84) -> gpd.GeoDataFrame:
    """Return a layer in another coordinate system; unchanged where it already is in it.

    Parameters
    ----------
    frame
        Layer with a known CRS.
    srid
        EPSG code of the result; WGS 84 by default.

    Returns
    -------
    gpd.GeoDataFrame
        Index and columns of `frame`; polygons stay valid, see :func:`reproject`.
    """
    if frame.crs == srid:
        return frame
    source = int(CRS(frame.crs).to_epsg() or 0)
    moved = reproject(frame.geometry.to_numpy(), source=source, target=srid)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=srid))


def reproject(shapes: Geometries, *, source: int, target: int) -> Geometries:
    """Return geometries in another system; polygons are valid there.

    Parameters
    ----------
    shapes
        Geometries of any kind, missing and empty ones among them.
    source, target
        SRIDs, x first on both sides.

    Returns
    -------
    Geometries
        Corner by corner what was given, but for polygons that would cross themselves: their area,
        in the system they come from, differs by a millionth at most.
    """
    moved = project(shapes, source=source, target=target)
    polygonal = shapely.get_dimensions(moved) == 2
    unit = _METRES_PER_DEGREE if CRS.from_epsg(source).is_geographic else 1.0
    for at in np.flatnonzero(polygonal & ~shapely.is_valid(moved)):
        moved[at : at + 1] = _mended(rebuild_invalid(shapes[at : at + 1]), source, target, unit)
    return moved


def _mended(shape: Geometries, source: int, target: int, unit: float) -> Geometries:
    """Return one polygon on the finest grid on which it is valid in the other system."""
    area = shapely.area(shape)
    for fine in (shape, shapely.segmentize(shape, STEP_M / unit)):
        for grid_m in GRIDS_M:
            found = _rounded(fine, grid_m / unit)
            if (np.abs(shapely.area(found) - area) > MOST_SHARE * area).any():
                break
            moved = project(found, source=source, target=target)
            if shapely.is_valid(moved).all():
                return moved
    return _polygonal(rebuild_invalid(project(shape, source=source, target=target)))


def _rounded(shape: Geometries, grid: float) -> Geometries:
    try:
        return _polygonal(np.asarray(shapely.set_precision(shape, grid), dtype=object))
    except GEOSException:  # the grid is too fine for what is rounded
        return shape


def _polygonal(shape: Geometries) -> Geometries:
    """Return one geometry without lines and points that rounding has left of it."""
    if shapely.get_type_id(shape)[0] in (T.POLYGON, T.MULTIPOLYGON):
        return shape
    parts = parts_of(shape)[0]
    return np.array([shapely.multipolygons(parts)], dtype=object)
