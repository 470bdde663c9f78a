"""Outlines: what one entity of a drawing is on the map, as an area, a line or a point."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, cast

import ezdxf.path
import shapely
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.entities.insert import Insert
from ezdxf.entities.mtext import MText
from ezdxf.entities.polygon import DXFPolygon
from ezdxf.entities.polyline import Polyline
from ezdxf.entities.text import Text
from ezdxf.math import Vec3
from ezdxf.path import Path
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

Corner = tuple[float, float]

# in units of the drawing, which may be degrees: then a part of the curve's own size
_TOLERANCE: Final = 0.01
_TOLERANCE_SHARE: Final = 1e-3
_RING: Final = 4  # corners of a triangle with its first one again


def shape_of(entity: DXFEntity) -> BaseGeometry | None:
    """Return an entity in the drawing's own coordinates; None where it is no shape to be drawn.

    What closes is an area: by its flag, or because it ends where it begins. A hatch is its
    boundary with holes, a block reference the point where it stands.
    """
    if isinstance(entity, Polyline) and not (entity.is_2d_polyline or entity.is_3d_polyline):
        return None  # a mesh
    drawn = _DRAWN.get(entity.dxftype())
    return drawn(entity) if drawn else None


def anchor_point(entity: Insert | Text | MText) -> Corner:
    """Return where a block reference or a text stands."""
    if isinstance(entity, MText):
        return _flat(entity.dxf.insert)
    at = entity.get_placement()[1] if isinstance(entity, Text) else entity.dxf.insert
    return _flat(entity.ocs().to_wcs(at))


def _flat(at: Vec3) -> Corner:
    return float(at.x), float(at.y)


def _curve(entity: DXFEntity) -> BaseGeometry | None:
    corners = _corners(ezdxf.path.make_path(entity))
    if len(corners) >= _RING and corners[0] == corners[-1]:
        return shapely.Polygon(corners)
    return shapely.LineString(corners) if len(corners) > 1 else None


def _corners(path: Path) -> list[Corner]:
    """Return the corners of a path, curves flattened; a closed one ends exactly at its first."""
    if len(path) == 0:
        return []
    corners = [_flat(at) for at in path.flattening(_tolerance(path))]
    return [*corners[:-1], corners[0]] if path.is_closed else corners


def _tolerance(path: Path) -> float:
    if not path.has_curves:
        return _TOLERANCE
    low, high = ezdxf.path.bbox([path], fast=True)
    return min(_TOLERANCE, _TOLERANCE_SHARE * float(low.distance(high))) or _TOLERANCE


def _hatch(entity: DXFEntity) -> BaseGeometry | None:
    rings = [_corners(path) for path in ezdxf.path.from_hatch(cast(DXFPolygon, entity))]
    areas = [shapely.Polygon(ring) for ring in rings if len(ring) >= _RING]
    area: BaseGeometry | None = areas[0] if areas else None
    try:
        # a boundary inside another is a hole, one inside the hole an island
        for each in areas[1:]:
            area = shapely.symmetric_difference(area, each)
        return area
    except GEOSException:  # rings that cross themselves: left for the check to mend or refuse
        return shapely.MultiPolygon(areas)


def _point(entity: DXFEntity) -> BaseGeometry:
    return shapely.Point(_flat(entity.dxf.location))


def _reference(entity: DXFEntity) -> BaseGeometry:
    return shapely.Point(anchor_point(cast(Insert, entity)))


_DRAWN: Final[Mapping[str, Callable[[DXFEntity], BaseGeometry | None]]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("LWPOLYLINE", "POLYLINE", "LINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE"), _curve
        ),
        "HATCH": _hatch,
        "POINT": _point,
        "INSERT": _reference,
    }
)
