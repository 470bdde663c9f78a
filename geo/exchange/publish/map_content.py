"""Content of one map page, read and computed together so that it is of one moment."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Engine

from geo.access import exact_answers, predicates, transaction
from geo.access.principal import Principal
from geo.access.roles import CLASSES, depth_no
from geo.areas.store import versions as area_versions
from geo.base.crs import WGS84
from geo.base.errors import NotFoundError
from geo.base.reprojection import reproject_layer
from geo.cameras.store import layers as camera_layers
from geo.coverage import sight_lines
from geo.coverage.coarse_figures import granted_figures
from geo.coverage.coarse_gaps import granted_gaps
from geo.coverage.kinds import CERTAINTIES, DEVICE_SETS
from geo.coverage.scene import Prepared, prepare_scene
from geo.coverage.store import results, scene
from geo.exchange.publish import map_figures
from geo.exchange.publish.bulk import BULK
from geo.exchange.publish.kept_frames import KeptFrames
from geo.exchange.store import layers as base_layers
from geo.incidents import assign
from geo.incidents.store import incidents as stored_incidents
from geo.store import frames, revisions
from geo.store.revisions import LayerRevisions

SIGHT = ("heading_deg", "heading_source", "hfov_deg", "range_m")
MOST_CAMERAS = 8
COVERAGE = ("coverage",)


@dataclass(frozen=True)
class _Base:
    """What is kept of frames that are the same for everybody, and the revisions of this moment."""

    kept: KeptFrames
    now: LayerRevisions

    def get(self, name: Hashable, layers: Iterable[str], read: Callable[[], Any]) -> Any:  # noqa: ANN401 - as read
        return self.kept.get(name, self.now.of(layers), read)


def read_content(  # noqa: PLR0913 - whose map, of what and of where; all but the first optional
    engine: Engine,
    reader: Principal,
    *,
    lang: str,
    timezone: str,
    detail: int = 20,
    device_set: str = "all",
    certainty: str = "certain",
    area: str | None = None,
    drawn: Set[str] = BULK,
    kept: KeptFrames | None = None,
) -> dict[str, Any]:
    """Return the frames and facts of a map page by the names of ``maps.content.MapContent``.

    Shares stand at the areas whose figures `reader` may see.

    Parameters
    ----------
    timezone
        Zone of the day by whose areas an incident is judged (an IANA name).
    area
        Code of an area of any level: everything is cut to it. None: all that `reader` may see.
    drawn
        Which of :data:`geo.exchange.publish.bulk.BULK` are drawn; of others there is only how many
        they are.
    kept
        What the process keeps of frames that are the same for everybody; None: nothing.

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
    with transaction.open_as(engine, reader) as connection:
        base = _Base(kept or KeptFrames(), revisions.current_revisions(connection))
        incidents = assign.assign_incidents(connection, reader, lang=lang, timezone=timezone)
        sent = exact_answers.dispatched_incidents(connection, reader)
        transaction.step_down(connection)
        areas = base.get("areas", ["area"], lambda: area_versions.valid_areas(connection))
        known = predicates.granted_areas(areas, reader)
        granted = predicates.visible_cameras(connection, reader)
        run = results.newest_run(connection)
        shown = _within(known, area)
        frames_ = {**_base_layers(connection, base), "incidents": incidents}
        frames_["cameras"] = _cameras(connection, shown, granted)
        asked = (device_set, detail, certainty)
        frames_["areas"] = _areas(connection, reader, shown, run, asked, base)
        frames_["gaps"] = _gaps(connection, reader, run, device_set, detail, certainty, base)
        prepared = base.get(
            ("views", detail),
            scene.SIGHT,
            lambda: prepare_scene(scene.read_sight(connection), detail=detail),
        )
    frames_ = _inside(frames_, known, area, reader)
    frames_["cameras"], counted = _placed(frames_["cameras"])
    cameras = frames_["cameras"]
    left_out = {name: len(frames_[name]) for name in sorted(BULK - drawn)}
    seeing, withheld = _seeing(engine, reader, frames_["incidents"], prepared, granted, sent)
    return {
        **_without(frames_, left_out),
        "incidents": frames_["incidents"].assign(
            withheld=frames_["incidents"]["code"].map(withheld).astype(float)
        ),
        "title": _title(shown),
        "synthetic": _synthetic(known),
        "computed_at": None if run is None else run.computed_at,
        "incidents_until": None if run is None else run.incidents_until,
        "device_set": device_set,
        "detail": detail,
        "certainty": certainty,
        "counted": _summed(counted, cameras, left_out),
        "closed": _closed(reader, None),
        "figures": reader.may("figures") and _has_shares(frames_["areas"], run),
        "left_out": left_out,
        "seeing": _online(seeing, cameras, measured="cameras" in drawn),
    }


def bulk_sizes(
    engine: Engine,
    reader: Principal,
    *,
    detail: float,
    area: str | None = None,
    kept: KeptFrames | None = None,
) -> dict[str, int]:
    """Return layer → number of rows that a map page would hold, of the layers read in bulk.

    Parameters
    ----------
    reader
        Principal whose grants apply.
    detail
        Pixel density of the gaps, px/m.
    area
        Code of an area; None for all granted.
    kept
        As for :func:`read_content`.
    """
    with transaction.open_read_only(engine, reader) as connection:
        base = _Base(kept or KeptFrames(), revisions.current_revisions(connection))
        known = predicates.granted_areas(area_versions.valid_areas(connection), reader)
        shown = _within(known, area)
        run = results.newest_run(connection)
        frames_ = {
            "cameras": _cameras(connection, shown, predicates.visible_cameras(connection, reader)),
            "gaps": _gaps(connection, reader, run, "all", detail, "certain", base),
        }
    found = _inside(frames_, known, area, reader)
    return {"cameras": len(_placed(found["cameras"])[0]), "gaps": len(found["gaps"])}


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


def _inside(
    parts: dict[str, Any], known: gpd.GeoDataFrame, area: str | None, reader: Principal
) -> dict[str, Any]:
    """Cut the frames to an area, or to what is granted; cameras and incidents are cut already."""
    if area is not None:
        return _cut(parts, known[known["code"] == area].geometry.union_all())
    if reader.everything:
        return parts
    apart = {name: parts[name] for name in ("cameras", "incidents") if name in parts}
    others = {name: frame for name, frame in parts.items() if name not in apart}
    return _cut(others, known.geometry.union_all()) | apart


def _cameras(
    connection: Connection, shown: gpd.GeoDataFrame, granted: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the granted cameras with their `depth`, as exactly and deeply as they are granted."""
    rows = frames.read_layer(connection, camera_layers.ON_MAP)
    depth = rows["code"].map(granted["depth"]).astype(float)
    rows = rows[depth.notna()].assign(depth=depth)
    rows.loc[~(rows["depth"] >= depth_no("direction")), list(SIGHT)] = None
    coarse = ~rows["code"].map(granted["exact"]).astype(bool)
    places = gpd.points_from_xy(rows.pop("lon"), rows.pop("lat"))
    shapes = rows.geometry.where(~coarse, gpd.GeoSeries(places, index=rows.index, crs=WGS84))
    rows = rows.set_geometry(shapes)
    rows["name"] = rows["name"].mask(coarse)
    grids = shown.loc[shown["level"] == "grid", ["code", "geometry"]]
    inside = gpd.sjoin(rows[["geometry"]], grids, predicate="intersects")["code"]
    # On a common border the smaller code, as the border rule says for equal overlaps.
    return rows.assign(grid_code=inside.groupby(level=0).min())


def _placed(cameras: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, int]]:
    """Return the cameras whose position is granted, and by owner kind how many others there are."""
    deep = cameras.pop("depth") >= depth_no("position")
    counts = cameras.loc[~deep, "owner_kind"].fillna("unsorted").value_counts()
    return gpd.GeoDataFrame(cameras[deep]), {str(kind): int(n) for kind, n in counts.items()}


def _areas(
    connection: Connection,
    reader: Principal,
    shown: gpd.GeoDataFrame,
    run: results.Run | None,
    asked: tuple[str, int, str],
    base: _Base,
) -> gpd.GeoDataFrame:
    device_set, detail, certainty = asked
    codes = shown["code"]
    table = shown.assign(parent_code=shown["parent_unit_id"].map(codes)).reset_index(drop=True)
    desks = stored_incidents.duty_desks(connection)
    table = table.merge(desks, left_on="code", right_on="area_code", how="left")
    table["closed"] = [",".join(_closed(reader, path)) for path in table["path"]]
    if run is None:
        return table.assign(**{name: float("nan") for name in map_figures.SHARES})
    figures = base.get("figures", COVERAGE, lambda: results.read_figures(connection, run.id))
    rows = granted_figures(connection, reader.cut("figures"), figures.to_dict("records"))
    figures = pd.DataFrame(rows, columns=figures.columns)
    read = predicates.granted_areas(shown, reader.cut("figures"))
    by_area = map_figures.of_areas(
        figures, device_set=device_set, detail=detail, certainty=certainty
    ).merge(read[["level", "code"]], on=["level", "code"])
    return table.merge(by_area, on=["level", "code"], how="left")


def _has_shares(areas: gpd.GeoDataFrame, run: results.Run | None) -> bool:
    """Return whether any area has a share, once there are figures."""
    return run is None or bool(areas[list(map_figures.RANGES)].notna().any(axis=None))


def _closed(reader: Principal, path: str | None) -> list[str]:
    """Return the owner kinds that no grant opens: in the area of a path, or anywhere."""
    if reader.system:
        return []
    steps = None if path is None else set(path.split("."))
    opened = {
        kind
        for grant in reader.grants
        if steps is None or grant.area is None or str(grant.area) in steps
        for kind in grant.classes
    }
    return [kind for kind in CLASSES if kind not in opened]


def _gaps(
    connection: Connection,
    reader: Principal,
    run: results.Run | None,
    device_set: str,
    detail: float,
    certainty: str,
    base: _Base,
) -> gpd.GeoDataFrame:
    if run is None:
        columns = ["rank", "grid_code", "area_m2", "weight", "geometry"]
        return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=WGS84)

    def read(_: Connection, run: int, **kind: Any) -> gpd.GeoDataFrame:  # noqa: ANN401 - as asked
        name = ("gaps", *sorted(kind.items()))
        found: gpd.GeoDataFrame = base.get(
            name, COVERAGE, lambda: results.read_gaps(connection, run, **kind)
        )
        return found

    found = granted_gaps(
        connection,
        reader,
        run.id,
        device_set=device_set,
        detail=detail,
        certainty=certainty,
        read=read,
    )
    return reproject_layer(found)


def _base_layers(connection: Connection, base: _Base) -> dict[str, gpd.GeoDataFrame]:
    return {
        name: base.get(
            ("layer", name), [layer], partial(base_layers.layer_on_map, connection, name)
        )
        for name, layer in base_layers.ON_MAP.items()
    }


def _without(parts: dict[str, Any], left_out: Mapping[str, int]) -> dict[str, Any]:
    """Leave out cameras, and of gaps the outlines."""
    found = dict(parts)
    if "cameras" in left_out:
        found["cameras"] = parts["cameras"].iloc[:0]
    if "gaps" in left_out:
        found["gaps"] = parts["gaps"].set_geometry([None] * len(parts["gaps"]), crs=WGS84)
    return found


def _summed(
    counted: dict[str, int], cameras: gpd.GeoDataFrame, left_out: Mapping[str, int]
) -> dict[str, int]:
    """Return by owner kind how many cameras are counted and not drawn."""
    if "cameras" not in left_out:
        return counted
    others = cameras["owner_kind"].fillna("unsorted").value_counts()
    return {str(k): int(counted.get(k, 0) + others.get(k, 0)) for k in {*counted, *others.index}}


def _cut(parts: Mapping[str, Any], ground: Any) -> dict[str, Any]:  # noqa: ANN401 - a geometry
    return {
        name: frame if name == "areas" else frame[frame.geometry.intersects(ground)]
        for name, frame in parts.items()
    }


def _synthetic(known: gpd.GeoDataFrame) -> bool:
    return any("虚构" in str(cell.get("remark", "")) for cell in known["attributes"])


def _title(shown: gpd.GeoDataFrame) -> str:
    top = shown.sort_values("level", key=_order).iloc[0] if len(shown) else None
    return "" if top is None else str(top["name"])


def _seeing(
    engine: Engine,
    reader: Principal,
    incidents: gpd.GeoDataFrame,
    prepared: Prepared,
    granted: pd.DataFrame,
    sent: Set[str],
) -> "tuple[pd.DataFrame, pd.Series[int]]":
    """Return who sees each incident, as far as access allows, and how many more may."""
    placed = incidents[incidents.geometry.notna() & ~incidents.geometry.is_empty]
    points = placed[["code", "geometry"]].set_index("code")
    answer = sight_lines.lines_to(engine, reader, prepared, points, granted, sent)
    lines = answer.lines.rename(columns={"point": "incident_code"})
    lines["rank"] = lines.groupby("incident_code", sort=False).cumcount() + 1
    return lines[lines["rank"] <= MOST_CAMERAS], answer.withheld


def _online(lines: pd.DataFrame, cameras: gpd.GeoDataFrame, *, measured: bool) -> pd.DataFrame:
    """Add to sight lines whether the camera is online; unless `measured` leave out measures."""
    online = cameras.set_index("code")["connection"].map({"online": True, "offline": False})
    lines = lines.assign(online=lines["camera_code"].map(online.astype(object)))
    measures = ["distance_m", "bearing_deg", "heading_deg", "px_per_m"]
    return lines if measured else lines.assign(**dict.fromkeys(measures, float("nan")))
