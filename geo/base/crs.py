"""Coordinate systems of input, and their conversion to lon/lat.

The only module that knows EPSG codes. Everywhere x is longitude or easting, y latitude or northing.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from geo.base.chinese_shifts import Shift, bd09_to_wgs84, gcj02_to_wgs84
from geo.base.crs_zones import datum_of, zone_meant
from geo.base.errors import CRSError

Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]

WGS84: Final = 4326
CGCS2000: Final = 4490
KNOWN: Final = "wgs84, cgcs2000, gcj02, bd09, EPSG:n"

_NAMES: Final = {
    "wgs84": ("wgs84", "wgs1984", "gps", "世界大地坐标", "crs84", "ogc:crs84"),
    "cgcs2000": ("cgcs2000", "国家2000", "2000国家大地坐标系", "大地2000", "天地图坐标", "天地图"),
    "gcj02": (
        *("gcj02", "gcj", "火星坐标", "国测局坐标", "国测局", "国测局加密坐标"),
        *("高德坐标", "高德地图", "高德", "腾讯坐标", "腾讯地图", "腾讯"),
    ),
    "bd09": ("bd09", "bd09ll", "百度坐标", "百度地图", "百度"),
    "EPSG:4610": ("xian80", "xian1980", "西安80", "西安1980", "1980西安", "80西安"),
    "EPSG:4214": ("beijing54", "beijing1954", "北京54", "北京1954", "1954北京", "54北京"),
}
_SRIDS: Final = {
    "wgs84": WGS84,
    "cgcs2000": CGCS2000,
    "gcj02": None,
    "bd09": None,
    "EPSG:4610": 4610,
    "EPSG:4214": 4214,
}
# national systems of before 2000: how far they are off is a secret of each place
_UNSHIFTED: Final = frozenset({"Xian 1980", "Beijing 1954", "New Beijing"})
_NAME_OF: Final = {name: key for key, names in _NAMES.items() for name in names}


@dataclass(frozen=True)
class InputCRS:
    """Coordinate system of input.

    `name` is "wgs84", "cgcs2000", "gcj02", "bd09" or "EPSG:n"; `srid` is None for gcj02 and bd09.
    """

    name: str
    srid: int | None

    @property
    def is_degrees(self) -> bool:
        """Whether coordinates are degrees of longitude and latitude."""
        return self.srid is None or pyproj.CRS.from_epsg(self.srid).is_geographic

    @property
    def is_unshifted(self) -> bool:
        """Whether no shift to CGCS2000 is published: it would be taken as 0 m."""
        return self.srid is not None and datum_of(self.srid) in _UNSHIFTED


def parse_crs(text: str) -> InputCRS:
    """Return the coordinate system that `text` names.

    Case, blanks, hyphens, brackets and full-width forms do not matter: "WGS-84", "火星坐标系",
    "国家2000（CGCS2000）", "EPSG:4548", "urn:ogc:def:crs:EPSG::4548".

    Raises
    ------
    CRSError
        If the text names none, or an EPSG code that is none of a two-dimensional system.

    Examples
    --------
    >>> parse_crs("GCJ-02").name, parse_crs("epsg:2249").srid
    ('gcj02', 2249)
    """
    plain = re.sub(r"[\s_\-.()\[\]《》]", "", unicodedata.normalize("NFKC", text)).casefold()
    code = re.search(r"(?:^|epsg[:/]*|urn:ogc:def:crs:epsg:[\d.]*:)(\d{4,6})$", plain)
    if code:
        return _of_epsg(int(code.group(1)), text)
    if plain.endswith("crs84"):
        return InputCRS("wgs84", WGS84)
    return _of_name(plain, text)


def crs_of_definition(definition: str) -> InputCRS | None:
    """Return the system a file states as "EPSG:n" or WKT; None if no EPSG code fits it."""
    try:
        epsg = pyproj.CRS.from_user_input(definition).to_epsg(min_confidence=60)
    except ProjError:
        return None
    return None if epsg is None else _of_epsg(epsg, definition)


def require_shift(crs: InputCRS) -> None:
    """Refuse a system of before 2000, of which the shift to CGCS2000 is not published.

    Raises
    ------
    CRSError
        With what to do.
    """
    if crs.is_unshifted:
        raise CRSError("crs.unshifted", crs=crs.name)


def require_zone(x: float, y: float, crs: InputCRS) -> None:
    """Raise if the zone number in a coordinate contradicts the declared coordinate system.

    Parameters
    ----------
    x, y
        Coordinates as written, metres in the axis order of the file. Both are tried as the easting.
    crs
        Declared system; without SRID nothing is checked.

    Raises
    ------
    CRSError
        If a coordinate carries the zone number of another system; the message names that system.
    """
    for axis, easting in (("x", x), ("y", y)):
        meant = None if crs.srid is None else zone_meant(easting, crs.srid)
        if meant in (None, crs.srid):
            continue
        number = int(easting // 1_000_000)
        key = f"crs.zone_{axis}" if number else "crs.zone_plain"
        facts = {"x": f"{x:.10g}", "y": f"{y:.10g}", "crs": crs.name}
        raise CRSError(key, **facts, number=number, axis=axis, meant=f"EPSG:{meant}")


def area_of_use(crs: InputCRS) -> BaseGeometry | None:
    """Return the lon/lat box for which a map projection is made, with a degree around it."""
    if crs.srid is None:
        return None
    area = pyproj.CRS.from_epsg(crs.srid).area_of_use
    if area is None or area.west > area.east:
        return None
    return shapely.box(area.west - 1, area.south - 1, area.east + 1, area.north + 1)


def to_lonlat(geometries: Geometries, crs: InputCRS, *, lenient: bool = False) -> Geometries:
    """Return the geometries in WGS 84 longitude and latitude, two-dimensional.

    CGCS2000 degrees are taken as they are (they agree to centimetres); GCJ-02 and BD-09 are
    undone to better than 1 mm. Geometries beyond ±180°/±90° are left for the caller to report
    (:func:`is_lonlat`), unless they are most of them: then the declared system is wrong.

    Parameters
    ----------
    geometries
        shapely objects or None, in `crs`, x = longitude or easting, shape ``(n,)``.
    lenient
        Leave the check of the whole to the caller.

    Raises
    ------
    CRSError
        Unless `lenient`, if more than half of the geometries do not lie on the globe in `crs`.
    """
    moved = _moved(shapely.force_2d(geometries), crs)
    there = ~(shapely.is_missing(moved) | shapely.is_empty(moved))
    off = there & ~is_lonlat(moved)
    if not lenient and off.any() and 2 * off.sum() > there.sum():
        x, y = shapely.get_coordinates(geometries[off])[0]
        require_zone(float(x), float(y), crs)
        raise _not_on_globe(float(x), float(y), crs)
    return moved


def project(geometries: Geometries, *, source: int, target: int) -> Geometries:
    """Return geometries transformed from one SRID to another, axis order x (east), y (north).

    Parameters
    ----------
    geometries
        Array of shapely geometries, shape ``(n,)``; None stays None.
    source, target
        EPSG codes.
    """
    return _each_vertex(geometries, _transformer(source, target).transform)


def project_lonlat(lon: Floats, lat: Floats, srid: int) -> tuple[Floats, Floats]:
    """Return places in degrees as x (east) and y (north) of another system.

    Parameters
    ----------
    lon, lat
        Degrees, EPSG:4326, shape ``(n,)``.
    srid
        EPSG code.
    """
    x, y = _transformer(WGS84, srid).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def is_lonlat(geometries: Geometries) -> NDArray[np.bool_]:
    """Tell which geometries lie within ±180° and ±90°; missing and empty ones do not."""
    x0, y0, x1, y1 = shapely.bounds(geometries).T
    return np.asarray((x0 >= -180) & (x1 <= 180) & (y0 >= -90) & (y1 <= 90), dtype=np.bool_)


def metric_srid(lon: float, lat: float) -> int:
    """Return the SRID of a metric system for a place in WGS 84 degrees.

    CGCS2000 3-degree Gauss-Krüger by central meridian (EPSG 4534 at 75° E to 4554 at 135° E)
    between 73° and 136° E and 3° and 54° N; elsewhere the zone of UTM on WGS 84.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84: longitude in [-180, 180], latitude in [-90, 90].

    Raises
    ------
    CRSError
        If the place is not finite or not on the globe.

    Examples
    --------
    >>> metric_srid(117.05, 30.5), metric_srid(-71.06, 42.36)
    (4548, 32619)
    """
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise CRSError("crs.no_place", lon=lon, lat=lat)
    if 73 <= lon <= 136 and 3 <= lat <= 54:
        meridian = min(max(3 * math.floor(lon / 3 + 0.5), 75), 135)
        return 4534 + (meridian - 75) // 3
    zone = min(math.floor((lon + 180) / 6), 59) + 1
    return (32600 if lat >= 0 else 32700) + zone


def _not_on_globe(x: float, y: float, crs: InputCRS) -> CRSError:
    example = "EPSG:4548" if crs.name != "EPSG:4548" else "EPSG:4549"
    facts = {"x": f"{x:.10g}", "y": f"{y:.10g}", "crs": crs.name}
    return CRSError("crs.not_on_globe", **facts, example=example)


def _of_epsg(epsg: int, text: str) -> InputCRS:
    for name, srid in _SRIDS.items():
        if epsg == srid:
            return InputCRS(name, srid)
    try:
        crs = pyproj.CRS.from_epsg(epsg)
    except ProjError as error:
        raise CRSError("crs.unknown", text=text, known=KNOWN) from error
    if not (crs.is_projected or crs.is_geographic):
        raise CRSError("crs.not_flat", text=text, name=crs.name, known=KNOWN)
    return InputCRS(f"EPSG:{epsg}", epsg)


def _of_name(plain: str, text: str) -> InputCRS:
    # "火星坐标系" and "WGS84坐标系" name the same as without the ending
    for ending in ("", "坐标系", "系", "坐标"):
        key = _NAME_OF.get(plain.removesuffix(ending))
        if key:
            return InputCRS(key, _SRIDS[key])
    # "国家2000(cgcs2000)", "火星坐标(gcj02,高德、腾讯)": every part must say the same
    said = {key for key, names in _NAMES.items() if any(n in plain for n in names if len(n) > 3)}
    if len(said) == 1:
        key = said.pop()
        return InputCRS(key, _SRIDS[key])
    raise CRSError("crs.unknown", text=text, known=KNOWN)


def _moved(geometries: Geometries, crs: InputCRS) -> Geometries:
    if crs.srid in (WGS84, CGCS2000):
        return geometries
    if crs.srid is not None:
        return project(geometries, source=crs.srid, target=WGS84)
    return _each_vertex(geometries, bd09_to_wgs84 if crs.name == "bd09" else gcj02_to_wgs84)


def _each_vertex(geometries: Geometries, shift: Shift) -> Geometries:
    def both(xy: Floats) -> Floats:
        return np.column_stack(shift(xy[:, 0], xy[:, 1]))

    return shapely.transform(geometries, both)


@cache
def _transformer(source: int, target: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def convergence_deg(lon: ArrayLike, lat: ArrayLike, srid: int) -> Floats:
    """Return the meridian convergence: true bearing minus grid bearing, degrees.

    Measured, not taken from a formula: a step of 1e-4 degrees (11 m) to the true north is
    projected, and the bearing that the grid gives it is the difference. So it holds for every
    metric CRS and has the right sign.

    Parameters
    ----------
    lon, lat
        Degrees, EPSG:4326, shape ``(n,)``.
    srid
        A metric CRS.
    """
    east, north = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    transformer = _transformer(WGS84, srid)
    x0, y0 = transformer.transform(east, north)
    x1, y1 = transformer.transform(east, north + 1e-4)
    return np.asarray(-np.degrees(np.arctan2(np.subtract(x1, x0), np.subtract(y1, y0))))
