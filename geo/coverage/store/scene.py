"""Everything the computation of coverage looks at, read once in the metric SRID."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from geo.areas.store import versions as area_versions
from geo.coverage.scene_layers import Scene
from geo.coverage.sight.optics import DEFAULT_REACH_M
from geo.coverage.store import demand_incidents
from geo.store import frames, installation

# What a camera looks like to the computation; one row a view.
CAMERAS = (
    "SELECT c.code, c.name, c.owner_kind, c.form, coalesce(c.indoor, false) AS indoor,"
    " coalesce(c.connection, 'unknown') AS connection, c.mount_height_m, c.position_sigma_m,"
    " v.no AS view_no, v.heading_deg, v.heading_source, v.hfov_deg, v.vfov_deg, v.tilt_deg,"
    " v.res_h_px, v.range_m, v.focal_mm, v.sensor_w_mm, ST_X(c.coarse_geom) AS coarse_lon,"
    " ST_Y(c.coarse_geom) AS coarse_lat, c.geom"
    " FROM govgrid.camera c JOIN govgrid.camera_view v ON v.camera_code = c.code"
    " WHERE coalesce(c.status, 'in_use') <> 'removed'"
)


def read_scene(connection: Connection, *, incidents: bool = True) -> Scene:
    """Return the scene of the database as it is now, without its incidents if not `incidents`.

    Incidents are those that the newest run took, never the register.

    Raises
    ------
    StateError
        If nothing with a position was brought in yet.
    """
    srid = installation.metric_srid(connection)
    given = read_views(connection)
    none = given.iloc[:0].to_crs(srid)
    return Scene(
        srid=srid,
        areas=area_versions.valid_areas(connection).to_crs(srid),
        cameras=given.to_crs(srid),
        lonlat=given.geometry,
        buildings=_layer(connection, "building", "code, height_m", srid),
        roads=_layer(connection, "road", "code, class, width_m", srid),
        water=_layer(connection, "water", "code", srid),
        farmland=_layer(connection, "farmland", "code", srid),
        places=_layer(connection, "place", "code, kind, weight, radius_m", srid),
        entrances=_layer(connection, "entrance", "code, kind, place_code", srid),
        incidents=demand_incidents.read_snapshot(connection).to_crs(srid) if incidents else none,
        zones=_layer(connection, "privacy_zone", "code", srid),
        **read_choices(connection),
    )


def read_choices(connection: Connection) -> dict[str, Any]:
    """Return what the database has decided: `heights`, `default_reach_m`, `incident_months`."""
    heights, reach_m = (
        installation.read_value(connection, key) for key in ("building_heights", "default_reach_m")
    )
    return {
        "heights": bool(heights),
        "default_reach_m": float(reach_m or DEFAULT_REACH_M),
        "incident_months": demand_incidents.snapshot_months(connection),
    }


def obstacles(connection: Connection, srid: int) -> gpd.GeoDataFrame:
    """Return the building footprints in `srid`."""
    return _layer(connection, "building", "code", srid)


def read_views(connection: Connection, codes: Sequence[str] | None = None) -> gpd.GeoDataFrame:
    """Return the views of all cameras that were not removed, lon/lat, one row a view.

    With `codes`, of these cameras only.
    """
    if codes is None:
        return frames.read_layer(connection, f"{CAMERAS} ORDER BY c.code, v.no")
    statement = f"{CAMERAS} AND c.code = ANY(:codes) ORDER BY c.code, v.no"
    return frames.read_layer(connection, statement, {"codes": list(codes)})


def _layer(connection: Connection, table: str, columns: str, srid: int) -> gpd.GeoDataFrame:
    # Table and columns are constants of this module.
    statement = f"SELECT {columns}, geom FROM govgrid.{table} WHERE geom IS NOT NULL ORDER BY code"
    rows: pd.DataFrame = frames.read_layer(connection, statement)
    return gpd.GeoDataFrame(rows).to_crs(srid)
