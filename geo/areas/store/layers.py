"""SQL statements of the published layers of areas, limited to the principal."""

from collections.abc import Mapping
from typing import Final

from geo.access import predicates

_GRANTED: Final = predicates.AREA.format(path="a.path")
_LEVEL: Final = (
    "SELECT a.code, a.name, a.kind, p.code AS parent_code, a.local_code, a.attributes, a.geom"
    " FROM govgrid.area_now a LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
    f" WHERE a.level = '{{level}}' AND a.code > :after AND {_GRANTED} ORDER BY a.code LIMIT :limit"
)
LEVELS: Final[Mapping[str, str]] = {
    "districts": _LEVEL.format(level="district"),
    "townships": _LEVEL.format(level="township"),
    "communities": _LEVEL.format(level="community"),
    "grids": _LEVEL.format(level="grid"),
}
# codes repeat over the levels; one made to hold the others is nobody's area
AREAS: Final = (
    "SELECT a.code, a.level, a.name, a.kind,"
    " CASE WHEN NOT p.attributes ? 'made' THEN p.code END AS parent_code,"
    " a.local_code, a.attributes, a.geom FROM govgrid.area_now a"
    " LEFT JOIN govgrid.area_now p ON p.unit_id = a.parent_unit_id"
    " WHERE NOT a.attributes ? 'made' AND a.level || '/' || a.code > :after"
    f" AND {_GRANTED} ORDER BY a.level || '/' || a.code LIMIT :limit"
)
