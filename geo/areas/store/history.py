"""The versions of areas with the parent of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, text

from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd

_EVER: Final = text("SELECT EXISTS (SELECT FROM govgrid.area WHERE code = ANY(:codes))")
# One row for each stretch of time in which neither the area nor its parent changed.
_VERSIONS: Final = (
    "SELECT a.unit_id, a.level, a.code, a.name, a.kind, lower(a.valid * n.valid) AS valid_from,"
    " upper(a.valid * n.valid) AS valid_to,"
    " CASE WHEN a.valid * n.valid @> govgrid.today() THEN 'holds'"
    "  WHEN upper(a.valid * n.valid) <= govgrid.today() THEN 'ended' ELSE 'to_come' END AS state,"
    " (SELECT p.code FROM govgrid.area p WHERE p.unit_id = n.parent_unit_id LIMIT 1)"
    "  AS parent_code, a.import_run, a.geom"
    " FROM govgrid.area a JOIN govgrid.area_nesting n"
    "  ON n.unit_id = a.unit_id AND n.valid && a.valid"
    " WHERE a.code = ANY(:codes) ORDER BY a.level, a.valid * n.valid"
)


def was_ever(connection: Connection, codes: Sequence[str]) -> bool:
    """Return whether there is or was an area with one of some codes.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of areas, all their digits.
    """
    return bool(connection.execute(_EVER, {"codes": list(codes)}).scalar_one())


def read_versions(connection: Connection, codes: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the versions of the areas with some codes, by level and time.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Codes of areas, all their digits.
    """
    return frames.read_layer(connection, _VERSIONS, {"codes": list(codes)})
