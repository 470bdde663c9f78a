"""Base layers: their statements as they go out, and what a map shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from geo.access import predicates
from geo.store import frames

if TYPE_CHECKING:
    import geopandas as gpd
    from sqlalchemy import Connection


def _granted(table: str, columns: str) -> str:
    return (
        f"SELECT code, {columns}, attributes, geom FROM govgrid.{table}"
        f" WHERE code > :after AND {predicates.PLACE.format(geom='geom')}"
        " ORDER BY code LIMIT :limit"
    )


STATEMENTS: Final[Mapping[str, str]] = {
    "buildings": _granted("building", "name, kind, height_m"),
    "roads": _granted("road", "name, class, width_m"),
    "water": _granted("water", "name, kind"),
    "farmland": _granted("farmland", "name, kind"),
    "privacy-zones": _granted("privacy_zone", "name, kind"),
    "restricted-zones": _granted("restricted_zone", "name, kind"),
    "poles": _granted("pole", "name, kind, height_m, powered, networked, management_unit"),
    "places": _granted("place", "name, kind, weight, radius_m"),
    "entrances": _granted("entrance", "name, place_code, kind"),
    "addresses": _granted("address", "name, kind, alias"),
    "centres": _granted("centre", "name, level, area_code, address, duty_post, duty_phone"),
}
_ON_MAP: Final = {
    "water": "SELECT name, kind, geom FROM govgrid.water",
    "farmland": "SELECT name, kind, geom FROM govgrid.farmland",
    "buildings": "SELECT geom FROM govgrid.building ORDER BY code",
    "roads": "SELECT class, name, geom FROM govgrid.road ORDER BY code",
    "centres": "SELECT code, name, level, duty_phone, geom FROM govgrid.centre",
    "places": "SELECT name, kind, geom FROM govgrid.place",
}
ON_MAP: Final[Mapping[str, str]] = {
    "water": "water",
    "farmland": "farmland",
    "buildings": "building",
    "roads": "road",
    "centres": "centre",
    "places": "place",
}
"""The base layers of a map, and the layer whose revision counts writes to each."""
_EXTENTS: Final = "SELECT geom FROM govgrid.loaded_extent"
# A few are as telling as all, and a file of buildings is not held against itself.
_BUILDINGS: Final = "SELECT geom FROM govgrid.building ORDER BY code LIMIT 200000"
_ROADS: Final = "SELECT geom FROM govgrid.road ORDER BY code LIMIT 50000"


def layer_on_map(connection: Connection, name: str) -> gpd.GeoDataFrame:
    """Return a base layer of a map, lon/lat.

    Parameters
    ----------
    connection
        Transaction that sees all ground.
    name
        One of `ON_MAP`.
    """
    return frames.read_layer(connection, _ON_MAP[name])


def loaded_extents(connection: Connection) -> gpd.GeoSeries:
    """Return the boxes of all areas, cameras, buildings and roads, lon/lat."""
    return frames.read_layer(connection, _EXTENTS).geometry


def some_buildings(connection: Connection) -> gpd.GeoSeries:
    """Return the outlines of the first buildings, lon/lat."""
    return frames.read_layer(connection, _BUILDINGS).geometry


def some_roads(connection: Connection) -> gpd.GeoSeries:
    """Return the lines of the first roads, lon/lat."""
    return frames.read_layer(connection, _ROADS).geometry
