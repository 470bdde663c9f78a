"""The layers that coverage is computed from."""

from dataclasses import dataclass

import geopandas as gpd


@dataclass(frozen=True)
class Scene:
    """Layers of one district in its metric SRID; `lonlat` holds the cameras as they were given.

    `heights` says that cameras look over buildings known to be lower than they are;
    `default_reach_m` how far a camera sees whose register does not say it; `incidents` are places
    of the last `incident_months`, as a run took them.
    """

    srid: int
    areas: gpd.GeoDataFrame
    cameras: gpd.GeoDataFrame
    lonlat: gpd.GeoSeries
    buildings: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    farmland: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    incidents: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    heights: bool = False
    default_reach_m: float = 150.0
    incident_months: int = 12
