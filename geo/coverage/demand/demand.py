"""Ground that must be seen (demand surface), and ground that could be seen (open ground)."""

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.base.polygons import (
    Geometries,
    Shapes,
    area_by,
    clip_to_areas,
    dissolve,
    flat_geometries,
    flat_polygons,
    parts_of,
    subtract,
    union_by,
)

TILE_M = 250.0
ENTRANCE_RADIUS_M = 15.0
INCIDENT_RADIUS_M = 15.0
PLACE_RADIUS_M = 50.0
ROAD_WIDTH_M: Mapping[str, float] = MappingProxyType(
    {
        "trunk": 35.0,
        "primary": 30.0,
        "secondary": 20.0,
        "residential": 12.0,
        "service": 6.0,
        "track": 5.0,
        "path": 3.0,
    }
)
DEFAULT_ROAD_WIDTH_M = 6.0
PLACE_KIND_RADIUS_M: Mapping[str, float] = MappingProxyType(
    {"学校": 60.0, "医院": 60.0, "车站": 80.0, "广场": 60.0, "公园": 80.0, "路口": 25.0}
)
CORNER_SEGMENTS = 16  # per quarter circle: 0.16 % of a disc is lost


def demand_surface(
    *,
    roads: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    entrances: Shapes = None,
    incidents: Shapes = None,
    water: Shapes = None,
    buildings: Shapes = None,
    privacy_zones: Shapes = None,
    within: Shapes = None,
) -> Geometries:
    """Return the ground that must be seen, as disjoint polygons.

    Roads over their width, places within their radius, 15 m around entrances and around places of
    past incidents; without water, buildings and privacy zones. Computed in tiles of 250 m, so no
    polygon is large and neighbours share the border of a tile.

    Parameters
    ----------
    roads
        Lines with `class` and `width_m` (whole width; NaN or absent: that of the class).
    places
        Points or polygons with `kind` and `radius_m` (NaN or absent: that of the kind; for a
        polygon the place itself).
    entrances, incidents
        Points. The kind of incident is the caller's choice.
    water, buildings, privacy_zones
        Polygons that are no demand.
    within
        Polygons outside which nothing is demanded; None = no limit.

    Returns
    -------
    Geometries
        Polygons with disjoint interiors, same metric CRS; empty where nothing is asked for.

    Notes
    -----
    Widths by class are assumptions: two, four or more lanes of 3.25–3.75 m with kerbside lanes and
    footways, the lane widths being those of CJJ 37-2012. Radii by kind are assumptions as well. A
    width or a radius in the data always wins.

    Examples
    --------
    >>> street = shapely.LineString([(0, 0), (100, 0)])
    >>> roads = gpd.GeoDataFrame({"class": ["service"]}, geometry=[street])
    >>> round(sum(part.area for part in demand_surface(roads=roads, within=street.buffer(1))), 1)
    203.1
    """
    wanted = np.concatenate(
        [
            _around_roads(roads),
            _around_places(places),
            _around(entrances, ENTRANCE_RADIUS_M),
            _around(incidents, INCIDENT_RADIUS_M),
        ]
    )
    left = _dissolve_in_tiles(wanted)
    for taken in (water, buildings, privacy_zones):
        left = parts_of(subtract(left, dissolve(taken)))[0]
    return left if within is None else clip_to_areas(left, dissolve(within))[0]


def open_ground(
    areas: gpd.GeoSeries,
    *,
    water: Shapes = None,
    farmland: Shapes = None,
    buildings: Shapes = None,
    zones: Shapes = None,
) -> pd.Series:
    """Return the square metres of open ground in each area, see :func:`open_ground_polygons`.

    Parameters
    ----------
    areas
        Polygons, metric CRS.
    water, farmland, buildings, zones
        Polygons that are no open ground, same CRS; None for none.

    Returns
    -------
    Series
        ``open_ground_m2``, index of `areas`, at least 0.

    Examples
    --------
    >>> grid = gpd.GeoSeries([shapely.box(0, 0, 10, 10)])
    >>> open_ground(grid, buildings=[shapely.box(0, 0, 5, 5)]).tolist()
    [75.0]
    """
    parts, area = open_ground_polygons(
        areas, water=water, farmland=farmland, buildings=buildings, zones=zones
    )
    sums = area_by(parts, area, len(areas))
    return pd.Series(sums, index=areas.index, name="open_ground_m2")


def open_ground_polygons(
    areas: gpd.GeoSeries,
    *,
    water: Shapes = None,
    farmland: Shapes = None,
    buildings: Shapes = None,
    zones: Shapes = None,
) -> tuple[Geometries, NDArray[np.intp]]:
    """Return each area without water, farmland, buildings and zones.

    Parameters
    ----------
    areas
        Polygons, metric CRS, shape ``(n_areas,)``; missing or empty ones have no ground.
    water, farmland, buildings, zones
        Polygons of any kind, overlapping or not, or None.

    Returns
    -------
    tuple
        Polygons, and per polygon the position of its area.
    """
    left = flat_geometries(areas).copy()
    left[shapely.is_missing(left)] = shapely.Polygon()
    for taken in (water, farmland, buildings, zones):
        left = subtract(left, dissolve(taken))
    return parts_of(left)


def road_width_m(roads: pd.DataFrame) -> NDArray[np.float64]:
    """Return the width of each road: its own where given and above 0, else that of its class."""
    usual = roads["class"].map(ROAD_WIDTH_M).fillna(DEFAULT_ROAD_WIDTH_M).astype(float)
    return _own_or(roads, "width_m", usual)


def _around_roads(roads: gpd.GeoDataFrame | None) -> Geometries:
    if roads is None or len(roads) == 0:
        return np.empty(0, dtype=object)
    return _around(roads.geometry, road_width_m(roads) / 2)


def _around_places(places: gpd.GeoDataFrame | None) -> Geometries:
    if places is None or len(places) == 0:
        return np.empty(0, dtype=object)
    kind = places["kind"] if "kind" in places else pd.Series("", index=places.index)
    usual = kind.map(PLACE_KIND_RADIUS_M).fillna(PLACE_RADIUS_M).astype(float)
    is_ground = shapely.get_dimensions(flat_geometries(places)) == 2
    return _around(places.geometry, _own_or(places, "radius_m", usual.where(~is_ground, 0.0)))


def _own_or(frame: pd.DataFrame, column: str, usual: pd.Series) -> NDArray[np.float64]:
    if column not in frame:
        return np.asarray(usual, dtype=np.float64)
    own = pd.to_numeric(frame[column], errors="coerce").astype(float)
    return np.asarray(own.where(own > 0, usual), dtype=np.float64)


def _around(shapes: Shapes, radius_m: float | NDArray[np.float64]) -> Geometries:
    found = flat_geometries(shapes)
    return flat_polygons(np.asarray(shapely.buffer(found, radius_m, quad_segs=CORNER_SEGMENTS)))


def _dissolve_in_tiles(shapes: Geometries) -> Geometries:
    pieces, _, tile = clip_to_areas(shapes, _tiles(shapes))
    return parts_of(union_by(pieces, tile)[0])[0]


def _tiles(shapes: Geometries) -> Geometries:
    if len(shapes) == 0:
        return shapes
    x0, y0, x1, y1 = np.floor(shapely.total_bounds(shapes) / TILE_M) * TILE_M
    x, y = np.meshgrid(np.arange(x0, x1 + 1, TILE_M), np.arange(y0, y1 + 1, TILE_M))
    return np.asarray(shapely.box(x, y, x + TILE_M, y + TILE_M)).ravel()
