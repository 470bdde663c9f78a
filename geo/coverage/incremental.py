"""A standing kept in memory, so that an edit changes figures and gaps within moments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from geo.base.polygons import Crs, Geometries, Indices
from geo.base.progress import Progress, ignore_progress
from geo.coverage import compute
from geo.coverage.amend import (
    CHOSEN,
    kinds_of,
    put_cameras,
    write_figures,
    write_gaps,
    write_grids,
    write_viewsheds,
)
from geo.coverage.compute import Standing, at_detail, input_hash
from geo.coverage.demand.demand_model import DemandModel, rebuild_cells
from geo.coverage.measure.gap_layers import join_gaps
from geo.coverage.measure.state import EVERYONE, Change
from geo.coverage.scene import (
    Prepared,
    camera_state,
    ground_state,
    place_views,
    prepare_scene,
)
from geo.coverage.sight.building_heights import obstructing_ground
from geo.coverage.store import amendments, results, scene
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
    crs: Crs
    changes: Sequence[tuple[float, Change]] = ()

    @cached_property
    def opened(self) -> gpd.GeoDataFrame:
        """Return the gaps that grew."""
        found = [change.opened.assign(detail=detail) for detail, change in self.changes]
        every = join_gaps(found, self.crs)
        if len(every):
            return every
        return every.assign(certainty="", device_set="", detail=0.0, opened_m2=0.0)


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
    chosen_first
        Whether an edit of cameras alone is written in two transactions: what is certain for all
        devices, by which the run is pending, then all the rest. What fails between them leaves it
        so, and the next one computes anew.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        details: Sequence[float] | None = None,
        progress: Progress = ignore_progress,
        fence: Callable[[Connection], None] = lambda _: None,
        chosen_first: bool = False,
    ) -> None:
        self.engine = engine
        self.details = details
        self.progress = progress
        self.fence = fence
        self.chosen_first = chosen_first
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
        with self._turn() as connection:
            held, self._held = self._held, None
            run = results.newest_run(connection)
            edit, begun = None, None
            if held is not None and run is not None and run.inputs_hash == held.state:
                edit = _edit(connection, held, codes)
            if held is None or run is None or edit is None:
                held, done = self._started(connection, run)
            elif edit.after.state == held.state:
                held, done = edit.after, _unchanged(run, held)
            elif self.chosen_first and edit.ground is None:
                begun = _begun(connection, run, edit)
                held = edit.after
            else:
                held, done = edit.after, _settled(connection, run, edit, None)
        if begun is not None and edit is not None:
            held, done = self._finished(edit, begun)
        self._held = held
        return done

    def _finished(self, edit: "_Edit", begun: "_Begun") -> tuple[_Held, Amendment]:
        """Write all figures of an edit whose chosen ones are written."""
        with self._turn() as connection:
            run = results.newest_run(connection)
            if run is None or (run.id, run.revision) != (begun.run, begun.revision):
                return self._started(connection, run)  # somebody else has computed between
            return edit.after, _settled(connection, run, edit, begun)

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        with db.open_transaction(self.engine) as connection:
            db.take_turn(connection, db.COMPUTING)
            self.fence(connection)
            yield connection

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
    """What the tables hold now: what to keep, cameras that differ, ground and cells laid anew.

    `fresh` holds the views that were read, by detail, where only some were.
    """

    after: _Held
    codes: list[str]
    fresh: Sequence[Prepared | None]
    ground: tuple[DemandModel, Indices] | None = None


def _edit(connection: Connection, held: _Held, codes: Sequence[str] | None) -> _Edit | None:
    """Return what differs in the tables; None where only a new computation helps."""
    found = None if codes is None else _cameras_edited(connection, held, codes)
    return found or _tables_edited(connection, held)


def _cameras_edited(connection: Connection, held: _Held, codes: Sequence[str]) -> _Edit | None:
    """Take some cameras anew; None where other cameras may see otherwise because of them."""
    rows = scene.read_views(connection, codes)
    standings, cameras, fresh, named = [], [], [], set(codes)
    for standing, before in zip(held.standings, held.cameras, strict=True):
        ready = standing.prepared
        views = place_views(ready.scene, ready.sight, detail=standing.detail, rows=rows)
        now = replace(ready, views=_replaced(ready.views, views, codes))
        if _top_m(now) != _top_m(ready):
            return None
        standings.append(replace(standing, prepared=now))
        kept = {code: own for code, own in before.items() if code not in named}
        fresh.append(replace(ready, views=views))
        cameras.append(kept | camera_state(fresh[-1]))
    after = replace(held, standings=tuple(standings), cameras=tuple(cameras))
    return _Edit(after, _differing(held, after), fresh)


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
    return _Edit(after, _differing(held, after), [None] * len(standings), ground)


@dataclass(frozen=True)
class _Begun:
    """An amendment of which the chosen figures are written, or nothing yet.

    `own` are the cameras concerned at each detail, `change` what was measured there.
    """

    run: int
    revision: int
    own: Sequence[Standing]
    change: Sequence[Change]


def _begun(connection: Connection, run: Run, edit: _Edit) -> _Begun:
    """Put cameras on their boards, and write the chosen figures, where these change."""
    own = [
        put_cameras(standing, edit.codes, fresh)
        for standing, fresh in zip(edit.after.standings, edit.fresh, strict=True)
    ]
    change = [standing.board.settle_certain(EVERYONE) for standing in edit.after.standings]
    if not any(len(each.cells) for each in change):
        return _Begun(run.id, run.revision, own, change)
    for standing, each in zip(edit.after.standings, change, strict=True):
        write_figures(connection, run.id, standing, each, [CHOSEN])
        write_gaps(connection, run.id, standing, each)
    revision = amendments.begin_amendment(connection, run.id)
    results.notify_change(connection, "coverage", f"{run.id}.{revision}", pending=True)
    return _Begun(run.id, revision, own, change)


def _settled(connection: Connection, run: Run, edit: _Edit, begun: _Begun | None) -> Amendment:
    """Measure what an edit touches at every detail, write it, and announce it."""
    after = edit.after
    changes, grids = list[tuple[float, Change]](), set[str]()
    for at, standing in enumerate(after.standings):
        if edit.ground is not None:
            standing.board.lay(*edit.ground)
        fresh = edit.fresh[at]
        own = begun.own[at] if begun else put_cameras(standing, edit.codes, fresh)
        change = standing.board.settle()
        if edit.codes:
            write_viewsheds(connection, own, edit.codes)
        _written(connection, run.id, standing, change, laid=edit.ground is not None)
        every = [change] if begun is None else [begun.change[at], change]
        changes += [(standing.detail, each) for each in every]
        grids |= set(standing.board.ground.grid_code[change.cells])
    assumed = compute.run_assumptions(after.standings[0])
    if begun is None or (begun.revision == run.revision and not run.pending):
        revision = results.amend_run(connection, run.id, after.state, assumed)
    else:
        revision = begun.revision
        amendments.end_amendment(connection, run.id, after.state, assumed)
    results.notify_change(connection, "coverage", f"{run.id}.{revision}")
    named = (tuple(edit.codes), tuple(sorted(grids)))
    return Amendment(run.id, revision, *named, _crs(after), changes)


def _written(
    connection: Connection, run: int, standing: Standing, change: Change, *, laid: bool
) -> None:
    """Write what was measured at one detail."""
    if len(change.cells) == 0:
        return
    write_figures(connection, run, standing, change, kinds_of(standing.board, change))
    if laid:
        write_grids(connection, run, standing, change)
    else:
        write_gaps(connection, run, standing, change)


def _unchanged(run: Run, held: _Held) -> Amendment:
    return Amendment(run.id, run.revision, (), (), _crs(held))


def _crs(held: _Held) -> Crs:
    return held.standings[0].board.ground.areas.crs


def _states(ready: Sequence[Prepared]) -> tuple[dict[str, int], ...]:
    return tuple(camera_state(each) for each in ready)


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
