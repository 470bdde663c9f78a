"""Peers of the coverage computation, each on the same town; raster ones are in another file.

Every measuring function returns a `Peer`; one that is missing or fails comes back without seconds,
and its name says why. All hold their answer against ours: they have done the same work.
"""

import functools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from geo.base.errors import ClusterError
from geo.base.polygons import Shapes, flat_geometries
from geo.coverage.sight import shadow_method
from geo.coverage.sight.obstacles import Obstacles
from geo.store.cluster import cluster

PACKAGES = {"gdal_viewshed": "gdal-bin", "grass": "grass-core"}  # Debian's
VENV = Path(__file__).resolve().parent.parent / "var" / "peers"
XARRAY_SPATIAL = "xarray-spatial==0.5.3"  # with what it needs, kept out of our requirements
INSTALL_S, CALL_S, STATEMENT_S = 400, 60, 120  # patience
DATABASE = "govgrid_peers"
SAME_AREA = 1e-6


@dataclass(frozen=True)
class Peer:
    """A measured peer: seconds for one camera or for the whole work; None where it is missing.

    `bare_s` is the same without what is not the work itself: a process that starts, a server that
    waits. `iou` is how far a raster peer sees what we see.
    """

    name: str
    seconds: float | None = None
    bare_s: float | None = None
    iou: float | None = None


class MissingError(Exception):
    """A peer that cannot be had here."""


FAILURES = (MissingError, OSError, subprocess.SubprocessError, ClusterError, SQLAlchemyError)


def named(name: str) -> Callable[[Callable[..., Peer]], Callable[..., Peer]]:
    """Let a peer that is missing or fails say so under its name instead of ending the run."""

    def decorated(measure: Callable[..., Peer]) -> Callable[..., Peer]:
        @functools.wraps(measure)
        def reported(*given: object) -> Peer:
            try:
                return measure(*given)
            except FAILURES as error:
                return Peer(f"missing: {name}: {_reason(error)}")

        return reported

    return decorated


def setup() -> None:
    """Install the peers that are missing and may be installed; each says itself what it lacks."""
    for command in PACKAGES:
        lack_of(command)
    lack_of_xarray()


@functools.cache
def lack_of(command: str) -> str | None:
    """Return why a program of `PACKAGES` cannot be had, None if it is there; install it first."""
    if shutil.which(command):
        return None
    if os.environ.get("GOVGRID_SKIP_APT") == "1":
        return "not installed, and GOVGRID_SKIP_APT is set"
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    try:
        subprocess.run([*apt, "update"], check=False, capture_output=True, timeout=INSTALL_S)
        call([*apt, *install, PACKAGES[command]], patience_s=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        return f"package {PACKAGES[command]} not installed: {_reason(error)}"
    return None if shutil.which(command) else f"package {PACKAGES[command]} holds no {command}"


@functools.cache
def lack_of_xarray() -> str | None:
    """Return why xarray-spatial cannot be had, None if it is there; install it first."""
    there = XARRAY_SPATIAL.replace("-", "_").replace("==", "-") + ".dist-info"
    if next(VENV.glob(f"lib/python*/site-packages/{there}"), None):
        return None
    try:
        call([sys.executable, "-m", "venv", VENV], patience_s=INSTALL_S)
        install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", XARRAY_SPATIAL]
        call([VENV / "bin" / "python", *install], patience_s=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{XARRAY_SPATIAL} not installed: {_reason(error)}"
    return None


def call(
    command: Sequence[object],
    environment: Mapping[str, str] | None = None,
    *,
    patience_s: float = CALL_S,
) -> float:
    """Run a program and return its CPU seconds, user and system, with its start.

    Raises
    ------
    subprocess.SubprocessError
        If it fails or takes longer than `patience_s`.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [str(word) for word in command],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=patience_s,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def folder() -> Iterator[Path]:
    """Lend a folder that other accounts can pass through; it is gone afterwards."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)
        yield Path(made)


def shapely_shadows(sectors: pd.DataFrame, obstacles: Obstacles, ours: gpd.GeoSeries) -> Peer:
    """Measure viewsheds by shadows in vectorised shapely, seconds a camera."""
    began = time.process_time()
    found = shadow_method.visible_ground(
        shadow_method.sector_table(sectors), obstacles, shadow_method.CHORD_TOLERANCE_M
    )
    seconds = time.process_time() - began
    apart_m2 = np.abs(shapely.area(found) - ours.area.to_numpy())
    assert apart_m2.max() < 0.01, "shadows and sweep disagree"
    return Peer(f"shapely shadows, {len(sectors)} cameras", seconds / len(sectors))


def shapely_union(shapes: Shapes, area_m2: float) -> Peer:
    """Measure one union of all."""
    given = flat_geometries(shapes)
    began = time.process_time()
    united = shapely.union_all(given)
    seconds = time.process_time() - began
    _require_same(united.area, area_m2)
    return Peer("shapely.union_all", seconds)


def overlay(
    grids: gpd.GeoDataFrame, seen: gpd.GeoSeries, unseen_m2: float, method: str | None
) -> Peer:
    """Measure grids minus seen ground, after a union by the given method or without any."""
    shapes = gpd.GeoDataFrame(geometry=seen[~seen.is_empty])
    began = time.process_time()
    if method:
        united = gpd.GeoDataFrame(geometry=[shapes.union_all(method=method)])
        shapes = united.explode(ignore_index=True)
    left = gpd.overlay(grids, shapes, how="difference", keep_geom_type=True)
    seconds = time.process_time() - began
    _require_same(left.area.sum(), unseen_m2)
    first = f"union_all({method}) and " if method else "without a union: "
    return Peer(f"geopandas, {first}overlay", seconds)


@named("PostGIS ST_Union")
def postgis_union(seen: gpd.GeoSeries, area_m2: float, times: int = 3) -> Peer:
    """Measure ST_Union of viewsheds: wall time of the statement; bare, its backend's CPU time."""
    with _server() as address, _database(address) as connection:
        connection.execute(text("SET max_parallel_workers_per_gather = 0"))  # one core
        connection.execute(text("SET jit = off"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_S}s'"))
        connection.execute(
            text(
                "CREATE TEMP TABLE seen AS"
                " SELECT ST_GeomFromWKB(unnest(CAST(:wkb AS bytea[]))) AS geom"
            ),
            {"wkb": list(shapely.to_wkb(flat_geometries(seen)))},
        )
        taken = [_timed_union(connection, area_m2) for _ in range(times)]
        version = connection.scalar(text("SELECT postgis_lib_version()"))
    wall_s, backend_s = (statistics.median(each) for each in zip(*taken, strict=True))
    known = None if np.isnan(backend_s) else backend_s
    return Peer(f"PostGIS {version} ST_Union, wall time of the statement", wall_s, known)


def _timed_union(connection: Connection, area_m2: float) -> tuple[float, float]:
    pid = connection.scalar(text("SELECT pg_backend_pid()"))
    before_s, began = _backend_s(pid), time.perf_counter()
    connection.execute(text("CREATE TEMP TABLE united AS SELECT ST_Union(geom) AS geom FROM seen"))
    wall_s, backend_s = time.perf_counter() - began, _backend_s(pid) - before_s
    _require_same(connection.scalar(text("SELECT ST_Area(geom) FROM united")), area_m2)
    connection.execute(text("DROP TABLE united"))
    return wall_s, backend_s


def _backend_s(pid: int) -> float:
    """Return the CPU seconds so far of a process of PostgreSQL, NaN if it runs elsewhere."""
    try:
        name, _, numbers = Path("/proc", str(pid), "stat").read_text().rpartition(")")
    except OSError:
        return float("nan")
    user, system = numbers.split()[11:13]
    ours = name.partition("(")[2].startswith("postgres")
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") if ours else float("nan")


@contextmanager
def _server() -> Iterator[str]:
    """Lend the address of a superuser: of the server that is given, or of one for this alone."""
    given = os.environ.get("GOVGRID_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with folder() as home:
        try:
            yield cluster.start_cluster(home / "home").admin_url("postgres")
        finally:
            cluster.stop_cluster(home / "home")


@contextmanager
def _database(address: str) -> Iterator[Connection]:
    """Lend a connection to an empty PostGIS database of the server; it is gone afterwards."""
    server, own = (
        create_engine(make_url(address).set(**place), isolation_level="AUTOCOMMIT")
        for place in ({}, {"database": DATABASE})
    )
    _do(server, f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    _do(server, f"CREATE DATABASE {DATABASE}")
    try:
        _do(own, "CREATE EXTENSION postgis")
        with own.connect() as connection:
            yield connection
    finally:
        own.dispose()
        _do(server, f"DROP DATABASE {DATABASE} WITH (FORCE)")
        server.dispose()


def _do(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(statement))


def _require_same(area_m2: float, ours_m2: float) -> None:
    assert abs(area_m2 / ours_m2 - 1) < SAME_AREA, "the peer and we disagree"


def _reason(error: BaseException) -> str:
    """Return in one line what went wrong: a program says it last, an exception first."""
    said = getattr(error, "stderr", None)
    if isinstance(said, str) and said.strip():
        return said.strip().splitlines()[-1].strip()
    return (str(error).strip() or type(error).__name__).splitlines()[0]
