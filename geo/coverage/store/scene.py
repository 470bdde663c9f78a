"""Inputs of the computation of coverage, read once in the metric CRS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo.areas.store import versions as area_versions
from geo.base.crs import WGS84, project
from geo.base.polygons import Geometries
from geo.coverage.scene_layers import Scene
from geo.coverage.sight.optics import DEFAULT_REACH_M
from geo.coverage.store import demand_incidents
from geo.store import frames, installation

_VIEWS: Final = "SELECT * FROM govgrid.sight_camera"
_LAYERS: Final = {
    "buildings": "SELECT code, height_m, geom FROM govgrid.sight_obstacle",
    "roads": "SELECT code, class, width_m, geom FROM govgrid.demand_road",
    "named_roads": "SELECT name, class, geom FROM govgrid.demand_road",
    "water": "SELECT code, geom FROM govgrid.excluded_ground WHERE kind = 'water'",
    "farmland": "SELECT code, geom FROM govgrid.excluded_ground WHERE kind = 'farmland'",
    "zones": "SELECT code, geom FROM govgrid.excluded_ground WHERE kind = 'privacy_zone'",
    "places": "SELECT code, kind, weight, radius_m, geom FROM govgrid.demand_place",
    "entrances": "SELECT code, kind, place_code, geom FROM govgrid.demand_entrance",
}
Box = tuple[float, float, float, float]
_AROUND: Final = "geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)"
AT_A_TIME: Final = 5_000
_OBSTACLES: Final = text(
    "SELECT geom, height_m FROM govgrid.sight_obstacle WHERE geom IS NOT NULL ORDER BY code"
)
_NEAR: Final = (
    "SELECT code, height_m, geom FROM govgrid.sight_obstacle"
    " WHERE ST_Intersects(geom, ST_GeomFromWKB(:ground, 4326)) ORDER BY code"
)


def read_scene(connection: Connection, *, incidents: bool = True) -> Scene:
    """Return the current scene of the database, in its metric CRS.

    Incidents are those that the newest run took, never the register.

    Parameters
    ----------
    connection
        Open transaction.
    incidents
        Whether to read them.

    Raises
    ------
    StateError
        If nothing with a position was imported yet.
    """
    srid = installation.metric_srid(connection)
    given = read_views(connection)
    none = given.iloc[:0].to_crs(srid)
    return Scene(
        srid=srid,
        areas=area_versions.valid_areas(connection).to_crs(srid),
        cameras=given.to_crs(srid),
        lonlat=given.geometry,
        buildings=read_ground(connection, "buildings", srid),
        roads=read_ground(connection, "roads", srid),
        water=read_ground(connection, "water", srid),
        farmland=read_ground(connection, "farmland", srid),
        places=read_ground(connection, "places", srid),
        entrances=read_ground(connection, "entrances", srid),
        incidents=demand_incidents.read_snapshot(connection).to_crs(srid) if incidents else none,
        zones=read_ground(connection, "zones", srid),
        **vars(read_choices(connection)),
    )


SIGHT: Final = ("building", "camera", "setting")
"""Layers of which the views and what stands in their way are made."""


def read_sight(connection: Connection) -> Scene:
    """Return a scene with the views and the buildings alone: for who sees what.

    Parameters
    ----------
    connection
        Transaction that sees all ground and equipment.
    """
    srid = installation.metric_srid(connection)
    given, buildings = read_views(connection), read_ground(connection, "buildings", srid)
    empty = buildings.iloc[:0]
    return Scene(
        srid=srid,
        areas=empty,
        cameras=given.to_crs(srid),
        lonlat=given.geometry,
        buildings=buildings,
        roads=empty,
        water=empty,
        farmland=empty,
        places=empty,
        entrances=empty,
        incidents=empty,
        zones=empty,
        **vars(read_choices(connection)),
    )


@dataclass(frozen=True)
class SceneChoices:
    """What the database has decided: whether heights of buildings count, and two defaults."""

    heights: bool
    default_reach_m: float
    incident_months: int


def read_choices(connection: Connection) -> SceneChoices:
    """Return what the database has decided about scenes."""
    heights, reach_m = (
        installation.read_value(connection, key) for key in ("building_heights", "default_reach_m")
    )
    return SceneChoices(
        bool(heights),
        float(reach_m or DEFAULT_REACH_M),
        demand_incidents.snapshot_months(connection),
    )


def count_obstacles(connection: Connection) -> int:
    """Return how many building footprints there are."""
    return int(connection.execute(text("SELECT count(*) FROM govgrid.sight_obstacle")).scalar_one())


def read_obstacles(connection: Connection, srid: int) -> tuple[Geometries, NDArray[np.float64]]:
    """Return the building footprints in `srid` and their heights (NaN unknown), without a frame.

    Parameters
    ----------
    connection
        Open transaction.
    srid
        EPSG code of the result.
    """
    shapes, heights = [np.empty(0, dtype=object)], [np.empty(0)]
    rows = connection.execute(_OBSTACLES, execution_options={"yield_per": AT_A_TIME})
    for part in rows.partitions():
        wkb, height_m = zip(*part, strict=True)
        lonlat = shapely.set_srid(shapely.from_wkb(np.array(wkb, dtype=object)), 0)
        shapes.append(project(lonlat, source=WGS84, target=srid))
        heights.append(np.array(height_m, dtype=float))
    return np.concatenate(shapes), np.concatenate(heights)


def read_views(connection: Connection, codes: Sequence[str] | None = None) -> gpd.GeoDataFrame:
    """Return the views of all cameras that were not removed, EPSG:4326, one row per view.

    Parameters
    ----------
    connection
        Open transaction.
    codes
        Cameras; None for all.
    """
    if codes is None:
        return frames.read_layer(connection, f"{_VIEWS} ORDER BY code, view_no")
    statement = f"{_VIEWS} WHERE code = ANY(:codes) ORDER BY code, view_no"
    return frames.read_layer(connection, statement, {"codes": list(codes)})


def read_ground(
    connection: Connection, name: str, srid: int, *, around: Box | None = None
) -> gpd.GeoDataFrame:
    """Return a layer of the ground in `srid`, in order of codes.

    Parameters
    ----------
    name
        buildings, roads, named_roads (with names instead of widths), water, farmland, zones,
        places or entrances.
    around
        Box (west, south, east, north in degrees) that the rows meet; None: all of them.
    """
    statement = f"{_LAYERS[name]} {'AND' if 'WHERE' in _LAYERS[name] else 'WHERE'}"
    if around is None:
        rows = frames.read_layer(connection, f"{statement} geom IS NOT NULL ORDER BY code")
    else:
        box = dict(zip(("west", "south", "east", "north"), around, strict=True))
        rows = frames.read_layer(connection, f"{statement} {_AROUND} ORDER BY code", box)
    return rows.to_crs(srid)


def obstacles_near(connection: Connection, ground: bytes, srid: int) -> gpd.GeoDataFrame:
    """Return the buildings that meet some ground.

    Parameters
    ----------
    connection
        Open transaction.
    ground
        Polygon as WKB, EPSG:4326.
    srid
        EPSG code of the result.
    """
    return frames.read_layer(connection, _NEAR, {"ground": ground}).to_crs(srid)
