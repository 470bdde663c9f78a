"""Shapes: points, lines and polygons as a layer wants them, repaired where that is safe."""

from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.crs import WGS84, Geometries, metric_srid, project
from geo.base.polygons import rebuild_invalid
from geo.files.checks.cells.finding import Finding
from geo.files.checks.position.raw_position import Site
from geo.files.schema.fields import Shape

DECIMALS = 9  # of a degree: a tenth of a millimetre, finer than any way there and back again
WIDEST_DEG = 5.0  # no district is wider: 400 to 550 km
T = shapely.GeometryType
_FITTING: Final[dict[Shape, tuple[int, ...]]] = {
    "point": (T.POINT,),
    "line": (T.LINESTRING, T.MULTILINESTRING),
    "polygon": (T.POLYGON, T.MULTIPOLYGON),
}


def fit_shapes(moved: Geometries, shape: Shape, site: Site) -> tuple[Geometries, list[Finding]]:
    """Return geometries of the shape of the layer; others become None with a finding.

    Polygons become MultiPolygons, invalid ones are made valid (never lines or points); a MultiPoint
    of one point is that point. Coordinates are rounded to `DECIMALS`, and rings begin and turn
    alike, so that a shape is the same whichever format or system it comes in.

    Parameters
    ----------
    moved
        Geometries, EPSG:4326, None where missing.
    shape
        Shape that the layer wants: "point", "line" or "polygon".
    site
        Rows and column that findings name.
    """
    fitted = _rounded(moved)
    single = (shapely.get_type_id(fitted) == T.MULTIPOINT) & (
        shapely.get_num_geometries(fitted) == 1
    )
    fitted[single] = shapely.get_geometry(fitted[single], 0)
    kinds = shapely.get_type_id(fitted)
    wrong = ~shapely.is_missing(fitted) & ~np.isin(kinds, _FITTING[shape])
    findings = [
        site.note(int(at), "GEOMETRY_TYPE", found=T(int(kinds[at])).name, expected=shape)
        for at in np.flatnonzero(wrong)
    ]
    fitted[wrong] = None
    if shape == "polygon":
        fitted, repairs = _polygons(fitted, site)
        fitted = shapely.normalize(fitted)
        findings += repairs + _huge(fitted, site)
    return fitted, findings


def places_from_areas(
    moved: Geometries, site: Site
) -> tuple[Geometries, NDArray[np.float64], list[Finding]]:
    """Return points in place of polygons, with the radius of a circle of the same area.

    Parameters
    ----------
    moved
        Geometries, EPSG:4326; points pass unchanged.
    site
        Rows and column that findings name.

    Returns
    -------
    tuple[Geometries, NDArray[np.float64], list[Finding]]
        Points, radii in metres (NaN for points), and a finding for each polygon.
    """
    points, radius_m = moved.copy(), np.full(len(moved), np.nan)
    areas = np.flatnonzero(np.isin(shapely.get_type_id(moved), _FITTING["polygon"]))
    if areas.size == 0:
        return points, radius_m, []
    points[areas] = shapely.point_on_surface(moved[areas])
    first = points[areas[0]]
    flat = project(moved[areas], source=WGS84, target=metric_srid(first.x, first.y))
    radius_m[areas] = np.sqrt(shapely.area(flat) / np.pi)
    return (
        points,
        radius_m,
        [
            site.note(int(at), "PLACE_FROM_AREA", radius_m=round(float(radius_m[at])))
            for at in areas
        ],
    )


def _polygons(given: Geometries, site: Site) -> tuple[Geometries, list[Finding]]:
    shapes, findings = given.copy(), []
    broken = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    reasons = shapely.is_valid_reason(shapes[broken])
    for at, reason in zip(broken, reasons, strict=True):
        mended = _polygonal(rebuild_invalid(shapes[[at]])[0])
        finished = _rounded(np.array([mended], dtype=object))[0]
        shapes[at] = finished if mended is not None and finished.is_valid else mended
        code = "GEOMETRY_REPAIRED" if shapes[at] is not None else "GEOMETRY_EMPTY"
        findings.append(site.note(int(at), code, reason=str(reason)))
    single = shapely.get_type_id(shapes) == T.POLYGON
    owners = np.flatnonzero(single)
    shapes[single] = shapely.multipolygons(shapes[single], indices=np.arange(owners.size))
    return shapes, findings


def _rounded(shapes: Geometries) -> Geometries:
    return np.asarray(shapely.transform(shapes, lambda xy: np.round(xy, DECIMALS)), dtype=object)


def _huge(shapes: Geometries, site: Site) -> list[Finding]:
    """Return a finding for each polygon wider than any district, as across the 180th meridian."""
    west, south, east, north = shapely.bounds(shapes).T
    wide = np.fmax(east - west, north - south)
    return [
        site.note(int(at), "GEOMETRY_HUGE", degrees=round(float(wide[at]), 1))
        for at in np.flatnonzero(wide > WIDEST_DEG)
    ]


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry | None:
    """Return the polygons of a repaired shape as one, None if there are none."""
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    polygons = parts[(shapely.get_type_id(parts) == T.POLYGON) & ~shapely.is_empty(parts)]
    return shapely.multipolygons(polygons) if polygons.size else None
