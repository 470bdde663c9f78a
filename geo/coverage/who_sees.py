"""Which cameras see a place, may see it, or stand near and do not, and why."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from geo.access import predicates, transaction
from geo.access.principal import Reader
from geo.access.roles import depth_no
from geo.areas.store import versions as area_versions
from geo.base.errors import NotFoundError
from geo.coverage.scene import Prepared, prepare
from geo.coverage.scene_layers import Scene
from geo.coverage.sight import line_of_sight
from geo.coverage.store import scene
from geo.store import frames, installation

RADIUS_M = 150.0
KEYS = (
    *("code", "name", "relation", "why", "distance_m", "bearing_deg", "heading_deg", "px_per_m"),
    *("online", "footage_until", "unit", "phone"),
)
# Who is asked for a picture, and how long it is kept.
FACTS = (
    "SELECT code, name, connection, retention_days, management_unit AS unit, duty_phone AS phone,"
    " installed_on FROM govgrid.camera"
)
STATES = (
    "SELECT DISTINCT ON (camera_code) camera_code, status FROM govgrid.camera_status"
    " WHERE since <= :at ORDER BY camera_code, since DESC"
)


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
        convergence_deg=views.loc[single].set_index("camera_code")["convergence_deg"],
    )


def seeing_one(
    engine: Engine,
    reader: Reader,
    lon: float,
    lat: float,
    *,
    at: datetime | None = None,
    timezone: str,
    detail: int = 20,
) -> dict[str, Any]:
    """Return the cameras of one place (EPSG:4326), as the command line and the service tell it.

    Of cameras outside the reader's areas only code, relation and distance are told, of those of a
    class that was not granted nothing. `at` is the moment the footage is wanted from; without it
    now. Whether a camera was online then is what it had reported last by that time; None where it
    had reported nothing.

    Raises
    ------
    NotFoundError
        If the place is not in the reader's areas.
    ForbiddenError
        If no camera's position is granted at all.
    """
    reader.require_depth("position")
    with transaction.drawing(engine, reader) as connection:
        if not predicates.covers(connection, reader, lon, lat):
            raise NotFoundError("access.elsewhere")
        granted = predicates.cameras(connection, reader)
        read = _surroundings(connection, lon, lat)
        facts = _facts(connection, at)
    prepared = prepare(read, detail=detail)
    point = gpd.GeoDataFrame(index=["place"], geometry=[shapely.Point(lon, lat)], crs=4326)
    lines = cut(of_scene(prepared, point.to_crs(read.srid)), granted)
    cameras = [
        _told(line, facts.loc[line["camera_code"]], at, timezone)
        for line in lines.to_dict("records")
    ]
    nearest = lines["distance_m"].min() if len(lines) else None
    return {"cameras": cameras, "nearest_m": None if nearest is None else round(nearest, 1)}


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


def _facts(connection: Connection, at: datetime | None) -> pd.DataFrame:
    """Return what is known of every camera, with its connection at a moment or now."""
    facts = frames.read(connection, FACTS).set_index("code")
    if at is None:
        return facts
    then = frames.read(connection, STATES, {"at": at}).set_index("camera_code")["status"]
    return facts.assign(connection=then.reindex(facts.index))


def _surroundings(connection: Connection, lon: float, lat: float) -> Scene:
    """Return the scene around a place: all cameras, but only the buildings that can block."""
    srid = installation.metric_srid(connection)
    near = frames.read_layer(
        connection,
        "SELECT code, height_m, geom FROM govgrid.building WHERE geom && ST_Expand(ST_SetSRID("
        "ST_MakePoint(:lon, :lat), 4326), :reach_deg, :reach_deg) ORDER BY code",
        # 0.004 degrees are 440 m northwards and, up to 55 degrees of latitude, 250 m eastwards.
        {"lon": lon, "lat": lat, "reach_deg": 0.004},
    ).to_crs(srid)
    cameras = scene.cameras(connection)
    empty = near.iloc[:0]
    return Scene(
        srid=srid,
        areas=area_versions.now(connection).to_crs(srid),
        cameras=cameras.to_crs(srid),
        lonlat=cameras.geometry,
        buildings=near,
        roads=empty,
        water=empty,
        farmland=empty,
        places=empty,
        entrances=empty,
        incidents=empty,
        zones=empty,
        heights=bool(installation.get(connection, "building_heights")),
    )


def _told(
    line: dict[Any, Any], fact: pd.Series, at: datetime | None, timezone: str
) -> dict[str, Any]:
    if not line["own"]:
        untold = dict.fromkeys(KEYS)
        distance_m = round(line["distance_m"], 1)
        seen = {"code": line["camera_code"], "relation": line["relation"]}
        return {**untold, **seen, "distance_m": distance_m}
    return {
        "code": line["camera_code"],
        "name": fact["name"],
        "relation": line["relation"],
        "why": line["why"],
        "distance_m": round(line["distance_m"], 1),
        "bearing_deg": round(line["bearing_deg"], 1),
        "heading_deg": _number(line["heading_deg"]),
        "px_per_m": _number(line["px_per_m"]),
        "online": {"online": True, "offline": False}.get(str(fact["connection"])),
        "footage_until": _until(fact, at or datetime.now(ZoneInfo(timezone))),
        "unit": _text(fact["unit"]),
        "phone": _text(fact["phone"]),
    }


def _until(fact: pd.Series, moment: datetime) -> str | None:
    days: Any = fact["retention_days"]
    installed: date | None = fact["installed_on"]
    if pd.isna(days) or (installed is not None and installed > moment.date()):
        return None
    return (moment + timedelta(days=int(days))).isoformat(timespec="seconds")


def _number(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 1)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
