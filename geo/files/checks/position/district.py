"""Positions against the district: far outside, outside, inside only if GCJ-02."""

import math
from dataclasses import dataclass
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
# coordinates of six decimals and the way through a projection are off by less
BORDER_TOLERANCE_M: Final = 0.5
# standard deviations: seven rows against none
CLEAR_Z: Final = 2.5
_GCJ02: Final = InputCRS("gcj02", None)
_HALF_EARTH_M: Final = 20_000_000.0


@dataclass(frozen=True)
class Outside:
    """Positions outside the district.

    Attributes
    ----------
    findings
        With the distance in metres.
    suspects
        Doubts about the system of those that would lie inside if they were GCJ-02.
    mirrored
        How many would lie inside if they were shifted as far the other way.
    """

    findings: list[Finding]
    suspects: tuple[Finding, ...] = ()
    mirrored: int = 0


def find_outside(
    moved: Geometries,
    systems: Systems,
    bounds: BaseGeometry,
    site: Site,
    *,
    watched: bool,
) -> Outside:
    """Return the positions outside the district.

    Parameters
    ----------
    moved
        Geometries, EPSG:4326.
    systems
        System of each row as handed in.
    bounds
        Polygon of the district, EPSG:4326.
    site
        Rows and column that findings name.
    watched
        Whether more than half a metre outside is a warning and GCJ-02 is suspected (layers of
        points). Farther than 20 km is an error in any case.
    """
    out = np.flatnonzero(~shapely.is_missing(moved) & ~shapely.intersects(bounds, moved))
    border, flat = _flat(bounds, moved[out])
    if not watched:
        far = ~shapely.dwithin(border, flat, FAR_M)
        metres = shapely.distance(border, flat[far])
        return Outside([_outside(site, at, m) for at, m in zip(out[far], metres, strict=True)])
    metres = shapely.distance(border, flat)
    beyond = ~(metres <= BORDER_TOLERANCE_M)
    found = [_outside(site, at, m) for at, m in zip(out[beyond], metres[beyond], strict=True)]
    plain = out[systems.unshifted()[out]]
    there = to_lonlat(moved[plain], _GCJ02)
    back = shapely.get_coordinates(moved[plain]) * 2 - shapely.get_coordinates(there)
    suspect = shapely.intersects(bounds, there)
    return Outside(
        found,
        tuple(
            site.note(int(at), "CRS_SUSPECT", _text(point))
            for at, point in zip(plain[suspect], there[suspect], strict=True)
        ),
        int(shapely.intersects(bounds, shapely.points(back)).sum()),
    )


def is_shifted(suspects: int, mirrored: int) -> bool:
    """Return whether positions lie outside because they are in GCJ-02.

    Of positions that lie near the border by chance, about as many would fall inside by a shift the
    other way.

    Parameters
    ----------
    suspects
        Number that would lie inside if they were GCJ-02.
    mirrored
        Number that would lie inside with the opposite shift.
    """
    return suspects - mirrored > CLEAR_Z * math.sqrt(suspects + mirrored)


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
