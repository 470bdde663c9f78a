"""Boxes, shapes and times as they are asked for: from what is written to lon/lat and moments."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from geo.base.crs_uris import LONLAT, AxisCRS
from geo.base.errors import InputError
from geo.base.json_objects import Geometry

OPEN: Final = ("..", "")
FLAT, SOLID = 4, 6
STEPS: Final = 20
"""Into so many pieces each side of a box is cut whose sides bend in lon/lat."""
_LAST: Final = timedelta(days=1) - timedelta(microseconds=1)


@dataclass(frozen=True)
class Period:
    """From a moment to another, both included; None is open."""

    start: datetime | None
    end: datetime | None


def parse_box(written: str, crs: AxisCRS = LONLAT) -> BaseGeometry:
    """Return the box of a ``bbox`` as a shape in lon/lat; over the 180° meridian it has two parts.

    Parameters
    ----------
    written
        Four numbers (or six, of which heights are ignored), comma-separated.
    crs
        In which they are.

    Raises
    ------
    InputError
        If they are not finite, too few or too many, or the lower is above the upper one.
    """
    try:
        numbers = [float(each) for each in written.split(",")]
    except ValueError:
        numbers = []
    return box_shape(numbers, crs, written)


def box_shape(numbers: list[float], crs: AxisCRS, written: object) -> BaseGeometry:
    """Return the shape of a box in lon/lat; see :func:`parse_box`.

    Parameters
    ----------
    numbers
        Four or six.
    crs
        In which they are.
    written
        As it was asked for, for the sentence of a refusal.
    """
    if len(numbers) not in (FLAT, SOLID) or not np.isfinite(numbers).all():
        raise InputError("ogc.bbox", found=str(written)[:100])
    half = len(numbers) // 2
    (a, b), (c, d) = numbers[:2], numbers[half : half + 2]
    west, south, east, north = (b, a, d, c) if crs.north_first else (a, b, c, d)
    geographic = crs.is_lonlat
    over = geographic and west > east
    if south > north or (west > east and not over):
        raise InputError("ogc.bbox", found=str(written)[:100])
    if over:
        parts = [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
        return shapely.MultiPolygon(parts)
    if geographic:
        return shapely.box(west, south, east, north)
    return _bent(shapely.box(a, b, c, d), crs, max(east - west, north - south), written)


def _bent(box: BaseGeometry, crs: AxisCRS, side: float, written: object) -> BaseGeometry:
    fine = shapely.segmentize(box, side / STEPS) if side > 0 else box
    moved: BaseGeometry = crs.to_lonlat(np.array([fine], dtype=object))[0]
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise InputError("ogc.bbox", found=str(written)[:100])
    return moved


def parse_shape(given: Geometry, crs: AxisCRS = LONLAT) -> BaseGeometry:
    """Return a geometry of GeoJSON in lon/lat.

    Parameters
    ----------
    given
        As it stands in a filter.
    crs
        In which its coordinates are.

    Raises
    ------
    InputError
        If it is none, is empty, not finite, or crosses itself.
    """
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(given)))
    except (ShapelyError, ValueError, TypeError) as error:
        raise InputError("ogc.shape", reason=type(error).__name__) from error
    if shape is None or shapely.is_empty(shape):
        raise InputError("ogc.shape", reason="empty")
    moved: BaseGeometry = crs.to_lonlat(np.array([shape], dtype=object))[0]
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise InputError("ogc.shape", reason="not finite")
    if not shapely.is_valid(moved):
        raise InputError("ogc.shape", reason=shapely.is_valid_reason(moved))
    return moved


def parse_moment(written: str) -> datetime:
    """Return a moment of RFC 3339, which says its zone.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        found = datetime.fromisoformat(written.strip().upper())
        if found.tzinfo is None:
            raise InputError("ogc.time", found=written[:60])
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError("ogc.time", found=written[:60]) from error


def parse_day(written: str) -> date:
    """Return a day, as 2026-09-30.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return date.fromisoformat(written.strip())
    except ValueError as error:
        raise InputError("ogc.time", found=written[:60]) from error


def parse_period(written: str, zone: str) -> Period:
    """Return what a ``datetime`` means: a moment, a day, or two of them around ``/``.

    Parameters
    ----------
    written
        As in a request; ``..`` or nothing on one side is open.
    zone
        IANA name of the zone in which a day begins.

    Raises
    ------
    InputError
        If it is neither, open on both sides, or ends before it begins.
    """
    first, slash, last = written.partition("/")
    if not slash:
        return whole_period(first, zone)
    if first.strip() in OPEN and last.strip() in OPEN:
        raise InputError("ogc.time", found=written[:60])
    start = None if first.strip() in OPEN else whole_period(first, zone).start
    end = None if last.strip() in OPEN else whole_period(last, zone).end
    if start is not None and end is not None and start > end:
        raise InputError("ogc.time", found=written[:60])
    return Period(start, end)


def whole_period(written: str, zone: str) -> Period:
    """Return the moment, or the whole day, that is written.

    Parameters
    ----------
    written
        RFC 3339, or a day.
    zone
        IANA name of the zone in which a day begins.
    """
    if "T" in written.upper():
        moment = parse_moment(written)
        return Period(moment, moment)
    try:
        begin = datetime.combine(parse_day(written), time(), ZoneInfo(zone))
        return Period(begin.astimezone(UTC), (begin + _LAST).astimezone(UTC))
    except OverflowError as error:
        raise InputError("ogc.time", found=written[:60]) from error
