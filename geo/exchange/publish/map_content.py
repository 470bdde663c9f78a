"""All that one map page shows, read and computed together so that it is of one moment."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Engine

from geo.access import predicates, transaction
from geo.access.principal import Reader
from geo.access.roles import depth_no
from geo.areas.store import versions as area_versions
from geo.base.crs import WGS84
from geo.base.errors import NotFoundError
from geo.base.reprojection import reprojected
from geo.coverage import sight_lines
from geo.coverage.kinds import CERTAINTIES, DEVICE_SETS
from geo.coverage.scene import Prepared, prepare
from geo.coverage.store import results, scene
from geo.incidents import assign
from geo.store import frames, installation

SIGHT = ("heading_deg", "heading_source", "hfov_deg", "range_m")
MAIN_ROADS = ("trunk", "primary", "secondary")
MOST_CAMERAS = 8
SHARES = (
    "area_m2",
    "open_ground_m2",
    "demand_m2",
    "covered_demand_m2",
    "covered_demand_share",
    "covered_area_m2",
    "covered_share",
)


def read(
    engine: Engine,
    reader: Reader,
    *,
    lang: str,
    timezone: str,
    detail: int = 20,
    device_set: str = "all",
    certainty: str = "certain",
    area: str | None = None,
) -> dict[str, Any]:
    """Return the frames and facts of a map page by the names of ``maps.content.MapContent``.

    Parameters
    ----------
    timezone
        Zone of the day by whose areas a matter is judged (an IANA name).
    area
        Code of an area of any level: everything is cut to it. None: all that `reader` may see.

    Raises
    ------
    NotFoundError
        If there is no area of that code, no such device set or certainty.
    """
    for column, value, words in (
        ("device_set", device_set, DEVICE_SETS),
        ("certainty", certainty, CERTAINTIES),
    ):
        if value not in words:
            raise NotFoundError("coverage.no_figures", column=column, value=value)
    with transaction.opened(engine, reader) as connection:
        matters = assign.assigned(connection, reader, lang=lang, timezone=timezone)
        transaction.step_down(connection)
        known = predicates.within(area_versions.now(connection), reader)
        granted = predicates.cameras(connection, reader)
        run = results.newest(connection)
        shown = _within(known, area)
        frames_ = {**_frames(connection), "incidents": matters}
        frames_["cameras"] = _cameras(connection, shown, granted)
        frames_["areas"] = _areas(connection, shown, run, device_set, detail, certainty)
        frames_["gaps"] = _gaps(connection, reader, run, device_set, detail, certainty)
        prepared = prepare(scene.read(connection, matters=False), detail=detail)
    if area is not None:
        frames_ = _cut(frames_, known[known["code"] == area].geometry.union_all())
    elif not reader.everything:
        apart = {name: frames_.pop(name) for name in ("cameras", "incidents")}
        frames_ = {**_cut(frames_, known.geometry.union_all()), **apart}
    frames_["cameras"], counted = _placed(frames_["cameras"])
    frames_ = _coarse(frames_, reader)
    top = shown.sort_values("level", key=_order).iloc[0] if len(shown) else None
    return {
        **frames_,
        "title": "" if top is None else top["name"],
        "synthetic": _synthetic(known),
        "computed_at": None if run is None else run.computed_at,
        "device_set": device_set,
        "detail": detail,
        "certainty": certainty,
        "counted": counted,
        "seeing": _seeing(frames_["incidents"], frames_["cameras"], prepared, granted),
    }


def _order(levels: pd.Series) -> pd.Series:
    return levels.map({"district": 0, "township": 1, "community": 2, "grid": 3})


def _within(known: gpd.GeoDataFrame, area: str | None) -> gpd.GeoDataFrame:
    if area is None:
        return known
    chosen = known[known["code"] == area]
    if chosen.empty:
        raise NotFoundError("area.unknown", code=area)
    path = chosen["path"].iloc[0]
    inside = (known["path"] == path) | known["path"].str.startswith(path + ".")
    return gpd.GeoDataFrame(known[inside])


def _frames(connection: Connection) -> dict[str, Any]:
    layer = frames.read_layer
    return {
        "water": layer(connection, "SELECT name, kind, geom FROM govgrid.water"),
        "farmland": layer(connection, "SELECT name, kind, geom FROM govgrid.farmland"),
        "roads": layer(
            connection,
            "SELECT class, name, geom FROM govgrid.road WHERE class = ANY(:main)",
            {"main": list(MAIN_ROADS)},
        ),
        "centres": layer(
            connection, "SELECT code, name, level, duty_phone, geom FROM govgrid.centre"
        ),
        "places": layer(connection, "SELECT name, kind, geom FROM govgrid.place"),
    }


def _cameras(
    connection: Connection, shown: gpd.GeoDataFrame, granted: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the granted cameras with their `depth`, with heading where directions are granted."""
    rows = frames.read_layer(
        connection,
        "SELECT c.code, c.name, c.owner_kind, c.form, c.status, c.connection,"
        " coalesce(c.indoor, false) AS indoor, v.heading_deg, v.heading_source, v.hfov_deg,"
        " v.range_m, c.geom FROM govgrid.camera c"
        " LEFT JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1 ORDER BY c.code",
    )
    depth = rows["code"].map(granted["depth"]).astype(float)
    rows.loc[~(depth >= depth_no("direction")), list(SIGHT)] = None
    rows = rows[depth.notna()]
    grids = shown.loc[shown["level"] == "grid", ["code", "geometry"]]
    inside = gpd.sjoin(rows[["geometry"]], grids, predicate="intersects")["code"]
    # On a common border the smaller code, as the border rule says for equal overlaps.
    return rows.assign(grid_code=inside.groupby(level=0).min(), depth=depth)


def _placed(cameras: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the cameras whose position is granted, and by owner kind how many others there are."""
    deep = cameras.pop("depth") >= depth_no("position")
    counts = cameras.loc[~deep, "owner_kind"].fillna("unsorted").value_counts()
    return gpd.GeoDataFrame(cameras[deep]), {str(kind): int(n) for kind, n in counts.items()}


def _areas(
    connection: Connection,
    shown: gpd.GeoDataFrame,
    run: results.Run | None,
    device_set: str,
    detail: int,
    certainty: str,
) -> gpd.GeoDataFrame:
    codes = shown["code"]
    table = shown.assign(parent_code=shown["parent_unit_id"].map(codes)).reset_index(drop=True)
    desks = frames.read(
        connection,
        "SELECT area_code, min(name) AS unit_name FROM govgrid.unit WHERE kind = '值班室'"
        " GROUP BY area_code",
    )
    table = table.merge(desks, left_on="code", right_on="area_code", how="left")
    if run is None:
        return table.assign(**{name: float("nan") for name in SHARES})
    figures = results.figures(connection, run.id)
    chosen = (
        (figures["device_set"] == device_set)
        & (figures["detail"] == detail)
        & (figures["certainty"] == certainty)
    )
    return table.merge(
        figures.loc[chosen, ["level", "code", "obstacles_known", *SHARES]],
        on=["level", "code"],
        how="left",
    )


def _gaps(
    connection: Connection,
    reader: Reader,
    run: results.Run | None,
    device_set: str,
    detail: int,
    certainty: str,
) -> gpd.GeoDataFrame:
    deep = reader.deep("gaps")
    if run is None or not (deep.everything or deep.areas):
        columns = ["rank", "grid_code", "area_m2", "weight", "geometry"]
        return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=WGS84)
    srid = installation.metric_srid(connection)
    found = results.gaps(
        connection, run.id, srid=srid, device_set=device_set, detail=detail, certainty=certainty
    )
    return reprojected(predicates.of_grids(connection, deep, found))


def _coarse(parts: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """Round the places of cameras and matters for who needs them no better than that."""
    if reader.decimals is None:
        return parts
    step = 10.0**-reader.decimals
    rounded = {
        name: parts[name].set_geometry(parts[name].geometry.set_precision(step))
        for name in ("cameras", "incidents")
    }
    return {**parts, **rounded}


def _cut(parts: Mapping[str, Any], ground: Any) -> dict[str, Any]:  # noqa: ANN401 - a geometry
    return {
        name: frame if name == "areas" else frame[frame.geometry.intersects(ground)]
        for name, frame in parts.items()
    }


def _synthetic(known: gpd.GeoDataFrame) -> bool:
    return any("虚构" in str(cell.get("remark", "")) for cell in known["attributes"])


def _seeing(
    matters: gpd.GeoDataFrame,
    cameras: gpd.GeoDataFrame,
    prepared: Prepared,
    granted: pd.DataFrame,
) -> pd.DataFrame:
    placed = matters[matters.geometry.notna() & ~matters.geometry.is_empty]
    points = placed[["code", "geometry"]].set_index("code").to_crs(prepared.scene.srid)
    lines = sight_lines.cut(sight_lines.of_scene(prepared, points), granted)
    lines = lines.drop(columns="own").rename(columns={"point": "incident_code"})
    lines["rank"] = lines.groupby("incident_code", sort=False).cumcount() + 1
    lines = lines[lines["rank"] <= MOST_CAMERAS]
    online = cameras.set_index("code")["connection"].map({"online": True, "offline": False})
    return lines.assign(online=lines["camera_code"].map(online.astype(object)))
