"""Geometry written in a cell: WKT, EWKT, WKB in hexadecimal digits, or GeoJSON."""

import json
import re
import warnings
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

_HEXADECIMAL: Final = re.compile(r"(?:\\x)?(0[01](?:[0-9A-Fa-f]{2}){4,})")
_EWKT: Final = re.compile(r"SRID\s*=\s*(\d{1,6})\s*;\s*(.*)", re.IGNORECASE | re.DOTALL)


def geometry_of(text: str) -> BaseGeometry | None:
    """Return the geometry that a text holds, with its SRID where it states one; else None.

    A collection of one is what it holds, an empty geometry stays empty.
    """
    shape = _shape(text)
    if shape is None:
        return None
    srid = shapely.get_srid(shape)
    while shapely.get_type_id(shape) == shapely.GeometryType.GEOMETRYCOLLECTION:
        parts = shapely.get_parts(shape)
        if len(parts) != 1:
            break
        shape = parts[0]
    flat: BaseGeometry = shapely.set_srid(shapely.force_2d(shape), srid)
    return flat


def _shape(text: str) -> BaseGeometry | None:
    if digits := _HEXADECIMAL.fullmatch(text):
        return _quiet(shapely.from_wkb, digits.group(1))
    if text.startswith("{"):
        return _of_json(text)
    if stated := _EWKT.fullmatch(text):
        shape = _quiet(shapely.from_wkt, stated.group(2))
        return None if shape is None else shapely.set_srid(shape, int(stated.group(1)))
    return _quiet(shapely.from_wkt, text)


def _quiet(read: Any, text: str) -> BaseGeometry | None:  # noqa: ANN401 - one of two readers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        shape: BaseGeometry | None = read(text, on_invalid="ignore")
        return shape


def _of_json(text: str) -> BaseGeometry | None:
    """Return the geometry of GeoJSON, a feature's too, or a point of ArcGIS."""
    try:
        content = json.loads(text)
        if "x" in content and "y" in content:
            return shapely.Point(float(content["x"]), float(content["y"]))
        body = content.get("geometry", content) if content.get("type") == "Feature" else content
        return _quiet(shapely.from_geojson, json.dumps(body))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
