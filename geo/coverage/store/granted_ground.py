"""Shapes cut to granted areas."""

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from geo.base.json_objects import Geometry

_CLIP: Final = text(
    "WITH seen AS (SELECT ST_GeomFromGeoJSON(:shape) AS geom), own AS ("
    " SELECT ST_Union(a.geom) AS geom FROM govgrid.area_now a, seen"
    " WHERE a.unit_id = ANY(CAST(:areas AS bigint[])) AND a.geom && seen.geom)"
    " SELECT ST_AsGeoJSON(ST_CollectionExtract(ST_Intersection(seen.geom, own.geom), 3), 7),"
    " coalesce(NOT ST_Covers(own.geom, seen.geom), true) FROM seen, own"
)
_NOTHING: Final[Geometry] = {"type": "Polygon", "coordinates": []}


def clip_shape(
    connection: Connection, shape: Geometry, areas: Sequence[int]
) -> tuple[Geometry, bool]:
    """Return the part of a shape that lies in some areas, and whether the shape is larger.

    Parameters
    ----------
    connection
        Open transaction.
    shape
        Polygons, EPSG:4326.
    areas
        unit_ids.
    """
    asked = {"shape": json.dumps(shape), "areas": list(areas)}
    found, cut = connection.execute(_CLIP, asked).one()
    return (_NOTHING if found is None else json.loads(found)), bool(cut)
