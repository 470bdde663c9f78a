"""What a camera would see and change: measured on a copy of the state, which stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.base.crs import WGS84, project
from geo.base.errors import InputError
from geo.base.polygons import Indices, flat_geometries, subtract_ground
from geo.coverage.compute import Standing
from geo.coverage.engine.asked import Trial
from geo.coverage.engine.trial_answer import (
    ClosedGap,
    GridChange,
    GridFigures,
    TrialAnswer,
    TrialViewshed,
)
from geo.coverage.kinds import SURE
from geo.coverage.measure import figures
from geo.coverage.measure.gaps import UncoveredDemand
from geo.coverage.measure.state import EVERYONE, Change, CoverageState
from geo.coverage.scene import place_views, visible_ground

CODE: Final = "\0trial"  # no camera of a register can be called so
CLOSED_M2: Final = 1.0  # a gap that shrinks by less is as it was
FIGURES: Final = (
    *("area_m2", "open_ground_m2", "demand_m2", "covered_demand_m2", "covered_demand_share"),
    *("covered_area_m2", "covered_open_ground_m2", "covered_share"),
)
DECIMALS: Final = 7  # of a degree: a centimetre
_EMPTY: Final = (
    *("name", "owner_kind", "vfov_deg", "tilt_deg", "focal_mm", "sensor_w_mm"),
    *("position_sigma_m", "coarse_lon", "coarse_lat"),
)


@dataclass(frozen=True)
class _Tried:
    """The state with the camera, beside that without, and the cells that may differ."""

    before: CoverageState
    after: CoverageState
    change: Change


def try_camera(standing: Standing, trial: Trial) -> TrialAnswer:
    """Return what a camera would see and change, of all devices together.

    Parameters
    ----------
    standing
        Settled state at one detail; it is not changed.
    trial
        The camera.

    Raises
    ------
    InputError
        If it hangs higher than any camera: which buildings are looked over would be others.
    """
    _require_height(standing, trial)
    ready = standing.prepared
    views = place_views(ready.scene, ready.sight, detail=standing.detail, rows=_row(trial))
    seen = visible_ground(replace(ready, views=views), SURE)
    board = standing.board.copy_for_trial(SURE)
    member = np.array([[name == EVERYONE for name in board.sets]])
    board.put([CODE], member, seen)
    tried = _Tried(standing.board, board, board.settle())
    return TrialAnswer(
        standing.detail,
        str(views["placement"].iloc[0]),
        float(views["moved_m"].iloc[0]),
        {name: _viewshed(standing, seen[name]) for name in SURE},
        _grids(tried),
        {name: _closed(tried, name, ready.scene.srid) for name in SURE},
    )


def _require_height(standing: Standing, trial: Trial) -> None:
    read = standing.prepared.scene
    if not read.heights or trial.mount_height_m is None:
        return
    top_m = float(np.nanmax(read.cameras["mount_height_m"].to_numpy(dtype=float), initial=0.0))
    if trial.mount_height_m > top_m:
        raise InputError("what_if.too_high", found=trial.mount_height_m, most=top_m)


def _row(trial: Trial) -> gpd.GeoDataFrame:
    """Return the camera as a row of the view ``sight_camera``."""
    row = {
        "code": CODE,
        "form": trial.form,
        "indoor": False,
        "connection": "online",
        "view_no": 1,
        "heading_deg": trial.heading_deg,
        "heading_source": None if trial.heading_deg is None else "surveyed",
        "hfov_deg": trial.hfov_deg,
        "range_m": trial.range_m,
        "res_h_px": trial.res_h_px,
        "mount_height_m": trial.mount_height_m,
        **dict.fromkeys(_EMPTY),
    }
    return gpd.GeoDataFrame([row], geometry=[shapely.Point(trial.lon, trial.lat)], crs=WGS84)


def _viewshed(standing: Standing, seen: gpd.GeoDataFrame) -> TrialViewshed:
    """Return what is seen as GeoJSON, with its square metres and those of them in private zones."""
    shape = shapely.union_all(flat_geometries(seen))
    zones = flat_geometries(standing.prepared.scene.zones)
    zones = zones[shapely.intersects(zones, shape)]
    private_m2 = shapely.area(shapely.intersection(shape, shapely.union_all(zones)))
    one = np.array([shape], dtype=object)
    degrees = project(one, source=standing.prepared.scene.srid, target=WGS84)[0]
    rounded = shapely.transform(degrees, lambda xy: np.round(xy, DECIMALS))
    return {
        "geometry": shapely.geometry.mapping(rounded),
        "area_m2": round(float(shapely.area(shape)), 1),
        "privacy_zone_m2": round(float(private_m2), 1),
    }


def _grids(tried: _Tried) -> list[GridChange]:
    """Return the figures of the smallest areas that change, without and with the camera."""
    ground, found = tried.before.ground, list[GridChange]()
    own = set(ground.grid_code[tried.change.cells])
    areas = [area for area in tried.change.areas if ground.areas["code"].iloc[area] in own]
    at_areas = np.array(areas, dtype=np.intp)
    measured = {
        (certainty, name): figures.measure_areas(board, certainty, EVERYONE, at_areas)
        for certainty in SURE
        for name, board in (("before", tried.before), ("after", tried.after))
    }
    for at, area in enumerate(areas):
        row = ground.areas.iloc[area]
        certain, possible = (
            GridFigures(
                before=_plain(measured[certainty, "before"], at),
                after=_plain(measured[certainty, "after"], at),
            )
            for certainty in SURE
        )
        found.append(
            {
                "grid_code": str(row["code"]),
                "level": str(row["level"]),
                "certain": certain,
                "possible": possible,
            }
        )
    return sorted(found, key=lambda each: each["grid_code"])


def _plain(columns: Mapping[str, NDArray[Any]], at: int) -> dict[str, float | None]:
    return {name: float(columns[name][at]) for name in FIGURES}


def _closed(tried: _Tried, certainty: str, srid: int) -> list[ClosedGap]:
    """Return the gaps that the camera closes, wholly or in part, the largest part first."""
    ground = tried.before.ground
    edits = [edit for edit, kind in tried.change.gaps if kind[0] == certainty]
    if not edits:
        return []
    before = _gaps_of(tried.before, certainty, np.concatenate([each.pieces for each in edits]))
    shapes, left = before.shapes, np.concatenate([each.gaps.shapes for each in edits])
    kept = set(shapely.to_wkb(left).tolist())
    differs = np.array([wkb not in kept for wkb in shapely.to_wkb(shapes).tolist()], dtype=bool)
    some = before.where(differs)
    closed_m2 = shapely.area(subtract_ground(some.shapes, left))
    order = np.argsort(-closed_m2, kind="stable")
    order = order[closed_m2[order] >= CLOSED_M2]
    points = shapely.point_on_surface(some.shapes[order])
    lonlat = shapely.get_coordinates(project(points, source=srid, target=WGS84))
    return [
        {
            "grid_code": str(ground.grid_code[ground.piece_cell[some.piece[row]]]),
            "area_m2": round(float(some.area_m2[row]), 1),
            "closed_m2": round(float(closed_m2[row]), 1),
            "weight": round(float(some.weight[row]), 6),
            "lon": round(float(lon), DECIMALS),
            "lat": round(float(lat), DECIMALS),
        }
        for row, (lon, lat) in zip(order, lonlat, strict=True)
    ]


def _gaps_of(board: CoverageState, certainty: str, pieces: Indices) -> UncoveredDemand:
    """Return the gaps of some pieces of demand, which count in the ground."""
    ground, found = board.ground, UncoveredDemand.none()
    cells = np.unique(ground.piece_cell[pieces]).tolist()
    which = board.sets.index(EVERYONE)
    for cell, own in board.measures[certainty].gaps(which, cells).items():
        piece = own.piece + int(np.searchsorted(ground.piece_cell, cell))
        mine = np.isin(piece, pieces)
        found = found.and_(replace(own, piece=piece).where(mine))
    return found
