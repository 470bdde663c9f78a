"""A standing kept in memory, so that an edit changes figures and gaps within moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from geo import figures
from geo.board import Change
from geo.ground import Ground, relay
from geo.measures import joined
from geo.overlook import obstruction
from geo.polygons import Geometries, Indices
from geo.services import coverage
from geo.services.coverage import Standing, labels, state
from geo.services.prepared import (
    CERTAINTIES,
    Prepared,
    assumptions,
    camera_state,
    ground_state,
    members,
    placed,
    prepare,
    unbuilt_areas,
    visible,
)
from geo.services.progress import Progress, silent
from geo.store import db, results, scene


@dataclass(frozen=True)
class Amendment:
    """What an edit did: the run and its revision, the cameras and grids concerned, opened gaps.

    `opened` are gaps that grew, with `certainty`, `device_set` and `opened_m2`, metric.
    """

    run: int
    revision: int
    cameras: tuple[str, ...]
    grids: tuple[str, ...]
    opened: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Held:
    """What is kept between edits; `cameras` and `ground_hash` tell what the tables held."""

    run: int
    standing: Standing
    cameras: Mapping[str, int]
    ground_hash: str

    @property
    def state(self) -> str:
        return state(self.ground_hash, [self.cameras], [self.standing.detail])


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
    detail
        Pixel density, px/m.
    """

    def __init__(
        self, engine: Engine, *, detail: float = 20.0, progress: Progress = silent
    ) -> None:
        self.engine = engine
        self.detail = detail
        self.progress = progress
        self._held: _Held | None = None

    def refresh(self, codes: Sequence[str] | None = None) -> Amendment:
        """Bring figures and gaps up to date with the tables.

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
        with db.transaction(self.engine) as connection:
            db.take_turn(connection, db.COMPUTING)
            held, self._held = self._held, None
            if held is None or results.require_newest(connection).inputs_hash != held.state:
                held, done = self._started(connection)
            elif codes is None:
                held, done = self._compared(connection, held)
            else:
                held, done = self._edited(connection, held, codes)
        self._held = held
        return done

    def _started(self, connection: Connection) -> tuple[_Held, Amendment]:
        """Compute all, or take up the newest run where it still stands."""
        outcome, (standing,) = coverage.computed(
            connection, details=[self.detail], hold=True, progress=self.progress
        )
        ready = standing.prepared
        cameras = camera_state(ready.views, ready.sight)
        held = _Held(outcome.run.id, standing, cameras, ground_state(ready))
        nothing = joined([], ready.scene.areas.crs)
        return held, Amendment(outcome.run.id, outcome.run.revision, (), (), nothing)

    def _edited(
        self, connection: Connection, held: _Held, codes: Sequence[str]
    ) -> tuple[_Held, Amendment]:
        """Take cameras anew from the tables."""
        ready = held.standing.prepared
        rows = scene.cameras(connection, codes)
        views = placed(
            rows.to_crs(ready.scene.srid),
            rows.geometry,
            ready.sight,
            ready.scene.srid,
            detail=self.detail,
        )
        fresh = camera_state(views, ready.sight)
        cameras = {c: s for c, s in held.cameras.items() if c not in set(codes)} | fresh
        every = _replaced(ready.views, views, codes)
        after = replace(held, cameras=cameras, standing=_with(held.standing, every))
        return after, self._settled(connection, after, views, codes)

    def _compared(self, connection: Connection, held: _Held) -> tuple[_Held, Amendment]:
        """Find what differs between the tables and what is held, and amend that."""
        read = scene.read(connection)
        ready = prepare(read, detail=self.detail)
        if _lines(ready) != _lines(held.standing.prepared):
            return self._started(connection)
        cameras = camera_state(ready.views, ready.sight)
        codes = _differing(held.cameras, cameras)
        ground = _laid(held.standing.board.ground, held.standing.prepared, ready)
        standing = replace(held.standing, prepared=ready)
        standing.board.lay(*ground)
        after = _Held(held.run, standing, cameras, ground_state(ready))
        views = ready.views[ready.views["camera_code"].isin(codes)].reset_index(drop=True)
        return after, self._settled(connection, after, views, codes)

    def _settled(
        self, connection: Connection, held: _Held, views: pd.DataFrame, codes: Sequence[str]
    ) -> Amendment:
        """Put changed cameras on the board, measure, and write what came of it."""
        ready, board = held.standing.prepared, held.standing.board
        seen = {certainty: visible(ready, views, certainty) for certainty in CERTAINTIES}
        gone = [code for code in codes if code not in set(views["camera_code"])]
        known, member = members(views)
        none = np.zeros((len(gone), member.shape[1]), dtype=np.bool_)
        board.put([*known, *gone], np.vstack([member, none]), seen)
        change = board.settle()
        edited = Standing(self.detail, replace(ready, views=views), seen, board)
        if len(codes):
            coverage.keep_viewsheds(connection, edited, codes=codes)
        if len(change.cells):
            results.replace_figures(connection, *_rows(held, change))
        told = assumptions(ready.views, unbuilt_areas(ready.scene))
        revision = results.amend(connection, held.run, held.state, told)
        results.announce(connection, "coverage", f"{held.run}.{revision}")
        grids = tuple(sorted(set(board.ground.grid_code[change.cells])))
        return Amendment(held.run, revision, tuple(sorted(codes)), grids, change.opened)


def _rows(held: _Held, change: Change) -> tuple[pd.DataFrame, gpd.GeoDataFrame, list[str]]:
    """Return the figures and the gaps to be written, and the grids whose gaps these are."""
    board = held.standing.board
    grids = sorted(set(board.ground.grid_code[change.cells]))
    cells = np.flatnonzero(np.isin(board.ground.grid_code, grids))
    tables, found = [], []
    for certainty in CERTAINTIES:
        for device_set in (board.sets[which] for which in change.sets):
            label = labels(held.run, held.standing.detail, certainty, device_set)
            table = figures.figures(board, certainty, device_set).iloc[change.areas]
            tables.append(table.rename(columns={"code": "area_code"}).assign(**label))
            gaps = board.gaps_of(certainty, device_set, cells)[list(coverage.GAP_COLUMNS)]
            found.append(gaps.assign(**label))
    some = [gaps for gaps in found if len(gaps)] or found[:1]
    gaps = gpd.GeoDataFrame(pd.concat(some), crs=board.ground.areas.crs)
    return pd.concat(tables), gaps, grids


def _replaced(views: pd.DataFrame, fresh: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    kept = views[~views["camera_code"].isin(codes)]
    return pd.concat([kept, fresh], ignore_index=True) if len(fresh) else kept


def _with(standing: Standing, views: pd.DataFrame) -> Standing:
    return replace(standing, prepared=replace(standing.prepared, views=views))


def _differing(before: Mapping[str, int], now: Mapping[str, int]) -> list[str]:
    return sorted(code for code in {*before, *now} if before.get(code) != now.get(code))


def _lines(prepared: Prepared) -> str:
    """Return the state of the layers that an amendment cannot change: all but buildings, zones."""
    none = obstruction(None)
    read = prepared.scene
    return ground_state(
        replace(prepared, sight=none, scene=replace(read, zones=read.zones.iloc[:0]))
    )


def _laid(ground: Ground, before: Prepared, now: Prepared) -> tuple[Ground, Indices]:
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
    return (relay(ground, now.layers, dirty) if len(dirty) else ground), dirty


def _only(shapes: Geometries, others: Geometries) -> Geometries:
    known = set(shapely.to_wkb(others).tolist())
    return shapes[[wkb not in known for wkb in shapely.to_wkb(shapes).tolist()]]
