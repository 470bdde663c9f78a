"""Failing cameras: the demand they see now, and what each of them alone sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from geo.base.crs import WGS84
from geo.base.errors import NotFoundError
from geo.base.polygons import Indices, flat_geometries
from geo.base.progress import Progress
from geo.cameras.store import codes as stored_cameras
from geo.coverage.compute import at_detail, input_hash
from geo.coverage.demand.demand_model import DemandModel, build_model
from geo.coverage.demand.roads import cells_of
from geo.coverage.kinds import DEVICE_SETS
from geo.coverage.measure.seen import Seen, seen_of
from geo.coverage.scene import (
    Prepared,
    camera_state,
    ground_state,
    prepare_scene,
    set_members,
    visible_ground,
)
from geo.coverage.store import scene
from geo.planning.rules.failure_analysis import (
    Losses,
    SightPairs,
    after_loss,
    ground_sights,
    point_sights,
    sole_ground,
)

COLUMNS = (
    "rank",
    "code",
    "name",
    "grid_code",
    "opens_m2",
    "entrances",
    "junctions",
    "unit",
    "phone",
    "lon",
    "lat",
)
POINTS = {"entrances": "entrance", "junctions": "junction"}
CASES = ("before", "worst", "mean", "low", "high")


@dataclass(frozen=True)
class _Field:
    """What is looked at: cameras, the demand they see, points they see, demand in all."""

    codes: tuple[str, ...]
    demand: SightPairs
    points: Mapping[str, SightPairs]
    demand_m2: float


@dataclass(frozen=True)
class LossFigures:
    """Demand that is covered, m² and share, by each case of `CASES`; `lost` of the `cameras`."""

    demand_m2: float
    cameras: int
    share: float
    lost: int
    covered_demand_m2: Mapping[str, float]
    covered_demand_share: Mapping[str, float | None]


def read_cameras(
    connection: Connection, detail: float, progress: Progress
) -> tuple[gpd.GeoDataFrame, Prepared]:
    """Return facts about cameras, by code, and the current scene.

    Parameters
    ----------
    connection
        Open transaction.
    detail
        Pixel density of the viewsheds, px/m.
    progress
        Called at each step.
    """
    facts = stored_cameras.read_contacts(connection).set_index("code")
    progress("coverage.read", 0, 0)
    layers = scene.read_scene(connection)
    progress("coverage.prepare", 0, 0)
    return facts, prepare_scene(layers, detail=detail)


def analyse_failures(
    facts: gpd.GeoDataFrame,
    prepared: Prepared,
    *,
    device_set: str,
    share: float,
    area: str | None,
    progress: Progress,
) -> tuple[LossFigures, gpd.GeoDataFrame]:
    """Return the figures before and after a loss, and the cameras to maintain.

    See :class:`geo.planning.failure_analysis.Loss` for both.

    Parameters
    ----------
    facts, prepared
        As from :func:`read_cameras`.
    device_set
        Name of the cameras that see and that fail.
    share
        Share of them that fails, in (0, 1].
    area
        Code of an area: only its demand counts; None for the district.
    progress
        Called at each step.
    """
    areas = None if area is None else _areas(prepared, area)
    progress("coverage.demand", 0, 0)
    ground = build_model(prepared.layers)
    progress("coverage.viewsheds", 0, 0)
    field = _field(prepared, ground, device_set, areas)
    figures = _figures(after_loss(field.demand, share), share, field.demand_m2)
    return figures, _maintain(field, facts, _grids(prepared, ground))


def state_of(prepared: Prepared, details: Sequence[float]) -> str:
    """Return the hash of the current inputs, to compare with that of a run.

    Parameters
    ----------
    prepared
        Scene at the coarsest detail.
    details
        Pixel densities of the run, px/m, the coarsest first.
    """
    ready = [prepared, *(at_detail(prepared, detail) for detail in details[1:])]
    cameras = [camera_state(each) for each in ready]
    return input_hash(ground_state(prepared), cameras, details)


def _field(
    prepared: Prepared, ground: DemandModel, device_set: str, areas: Indices | None
) -> _Field:
    known, member = set_members(prepared.views)
    codes = np.array(known, dtype=object)[member[:, DEVICE_SETS.index(device_set)]]
    inside = np.arange(len(ground.areas)) if areas is None else areas
    cells = np.unique(ground.cells.cell[np.isin(ground.cells.area, inside)])
    pieces = ground.pieces[ground.pieces["cell"].isin(cells)]
    seen = _seen(prepared, codes.tolist())
    demand = ground_sights(flat_geometries(pieces), seen, len(codes))
    points = {
        name: point_sights(_points(ground, kind, inside), seen, len(codes))
        for name, kind in POINTS.items()
    }
    field = _Field(tuple(codes), demand, points, float(pieces["area_m2"].sum()))
    if areas is None:
        return field
    return _of(field, np.flatnonzero(np.isin(_cells(prepared, ground).reindex(codes), cells)))


def _of(field: _Field, standing: Indices) -> _Field:
    """Return a field of those cameras only that stand in the area or see something of it."""
    every = (field.demand, *field.points.values())
    kept = np.unique(np.concatenate([standing, *(sights.device for sights in every)]))
    demand, *points = (
        replace(sights, device=np.searchsorted(kept, sights.device), devices=len(kept))
        for sights in every
    )
    codes = tuple(field.codes[number] for number in kept)
    return _Field(codes, demand, dict(zip(POINTS, points, strict=True)), field.demand_m2)


def _seen(prepared: Prepared, codes: Sequence[str]) -> Seen:
    """Return what cameras surely see; their numbers are the positions of their codes."""
    views = prepared.views[prepared.views["camera_code"].isin(codes)].reset_index(drop=True)
    found = visible_ground(replace(prepared, views=views), ["certain"])["certain"]
    number = {code: position for position, code in enumerate(codes)}
    device = np.array([number[code] for code in found["camera_code"]], dtype=np.intp)
    return seen_of(flat_geometries(found), device)


def _areas(prepared: Prepared, code: str) -> Indices:
    """Return the positions of the areas of a code: at several levels, perhaps."""
    found = np.flatnonzero(prepared.scene.areas["code"].to_numpy(dtype=object) == code)
    if len(found) == 0:
        raise NotFoundError("area.unknown", code=code)
    return found


def _points(ground: DemandModel, kind: str, areas: Indices) -> Any:  # noqa: ANN401 - an array of points
    """Return the points of a kind that count in some areas, each once."""
    point, area = ground.belongs
    inside = np.unique(point[np.isin(area, areas)])
    points = ground.points.iloc[inside]
    return flat_geometries(points[points["kind"] == kind])


def _cells(prepared: Prepared, ground: DemandModel) -> pd.Series:
    """Return the cell that each camera stands in, -1 outside of all; index code."""
    cameras = prepared.scene.cameras.drop_duplicates("code")
    cell = cells_of(flat_geometries(cameras), ground.cells.grounds)
    return pd.Series(cell, index=pd.Index(cameras["code"].to_numpy(), name="code"))


def _grids(prepared: Prepared, ground: DemandModel) -> pd.Series:
    cell = _cells(prepared, ground)
    grids = np.append(ground.grid_code, "")  # -1 takes the last
    return pd.Series(grids[cell.to_numpy()], index=cell.index, name="grid_code")


def _figures(found: Losses, share: float, demand_m2: float) -> LossFigures:
    seen_m2 = (found.before, found.after_worst, found.mean, found.low, found.high)
    covered = dict(zip(CASES, seen_m2, strict=True))
    shares = {case: round(m2 / demand_m2, 6) if demand_m2 else None for case, m2 in covered.items()}
    return LossFigures(
        round(demand_m2, 1),
        found.devices,
        share,
        found.gone,
        {case: round(m2, 1) for case, m2 in covered.items()},
        shares,
    )


def _maintain(field: _Field, facts: gpd.GeoDataFrame, grids: pd.Series) -> gpd.GeoDataFrame:
    codes = pd.Series(field.codes, dtype=object)
    table = pd.DataFrame({"code": codes, "opens_m2": sole_ground(field.demand).round(1)})
    for name, sights in field.points.items():
        table[name] = sole_ground(sights).astype(int)
    table = table[(table[["opens_m2", *POINTS]] > 0).any(axis=1)]
    order = ["opens_m2", *POINTS, "code"]
    table = table.sort_values(order, ascending=[*(False for _ in order[1:]), True])
    table = table.join(grids, on="code").join(facts, on="code").reset_index(drop=True)
    table["rank"] = np.arange(1, len(table) + 1)
    found = gpd.GeoDataFrame(table, geometry="geometry", crs=WGS84)
    found = found.assign(lon=found.geometry.x.round(7), lat=found.geometry.y.round(7))
    return gpd.GeoDataFrame(found[[*COLUMNS, "geometry"]])
