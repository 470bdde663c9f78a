"""Sight lines between places and cameras in a scene, as far as a reader may be told of them."""

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from geo.access.roles import depth_no
from geo.areas.store import versions as area_versions
from geo.base.crs import WGS84
from geo.coverage.scene import Prepared, prepare
from geo.coverage.scene_layers import Scene
from geo.coverage.sight import line_of_sight, optics
from geo.coverage.store import scene
from geo.store import frames, installation

RADIUS_M = 150.0  # of cameras that are listed though they do not see the place
NEAREST = 3  # so many of them however far
ASIDE_M = 60.0  # of a line of sight: buildings that can block it, or move the camera out of them


def of_scene(prepared: Prepared, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the sight lines of `points` (metric CRS, index = name of the place) in a scene."""
    read = prepared.scene
    views = prepared.views
    single = ~views["camera_code"].duplicated()
    columns = ["camera_code", "x", "y", "placement", "moved_m", "mount_height_m"]
    place = views.loc[single, columns]
    cameras = read.cameras.drop_duplicates("code").set_index("code")
    return line_of_sight.seeing(
        points,
        cameras=cameras,
        views=views,
        placement=place.set_index("camera_code"),
        obstacles=prepared.sight,
        radius_m=RADIUS_M,
        nearest=NEAREST,
        convergence_deg=views.loc[single].set_index("camera_code")["convergence_deg"],
    )


def of_place(read: Scene, lon: float, lat: float, *, detail: float) -> pd.DataFrame:
    """Return the sight lines of one place (EPSG:4326) in a scene, at a detail (px/m)."""
    point = gpd.GeoDataFrame(index=["place"], geometry=[shapely.Point(lon, lat)], crs=WGS84)
    return of_scene(prepare(read, detail=detail), point.to_crs(read.srid))


def cut(lines: pd.DataFrame, granted: pd.DataFrame) -> pd.DataFrame:
    """Return sight lines as far as they may be told; see :func:`geo.access.principal.cameras`.

    Column `own` says whether more than code, relation and distance may be told of the camera.
    """
    depth = lines["camera_code"].map(granted["depth"]).astype(float)
    known = lines["camera_code"].isin(granted.index) & ~(depth < depth_no("position"))
    own = depth >= depth_no("position")
    told = lines.assign(own=own)
    told.loc[~own, ["bearing_deg"]] = float("nan")
    told.loc[~own, ["why"]] = ""
    told.loc[~(depth >= depth_no("direction")), ["heading_deg", "px_per_m"]] = float("nan")
    return told[known]


def surroundings(connection: Connection, lon: float, lat: float, *, detail: float) -> Scene:
    """Return the scene around a place: all cameras, but only the buildings that can block."""
    srid = installation.metric_srid(connection)
    views, choices = scene.cameras(connection), scene.choices(connection)
    cameras = views.to_crs(srid)
    at = gpd.GeoSeries([shapely.Point(lon, lat)], crs=WGS84).to_crs(srid).iloc[0]
    ground = gpd.GeoSeries([_sighted(cameras, at, detail, choices["default_reach_m"])], crs=srid)
    near = frames.read_layer(
        connection,
        "SELECT code, height_m, geom FROM govgrid.building"
        " WHERE ST_Intersects(geom, ST_GeomFromWKB(:ground, 4326)) ORDER BY code",
        {"ground": ground.to_crs(WGS84).iloc[0].wkb},
    ).to_crs(srid)
    empty = near.iloc[:0]
    return Scene(
        srid=srid,
        areas=area_versions.now(connection).to_crs(srid),
        cameras=cameras,
        lonlat=views.geometry,
        buildings=near,
        roads=empty,
        water=empty,
        farmland=empty,
        places=empty,
        entrances=empty,
        incidents=empty,
        zones=empty,
        **choices,
    )


def _sighted(
    cameras: gpd.GeoDataFrame, at: BaseGeometry, detail: float, default_reach_m: float
) -> BaseGeometry:
    """Return the ground in which a building can matter: around a place, and on the way to it."""
    views = optics.camera_views(
        pd.DataFrame(cameras).set_index("code"),
        detail_px_per_m=detail,
        default_reach_m=default_reach_m,
    )
    away_m = cameras.distance(at).to_numpy()
    nearest = pd.Series(away_m).groupby(cameras["code"].to_numpy()).min().nsmallest(NEAREST)
    asked = (away_m <= views["range_m"].to_numpy() + ASIDE_M) | (away_m <= nearest.max())
    lines = shapely.shortest_line(cameras.geometry.to_numpy()[asked & (away_m > RADIUS_M)], at)
    around = shapely.buffer(at, RADIUS_M + ASIDE_M)
    return shapely.union_all([around, *shapely.buffer(lines, ASIDE_M)])
