"""Coordinate systems as OGC APIs name them, with the order in which each has its axes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
import pyproj
import shapely

from geo.base.crs import CGCS2000, WGS84, Geometries, project
from geo.base.errors import InputError

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
MERCATOR: Final = 3857
ZONES: Final = range(4534, 4555)
"""CGCS2000 3-degree Gauss-Krüger by central meridian, 75° to 135° E."""
_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/{}"
_WRITTEN: Final = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/|urn:ogc:def:crs:EPSG:[\d.]*:|EPSG:)"
    r"(\d{4,6})"
)


@dataclass(frozen=True)
class AxisCRS:
    """A system with the order of its axes: `north_first` where latitude or northing comes first."""

    uri: str
    srid: int
    north_first: bool

    @property
    def is_lonlat(self) -> bool:
        """Whether its coordinates are those of EPSG:4326, whatever their order."""
        return self.srid in (WGS84, CGCS2000)

    def east_first(self) -> "AxisCRS":
        """Return the same with longitude or easting first, as files have it."""
        return replace(self, north_first=False)

    def from_lonlat(self, shapes: Geometries) -> Geometries:
        """Return geometries of EPSG:4326 (lon, lat) in this system, in its order of axes."""
        moved = shapes if self.is_lonlat else _moved(shapes, WGS84, self.srid)
        return _swapped(moved) if self.north_first else moved

    def to_lonlat(self, shapes: Geometries) -> Geometries:
        """Return geometries in this system, in its order of axes, as EPSG:4326 (lon, lat)."""
        ordered = _swapped(shapes) if self.north_first else shapes
        return ordered if self.is_lonlat else _moved(ordered, self.srid, WGS84)


LONLAT: Final = AxisCRS(CRS84, WGS84, north_first=False)
"""CRS84: what is stored, and what answers use where nothing else is asked for."""


def offered_systems(metric_srid: int | None) -> tuple[AxisCRS, ...]:
    """Return the systems that a district's layers can be had in; CRS84 first.

    Parameters
    ----------
    metric_srid
        Metric system of the database, whose neighbouring zones are offered too; None: not known.
    """
    near = () if metric_srid is None else (metric_srid - 1, metric_srid, metric_srid + 1)
    zones = [srid for srid in near if srid == metric_srid or {srid, metric_srid} <= set(ZONES)]
    return (LONLAT, *(_of_srid(srid) for srid in (WGS84, CGCS2000, MERCATOR, *zones)))


def parse_crs_uri(written: str, offered: Sequence[AxisCRS]) -> AxisCRS:
    """Return the offered system that a URI (also a URN, or ``EPSG:n``) names.

    Parameters
    ----------
    written
        As in a request; brackets of a safe CURIE may stand around it.
    offered
        As of :func:`offered_systems`.

    Raises
    ------
    InputError
        If it names none of them.
    """
    plain = written.strip().removeprefix("[").removesuffix("]")
    code = _WRITTEN.fullmatch(plain)
    for each in offered:
        is_lonlat = each is LONLAT and plain.rpartition("/")[2] in ("CRS84", "OGC:CRS84")
        if (
            plain == each.uri
            or is_lonlat
            or (code and each is not LONLAT and each.srid == int(code[1]))
        ):
            return each
    raise InputError("ogc.crs", found=written[:100], known=", ".join(e.uri for e in offered))


@cache
def _of_srid(srid: int) -> AxisCRS:
    first = pyproj.CRS.from_epsg(srid).axis_info[0].direction
    return AxisCRS(_EPSG.format(srid), srid, north_first=first == "north")


def _moved(shapes: Geometries, source: int, target: int) -> Geometries:
    return project(shapes, source=source, target=target)


def _swapped(shapes: Geometries) -> Geometries:
    return shapely.transform(shapes, lambda xy: np.ascontiguousarray(xy[:, ::-1]))
