"""The synthetic district with ever more cameras, through ``govgrid coverage compute``.

A copy of a camera keeps what it is (form, lens, range, how well its heading is known) and stands a
metre before some corner of some building, turned at random. Times are CPU seconds of the command
with its children; the database works in a server of its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Engine, text

from geo.base.polygons import flat_geometries
from geo.base.settings import Settings
from geo.coverage.demand.demand_model import build_model
from geo.coverage.measure import k_coverage
from geo.coverage.measure.state import EVERYONE, CoverageState
from geo.coverage.scene import prepare_scene, set_members, visible_ground
from geo.coverage.sight import viewshed
from geo.coverage.store import scene
from geo.operations import database
from geo.store import db, frames

SEED, ONE = 17, "--one"
TIMES = (1, 10)
COMMAND = [sys.executable, "-c", "from geo.cli import main; main()"]
BEFORE_WALL_DEG = 1e-5  # a metre
ABOUT = (
    "SELECT c.code, c.name, c.owner_kind, c.form, c.indoor, c.mount_height_m, c.connection,"
    " v.heading_source, v.hfov_deg, v.vfov_deg, v.tilt_deg, v.res_h_px, v.range_m"
    " FROM govgrid.camera c JOIN govgrid.camera_view v ON v.camera_code = c.code AND v.no = 1"
    " WHERE c.code NOT LIKE 'X%' ORDER BY c.code"
)
VIEW = ("heading_deg", "heading_source", "hfov_deg", "vfov_deg", "tilt_deg", "res_h_px", "range_m")


@dataclass(frozen=True)
class Computed:
    """One run of the command: cameras, CPU seconds in all and by step, peak of memory, load.

    `one_s` is what viewsheds, criteria and figures of one set, detail and certainty take alone; the
    command computes the whole matrix of four sets and three certainties.
    """

    cameras: int
    cpu_s: float
    steps_s: dict[str, float]
    peak_mb: float
    load: float
    one_s: float


def measured(times: Sequence[int] = TIMES) -> list[Computed]:
    """Return a run for each number of times the cameras of the district, in a home of its own."""
    with _home() as home:
        return [computed(home, each) for each in times]


def computed(home: Path, times: int) -> Computed:
    """Fill the home up to so many times its cameras, and compute everything again."""
    with database.open_database(Settings(home=home)) as engine:
        cameras = fill_up(engine, times)
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder, (Path(folder) / "said").open("w+") as said:
        process = subprocess.Popen(
            [*COMMAND, "--home", str(home), "coverage", "compute", "--full", "--json"],
            stdout=said,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, f"the command ended with {process.returncode}"
        said.seek(0)
        steps = json.load(said)["cpu_s"]
    cpu_s, peak_mb = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    alone = [sys.executable, __file__, ONE, str(home)]
    one = subprocess.run(alone, capture_output=True, text=True, check=True)
    return Computed(cameras, cpu_s, steps, peak_mb, load, float(one.stdout))


def one_set_s(home: Path) -> float:
    """Return the CPU seconds of viewsheds, criteria and figures of all cameras, certain alone."""
    with (
        database.open_database(Settings(home=home)) as engine,
        db.open_transaction(engine) as connection,
    ):
        ready = prepare_scene(scene.read_scene(connection), detail=20.0)
    board = CoverageState(build_model(ready.layers), (EVERYONE,), certainties=("certain",))
    codes, member = set_members(ready.views)
    viewshed.warm_up()
    k_coverage.warm_up()
    began = time.process_time()
    board.put(codes, member[:, :1], visible_ground(ready, board.certainties))
    board.settle()
    return time.process_time() - began


def fill_up(engine: Engine, times: int) -> int:
    """Add copies until there are so many times the cameras; return how many there are now."""
    with db.open_transaction(engine) as connection:
        about = frames.read_frame(connection, ABOUT)
        count = text("SELECT count(*) FROM govgrid.camera")
        there = int(connection.execute(count).scalar_one())
        missing = times * len(about) - there
        if missing > 0:
            walls = frames.read_layer(connection, "SELECT geom FROM govgrid.building ORDER BY code")
            cameras = _copies(about, walls, there, missing)
            view = pd.DataFrame(cameras[list(VIEW)]).assign(no=1, camera_code=cameras["code"])
            frames.copy_in(connection, "camera", cameras.drop(columns=list(VIEW)))
            frames.copy_in(connection, "camera_view", view)
    return max(there, there + missing)


def _copies(
    about: pd.DataFrame, walls: gpd.GeoDataFrame, there: int, count: int
) -> gpd.GeoDataFrame:
    rng = np.random.default_rng((SEED, there))
    rows = about.iloc[rng.integers(len(about), size=count)].reset_index(drop=True)
    xy, owner = shapely.get_coordinates(flat_geometries(walls), return_index=True)
    chosen = rng.integers(len(xy), size=count)
    away = (
        xy[chosen]
        - shapely.get_coordinates(shapely.centroid(flat_geometries(walls)))[owner[chosen]]
    )
    away /= np.hypot(*away.T)[:, None]
    heading = rng.uniform(0, 360, count).round(1) % 360
    known = rows["heading_source"].ne("unknown").to_numpy()
    return gpd.GeoDataFrame(
        rows.assign(
            code=[f"X{there + number:07d}" for number in range(count)],
            heading_deg=np.where(known, heading, np.nan),
        ),
        geometry=shapely.points(xy[chosen] + away * BEFORE_WALL_DEG),
        crs=walls.crs,
    )


@contextmanager
def _home() -> Iterator[Path]:
    """Give a home that holds the demonstration, its server running."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        environment = {**os.environ, "GOVGRID_HOME": str(home)}
        try:
            for order in (["demo", "--once"], ["db", "start"]):
                subprocess.run([*COMMAND, *order], env=environment, capture_output=True, check=True)
            yield home
        finally:
            subprocess.run(
                [*COMMAND, "--home", str(home), "db", "stop"], check=False, capture_output=True
            )


if __name__ == "__main__":
    if sys.argv[1:2] == [ONE]:
        print(one_set_s(Path(sys.argv[2])))
    else:
        for run in measured([int(each) for each in sys.argv[1:]] or TIMES):
            print(run)
