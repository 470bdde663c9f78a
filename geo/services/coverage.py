"""Compute what the cameras see and miss, keep it, and report it with its denominators."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from geo import coverage, demand, gaps, obstacles, optics, viewshed
from geo.crs import convergence_deg
from geo.services.progress import Progress, silent
from geo.store import db, results, scene
from geo.store.scene import Scene

DEVICE_SETS = ("all", "skynet", "social", "online")
CERTAINTIES = ("certain", "possible")
# Goes into every hash: a change of the computation makes what was stored stale.
KERNEL = "shadow-1"
CHUNK = 250


@dataclass(frozen=True)
class Prepared:
    """A scene made ready: obstacles, views with their place, and what had to be assumed."""

    scene: Scene
    footprints: obstacles.Obstacles
    views: pd.DataFrame
    assumptions: dict[str, int]


@dataclass(frozen=True)
class Outcome:
    """What a computation did; `fresh` viewsheds were computed, `kept` ones were still right."""

    run: results.Run
    fresh: int
    kept: int
    unchanged: bool


def compute(
    engine: Engine, *, detail: int = 20, full: bool = False, progress: Progress = silent
) -> Outcome:
    """Compute viewsheds, figures and gaps of all device sets, and store them as one run.

    One computation runs at a time; a second one waits for the first. Viewsheds whose inputs (place,
    sector, range, obstacles, kernel) are as before are kept. Where nothing at all has changed no
    new run is made, unless `full`.

    Raises
    ------
    StateError
        If there are no areas yet.
    """
    with db.transaction(engine) as connection:
        progress("coverage.wait", 0, 0)
        db.take_turn(connection, db.COMPUTING)
        progress("coverage.read", 0, 0)
        read = scene.read(connection)
        before = results.newest(connection)
        progress("coverage.prepare", 0, 0)
        prepared = prepare(read, detail=detail)
        total = len(CERTAINTIES) * len(prepared.views)
        state = _state(prepared, detail)
        if before is not None and before.inputs_hash == state and not full:
            return Outcome(before, 0, total, unchanged=True)
        seen, fresh = _viewsheds(connection, prepared, detail, full=full, progress=progress)
        run = results.begin(connection, state, prepared.assumptions)
        _figures(connection, run, prepared, seen, detail, progress)
        return Outcome(results.require_newest(connection), fresh, total - fresh, unchanged=False)


def prepare(read: Scene, *, detail: int) -> Prepared:
    """Return a scene with merged obstacles and placed views.

    The views have ``x, y`` (metres, where the camera stands for sight), ``placement`` and the
    columns of :func:`geo.optics.camera_views`; headings are turned from true to grid north.
    """
    footprints = obstacles.merge(read.buildings.geometry)
    cameras = read.cameras.set_index("code")
    views = optics.camera_views(pd.DataFrame(cameras), detail_px_per_m=detail)
    place = obstacles.place(cameras.geometry, cameras["indoor"].to_numpy(dtype=bool), footprints)
    turn = convergence_deg(read.lonlat.x.to_numpy(), read.lonlat.y.to_numpy(), read.srid)
    views = views.assign(
        view_no=cameras["view_no"].to_numpy(),
        owner_kind=cameras["owner_kind"].to_numpy(),
        connection=cameras["connection"].to_numpy(),
        x=place["x"].to_numpy(),
        y=place["y"].to_numpy(),
        placement=place["placement"].to_numpy(),
        moved_m=place["moved_m"].to_numpy(),
        convergence_deg=turn,
    )
    return Prepared(read, footprints, views, _assumptions(views, read))


def sectors(views: pd.DataFrame, certainty: str) -> pd.DataFrame:
    """Return what :func:`geo.viewshed.viewsheds` asks for, by the district's policy.

    A camera whose position is suspect counts for nothing that is certain.
    """
    sector = optics.sectors(views, certainty)
    width = sector["width_deg"].to_numpy(dtype=float)
    if certainty == "certain":
        width = np.where(views["placement"] == "suspect", 0.0, width)
    return pd.DataFrame(
        {
            "x": views["x"],
            "y": views["y"],
            "start_deg": (sector["start_deg"] - views["convergence_deg"]) % 360,
            "width_deg": width,
            "range_m": views["range_m"],
        }
    )


def in_set(views: pd.DataFrame, device_set: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which views belong to a device set; a camera of unknown state is not online."""
    if device_set == "all":
        return np.ones(len(views), dtype=bool)
    column = "connection" if device_set == "online" else "owner_kind"
    return np.asarray(views[column].eq(device_set).fillna(False), dtype=bool)


def _assumptions(views: pd.DataFrame, read: Scene) -> dict[str, int]:
    assumed = views["assumed"].astype("str").str.split(",").explode()
    return {
        "views": len(views),
        "heading_unknown": int((views["heading_source"] == "unknown").sum()),
        "heading_rounded8": int((views["heading_source"] == "rounded8").sum()),
        "indoor": int((views["placement"] == "indoor").sum()),
        "snapped": int((views["placement"] == "snapped").sum()),
        "suspect": int((views["placement"] == "suspect").sum()),
        **{f"assumed_{name}": int((assumed == name).sum()) for name in ("hfov", "resolution")},
        "grids_without_buildings": int((~_obstacles_known(_grids(read), read)).sum()),
    }


def _viewsheds(
    connection: Connection, prepared: Prepared, detail: int, *, full: bool, progress: Progress
) -> tuple[dict[str, gpd.GeoDataFrame], int]:
    seen, fresh = {}, 0
    total = len(CERTAINTIES) * len(prepared.views)
    for step, certainty in enumerate(CERTAINTIES):
        stored = results.viewsheds(
            connection, srid=prepared.scene.srid, detail=detail, certainty=certainty
        )
        wanted = _wanted(prepared, detail, certainty)
        stored = stored.astype({"camera_code": "str", "inputs_hash": "str", "view_no": "int64"})
        wanted = wanted.astype({"camera_code": "str", "view_no": "int64"})
        joined = wanted.merge(
            stored, on=["camera_code", "view_no", "inputs_hash"], how="left", validate="1:1"
        )
        missing = joined["geometry"].isna() if not full else pd.Series(True, index=joined.index)
        start = step * len(wanted) + int((~missing).sum())
        shapes = _computed(joined[missing], prepared, start, total, progress)
        joined.loc[missing, "geometry"] = shapes
        frame = gpd.GeoDataFrame(joined, geometry="geometry", crs=prepared.scene.srid)
        columns = [*results.KEY, "inputs_hash", "geometry"]
        gone = stored[~_pairs(stored).isin(_pairs(wanted))]
        gone = pd.DataFrame(gone).assign(detail=detail, certainty=certainty)
        results.keep_viewsheds(connection, frame.loc[missing, columns], gone)
        seen[certainty], fresh = frame, fresh + int(missing.sum())
    return seen, fresh


def _pairs(frame: pd.DataFrame) -> pd.Index:
    return pd.MultiIndex.from_frame(frame[["camera_code", "view_no"]])


def _wanted(prepared: Prepared, detail: int, certainty: str) -> pd.DataFrame:
    sector = sectors(prepared.views, certainty)
    base = f"{KERNEL}|{prepared.footprints.content_hash}|"
    numbers = sector.to_numpy(dtype=float)
    hashes = [hashlib.sha256(base.encode() + row.tobytes()).hexdigest()[:32] for row in numbers]
    identity = prepared.views[["camera_code", "view_no", "owner_kind", "connection"]]
    return pd.concat([identity, sector], axis=1).assign(
        detail=detail,
        certainty=certainty,
        # Named dtype: without any camera there is nothing to guess it from.
        inputs_hash=pd.Series(hashes, index=identity.index, dtype="str"),
    )


def _computed(
    todo: pd.DataFrame, prepared: Prepared, start: int, total: int, progress: Progress
) -> np.ndarray[Any, Any]:
    done = []
    progress("coverage.viewsheds", start, total)
    for first in range(0, len(todo), CHUNK):
        part = todo.iloc[first : first + CHUNK]
        done.append(viewshed.viewsheds(part, prepared.footprints).to_numpy())
        progress("coverage.viewsheds", start + first + len(part), total)
    return np.concatenate(done) if done else np.empty(0, dtype=object)


def _figures(
    connection: Connection,
    run: int,
    prepared: Prepared,
    seen: dict[str, gpd.GeoDataFrame],
    detail: int,
    progress: Progress,
) -> None:
    read = prepared.scene
    progress("coverage.demand", 0, 0)
    wanted = _demand(prepared)
    ground = demand.open_ground(
        read.areas.geometry,
        water=read.water.geometry,
        farmland=read.farmland.geometry,
        buildings=prepared.footprints.parts,
    )
    pieces = gaps.demand_pieces(_grids(read), wanted)
    known = _obstacles_known(read.areas, read)
    figures, holes = [], []
    combinations = list(_combinations())
    for number, (device_set, certainty) in enumerate(combinations):
        progress("coverage.figures", number, len(combinations))
        frame = seen[certainty]
        frame = frame[in_set(frame, device_set)]
        label: dict[str, Any] = {
            "device_set": device_set,
            "detail": detail,
            "certainty": certainty,
        }
        table = coverage.figures(
            read.areas,
            viewsheds=frame[["camera_code", "geometry"]],
            demand=wanted,
            open_ground_m2=ground,
            excluded=_not_open(read),
        )
        figures.append(table.assign(level=read.areas["level"], obstacles_known=known, **label))
        holes.append(_gaps(read, pieces, frame).assign(**label))
    progress("coverage.figures", len(combinations), len(combinations))
    results.keep_figures(
        connection,
        pd.concat(figures).rename(columns={"code": "area_code"}).assign(coverage_run=run),
        gpd.GeoDataFrame(pd.concat(holes, ignore_index=True), crs=read.srid).assign(
            coverage_run=run
        ),
    )


def _combinations() -> Iterator[tuple[str, str]]:
    for certainty in CERTAINTIES:
        for device_set in DEVICE_SETS:
            yield device_set, certainty


def _demand(prepared: Prepared) -> np.ndarray[Any, Any]:
    read = prepared.scene
    return demand.demand_surface(
        roads=read.roads,
        places=read.places,
        entrances=read.entrances.geometry,
        incidents=read.incidents.geometry,
        water=read.water.geometry,
        buildings=prepared.footprints.parts,
        within=_grids(read).geometry,
    )


def _not_open(read: Scene) -> np.ndarray[Any, Any]:
    return np.concatenate([read.water.geometry.to_numpy(), read.farmland.geometry.to_numpy()])


def _gaps(read: Scene, pieces: gpd.GeoDataFrame, seen: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    found, _ = gaps.uncovered(
        pieces,
        covered=coverage.union(seen.geometry),
        roads=read.roads,
        entrances=read.entrances.geometry,
        incidents=read.incidents.geometry,
    )
    return found


def _grids(read: Scene) -> gpd.GeoDataFrame:
    """Return the smallest areas there are: grids, or what stands in for them."""
    for level in ("grid", "community", "township", "district"):
        chosen = read.areas[read.areas["level"] == level]
        if len(chosen):
            return chosen
    return read.areas


def _obstacles_known(areas: gpd.GeoDataFrame, read: Scene) -> pd.Series:
    tree = shapely.STRtree(read.buildings.geometry.to_numpy())
    hit = np.unique(tree.query(areas.geometry.to_numpy(), predicate="intersects")[0])
    return pd.Series(np.isin(np.arange(len(areas)), hit), index=areas.index)


def _state(prepared: Prepared, detail: int) -> str:
    """Return the hash of all that the figures depend on."""
    digest = hashlib.sha256(f"{KERNEL}|{detail}|{prepared.footprints.content_hash}".encode())
    read = prepared.scene
    layers = (
        read.areas,
        read.roads,
        read.water,
        read.farmland,
        read.places,
        read.entrances,
        read.incidents,
    )
    for certainty in CERTAINTIES:
        digest.update("".join(_wanted(prepared, detail, certainty)["inputs_hash"]).encode())
    for column in ("owner_kind", "connection"):
        digest.update("|".join(map(str, prepared.views[column])).encode())
    for frame in layers:
        digest.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy())))
        plain = pd.DataFrame(frame.drop(columns="geometry"))
        digest.update(plain.drop(columns="attributes", errors="ignore").to_csv().encode())
    return digest.hexdigest()
