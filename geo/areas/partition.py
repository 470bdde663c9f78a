"""Whether the areas tile, and their levels nest."""

import geopandas as gpd
from sqlalchemy import Engine

from geo.areas.rules import partition
from geo.areas.store import versions as area_versions
from geo.base.crs import WGS84
from geo.base.errors import StateError
from geo.store import db, installation


def check_partition(engine: Engine) -> tuple[int, gpd.GeoDataFrame]:
    """Return how many areas are valid today, and the defects of their partition.

    A district that was made of the other areas is none of them: it follows their defects.

    Returns
    -------
    tuple
        Number of areas; defects as from `geo.areas.rules.partition.find_defects`, EPSG:4326, area
        to a hundredth of a square metre, with a place to point at (`lon`, `lat`).

    Raises
    ------
    StateError
        If there are no areas yet.
    """
    with db.open_transaction(engine) as connection:
        known = area_versions.valid_areas(connection)
        known = known[known["code"] != area_versions.MADE_CODE]
        if known.empty:
            raise StateError("coverage.no_areas")
        metric = known.to_crs(installation.metric_srid(connection))
    found = partition.find_defects(gpd.GeoDataFrame(metric[["code", "level", "geometry"]]))
    points = gpd.GeoSeries(found.representative_point(), crs=found.crs).to_crs(WGS84)
    placed = found.to_crs(WGS84).assign(
        area_m2=found["area_m2"].round(2), lon=points.x.round(7), lat=points.y.round(7)
    )
    return len(known), gpd.GeoDataFrame(placed)
