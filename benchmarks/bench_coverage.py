"""Coverage at district size against its peers: viewsheds, unions, gaps, figures, growth.

All on one core, in CPU seconds of the process that works; PostGIS in wall time of its statement.
The town is invented (`coverage_scene`): 344 grids, 60,000 footprints, 3,675 cameras and ten and a
hundred times as many. Peers that cannot be installed are reported as missing. A goal that is a
ratio is shown as the value that it takes in this run.
"""

import os
import statistics
import time
from collections.abc import Callable
from functools import partial

import coverage_edits
import coverage_growth
import coverage_rasters as rasters
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from coverage_peers import (
    Peer,
    overlay,
    postgis_union,
    setup,
    shapely_shadows,
    shapely_union,
)
from coverage_scene import CAMERAS, SEED, Scene, candidate_edges, scene
from rows import Row, peak_memory_mb, row, run

from geo.base import polygons
from geo.coverage.measure import k_coverage, measures
from geo.coverage.sight import obstacles, viewshed

TIMES = 5  # our own short works; the middle counts
SHADOW_SAMPLE, RASTER_SAMPLE = 400, 100  # cameras
VIEWSHEDS_GOAL, SHADOWS_RATIO, RASTER_RATIO = 40_000.0, 100.0, 1_000.0
MERGE_RATIO, POSTGIS_RATIO, OVERLAY_RATIO = 20.0, 4.0, 3.0
RECOMPUTE_GOAL_S, EDIT_GOAL_MS, EDIT_STORED_GOAL_MS = 0.6, 15.0, 100.0
FIGURES_GOALS_S = {10 * CAMERAS: 4.0, 100 * CAMERAS: 40.0}
GROWTH_GOAL, MEMORY_GOAL_MB, COMMAND_RATIO = 1.15, 2048.0, 14.0
ACCURACY_GOAL = 2e-4


def measured() -> list[Row]:
    """Return all rows; growth comes first, before the peers raise the peak of memory."""
    setup()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # servers and programs inherit it
    town = scene()
    viewshed.warm_up()
    k_coverage.warm_up()
    sectors = town.cameras()
    seen = viewshed.compute_viewsheds(sectors, town.obstacles)
    return [
        *grown(town),
        *viewsheds(town, sectors, seen),
        *merged(town),
        *united(town, seen),
        *recomputed(town, sectors),
        *accurate(town, seen),
        *edited(),
        *commanded(),
    ]


def grown(town: Scene) -> list[Row]:
    """Return viewsheds and figures of ten and a hundred times the cameras in the same town."""
    seen_s: dict[int, float] = {}
    figures_s: dict[int, float] = {}
    for times in (1, 10, 100):
        sectors = town.cameras(times * CAMERAS)
        repeats = TIMES if times == 1 else 1
        seen_s[len(sectors)] = cpu_s(
            partial(viewshed.compute_viewsheds, sectors, town.obstacles), repeats
        )
        figures_s[len(sectors)] = cpu_s(partial(figures, town, sectors), repeats)
    rows = [row(f"viewsheds of {n:,} cameras", took, "CPU s") for n, took in seen_s.items()]
    for count, took in figures_s.items():
        work = f"figures of {count:,} cameras (viewsheds, ground by number of devices)"
        rows.append(row(work, took, "CPU s", goal=FIGURES_GOALS_S.get(count)))
    memory = f"peak memory with {100 * CAMERAS:,} cameras"
    return [
        *rows,
        row("growth exponent of viewsheds, worst step", _exponent(seen_s), "", goal=GROWTH_GOAL),
        row("growth exponent of figures, worst step", _exponent(figures_s), "", goal=GROWTH_GOAL),
        row(memory, peak_memory_mb(), "MB", goal=MEMORY_GOAL_MB),
    ]


def figures(town: Scene, sectors: pd.DataFrame) -> np.ndarray:
    """Return how much of each grid 0, 1, … devices see; viewsheds computed on the way."""
    seen = viewshed.compute_viewsheds(sectors, town.obstacles).to_numpy()
    some = ~shapely.is_empty(seen)
    return k_coverage.device_areas(town.grids.geometry.to_numpy(), seen[some], np.flatnonzero(some))


def viewsheds(town: Scene, sectors: pd.DataFrame, seen: gpd.GeoSeries) -> list[Row]:
    """Return viewsheds a second, from the index query to polygons, against each peer."""
    edges = candidate_edges(sectors, town.obstacles).mean()
    work = f"viewsheds, {len(sectors):,} cameras of {edges:.0f} candidate edges"
    took = cpu_s(lambda: viewshed.compute_viewsheds(sectors, town.obstacles))
    ours = len(sectors) / took
    around = sectors.assign(start_deg=0.0, width_deg=360.0)
    all_around = cpu_s(lambda: viewshed.compute_viewsheds(around, town.obstacles))
    sample = sectors.sample(SHADOW_SAMPLE, random_state=SEED)
    shadows = shapely_shadows(sample, town.obstacles, seen[sample.index])
    surfaces = rasters.windows(sectors.sample(RASTER_SAMPLE, random_state=SEED), town.obstacles)
    xarray, program, library, grass = (
        rasters.xarray_viewshed(surfaces),
        rasters.gdal_viewshed(surfaces),
        rasters.gdal_library(surfaces),
        rasters.grass_viewshed(surfaces),
    )
    bare = Peer(f"{grass.name}, start left out", grass.bare_s)
    per_s = [
        (shadows, SHADOWS_RATIO),
        (xarray, RASTER_RATIO),
        (program, RASTER_RATIO),
        (library, None),
        (grass, RASTER_RATIO),
        (bare, None),
    ]
    return [
        row(work, ours, "1/CPU s", goal=VIEWSHEDS_GOAL, more_is_better=True),
        row(f"{work}, all looking all around", len(sectors) / all_around, "1/CPU s"),
        *(_per_second(work, ours, peer, ratio) for peer, ratio in per_s),
        *(agreement(peer) for peer in (xarray, program, grass) if peer.iou is not None),
    ]


def agreement(peer: Peer) -> Row:
    """Return how far a raster peer sees what we see, where cameras stand clear of walls."""
    return row(f"  agreement with ours: {peer.name}", peer.iou, "mean IoU")


def merged(town: Scene) -> list[Row]:
    """Return the merge of footprints: whole, with index, edges and hash, and the union alone."""
    whole = cpu_s(lambda: obstacles.merge_footprints(town.footprints))
    alone = cpu_s(lambda: polygons.dissolve(town.footprints))
    peer = shapely_union(town.footprints, shapely.area(town.obstacles.parts).sum())
    work = f"footprint merge, {len(town.footprints):,}"
    return [
        _seconds(f"{work}, as the peer does: union alone", alone, peer, MERGE_RATIO),
        _seconds(f"{work}, ready for viewsheds: index, edges, hashes", whole, peer, None),
    ]


def united(town: Scene, seen: gpd.GeoSeries) -> list[Row]:
    """Return the union of viewsheds, and with it the unseen ground of each grid."""
    union = measures.union(seen)
    grids = polygons.flat_geometries(town.grids)
    seen_m2 = float(shapely.area(union).sum())
    unseen_m2 = float(shapely.area(polygons.subtract(grids, union)).sum())
    alone = cpu_s(lambda: measures.union(seen))
    both = cpu_s(lambda: polygons.subtract(grids, measures.union(seen)))
    postgis = postgis_union(seen, seen_m2)
    work = f"union of {len(seen):,} viewsheds"
    backend = Peer(f"{postgis.name}: CPU of its backend", postgis.bare_s)
    rows = [
        _seconds(work, alone, shapely_union(seen, seen_m2), None),
        _seconds(work, alone, postgis, POSTGIS_RATIO),
        _seconds(work, alone, backend, None),
    ]
    for method in (None, "unary", "disjoint_subset"):
        peer = overlay(town.grids, seen, unseen_m2, method)
        rows.append(_seconds(f"{work}, and {len(grids)} grids less it", both, peer, OVERLAY_RATIO))
    return rows


def recomputed(town: Scene, sectors: pd.DataFrame) -> list[Row]:
    """Return the warm recompute of the whole district: views, union, gaps of each grid, k."""
    grids = polygons.flat_geometries(town.grids)

    def once() -> None:
        seen = viewshed.compute_viewsheds(sectors, town.obstacles).to_numpy()
        seen = seen[~shapely.is_empty(seen)]
        polygons.subtract(grids, measures.union(seen))
        k_coverage.device_areas(grids, seen, np.arange(len(seen)))

    work = f"full recompute, {len(sectors):,} cameras: viewsheds, union, {len(grids)} gaps, depth"
    return [row(f"{work}, one set", cpu_s(once), "CPU s", goal=RECOMPUTE_GOAL_S)]


def accurate(town: Scene, seen: gpd.GeoSeries) -> list[Row]:
    """Return how far the areas by scan lines are from exact ones, as a share of each grid."""
    grids, shapes = polygons.flat_geometries(town.grids), seen.to_numpy()
    some = np.flatnonzero(~shapely.is_empty(shapes))
    swept = k_coverage.device_areas(grids, shapes[some], some)[:, 0]
    exact = k_coverage.exact_device_areas(grids, shapes[some], some)
    off = np.abs(swept - exact).max(axis=1) / shapely.area(grids)
    work = f"ground by number of devices, {len(grids)} grids: scan lines off the exact"
    unit = "share of the grid"
    return [
        row(f"{work}, p95", float(np.percentile(off, 95)), unit, goal=ACCURACY_GOAL),
        row(f"{work}, worst", float(off.max()), unit),
    ]


def edited() -> list[Row]:
    """Return how long edits of the synthetic district take, and its whole matrix of figures."""
    found = coverage_edits.measured()
    work = f"one camera of {found.cameras:,} moved, {found.grids} grids"
    return [
        row(f"{work}, one set and certainty, p95", found.one_ms, "CPU ms", goal=EDIT_GOAL_MS),
        row(f"{work}, all sets and certainties, p95", found.all_ms, "CPU ms"),
        row(f"{work}, with the database, p95", found.stored_ms, "ms", goal=EDIT_STORED_GOAL_MS),
        row(f"{work}, off line, with the database, p95", found.offline_ms, "ms"),
        row("whole matrix, synthetic district: 4 sets, 3 certainties", found.matrix_s, "CPU s"),
        row("one set and certainty, synthetic district, with criteria", found.one_s, "CPU s"),
        row("ground of the synthetic district (once, or when roads change)", found.lay_s, "CPU s"),
    ]


def commanded() -> list[Row]:
    """Return what the command takes for the synthetic district and ten times its cameras."""
    one, ten = coverage_growth.measured()
    rows = []
    for each, memory_mb in ((one, None), (ten, MEMORY_GOAL_MB)):
        work = f"coverage compute --full, {each.cameras:,} cameras"
        goal = COMMAND_RATIO * one.cpu_s if each is ten else None
        rows.append(row(f"{work}, all steps, whole matrix", each.cpu_s, "CPU s", goal=goal))
        rows += [row(f"  {step}", took, "CPU s") for step, took in each.steps_s.items()]
        rows.append(row("  one set and certainty, without its demand", each.one_s, "CPU s"))
        rows.append(row(f"{work}, peak memory", each.peak_mb, "MB", goal=memory_mb))
    return rows


def cpu_s(work: Callable[[], object], times: int = TIMES) -> float:
    """Return the CPU seconds of work in this process, the middle of so many times."""
    seconds = []
    for _ in range(times):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def _per_second(work: str, ours: float, peer: Peer, goal_ratio: float | None) -> Row:
    theirs = None if peer.seconds is None else 1 / peer.seconds
    return row(
        work,
        ours,
        "1/CPU s",
        peer=peer.name,
        peer_value=theirs,
        goal_ratio=goal_ratio,
        more_is_better=True,
    )


def _seconds(work: str, ours: float, peer: Peer, goal_ratio: float | None) -> Row:
    return row(work, ours, "CPU s", peer=peer.name, peer_value=peer.seconds, goal_ratio=goal_ratio)


def _exponent(seconds: dict[int, float]) -> float:
    """Return the steepest growth between neighbouring sizes; 1 is in proportion."""
    sizes, took = np.log(list(seconds)), np.log(list(seconds.values()))
    return float(np.max(np.diff(took) / np.diff(sizes)))


if __name__ == "__main__":
    run(measured, __doc__)
