"""Shifts of Chinese maps: GCJ-02 and BD-09, from and to WGS 84."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Shift = Callable[[Floats, Floats], tuple[Floats, Floats]]


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return GCJ-02 degrees for WGS 84 degrees; points outside China pass unchanged.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84; numbers or arrays of one shape.

    Returns
    -------
    tuple[Floats, Floats]
        ``lon, lat`` in degrees, GCJ-02.

    References
    ----------
    The published form of the shift: Krasovsky 1940 ellipsoid (a = 6378245 m, e² =
    0.00669342162296594323), series in the distance from 105° E, 35° N.
    """
    lon, lat = _pair(lon, lat)
    east_deg, north_deg = _gcj02_offset(lon, lat)
    inside = _in_china(lon, lat)
    return np.where(inside, lon + east_deg, lon), np.where(inside, lat + north_deg, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS 84 degrees for GCJ-02 degrees, exact to better than 1 mm.

    The published shift has no closed inverse: a fixed-point iteration on :func:`wgs84_to_gcj02`
    finds it.

    Parameters
    ----------
    lon, lat
        Degrees, GCJ-02; numbers or arrays of one shape. Points outside China pass unchanged.

    Returns
    -------
    tuple[Floats, Floats]
        ``lon, lat`` in degrees, WGS 84.
    """
    return _inverse(wgs84_to_gcj02, *_pair(lon, lat))


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return BD-09 degrees for GCJ-02 degrees; points outside China pass unchanged.

    Parameters
    ----------
    lon, lat
        Degrees, GCJ-02; numbers or arrays of one shape.

    Returns
    -------
    tuple[Floats, Floats]
        ``lon, lat`` in degrees, BD-09.

    References
    ----------
    The published form of Baidu's shift: a turn and stretch of the vector from (0, 0), then an
    offset of 0.0065° and 0.006°.
    """
    lon, lat = _pair(lon, lat)
    turn = math.pi * 3000 / 180
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * turn)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * turn)
    inside = _in_china(lon, lat)
    x, y = radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
    return np.where(inside, x, lon), np.where(inside, y, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return GCJ-02 degrees for BD-09 degrees, exact to better than 1 mm (fixed-point iteration).

    Parameters
    ----------
    lon, lat
        Degrees, BD-09; numbers or arrays of one shape. Points outside China pass unchanged.

    Returns
    -------
    tuple[Floats, Floats]
        ``lon, lat`` in degrees, GCJ-02.
    """
    return _inverse(gcj02_to_bd09, *_pair(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS 84 degrees for BD-09 degrees, exact to better than 1 mm.

    Parameters
    ----------
    lon, lat
        Degrees, BD-09; numbers or arrays of one shape. Points outside China pass unchanged.

    Returns
    -------
    tuple[Floats, Floats]
        ``lon, lat`` in degrees, WGS 84.
    """
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _pair(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    # the box of the published algorithm, not the border of the country
    inside: NDArray[np.bool_] = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293)
    return inside & (lat <= 55.8271)


def _inverse(forward: Shift, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    inside = _in_china(lon, lat)
    # the shift changes by less than 3 % of a step, so 12 steps leave far less than a micrometre
    x, y = lon, lat
    for _ in range(12):
        there_x, there_y = forward(x, y)
        x, y = x - (there_x - lon), y - (there_y - lat)
    return np.where(inside, x, lon), np.where(inside, y, lat)


def _gcj02_offset(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    axis_m, e2 = 6378245.0, 0.00669342162296594323
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    common = 20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m = north_m + 2 / 3 * (common + _waves(y, 20, 1) + _waves(y, 40, 3))
    north_m = north_m + 2 / 3 * (_waves(y, 160, 12) + _waves(y, 320, 30))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m = east_m + 2 / 3 * (common + _waves(x, 20, 1) + _waves(x, 40, 3))
    east_m = east_m + 2 / 3 * (_waves(x, 150, 12) + _waves(x, 300, 30))
    phi = np.radians(lat)
    bend = 1 - e2 * np.sin(phi) ** 2
    north_deg = np.degrees(north_m / (axis_m * (1 - e2) / (bend * np.sqrt(bend))))
    east_deg = np.degrees(east_m / (axis_m / np.sqrt(bend) * np.cos(phi)))
    return east_deg, north_deg


def _waves(length: Floats, height_m: float, divisor: float) -> Floats:
    return height_m * np.sin(length / divisor * np.pi)
