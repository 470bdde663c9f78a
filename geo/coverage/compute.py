"""Computation of what cameras see and miss, stored as a run."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine

from geo.base.errors import InputError, StateError
from geo.base.progress import Progress, ignore_progress
from geo.coverage.assumptions import RunAssumptions, describe_assumptions
from geo.coverage.demand.demand_model import DemandModel, build_model
from geo.coverage.kinds import CERTAINTIES, DEVICE_SETS, SURE
from geo.coverage.measure import figures
from geo.coverage.measure.gaps import MEASURED
from geo.coverage.measure.state import CoverageState
from geo.coverage.scene import (
    Prepared,
    camera_state,
    ground_state,
    place_views,
    prepare_scene,
    set_members,
    view_hashes,
    visible_ground,
)
from geo.coverage.sight.optics import MOST_REACH_M
from geo.coverage.store import demand_incidents, results, scene, viewsheds
from geo.coverage.store.demand_incidents import MOST_MONTHS, Snapshot
from geo.store import db, installation

GAP_COLUMNS = ("grid_code", "piece", *MEASURED, "geometry")


@dataclass(frozen=True)
class Outcome:
    """What a computation did; `fresh` viewsheds are new, `kept` ones are as they were."""

    run: results.Run
    fresh: int
    kept: int
    unchanged: bool


@dataclass(frozen=True)
class Standing:
    """A district at one detail: what it was prepared from, what its cameras see, and its board.

    `visible` holds what is to be written: what is seen for certain, and possibly.
    """

    detail: float
    prepared: Prepared
    visible: dict[str, gpd.GeoDataFrame]
    board: CoverageState


def compute(
    engine: Engine,
    *,
    details: Sequence[float] = (20.0,),
    full: bool = False,
    heights: bool | None = None,
    default_reach_m: float | None = None,
    incident_months: int | None = None,
    progress: Progress = ignore_progress,
) -> Outcome:
    """Compute viewsheds, figures and gaps of all device sets, and store them as one run.

    One computation runs at a time; a second one waits for the first. Where nothing at all has
    changed no new run is made, unless `full`; of viewsheds only those are written whose inputs
    (place, sector, range, obstacles in reach, kernel) are not as before.

    Parameters
    ----------
    details
        Pixel densities, px/m, each with its own figures.
    heights
        Whether cameras look over buildings known to be lower than they are, from now on; None: as
        before, at first not.
    default_reach_m
        How far, from now on, cameras see whose register does not say it; None: as before, at first
        150 m.
    incident_months
        Of how many months, from now on, past incidents say what must be seen; None: as before, at
        first 12.

    Raises
    ------
    StateError
        If there are no areas yet.
    InputError
        If the default reach is not above 0 and at most 2 km, or the months are none to 120.
    """
    if default_reach_m is not None and not 0 < default_reach_m <= MOST_REACH_M:
        raise InputError("coverage.reach_invalid", found=default_reach_m, most=MOST_REACH_M)
    if incident_months is not None and not 0 <= incident_months <= MOST_MONTHS:
        raise InputError("coverage.months_invalid", found=incident_months, most=MOST_MONTHS)
    with db.open_transaction(engine) as connection:
        db.take_turn(connection, db.COMPUTING, waiting=lambda: progress("coverage.wait", 0, 0))
        if heights is not None:
            installation.store_value(connection, "building_heights", heights)
        if default_reach_m is not None:
            installation.store_value(connection, "default_reach_m", default_reach_m)
        if incident_months is not None:
            installation.store_value(connection, "incident_months", incident_months)
        return compute_in_turn(connection, details=details, full=full, progress=progress)[0]


def compute_in_turn(
    connection: Connection,
    *,
    details: Sequence[float],
    full: bool = False,
    hold: bool = False,
    progress: Progress = ignore_progress,
) -> tuple[Outcome, list[Standing]]:
    """Compute like :func:`compute`, with the lock of the caller; return the computed states too.

    Parameters
    ----------
    connection
        Open transaction that holds the lock for computing.
    details
        Pixel densities, px/m.
    full
        Whether everything is computed again although the inputs are the same.
    hold
        Whether the states are wanted even where nothing has changed.
    progress
        Called at each step.
    """
    details = sorted(set(details))
    progress("coverage.read", 0, 0)
    read = scene.read_scene(connection)
    if read.areas.empty:
        raise StateError("coverage.no_areas")
    before = results.newest_run(connection)
    progress("coverage.prepare", 0, 0)
    prepared = [prepare_scene(read, detail=details[0])]
    prepared += [at_detail(prepared[0], detail) for detail in details[1:]]
    now = _state(prepared, details)
    total = len(SURE) * len(details) * len(prepared[0].views)
    same = before is not None and before.inputs_hash == now and not full
    if same and not hold:
        return Outcome(results.require_newest(connection), 0, total, unchanged=True), []
    snapshot = None if same else demand_incidents.take_snapshot(connection)
    if snapshot is not None:
        prepared = [each.with_incidents(snapshot.places) for each in prepared]
        now = _state(prepared, details)
    progress("coverage.demand", 0, 0)
    ground = build_model(prepared[0].layers)
    standings = [
        stand(ready, ground, detail, progress)
        for detail, ready in zip(details, prepared, strict=True)
    ]
    fresh = 0
    if snapshot is not None:
        fresh = _kept(connection, now, standings, snapshot, full=full, progress=progress)
    outcome = Outcome(results.require_newest(connection), fresh, total - fresh, unchanged=same)
    return outcome, standings


def _kept(
    connection: Connection,
    now: str,
    standings: Sequence[Standing],
    snapshot: Snapshot,
    *,
    full: bool,
    progress: Progress,
) -> int:
    """Write standings as a new run; return how many viewsheds were new."""
    progress("coverage.write", 0, 0)
    run = results.insert_run(connection, now, run_assumptions(standings[0]), snapshot.until)
    demand_incidents.keep_snapshot(connection, run, snapshot)
    results.forget_gaps(connection)
    fresh = 0
    for standing in standings:
        fresh += keep_viewsheds(connection, standing, full=full)
        for certainty, device_set in combinations():
            results.keep_figures(connection, *rows(standing, run, certainty, device_set))
    results.notify_change(connection, "coverage", f"{run}.1")
    return fresh


def run_assumptions(standing: Standing) -> RunAssumptions:
    """Return what the figures of a settled standing rest on."""
    read = standing.prepared.scene
    return {
        **describe_assumptions(standing.prepared.views, standing.board),
        "incidents": len(read.incidents),
        "incident_months": read.incident_months,
    }


def stand(prepared: Prepared, ground: DemandModel, detail: float, progress: Progress) -> Standing:
    """Return the computed state of a district: every viewshed, every figure.

    Parameters
    ----------
    prepared
        Scene with placed views.
    ground
        Demand model of the same scene.
    detail
        Pixel density of the views, px/m.
    progress
        Called at each step.
    """
    progress("coverage.viewsheds", 0, 0)
    seen = visible_ground(prepared)
    board = CoverageState(ground, DEVICE_SETS)
    board.put(*set_members(prepared.views), seen)
    seen = {certainty: seen[certainty] for certainty in SURE}  # of the others the board is enough
    board.settle(progress)
    return Standing(detail, prepared, seen, board)


def at_detail(prepared: Prepared, detail: float) -> Prepared:
    """Return the same scene with views at another detail.

    Parameters
    ----------
    prepared
        Scene with placed views.
    detail
        Pixel density, px/m.
    """
    return replace(prepared, views=place_views(prepared.scene, prepared.sight, detail=detail))


def input_hash(ground: str, cameras: Sequence[Mapping[str, int]], details: Sequence[float]) -> str:
    """Return the SHA-256 of everything that the figures depend on.

    Parameters
    ----------
    ground
        Hash of the ground, as from :func:`geo.coverage.scene.ground_state`.
    cameras
        By detail: camera code → fingerprint, as from :func:`geo.coverage.scene.camera_state`.
    details
        Pixel densities, px/m, in the same order.
    """
    digest = hashlib.sha256(ground.encode())
    for detail, own in zip(details, cameras, strict=True):
        digest.update(f"|{detail:g}|{sum(own.values()) % 2**128:x}".encode())
    return digest.hexdigest()


def _state(prepared: Sequence[Prepared], details: Sequence[float]) -> str:
    cameras = [camera_state(each) for each in prepared]
    return input_hash(ground_state(prepared[0]), cameras, details)


def keep_viewsheds(connection: Connection, standing: Standing, *, full: bool = False) -> int:
    """Store the viewsheds that are not stored, delete obsolete ones; return how many were written.

    Parameters
    ----------
    connection
        Open transaction.
    standing
        Computed state at one detail.
    full
        Whether stored viewsheds with equal inputs are written again.
    """
    count = 0
    for certainty in SURE:
        stored = viewsheds.viewshed_hashes(connection, standing.detail, certainty)
        wanted = _viewshed_rows(standing, certainty)
        own = list(zip(wanted["camera_code"], wanted["view_no"].tolist(), strict=True))
        pairs = zip(own, wanted["inputs_hash"], strict=True)
        fresh = np.array([full or stored.get(view) != now for view, now in pairs], dtype=np.bool_)
        as_before = {view for view, is_fresh in zip(own, fresh, strict=True) if not is_fresh}
        old = sorted(stored.keys() - as_before)
        viewsheds.forget_viewsheds(connection, standing.detail, certainty, old)
        viewsheds.keep_viewsheds(connection, wanted[fresh])
        count += int(fresh.sum())
    return count


def _viewshed_rows(standing: Standing, certainty: str) -> gpd.GeoDataFrame:
    """Return what each view sees, with the hash of what that rests on."""
    seen, hashes = standing.visible[certainty], view_hashes(standing.prepared, certainty)
    found = seen.drop(columns=["weight", "cause"])
    return gpd.GeoDataFrame(
        found.assign(detail=standing.detail, certainty=certainty, inputs_hash=hashes)
    )


def combinations() -> Iterator[tuple[str, str]]:
    """Yield each certainty with each device set."""
    for certainty in CERTAINTIES:
        for device_set in DEVICE_SETS:
            yield certainty, device_set


def rows(
    standing: Standing, run: int, certainty: str, device_set: str
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Return the figures of areas and the gaps of one certainty and device set, as table rows.

    Parameters
    ----------
    standing
        Computed state at one detail.
    run
        Number of the run.
    certainty
        Certainty of the figures.
    device_set
        Name of a device set.
    """
    board = standing.board
    label = kind_labels(run, standing.detail, certainty, device_set)
    table = figures.compute_figures(board, certainty, device_set).rename(
        columns={"code": "area_code"}
    )
    found = board.gaps_of(certainty, device_set)
    found = found.assign(piece=board.ground.piece_hash[found["piece"].to_numpy()])
    found = found[list(GAP_COLUMNS)]
    return table.assign(**label), gpd.GeoDataFrame(found.assign(**label))


def kind_labels(
    run: int, detail: float, certainty: str, device_set: str
) -> dict[str, int | float | str]:
    """Return the columns that distinguish figures and gaps of one kind.

    Parameters
    ----------
    run
        Number of the run.
    detail
        Pixel density, px/m.
    certainty, device_set
        Names of the certainty and the device set.
    """
    return {
        "coverage_run": run,
        "device_set": device_set,
        "detail": detail,
        "certainty": certainty,
    }
