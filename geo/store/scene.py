"""Everything the computation of coverage looks at, read once in the metric SRID."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from geo.store import areas, decisions, frames

# What a camera looks like to the computation; one row a view.
CAMERAS = (
    "SELECT c.code, c.name, c.owner_kind, c.form, coalesce(c.indoor, false) AS indoor,"
    " coalesce(c.connection, 'unknown') AS connection, c.mount_height_m, c.position_sigma_m,"
    " v.no AS view_no, v.heading_deg, v.heading_source, v.hfov_deg, v.vfov_deg, v.tilt_deg,"
    " v.res_h_px, v.range_m, c.geom"
    " FROM govgrid.camera c JOIN govgrid.camera_view v ON v.camera_code = c.code"
    " WHERE coalesce(c.status, 'in_use') <> 'removed' ORDER BY c.code, v.no"
)


@dataclass(frozen=True)
class Scene:
    """Layers of one district in its metric SRID; `lonlat` holds the cameras as they were given."""

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


def read(connection: Connection) -> Scene:
    """Return the scene of the database as it is now.

    Raises
    ------
    StateError
        If nothing with a position was brought in yet.
    """
    srid = decisions.metric_srid(connection)
    cameras = frames.read_layer(connection, CAMERAS)
    return Scene(
        srid=srid,
        areas=areas.now(connection).to_crs(srid),
        cameras=cameras.to_crs(srid),
        lonlat=cameras.geometry,
        buildings=_layer(connection, "building", "code", srid),
        roads=_layer(connection, "road", "code, class, width_m", srid),
        water=_layer(connection, "water", "code", srid),
        farmland=_layer(connection, "farmland", "code", srid),
        places=_layer(connection, "place", "code, kind, weight, radius_m", srid),
        entrances=_layer(connection, "entrance", "code, kind", srid),
        incidents=_layer(connection, "incident", "code", srid),
    )


def obstacles(connection: Connection, srid: int) -> gpd.GeoDataFrame:
    """Return the building footprints in `srid`."""
    return _layer(connection, "building", "code", srid)


def cameras(connection: Connection) -> gpd.GeoDataFrame:
    """Return the views of all cameras that were not removed, lon/lat, one row a view."""
    return frames.read_layer(connection, CAMERAS)


def _layer(connection: Connection, table: str, columns: str, srid: int) -> gpd.GeoDataFrame:
    # Table and columns are constants of this module.
    statement = f"SELECT {columns}, geom FROM govgrid.{table} WHERE geom IS NOT NULL ORDER BY code"  # noqa: S608
    rows: pd.DataFrame = frames.read_layer(connection, statement)
    return gpd.GeoDataFrame(rows).to_crs(srid)
