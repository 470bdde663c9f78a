"""Edits of the synthetic district: a camera moved or off line, computed alone and with PostGIS."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from geo import demo
from geo.access import principal
from geo.base.settings import Settings
from geo.coverage.demand.demand_model import build_model
from geo.coverage.incremental import Live
from geo.coverage.kinds import DEVICE_SETS
from geo.coverage.measure.state import CoverageState
from geo.coverage.scene import Prepared, prepare_scene, set_members, visible_ground
from geo.coverage.store import scene
from geo.exchange.imports import run as imports
from geo.exchange.imports.options import ImportOptions
from geo.operations import database
from geo.store import db
from geo.store.cluster import cluster

EDITS = 60
SEED = 5
MOVE_M = (3.0, 2.0)


@dataclass(frozen=True)
class Edits:
    """Sizes, and 95th percentiles in milliseconds; seconds of works on the whole district."""

    cameras: int
    grids: int
    one_ms: float
    all_ms: float
    stored_ms: float
    offline_ms: float
    matrix_s: float
    one_s: float
    lay_s: float


def measured() -> Edits:
    """Build the district, bring it in, and edit it."""
    with _district() as engine:
        live = Live(engine)
        live.refresh()
        with db.open_transaction(engine) as connection:
            ready = prepare_scene(scene.read_scene(connection), detail=20.0)
        codes = _chosen(ready)
        stored = [_timed(lambda code=code: _move(engine, live, code)) for code in codes]
        offline = [_timed(lambda code=code: _switch(engine, live, code)) for code in codes]
    began = time.process_time()
    ground = build_model(ready.layers)
    lay_s = time.process_time() - began
    one, one_s = _board(ready, ground, ("all",), ("certain",))
    every, matrix_s = _board(ready, ground, DEVICE_SETS, None)
    return Edits(
        ready.views["camera_code"].nunique(),
        int((ready.scene.areas["level"] == "grid").sum()),
        _edited_ms(one, ready, codes),
        _edited_ms(every, ready, codes),
        _p95_ms(stored),
        _p95_ms(offline),
        matrix_s,
        one_s,
        lay_s,
    )


def _chosen(ready: Prepared) -> list[str]:
    """Return some cameras that see something."""
    seen = visible_ground(ready, ["certain"])["certain"]
    codes = np.unique(seen.loc[~seen.is_empty, "camera_code"])
    return np.random.default_rng(SEED).choice(codes, EDITS, replace=False).tolist()


def _board(ready: Prepared, ground, sets, certainties) -> tuple[CoverageState, float]:
    board = CoverageState(
        ground, sets, **({} if certainties is None else {"certainties": certainties})
    )
    codes, member = set_members(ready.views)
    began = time.process_time()
    seen = visible_ground(ready, board.certainties)
    board.put(codes, member[:, : len(sets)], seen)
    board.settle()
    return board, time.process_time() - began


def _edited_ms(board: CoverageState, ready: Prepared, codes: list[str]) -> float:
    """Return the 95th percentile of moving a camera: its views, the cells, the gaps."""
    member = dict(zip(*set_members(ready.views), strict=True))
    seconds = []
    for code in codes:
        views = ready.views[ready.views["camera_code"] == code].reset_index(drop=True)
        views = views.assign(x=views["x"] + MOVE_M[0], y=views["y"] + MOVE_M[1])
        began = time.process_time()
        seen = visible_ground(replace(ready, views=views), board.certainties)
        board.put([code], member[code][None, : len(board.sets)], seen)
        board.settle()
        seconds.append(time.process_time() - began)
    return _p95_ms(seconds)


def _move(engine: Engine, live: Live, code: str) -> None:
    statement = (
        "UPDATE govgrid.camera SET geom = ST_Translate(geom, 0.00003, 0.00002) WHERE code = :code"
    )
    with engine.begin() as connection:
        connection.execute(text(statement), {"code": code})
    live.refresh([code])


def _switch(engine: Engine, live: Live, code: str) -> None:
    statement = (
        "UPDATE govgrid.camera SET connection = CASE connection WHEN 'online' THEN 'offline'"
        " ELSE 'online' END WHERE code = :code"
    )
    with engine.begin() as connection:
        connection.execute(text(statement), {"code": code})
    live.refresh([code])


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _p95_ms(seconds: list[float]) -> float:
    return 1e3 * float(np.percentile(seconds, 95))


@contextmanager
def _district() -> Iterator[Engine]:
    """Give the synthetic district in a throw-away cluster."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        config = Settings(home=Path(folder) / "home")
        files = Path(folder) / "files"
        files.mkdir()
        with database.open_database(config) as engine:
            for file in demo.build_files(files):
                options = ImportOptions(
                    crs=file.options.get("crs"), level=file.options.get("level")
                )
                zone = config.timezone
                who = principal.system_principal("bench")
                imports.import_file(engine, file.layer, file.path, options, who=who, timezone=zone)
            try:
                yield engine
            finally:
                engine.dispose()
                cluster.stop_cluster(config.home)
