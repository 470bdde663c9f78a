"""Positions against the district: far outside, outside, inside only if GCJ-02."""

from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.base.crs import WGS84, Geometries, InputCRS, metric_srid, project, to_lonlat
from geo.files.checks.cells.finding import Finding, Severity
from geo.files.checks.position.declared_crs import Systems
from geo.files.checks.position.raw_position import Site

# farther out than this is no neighbour's camera but a mistake
FAR_M: Final = 20_000.0
BORDER_TOLERANCE_M: Final = 1.0
_GCJ02: Final = InputCRS("gcj02", None)
_HALF_EARTH_M: Final = 20_000_000.0


def outside(
    moved: Geometries,
    systems: Systems,
    bounds: BaseGeometry,
    site: Site,
    *,
    watched: bool,
) -> list[Finding]:
    """Return findings for what lies outside `bounds` (lon/lat), with the distance in metres.

    Farther than 20 km is an error. Nearer, and only if `watched`: CRS_SUSPECT where the position
    would lie inside if it were GCJ-02, else OUT_OF_DISTRICT beyond 1 m.
    """
    out = np.flatnonzero(~shapely.is_missing(moved) & ~shapely.intersects(bounds, moved))
    border, flat = _flat(bounds, moved[out])
    if not watched:
        far = ~shapely.dwithin(border, flat, FAR_M)
        metres = shapely.distance(border, flat[far])
        return [_outside(site, at, m) for at, m in zip(out[far], metres, strict=True)]
    undone = to_lonlat(moved[out], _GCJ02)
    suspect = shapely.intersects(bounds, undone) & systems.unshifted()[out]
    metres = shapely.distance(border, flat)
    meant = [
        site.note(int(at), "CRS_SUSPECT", _text(there))
        for at, there in zip(out[suspect], undone[suspect], strict=True)
    ]
    beyond = ~suspect & ~(metres <= BORDER_TOLERANCE_M)
    return meant + [
        _outside(site, at, m) for at, m in zip(out[beyond], metres[beyond], strict=True)
    ]


def _outside(site: Site, at: int, metres: float) -> Finding:
    # a place on the other side of the globe has no distance in the district's zone
    known_m = metres if np.isfinite(metres) else _HALF_EARTH_M
    severity: Severity = "error" if known_m > FAR_M else "warning"
    return site.note(int(at), "OUT_OF_DISTRICT", severity=severity, distance_m=round(known_m))


def _flat(bounds: BaseGeometry, shapes: Geometries) -> tuple[BaseGeometry, Geometries]:
    """Return the district and the shapes in the district's metric system."""
    centre = shapely.centroid(bounds)
    srid = metric_srid(centre.x, centre.y)
    (border,) = project(np.array([bounds], dtype=object), source=WGS84, target=srid)
    shapely.prepare(border)
    return border, project(shapes, source=WGS84, target=srid)


def _text(point: BaseGeometry) -> str:
    x, y = shapely.get_coordinates(point)[0]
    return f"{x:.6f} {y:.6f}"
