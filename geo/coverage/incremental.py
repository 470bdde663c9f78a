"""A standing kept in memory, so that an edit changes figures and gaps within moments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from geo.base.polygons import Geometries, Indices
from geo.base.progress import Progress, ignore_progress
from geo.coverage import compute
from geo.coverage.compute import Standing, at_detail, input_hash
from geo.coverage.demand.demand_model import DemandModel, rebuild_cells
from geo.coverage.kinds import CERTAINTIES
from geo.coverage.measure import figures
from geo.coverage.measure.measures import join_gaps
from geo.coverage.measure.state import Change, CoverageState
from geo.coverage.scene import (
    Prepared,
    camera_state,
    ground_state,
    place_views,
    prepare_scene,
    set_members,
    visible_ground,
)
from geo.coverage.sight.building_heights import obstructing_ground
from geo.coverage.store import results, scene
from geo.coverage.store.results import Run
from geo.store import db

DETAIL = 20.0
Written = TypeVar("Written")


@dataclass(frozen=True)
class Amendment:
    """What an edit did: the run and its revision, the cameras and grids concerned, opened gaps.

    `opened` are gaps that grew, as they are now: `grid_code`, `area_m2`, `certainty`, `device_set`,
    `detail` and `opened_m2`, metric. What is left of one piece of demand in several parts has a row
    for each, all with the metres that opened in the piece and its number `piece`. After a
    computation from the start nothing is named.
    """

    run: int
    revision: int
    cameras: tuple[str, ...]
    grids: tuple[str, ...]
    opened: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Held:
    """What is kept between edits, by detail; `cameras` and `ground_hash` say what it rests on."""

    standings: tuple[Standing, ...]
    cameras: tuple[Mapping[str, int], ...]
    ground_hash: str

    @property
    def state(self) -> str:
        return input_hash(self.ground_hash, self.cameras, [each.detail for each in self.standings])


class Live:
    """The newest run with all it rests on, held by one process that amends it edit by edit.

    An amendment is one transaction: it takes the turn of computations, reads what changed,
    measures the cells concerned, writes viewsheds, figures and gaps, and tells listeners on the
    channel ``govgrid``: ``coverage RUN.REVISION``. Whatever fails leaves the tables as they were;
    then, and where another process has computed meanwhile, the next one starts from the tables.

    Parameters
    ----------
    engine
        A database with current tables.
    details
        Pixel densities, px/m, ascending; None: those of the newest run, 20 where there is none.
    progress
        Called at each step of a computation from the start.
    fence
        Called in each transaction that writes, before anything else; whatever it raises undoes it.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        details: Sequence[float] | None = None,
        progress: Progress = ignore_progress,
        fence: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        self.engine = engine
        self.details = details
        self.progress = progress
        self.fence = fence
        self._held: _Held | None = None

    @property
    def standings(self) -> tuple[Standing, ...]:
        """The settled state at each detail; none before the first amendment."""
        return () if self._held is None else self._held.standings

    def amended(
        self, write: Callable[[], tuple[Written, Sequence[str] | None]]
    ) -> tuple[Written, Amendment]:
        """Let `write` change the tables, and bring figures and gaps up to date with them.

        The run is taken up before, where that was not done yet, so that what opens can be named.

        Parameters
        ----------
        write
            Does it in transactions of its own; returns whatever it likes, and the cameras that
            changed as for :meth:`refresh`.
        """
        if self._held is None:
            self.refresh()
        done, codes = write()
        return done, self.refresh(codes)

    def refresh(self, codes: Sequence[str] | None = None) -> Amendment:
        """Bring figures and gaps up to date with the tables.

        Where nothing has changed that they depend on, the run stays as it is.

        Parameters
        ----------
        codes
            The cameras that changed, if the caller knows that nothing else did: the quick way.
            None: whatever changed among cameras, buildings, zones and the other layers.

        Raises
        ------
        StateError
            If there are no areas yet.
        """
        with db.open_transaction(self.engine) as connection:
            db.take_turn(connection, db.COMPUTING)
            self.fence(connection)
            held, self._held = self._held, None
            run = results.newest_run(connection)
            edit = None
            if held is not None and run is not None and run.inputs_hash == held.state:
                edit = _edit(connection, held, codes)
            if held is None or run is None or edit is None:
                held, done = self._started(connection, run)
            else:
                held, done = edit.after, _settled(connection, run, held, edit)
        self._held = held
        return done

    def _started(self, connection: Connection, run: Run | None) -> tuple[_Held, Amendment]:
        """Compute all, or take up the newest run where it still stands."""
        known = [] if run is None else results.read_details(connection, run.id)
        outcome, standings = compute.compute_in_turn(
            connection,
            details=self.details or known or [DETAIL],
            hold=True,
            progress=self.progress,
        )
        ready = tuple(standing.prepared for standing in standings)
        # What each camera sees is on the board; a second copy would grow old.
        bare = tuple(replace(standing, visible={}) for standing in standings)
        held = _Held(bare, _states(ready), ground_state(ready[0]))
        return held, _unchanged(outcome.run, held)


@dataclass(frozen=True)
class _Edit:
    """What the tables hold now: what to keep, cameras that differ, ground and cells laid anew."""

    after: _Held
    codes: list[str]
    ground: tuple[DemandModel, Indices] | None = None


def _edit(connection: Connection, held: _Held, codes: Sequence[str] | None) -> _Edit | None:
    """Return what differs in the tables; None where only a new computation helps."""
    found = None if codes is None else _cameras_edited(connection, held, codes)
    return found or _tables_edited(connection, held)


def _cameras_edited(connection: Connection, held: _Held, codes: Sequence[str]) -> _Edit | None:
    """Take some cameras anew; None where other cameras may see otherwise because of them."""
    rows = scene.read_views(connection, codes)
    standings, cameras = [], []
    for standing, before in zip(held.standings, held.cameras, strict=True):
        ready = standing.prepared
        views = place_views(ready.scene, ready.sight, detail=standing.detail, rows=rows)
        now = replace(ready, views=_replaced(ready.views, views, codes))
        if _top_m(now) != _top_m(ready):
            return None
        standings.append(replace(standing, prepared=now))
        kept = {code: own for code, own in before.items() if code not in set(codes)}
        cameras.append(kept | camera_state(views, ready.sight))
    after = replace(held, standings=tuple(standings), cameras=tuple(cameras))
    return _Edit(after, _differing(held, after))


def _tables_edited(connection: Connection, held: _Held) -> _Edit | None:
    """Compare the tables with what is held; None where areas, roads or places differ."""
    first = held.standings[0]
    now = prepare_scene(scene.read_scene(connection), detail=first.detail)
    if _lines(now) != _lines(first.prepared):
        return None
    ready = (now, *(at_detail(now, each.detail) for each in held.standings[1:]))
    standings = tuple(
        replace(standing, prepared=own) for standing, own in zip(held.standings, ready, strict=True)
    )
    after = _Held(standings, _states(ready), ground_state(now))
    ground = _laid(first.board.ground, first.prepared, now)
    return _Edit(after, _differing(held, after), ground)


def _settled(connection: Connection, run: Run, held: _Held, edit: _Edit) -> Amendment:
    """Measure what an edit touches at every detail, write it, and announce it."""
    after = edit.after
    if after.state == held.state:
        return _unchanged(run, held)
    opened, grids = [], set[str]()
    for standing in after.standings:
        if edit.ground is not None:
            standing.board.lay(*edit.ground)
        change = _measured(connection, run.id, standing, edit.codes)
        opened.append(change.opened.assign(detail=standing.detail))
        grids |= set(standing.board.ground.grid_code[change.cells])
    assumed = compute.run_assumptions(after.standings[0])
    revision = results.amend_run(connection, run.id, after.state, assumed)
    results.notify_change(connection, "coverage", f"{run.id}.{revision}")
    more = _opened(opened, after)
    return Amendment(run.id, revision, tuple(edit.codes), tuple(sorted(grids)), more)


def _measured(connection: Connection, run: int, standing: Standing, codes: Sequence[str]) -> Change:
    """Put changed cameras on the board of one detail, measure, and write what came of it."""
    ready, board = standing.prepared, standing.board
    views = ready.views[ready.views["camera_code"].isin(codes)].reset_index(drop=True)
    seen = visible_ground(ready, views)
    known, member = set_members(views)
    gone = sorted(set(codes) - set(known))
    none = np.zeros((len(gone), len(board.sets)), dtype=np.bool_)
    board.put([*known, *gone], np.vstack([member, none]), seen)
    change = board.settle()
    if codes:
        own = replace(standing, prepared=replace(ready, views=views), visible=seen)
        compute.keep_viewsheds(connection, own, codes=codes)
    if len(change.cells):
        results.replace_figures(connection, *_rows(run, standing, change))
    return change


def _rows(
    run: int, standing: Standing, change: Change
) -> tuple[pd.DataFrame, gpd.GeoDataFrame, list[str]]:
    """Return the figures and the gaps to be written, and the grids whose gaps these are."""
    board = standing.board
    grids = sorted(set(board.ground.grid_code[change.cells]))
    cells = np.flatnonzero(np.isin(board.ground.grid_code, grids))
    kinds = [(name, board.sets[which]) for name in CERTAINTIES for which in change.sets]
    labels = {"coverage_run": run, "detail": standing.detail}
    gaps = board.gaps_of_kinds(kinds, cells)
    gaps = gaps[[*compute.GAP_COLUMNS, "certainty", "device_set"]].assign(**labels)
    return _figures(board, kinds, change.areas).assign(**labels), gaps, grids


def _figures(
    board: CoverageState, kinds: Sequence[tuple[str, str]], areas: Indices
) -> pd.DataFrame:
    """Return the figures of some areas for all kinds as one table."""
    parts = [figures.measure_areas(board, *kind, areas) for kind in kinds]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    table = pd.DataFrame({**columns, "k_area_m2": columns["k_area_m2"].tolist()})
    for name, said in zip(("certainty", "device_set"), zip(*kinds, strict=True), strict=True):
        table[name] = np.repeat(np.array(said, dtype=object), len(areas))
    return table.rename(columns={"code": "area_code"})


def _unchanged(run: Run, held: _Held) -> Amendment:
    return Amendment(run.id, run.revision, (), (), _opened([], held))


def _opened(found: Sequence[gpd.GeoDataFrame], held: _Held) -> gpd.GeoDataFrame:
    every = join_gaps(found, held.standings[0].board.ground.areas.crs)
    if len(every):
        return every
    return every.assign(certainty="", device_set="", detail=0.0, opened_m2=0.0)


def _states(ready: Sequence[Prepared]) -> tuple[dict[str, int], ...]:
    return tuple(camera_state(each.views, each.sight) for each in ready)


def _top_m(prepared: Prepared) -> float:
    """Return the height of the highest camera, on which it rests which buildings are low."""
    if not prepared.scene.heights:
        return 0.0
    return float(np.nanmax(prepared.views["mount_height_m"].to_numpy(dtype=float), initial=0.0))


def _replaced(views: pd.DataFrame, fresh: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    kept = views[~views["camera_code"].isin(codes)]
    return pd.concat([kept, fresh], ignore_index=True) if len(fresh) else kept


def _differing(before: _Held, now: _Held) -> list[str]:
    """Return the cameras that are not as before at some detail."""
    pairs = list(zip(before.cameras, now.cameras, strict=True))
    return sorted({c for a, b in pairs for c in {*a, *b} if a.get(c) != b.get(c)})


def _lines(prepared: Prepared) -> str:
    """Return the state of the layers that an amendment cannot change: all but buildings, zones."""
    none = obstructing_ground(None)
    read = prepared.scene
    return ground_state(
        replace(prepared, sight=none, scene=replace(read, zones=read.zones.iloc[:0]))
    )


def _laid(ground: DemandModel, before: Prepared, now: Prepared) -> tuple[DemandModel, Indices]:
    """Return the ground with the cells measured anew where buildings or zones differ."""
    old, new = before.sight.built, now.sight.built
    zones = (before.scene.zones.geometry.to_numpy(), now.scene.zones.geometry.to_numpy())
    changed = np.concatenate(
        [
            old.parts[~np.isin(old.digests, new.digests)],
            new.parts[~np.isin(new.digests, old.digests)],
            _only(*zones),
            _only(*zones[::-1]),
        ]
    )
    tree = shapely.STRtree(ground.cells.grounds)
    dirty = np.unique(tree.query(changed, predicate="intersects")[1]).astype(np.intp)
    return (rebuild_cells(ground, now.layers, dirty) if len(dirty) else ground), dirty


def _only(shapes: Geometries, others: Geometries) -> Geometries:
    known = set(shapely.to_wkb(others).tolist())
    return shapes[[wkb not in known for wkb in shapely.to_wkb(shapes).tolist()]]
