"""Sight lines between places and cameras in a scene, as far as a principal may see them."""

from collections.abc import Set
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Engine

from geo.access import exact_answers
from geo.access.exact_answers import IncidentPlace
from geo.access.principal import Principal
from geo.base.crs import WGS84
from geo.coverage import coarse_lines
from geo.coverage.coarse_lines import HIDDEN, NEAREST, RADIUS_M, GrantedLines
from geo.coverage.scene import Prepared, prepare_scene
from geo.coverage.scene_layers import Scene
from geo.coverage.sight import coarse_sight, optics
from geo.coverage.sight.place_lines import PlaceLine
from geo.coverage.store import scene
from geo.coverage.store.scene import SceneChoices
from geo.store import installation

ASIDE_M = 60.0  # of a line of sight: buildings that can block it, or move the camera out of them


def lines_to(
    engine: Engine,
    reader: Principal,
    prepared: Prepared,
    points: gpd.GeoDataFrame,
    granted: pd.DataFrame,
    sent: Set[str],
) -> GrantedLines:
    """Return the sight lines of some places, as far as they may be shown; exact ones are counted.

    Parameters
    ----------
    points
        Index = code of the incident or name of the place; none missing.
    granted
        As from :func:`geo.access.predicates.visible_cameras`.
    sent
        Which of `points` are places of incidents that the reader's unit is sent to.
    """
    read = prepared.scene
    exact = granted.index[granted["exact"].astype(bool)]
    coarse = read.cameras[~read.cameras["code"].isin(exact)]
    views = coarse_sight.coarse_views(
        coarse, srid=read.srid, detail=prepared.detail, default_reach_m=read.default_reach_m
    )
    placed = points.to_crs(read.srid)
    there = placed[placed.index.isin(sent)]
    pairs = coarse_lines.seen_by_cell(views, there) if len(there) else None
    exactly: set[tuple[str, str]] = set()
    if pairs is not None:
        wanted = pairs[pairs["camera_code"].isin(coarse_lines.not_exact(granted))]
        exactly = exact_answers.allowed_pairs(
            engine, reader, wanted.itertuples(index=False, name=None)
        )
    return coarse_lines.granted_lines(prepared, views, placed, granted, exactly)


def lines_at(
    engine: Engine,
    reader: Principal,
    read: Scene,
    asked: IncidentPlace,
    granted: pd.DataFrame,
    *,
    detail: float,
) -> GrantedLines:
    """Return the sight lines of one place.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    read
        Scene around the place.
    asked
        Place; with a code it is an incident dispatched to the principal's unit.
    granted
        Cameras it may know of, as from :func:`geo.access.predicates.visible_cameras`.
    detail
        Pixel density, px/m.
    """
    at = [shapely.Point(asked.lon, asked.lat)]
    point = gpd.GeoDataFrame(index=[asked.code], geometry=at, crs=WGS84)
    sent = frozenset({asked.code} if asked.code else ())
    return lines_to(engine, reader, prepare_scene(read, detail=detail), point, granted, sent)


def place_lines_of(lines: pd.DataFrame) -> list[PlaceLine]:
    """Return the lines of one place, in their order, without a frame."""
    rank = {"sees": 0, "possible": 1, "near": 2}
    found = []
    for line in lines.to_dict("records"):
        bearing, heading, px = (
            None if pd.isna(line[name]) else float(line[name]) for name in HIDDEN
        )
        relation, own, exact = line["relation"], bool(line["own"]), bool(line["exact"])
        head = (rank[relation], float(line["distance_m"]), line["camera_code"], relation)
        found.append(PlaceLine(*head, line["why"], bearing, heading, px, own, exact))
    return found


def scene_around(
    connection: Connection, lon: float, lat: float, granted: pd.DataFrame, *, detail: float
) -> Scene:
    """Return the scene around a place: all cameras, but only the buildings that can block.

    Parameters
    ----------
    connection
        Transaction that sees all ground and equipment.
    lon, lat
        Degrees, EPSG:4326.
    granted
        As from :func:`geo.access.predicates.visible_cameras`: the nearest of these are judged.
    detail
        Pixel density asked for, px/m.
    """
    srid = installation.metric_srid(connection)
    views, choices = scene.read_views(connection), scene.read_choices(connection)
    place = gpd.GeoSeries([shapely.Point(lon, lat)], crs=WGS84).to_crs(srid).iloc[0]
    cameras = views.to_crs(srid)
    exact = granted.index[granted["exact"].astype(bool)]
    ground = _sighted(cameras, exact, place, detail, choices.default_reach_m)
    return replace(_scene(connection, srid, cameras, ground, choices), lonlat=views.geometry)


def _scene(
    connection: Connection,
    srid: int,
    cameras: gpd.GeoDataFrame,
    ground: BaseGeometry,
    choices: SceneChoices,
) -> Scene:
    asked = gpd.GeoSeries([ground], crs=srid).to_crs(WGS84).iloc[0]
    near = scene.obstacles_near(connection, asked.wkb, srid)
    empty = near.iloc[:0]
    return Scene(
        srid=srid,
        areas=empty,
        cameras=cameras,
        lonlat=cameras.geometry,
        buildings=near,
        roads=empty,
        water=empty,
        farmland=empty,
        places=empty,
        entrances=empty,
        incidents=empty,
        zones=empty,
        **vars(choices),
    )


def _sighted(
    cameras: gpd.GeoDataFrame,
    exact: "pd.Index[str]",
    at: BaseGeometry,
    detail: float,
    default_reach_m: float,
) -> BaseGeometry:
    """Return the ground in which a building can matter: around a place, and on the way to it."""
    views = optics.camera_views(
        pd.DataFrame(cameras).set_index("code"),
        detail_px_per_m=detail,
        default_reach_m=default_reach_m,
    )
    away_m = cameras.distance(at).to_numpy()
    by_code = pd.Series(away_m).groupby(cameras["code"].to_numpy()).min()
    nearest_m = by_code[by_code.index.isin(exact)].nsmallest(NEAREST).max()  # NaN: there is none
    asked = away_m <= views["range_m"].to_numpy() + ASIDE_M
    asked |= away_m <= nearest_m + 2 * coarse_sight.SNAP_M
    lines = shapely.shortest_line(cameras.geometry.to_numpy()[asked & (away_m > RADIUS_M)], at)
    around = shapely.buffer(at, RADIUS_M + ASIDE_M)
    return shapely.union_all([around, *shapely.buffer(lines, ASIDE_M)])
